"""The people who must be present to touch an authority's key, and their signatures over what is done (ROL-02, ROL-07).

Each logs in and signs the same statement with a key that only their own password opens, so none can be made to seem
present. Two accounts of one natural person are one person.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json
from workflow.acts.account_rows import made_alone
from workflow.acts.accounts import actor_of
from workflow.deeds import deed
from workflow.errors import NotAllowed, Refused, Words
from workflow.policies.trusted_people import PEOPLE
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.vocabulary import KeyDuty, KeyTask, Role


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature: login, name and role, the public key (SubjectPublicKeyInfo) and the signature, in hex."""

    login: str
    person_id: int
    name: str
    role: str
    spki: str
    signature: str

    def said(self) -> dict[str, Any]:
        """Return it for a record."""
        return {
            "login": self.login,
            "person": self.person_id,
            "name": self.name,
            "role": self.role,
            "spki": self.spki,
            "signature": self.signature,
        }


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A statement in canonical JSON, and who signed it."""

    statement: str
    signatures: tuple[Signature, ...]

    def said(self) -> list[dict[str, Any]]:
        """Return the signatures for a record."""
        return [one.said() for one in self.signatures]


def witness(
    office: Office, task: KeyTask | KeyDuty, hands: Sequence[Hand], actor: Actor, what: Mapping[str, Any]
) -> Witnessed:
    """Return what is done, signed by all who are present.

    Raises Refused or NotAllowed: too few people of a role, one person twice, a wrong password, no signing key, an
    actor who is not among them.
    """
    if actor.account_id not in {hand.account_id for hand in hands}:
        raise NotAllowed("access.denied", role="—", action=deed("BeginKeyTask"))
    rows = _accounts(office, hands)
    _require_different(rows)
    roles = _counted(task, rows)
    said = {
        "task": str(task),
        "at": office.clock.now().isoformat(),
        "persons": [row.person_id for row in rows],
    }
    statement = canonical_json(said | dict(what))
    signatures = tuple(
        _signed(office, row, hand, role, statement)
        for row, hand, role in zip(rows, hands, roles, strict=True)
    )
    return Witnessed(statement.decode(), signatures)


def _accounts(office: Office, hands: Sequence[Hand]) -> list[Any]:
    a, p = t.account.c, t.person.c
    query = sa.select(t.account, p.name.label("person")).join(t.person, p.id == a.person_id)
    with office.reading() as connection:
        found = {
            row.id: row
            for row in connection.execute(
                query.where(a.id.in_([hand.account_id for hand in hands]), a.active.is_(True))
            )
        }
        alone = made_alone(connection, [row.login for row in found.values()])
    if any(hand.account_id not in found for hand in hands):
        raise NotAllowed("access.denied", role="—", action=deed("BeginKeyTask"))
    if alone is not None:
        raise NotAllowed("account.not_confirmed", login=alone)
    return [found[hand.account_id] for hand in hands]


def _require_different(rows: Iterable[Any]) -> None:
    seen: set[int] = set()
    for row in rows:
        if row.person_id in seen:
            raise Refused("people.twice", login=row.login)
        seen.add(row.person_id)


def _counted(task: KeyTask | KeyDuty, rows: Sequence[Any]) -> list[Role]:
    """Return for each person the role that counts; whoever more are present are witnesses in their first role."""
    wanted = Counter(PEOPLE[task])
    counted = []
    for row in rows:
        held = sorted(actor_of(row).roles)
        role = next((one for one in held if wanted[one] > 0), held[0])
        wanted[role] -= 1
        counted.append(role)
    if any(left > 0 for left in wanted.values()):
        raise Refused(
            "people.missing",
            task=Words(task.zh, task.en),
            needed=_words(PEOPLE[task]),
            present=_words(Counter(counted)),
        )
    return counted


def _words(people: Mapping[Role, int]) -> Words:
    """Say how many people of which roles."""
    pairs = [(role, count) for role, count in people.items() if count > 0]
    return Words(
        "、".join(f"{role.zh} {count} 人" for role, count in pairs) or "無",
        ", ".join(f"{count} × {role.en}" for role, count in pairs) or "none",
    )


def _signed(office: Office, row: Any, hand: Hand, role: Role, statement: bytes) -> Signature:
    if row.signing_key is None or row.signing_spki is None:
        raise Refused("people.no_key", login=row.login)
    try:
        signature = office.statements.sign(bytes(row.signing_key), hand.password, statement)
    except ValueError as error:
        raise NotAllowed("decision.password_wrong") from error
    return Signature(
        row.login, row.person_id, row.person, str(role), bytes(row.signing_spki).hex(), signature.hex()
    )
