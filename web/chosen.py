"""What the applicant has chosen so far: kept in the signed session, so that back button and reload lose nothing."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, session, url_for

from web.language import t
from web.ports import office
from workflow import policies
from workflow.deadlines import taipei_day
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from workflow.policy import Policy

    Answer = str | Response | tuple[str, int]

CAS = (Ca.XCA, Ca.GCA)
"""The CAs whose cards are applied for here; MOICA's are at a counter (APP-24)."""
SESSION = "application"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the applicant has chosen so far."""

    ca: str
    organisation_id: int | None = None
    kind: str = ""
    rank: str = ""
    agreed: bool = False
    filing: str = ""
    """The number of the form, in all tabs of one browser; whatever sends it twice opens one case."""
    sent: str = ""
    """The case number, once the form is uploaded: the back button must not send it twice."""

    def but(self, **changes: Any) -> Chosen:
        """Return the choices with some of them changed."""
        return Chosen(**(asdict(self) | changes))

    def keep(self) -> None:
        """Write the choices into the session."""
        session[SESSION] = asdict(self)

    @property
    def policy(self) -> Policy:
        """The CA's rules in force today."""
        return policies.in_force(Ca(self.ca), taipei_day(office().clock.now()))


def _chosen() -> Chosen | None:
    kept = session.get(SESSION)
    if not isinstance(kept, dict) or kept.get("ca") not in CAS:
        return None
    return Chosen(**kept)


def _elsewhere(chosen: Chosen, needs: tuple[str, ...]) -> Response | None:
    """Return where to go when a step is opened before those it builds on, or after the form was sent."""
    if chosen.sent:
        return redirect(url_for("own_case.printing"))
    for name, endpoint in (("rank", "applicant.card_type"), ("agreed", "applicant.agreement")):
        if name in needs and not getattr(chosen, name):
            return redirect(url_for(endpoint))
    return None


def step(*needs: str) -> Callable[[Callable[[Chosen], Answer]], Callable[[], Answer]]:
    """Give a view the choices; when what it `needs` is not chosen yet, lead to where it is."""

    def wrap(view: Callable[[Chosen], Answer]) -> Callable[[], Answer]:
        @functools.wraps(view)
        def opened() -> Answer:
            chosen = _chosen()
            if chosen is None:
                flash(t("請先選擇申請的機構。", "Please choose the organisation first."), "warn")
                return redirect(url_for("applicant.start"))
            return _elsewhere(chosen, needs) or view(chosen)

        return opened

    return wrap
