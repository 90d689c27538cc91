"""Certificate requests: the dry run of a batch, and the issue of a few of its items through the one pipeline.

A batch is issued in small pieces of work, so that other work in the lane never waits long. Each item passes the gate
again at the moment of issue; one that is refused holds up no other, and a piece that was killed is simply done again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow import policies
from workflow.commands_of_requests import (
    ExamineRequest,
    HandOverCertificates,
    RecordAllIssued,
    RecordNoneIssued,
    RecordSomeIssued,
    RefuseItems,
)
from workflow.errors import Refused, RegistryError, Unavailable
from workflow.facts import SYSTEM
from workflow.filed_cases import filed_case
from workflow.handlers import handle
from workflow.issuing import Claim, issue_all
from workflow.request_examination import Examiner, batch_items, item_states, items_wait
from workflow.request_gate import finding, refusals
from workflow.vocabulary import ItemState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from workflow.filed_cases import FiledCase
    from workflow.office import Office
    from workflow.request_gate import Found
    from workflow.store.outbox import Work


def examine_request(office: Office, work: Work) -> None:
    """Examine a batch that was submitted or edited; does nothing for one that has moved on."""
    filed = _filed(office, work)
    if filed.case.state == "submitted":
        handle(office, ExamineRequest(case_id=filed.case.id), SYSTEM)


def issue_items(office: Office, work: Work) -> None:
    """Issue the items that a piece of work names, and close the case after the last of all."""
    filed = _filed(office, work)
    if filed.case.state != "issuing":
        return
    examiner = Examiner(office, filed)
    examiner.require_whole()
    mine = [int(one) for one in work.payload["items"]]
    waiting = [row for row in batch_items(office, filed, mine) if row.state == str(ItemState.WAITING)]
    refused: dict[int, Found] = {
        row_id: found for row_id, found in examiner.gate(waiting).items() if refusals(found)
    }
    claims = _claims(examiner, filed, [row for row in waiting if row.id not in refused])
    refused |= _issue(office, claims)
    if refused:
        handle(office, RefuseItems(case_id=filed.case.id, refused=tuple(refused.items())), SYSTEM)
    _close(office, filed)


def _filed(office: Office, work: Work) -> FiledCase:
    assert work.case_id is not None  # noqa: S101 - a batch always has its case.
    with office.reading() as connection:
        return filed_case(connection, work.case_id)


def _claims(examiner: Examiner, filed: FiledCase, rows: Sequence[Any]) -> list[Claim]:
    purpose = examiner.profile.purpose.label
    return [Claim(filed.case, purpose, examiner.order(row), item_id=row.id) for row in rows]


def _issue(office: Office, claims: Sequence[Claim]) -> dict[int, Found]:
    """Issue what passed the gate; returns what the pipeline refused, with its words."""
    if not claims:
        return {}
    outcomes = issue_all(office, claims)
    return {
        int(claim.item_id or 0): (_finding(outcome),)
        for claim, outcome in zip(claims, outcomes, strict=True)
        if isinstance(outcome, RegistryError)
    }


def _finding(refusal: RegistryError) -> Mapping[str, str]:
    if isinstance(refusal, Unavailable):
        # Nothing is wrong with the item: it is tried again.
        raise refusal
    return finding(refusal.code, refusal.zh, refusal.en, "certificate")


def _close(office: Office, filed: FiledCase) -> None:
    """Close the case when no item waits any more. Whoever commits the last item sees that; two may, and one is told so."""
    if items_wait(office, filed):
        return
    states = item_states(office, filed)
    case_id = filed.case.id
    if (
        str(ItemState.ISSUED) in states
        and policies.by_version(filed.case.policy_version).request_acceptance.value
    ):
        command: Any = HandOverCertificates(case_id=case_id)
    elif states == {str(ItemState.ISSUED)}:
        command = RecordAllIssued(case_id=case_id)
    elif str(ItemState.ISSUED) in states:
        command = RecordSomeIssued(case_id=case_id)
    else:
        command = RecordNoneIssued(case_id=case_id)
    try:
        handle(office, command, SYSTEM)
    except Refused as refusal:
        if refusal.code != "case.not_now":
            raise
