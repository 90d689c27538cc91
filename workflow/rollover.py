"""Giving a CA its next key: a new name, a certificate by the root, and the older key goes on serving (RV2-09, CRL-03).

The older generation issues no more and signs its lists and OCSP answers until it is destroyed. There are no link
certificates: those of RFC 4210 §4.4 tie two keys of the root together (`workflow.root_rollover`), whereas generations of a
CA stand side by side under a root, have different names, and may certify no other CA (path length 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from forms.canonical import canonical_json
from pki.ceremony import CeremonyPlan, issue_subordinate, name_of_generation
from pki.certificates import read_certificate
from pki.errors import KeyRefusedError, PkiError
from pki.keys import KeyKind
from pki.names import describe_name, read_name
from pki.profiles import Life
from workflow.authorities import policy_oid, root_addresses, working
from workflow.commands_of_authorities import BeginKeyTask, NewAuthority, RecordGenerations
from workflow.errors import Refused, Unavailable, Words
from workflow.key_tasks import label_of, under_way
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT, current_root
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pki.keystores import KeptKey, Keystore
    from pki.names import Subject
    from workflow.authorities import Working
    from workflow.commands_of_authorities import Hand, KeyBackup
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.vocabulary import Ca

A = t.authority.c
BackUp: TypeAlias = "Callable[[Keystore, Mapping[str, KeptKey]], tuple[KeyBackup, ...]]"
"""Takes copies of keys that were just made, by the names of their authorities."""
# A minute's grace for relying parties whose clocks are slow.
GRACE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rollover:
    """What will be made: the next authority's name and subject, the kind of its key and its years.

    `holders` are the logins of those who will hold shares of the key's copy, of which `threshold` open it; without any
    there is none of ours.
    """

    ca: Ca
    name: str
    generation: int
    subject: Subject
    kind: KeyKind
    years: int
    holders: tuple[str, ...] = ()
    threshold: int = 0

    def said(self) -> dict[str, str | int]:
        """Return it for a plan that people sign."""
        said: dict[str, str | int] = {
            "authority": self.name,
            "generation": self.generation,
            "subject": describe_name(self.subject.to_der()),
            "key": self.kind.value,
            "years": self.years,
        }
        if self.holders:
            said |= {"holders": ", ".join(self.holders), "threshold": self.threshold}
        return said


def planned(office: Office, ca: Ca, kind: KeyKind = KeyKind.RSA_4096, years: int = 20) -> Rollover:
    """Return what a roll-over of a CA would make; Refused before the CA's first key, or where the root is gone."""
    with office.reading() as connection:
        newest = connection.execute(
            sa.select(A.name, A.generation, A.certificate)
            .where(A.ca == str(ca))
            .order_by(A.generation.desc())
            .limit(1)
        ).first()
        root = current_root(connection)
        state = connection.execute(sa.select(A.state).where(A.name == root)).scalar()
    if newest is None:
        raise Refused("authority.not_found", name=str(ca))
    if state != str(AuthorityState.ACTIVE):
        is_in = AuthorityState(state) if state else None
        said = Words(is_in.zh, is_in.en) if is_in else Words("不存在", "not there")
        action = Words("簽發下屬憑證", "sign another authority with it")
        raise Refused("authority.state", name=root or FIRST_ROOT, state=said, action=action)
    generation = newest.generation + 1
    earlier = read_name(read_certificate(bytes(newest.certificate)).subject_name)
    return Rollover(
        ca, f"{ca}-g{generation}", generation, name_of_generation(earlier, generation), kind, years
    )


def roll_over(
    office: Office,
    rollover: Rollover,
    hands: Sequence[Hand],
    actor: Actor,
    back_up: BackUp = lambda _keystore, _keys: (),
) -> NewAuthority:
    """Make a CA's next key and certificate and let it issue from now on; returns what was recorded.

    `back_up` takes the copy before anything is recorded. Raises a RegistryError when people, root or token refuse, or
    what `back_up` raises; nothing is left behind then.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here for the keys.

    begin = BeginKeyTask(
        task=KeyTask.ROLLOVER,
        authorities=(rollover.name,),
        plan=canonical_json(rollover.said()).decode(),
        hands=tuple(hands),
        holders=rollover.holders,
    )
    with under_way(office, begin, actor) as task:
        made, key = _made(office, rollover, label_of(task.mark, rollover.name))
        backups = back_up(office.keystore, {made.name: key})
        record = rollover.said() | {"sha256": sha256(made.certificate).hexdigest()}
        record["place"] = key.reference or "software"
        command = RecordGenerations(
            number=task.number,
            authorities=(made,),
            record=canonical_json(record | {"backups": [one.said() for one in backups]}).decode(),
            hands=tuple(hands),
            backups=backups,
        )
        handle(office, command, actor)
    return made


def _made(office: Office, rollover: Rollover, label: str) -> tuple[NewAuthority, KeptKey]:
    root = _root_at_work(office)
    try:
        key = office.keystore.make(label, rollover.kind, copyable=bool(rollover.holders))
        plan = _subordinate_plan(office, root, office.clock.now() - GRACE, Life(years=rollover.years))
        certificate = issue_subordinate(
            plan, (root.certificate, root.signer), rollover.subject, key.signer.spki_der
        )
    except KeyRefusedError as error:
        raise Unavailable(
            "authority.key_unavailable", authority=rollover.name, detail=error.message
        ) from error
    except PkiError as error:
        raise Refused("certificate.not_issuable", detail=error.message) from error
    made = NewAuthority(
        rollover.name, certificate, rollover.ca, rollover.generation, key.sealed, key.reference
    )
    return made, key


def _root_at_work(office: Office) -> Working:
    """Return the current root with its key; raises what `working` raises."""
    with office.reading() as connection:
        name = current_root(connection)
    return working(office, name or FIRST_ROOT)


def _subordinate_plan(office: Office, root: Working, not_before: datetime, life: Life) -> CeremonyPlan:
    """Return what a root's certificates say: from when, how long, under which policy, and where the root publishes."""
    begun = read_certificate(root.certificate).not_before
    return CeremonyPlan(
        max(not_before, begun),
        root_addresses(office, root.name),
        subordinate_life=life,
        policy=policy_oid(office),
    )
