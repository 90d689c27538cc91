"""Publish an authority's CRLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.authorities import is_destroyed, serving
from workflow.commands_of_performers import PublishCrl
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.store.outbox import Work


def publish_crl(office: Office, work: Work) -> None:
    """Sign and publish lists that know every status committed before (CRL-01, REV-13).

    A change of status asks for what it touched; the schedule and people ask for the whole set.
    """
    whole = bool(work.payload.get("whole", work.case_id is None))
    for name in _authorities(office, str(work.payload["ca"])):
        handle(office, PublishCrl(authority=name, whole=whole), SYSTEM)


def _authorities(office: Office, name: str) -> tuple[str, ...]:
    """Return all generations of a CA, whichever of them issued what has changed; or the one authority that is named."""
    if is_destroyed(office, name):
        return ()
    # Before the ceremony there is none; the publication then fails and is tried again.
    return (serving(office, Ca(name)) if name in tuple(Ca) else ()) or (name,)
