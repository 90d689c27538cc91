"""The key ceremony: root and authorities made in front of witnesses, step by step, and nothing left of one that breaks off.

The order is fixed: the plan is signed, the keys are made, the root signs itself and then the others, the backup is
taken, and the record is signed by all and stored with the keys in one transaction (ROL-02, ROL-08). The next generation of
the root is made so too; it and the root before it then sign each other (RFC 4210 §4.4).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from forms.canonical import canonical_json
from pki.ceremony import (
    Authority,
    CeremonyPlan,
    demonstration_name,
    issue_link,
    issue_root,
    issue_subordinate,
)
from pki.errors import KeyRefusedError, PkiError
from pki.names import EXECUTIVE_YUAN, Subject, describe_name
from pki.orders import Addresses
from pki.profiles import Life
from workflow.authorities import established, policy_oid, root_addresses, working
from workflow.commands_of_authorities import BeginKeyTask, KeyBackup, NewAuthority, NewLink, RecordGenerations
from workflow.errors import Refused, Unavailable
from workflow.key_tasks import label_of, under_way
from workflow.rollover import GRACE
from workflow.store.roots import link_name
from workflow.vocabulary import Ca, KeyTask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pki.keys import KeyKind
    from pki.keystores import KeptKey, Keystore
    from workflow.authorities import Working
    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.key_tasks import OpenTask
    from workflow.office import Office


@dataclass(frozen=True, slots=True)
class PlannedKey:
    """One authority that will be made; `years` is the life of its certificate."""

    name: str
    subject: Subject
    kind: KeyKind
    years: int
    ca: Ca | None = None
    generation: int = 1

    def said(self) -> dict[str, Any]:
        """Return it for the plan that people sign."""
        return {
            "authority": self.name,
            "subject": describe_name(self.subject.to_der()),
            "key": self.kind.value,
            "years": self.years,
        }


@dataclass(frozen=True, slots=True)
class Script:
    """What a ceremony will make, the root first, and the backup that was agreed on, in words for the record.

    `holders` are the logins of those who will hold shares of the backup; the words name them too. Without any the keys
    get no copy of ours, and one in a token can never leave it. `linked_to` is the root before the next one, whose key is
    there to sign it.
    """

    root: PlannedKey
    authorities: tuple[PlannedKey, ...]
    backup: Mapping[str, Any]
    holders: tuple[str, ...]
    linked_to: str | None = None

    @property
    def task(self) -> KeyTask:
        """What it is in the books: the first root's ceremony, or the roll-over to a later one."""
        return KeyTask.CEREMONY if self.root.generation == 1 else KeyTask.ROLLOVER

    def links(self) -> tuple[tuple[str, str], ...]:
        """Return subject and signer of each link: new with old, old with new."""
        if self.linked_to is None:
            return ()
        return (self.root.name, self.linked_to), (self.linked_to, self.root.name)

    def in_order(self) -> tuple[PlannedKey, ...]:
        """Return all keys in the order in which they are made."""
        return (self.root, *self.authorities)

    def said(self) -> dict[str, Any]:
        """Return it for the plan that people sign."""
        said = {"keys": [one.said() for one in self.in_order()], "backup": dict(self.backup)}
        linked = [link_name(*one) for one in self.links()]
        return said | {"links": linked} if linked else said


class Master(Protocol):
    """Who leads through the ceremony: reads each step aloud and asks, and takes the backup."""

    def step(self, zh: str, en: str, said: Mapping[str, str]) -> None:
        """Read a step aloud and have it confirmed; whatever it raises breaks the ceremony off."""

    def back_up(self, keystore: Keystore, keys: Mapping[str, KeptKey]) -> tuple[KeyBackup, ...]:
        """Take the backup of the keys; nothing for keys that their module alone can back up."""


@dataclass(slots=True)
class _Held:
    """A ceremony as it goes: what was read aloud when, and what was made."""

    office: Office
    master: Master
    steps: list[dict[str, str]] = field(default_factory=list)
    made: dict[str, tuple[PlannedKey, KeptKey, bytes]] = field(default_factory=dict)
    links: list[NewLink] = field(default_factory=list)

    def step(self, zh: str, en: str, **said: str) -> None:
        self.master.step(zh, en, said)
        at = self.office.clock.now().isoformat(timespec="seconds")
        self.steps.append({"at": at, "zh": zh, "en": en, **said})


def subject_of(office: Office, ca: Ca) -> Subject:
    """Return the name of a CA's first generation; a demonstration says that it is one (RV2-09)."""
    if office.settings.test_assurance:
        return demonstration_name(Authority[ca.name])
    return Subject(organisation=EXECUTIVE_YUAN, common_name=ca.zh)


