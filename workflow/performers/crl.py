"""Publish an authority's CRLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.commands_of_performers import PublishCrl
from workflow.facts import SYSTEM
from workflow.handlers import handle

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.store.outbox import Work


def publish_crl(office: Office, work: Work) -> None:
    """Sign and publish lists that know every status committed before (CRL-01, REV-13).

    A change of status asks for what it touched; the schedule and people ask for the whole set.
    """
    whole = bool(work.payload.get("whole", work.case_id is None))
    handle(office, PublishCrl(authority=str(work.payload["ca"]), whole=whole), SYSTEM)
