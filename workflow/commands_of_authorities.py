"""Commands on the authorities' keys: several people carry each out together, and all of them sign it (ROL-02, ROL-08)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from workflow.vocabulary import AuthorityRevocationReason, Ca, KeyTask


@dataclass(frozen=True, slots=True)
class Hand:
    """One of the people present: the account, and the password that opens that person's signing key."""

    account_id: int
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ByPeople(Command):
    """What several people do together; the actor is one of them."""

    hands: tuple[Hand, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BeginKeyTask(ByPeople):
    """Write down what keys will be made, before any is: `authorities` are their names, `plan` what was agreed on.

    Refused while another task is under way. The outcome's number is the task's; keys are made under
    `workflow.key_tasks.label_of` it, so that those of a broken-off task can be told and destroyed.
    """

    task: KeyTask
    authorities: tuple[str, ...]
    plan: str
    holders: tuple[str, ...] = ()
    """Logins of those who will hold shares of the keys' copies; each is checked to be fit for it."""


@dataclass(frozen=True, slots=True)
class NewAuthority:
    """An authority's certificate with its key, encrypted or by reference, as a task made them."""

    name: str
    certificate: bytes = field(repr=False)
    ca: Ca | None = None
    generation: int = 1
    sealed_key: bytes | None = field(default=None, repr=False)
    key_reference: str | None = None


@dataclass(frozen=True, slots=True)
class NewLink:
    """A certificate over the name and key of one root that another signed; both by the names of their rows."""

    subject: str
    signer: str
    certificate: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EstablishAuthorities(Command):
    """Store the authorities of a demonstration, made without anybody; refused for real ones and where any stands."""

    authorities: tuple[NewAuthority, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyBackup:
    """An encrypted copy of a key: where it was put, its SHA-256, and the set of shares that together open it."""

    authority: str
    place: str
    sha256: str
    share_set: str

    def said(self) -> dict[str, str]:
        """Return it for a record."""
        return {
            "authority": self.authority,
            "place": self.place,
            "sha256": self.sha256,
            "share_set": self.share_set,
        }


@dataclass(frozen=True, kw_only=True)
class RecordGenerations(ByPeople):
    """Store all authorities that a task made, in one transaction; older generations of theirs stop issuing.

    `record` is what was done, as canonical JSON; the people sign it.
    """

    number: int
    authorities: tuple[NewAuthority, ...] = field(repr=False)
    record: str
    backups: tuple[KeyBackup, ...] = field(default=(), repr=False)
    links: tuple[NewLink, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class AbortKeyTask(Command):
    """End a task that was broken off; what it had made is destroyed before."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetireAuthority(ByPeople):
    """Let an authority issue no more; it goes on signing lists and OCSP answers about what it issued."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RevokeAuthority(ByPeople):
    """Let the root revoke the certificate of an authority, which issues no more, or a link by its name; for ever.

    `reason` is what relying parties are told, `explanation` what the people sign beside it.
    """

    name: str
    reason: AuthorityRevocationReason
    explanation: str


@dataclass(frozen=True, kw_only=True)
class DestroyAuthority(ByPeople):
    """Sign a last list and forget an authority's key for ever (ROL-08).

    Refused while certificates live that it issued, unless `forced`.
    """

    name: str
    reason: str
    forced: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordKeyGone(Command):
    """Record that a key whose end was decided before is destroyed at the place where it lay."""

    number: int
    place: str


@dataclass(frozen=True, kw_only=True)
class LeaveKeys(ByPeople):
    """End a task whose keys can't be destroyed, for the place where they lay is gone; they are not said to be destroyed."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RestoreAuthority(ByPeople):
    """Record that a task put an authority's key back; only where the key does not open any more (ROL-08).

    `sealed_key` is the copy's key, encrypted anew for this registry, or `key_reference` names it in a token;
    `copy_sha256` names the copy it was read from.
    """

    number: int
    name: str
    reason: str
    copy_sha256: str
    sealed_key: bytes | None = field(default=None, repr=False)
    key_reference: str | None = None