def hold(office: Office, script: Script, hands: Sequence[Hand], actor: Actor, master: Master) -> int:
    """Hold the ceremony and return the number of its task, whose row is the signed record.

    Raises a RegistryError when people, keys or the token refuse, or what the master raises; all that was made is
    destroyed then.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here for the keys.

    if script.task is KeyTask.CEREMONY and established(office):
        raise Refused("authority.established")
    if script.linked_to is not None:
        # Its key is opened while nothing has been made yet, and not first where it has to sign.
        _at_work(office, script.linked_to)
    begin = BeginKeyTask(
        task=script.task,
        authorities=tuple(one.name for one in script.in_order()),
        plan=canonical_json(script.said()).decode(),
        holders=script.holders,
        hands=tuple(hands),
    )
    held = _Held(office, master)
    held.step("宣讀計畫並確認在場人員", "Read the plan aloud and see who is present", plan=_digest(script))
    with under_way(office, begin, actor) as task:
        _make(held, script, task)
        _link(held, script)
        backups = master.back_up(office.keystore, {name: key for name, (_, key, _) in held.made.items()})
        held.step("完成備援並簽署紀錄", "The backup is taken; sign the record", copies=str(len(backups)))
        handle(office, _recording(held, task, backups, hands), actor)
    return task.number


def _digest(script: Script) -> str:
    return sha256(canonical_json(script.said())).hexdigest()


def _make(held: _Held, script: Script, task: OpenTask) -> None:
    """Make key after key; each is read aloud before the next is begun."""
    for one in script.in_order():
        with _in_words(one.name):
            label = label_of(task.mark, one.name)
            key = held.office.keystore.make(label, one.kind, copyable=bool(script.holders))
            certificate = _certified(held, script.root.name, one, key)
        held.made[one.name] = (one, key, certificate)
        held.step(
            f"產製 {one.name} 金鑰並簽發憑證，宣讀指紋",
            f"The key of {one.name} is made and certified; read its fingerprint aloud",
            authority=one.name,
            sha256=sha256(certificate).hexdigest(),
        )


@contextmanager
def _in_words(authority: str) -> Iterator[None]:
    """Say in the registry's words what a key or a profile refuses while an authority's key is at work."""
    try:
        yield
    except KeyRefusedError as error:
        raise Unavailable("authority.key_unavailable", authority=authority, detail=error.message) from error
    except PkiError as error:
        raise Refused("certificate.not_issuable", detail=error.message) from error


def _at_work(office: Office, name: str) -> Working:
    """Return the older root with its key; Unavailable where that can't be opened, or was destroyed since the plan."""
    try:
        return working(office, name)
    except LookupError as error:
        raise Unavailable("authority.key_unavailable", authority=name, detail=str(error)) from error


def _link(held: _Held, script: Script) -> None:
    """Let the new root and the one before it sign each other; each link is read aloud."""
    if script.linked_to is None:
        return
    office, older = held.office, _at_work(held.office, script.linked_to)
    _, key, certificate = held.made[script.root.name]
    pair = {older.name: (older.certificate, older.signer), script.root.name: (certificate, key.signer)}
    for subject, signer in script.links():
        with _in_words(signer):
            link = issue_link(pair[subject][0], pair[signer], root_addresses(office, signer))
        held.links.append(NewLink(subject, signer, link))
        held.step(
            f"以 {signer} 簽發 {subject} 的連結憑證，宣讀指紋",
            f"{signer} signs a link to {subject}; read its fingerprint aloud",
            link=link_name(subject, signer),
            sha256=sha256(link).hexdigest(),
        )


def _certified(held: _Held, root_name: str, one: PlannedKey, key: KeptKey) -> bytes:
    office = held.office
    life = Life(years=one.years)
    if one.name == root_name:
        return issue_root(
            CeremonyPlan(office.clock.now() - GRACE, Addresses(), root_life=life, root_name=one.subject),
            key.signer,
        )
    plan = CeremonyPlan(
        office.clock.now() - GRACE,
        root_addresses(office, root_name),
        subordinate_life=life,
        policy=policy_oid(office),
    )
    _, root_key, certificate = held.made[root_name]
    return issue_subordinate(plan, (certificate, root_key.signer), one.subject, key.signer.spki_der)


def _recording(
    held: _Held, task: OpenTask, backups: tuple[KeyBackup, ...], hands: Sequence[Hand]
) -> RecordGenerations:
    authorities = tuple(
        NewAuthority(one.name, certificate, one.ca, one.generation, key.sealed, key.reference)
        for one, key, certificate in held.made.values()
    )
    record = {
        "steps": held.steps,
        "keys": [
            one.said() | {"sha256": sha256(certificate).hexdigest(), "place": key.reference or "software"}
            for one, key, certificate in held.made.values()
        ],
        "backups": [one.said() for one in backups],
    }
    if held.links:
        record["links"] = [
            {"link": link_name(one.subject, one.signer), "sha256": sha256(one.certificate).hexdigest()}
            for one in held.links
        ]
    return RecordGenerations(
        number=task.number,
        authorities=authorities,
        record=canonical_json(record).decode(),
        hands=tuple(hands),
        backups=backups,
        links=tuple(held.links),
    )
