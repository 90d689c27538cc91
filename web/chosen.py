"""What the applicant has chosen so far: kept in the signed session, so that back button and reload lose nothing."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, session, url_for

from web.language import t
from web.ports import office
from workflow import policies
from workflow.deadlines import taipei_day
from workflow.errors import FieldProblem
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from workflow.policy import Policy

    Answer = str | Response | tuple[str, int]

CAS = (Ca.XCA, Ca.GCA)
"""The CAs whose cards are applied for here; MOICA's are at a counter (APP-24)."""
SESSION = "application"
STRAYED = FieldProblem(
    "",
    "application.strayed",
    (
        "這份申請表是為另一項申請填寫的，沒有送出；您在其他分頁改選了下面所列的申請。"
        "要申請的就是這一項時，請逐欄核對後再送出；否則請從頭選擇機構。"
    ),
    (
        "This form was filled for another application and was not sent: in another tab you chose the one named below."
        " If that is what you apply for, check each field and send it again; otherwise begin with the organisation."
    ),
)


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
    def aim(self) -> str:
        """What is applied for; the form says which aim it was filled for, since all tabs share what is chosen last."""
        return f"{self.ca} {self.organisation_id or 'new'} {self.kind} {self.rank}"

    @property
    def strayed(self) -> bool:
        """Whether the form in hand was filled for another aim than the one that was chosen last."""
        return request.form.get("aim", self.aim) != self.aim

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
        if chosen.strayed:
            flash(
                t(
                    "剛才的申請表是為另一項申請填寫的，沒有送出；下面是您在其他分頁送出的申請。",
                    "That form was for another application and was not sent; below is the one you sent in another tab.",
                ),
                "warn",
            )
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
