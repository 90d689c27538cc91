"""Forms that come twice: by a double click, a reload, a second tab, or a network that lost the answer.

Two that arrive at once are parted by the unique number: the later transaction is undone, run again, and finds the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import sha256_hex
from workflow.acts.usercode import Tried, admit
from workflow.errors import Refused
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t

if TYPE_CHECKING:
    from workflow.commands import Filing
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

F, R = t.filing.c, t.form_revision.c


def filed_before(work: UnitOfWork, command: Filing, actor: Actor, sha256: str) -> Outcome | None:
    """Return the case that the same form opened before, as it is now; None for a form that comes for the first time.

    `sha256` is the form's hash. Refused, with the case's number, when the form or its user code was another then: the
    sender must not believe that what differs holds. A wrong code is counted as at any other door (PIN-03).
    """
    case_id = _first(work, command)
    if case_id is None:
        return None
    tried = _tried(work, case_id, getattr(command, "user_code", ""))
    case = work.lock_one(case_id)
    other = Refused("case.filed_already", number=case.number)
    if tried is not None and admit(work, case, tried, actor) is not None:
        return Outcome(refusal=other)
    query = sa.select(R.sha256).where(R.case_id == case_id, R.revision == 1)
    # Two CAs may issue the same kind of certificate, and a batch's form does not name its CA.
    same_ca = getattr(command, "ca", case.ca) == case.ca
    if not same_ca or work.connection.execute(query).scalar() != sha256:
        raise other
    work.audit("filed_again", actor, {"number": case.number}, (case.id, case.version))
    return of_case(case)


def note_filing(work: UnitOfWork, command: Filing, case_id: int) -> None:
    """Keep the number of a form with the case that it opens; as its digest, which opens nothing to who reads it."""
    if command.filing:
        work.add("filing", number_sha256=_digest(command), case_id=case_id, at=work.now)


def _first(work: UnitOfWork, command: Filing) -> int | None:
    if not command.filing:
        return None
    query = sa.select(F.case_id).where(F.number_sha256 == _digest(command))
    return work.connection.execute(query).scalar()


def _tried(work: UnitOfWork, case_id: int, code: str) -> Tried | None:
    """Compare the user code, before the lock on the case; None where the case has none."""
    hashed = work.connection.execute(
        sa.select(t.case.c.user_code_hash).where(t.case.c.id == case_id)
    ).scalar()
    return Tried(case_id, hashed, work.office.hasher.verify(hashed, code)) if hashed else None


def _digest(command: Filing) -> str:
    return sha256_hex(command.filing.encode())
