"""What performers report and ask for, with the system as their actor: each step of making a card, CRLs, authorities.

They pass the same door as everyone's commands, so that the audit log sees them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.issuing_requests import SignedRequest


@dataclass(frozen=True, kw_only=True)
class ClaimBlank(Command):
    """Bind the blank card in the reader to a case: its PIN and the name of its master key stand before it is told.

    Only a blank: a card that was made is never made again, for a renewal neither (CRD-01, RNW-01).
    """

    case_id: int
    csn: str
    pin: str = field(repr=False)
    master_key: str


@dataclass(frozen=True, kw_only=True)
class RecordKeys(Command):
    """Record public keys that were made on the card, by their purposes; from then on they are never made again."""

    csn: str
    keys: tuple[tuple[str, bytes], ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LintedCertificate(Command):
    """A linted certificate that is stored before the CA key is used (prepare, store, sign, store)."""

    authority: str
    purpose: str
    serial: str
    tbs: bytes = field(repr=False)
    tbs_sha256: str
    spki_sha256: str
    subject: str
    not_before: datetime
    not_after: datetime
    csn: str | None = None
    profile: str | None = None
    tbs_seal: bytes | None = field(default=None, repr=False)
    """The digest sealed under the house's key; without it nothing is signed."""


@dataclass(frozen=True, kw_only=True)
class IntendCertificate(LintedCertificate):
    """Store a linted certificate for a key on a card (`csn`), or for an item of a certificate request (`item_id`)."""

    case_id: int
    item_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class IntendCertificates(Command):
    """Store several linted certificates in one commit; one whose key has a certificate already is left out.

    `requests` are the RA's, one for each case: each intent of that case goes by it.
    """

    intents: tuple[IntendCertificate, ...] = field(repr=False)
    requests: tuple[SignedRequest, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordCertificate(Command):
    """Store the signed certificate of an intent. The first that is stored stays: a later one is never released."""

    case_id: int
    serial: str
    der: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PublishCrl(Command):
    """Sign and publish the lists of one authority: the complete one and its partitions (CRL-01).

    Unless `whole`, only what changed or is past half its life is made anew, and nothing when nothing is.
    """

    authority: str
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class LiftCrlNumber(Command):
    """Let an authority's next lists have a number above one that relying parties know, as after a restore (CRL-01).

    A number is never lowered; where the next one is above already, nothing changes.
    """

    authority: str
    above: int


@dataclass(frozen=True, kw_only=True)
class ForgetLists(Command):
    """Remove lists from the database that lie in the archive, by their numbers in the table (AUD-05).

    `manifest` is the SHA-256 of the file that names them with their digests. None that is the newest of its partition,
    or has not ended, is removed.
    """

    lists: tuple[int, ...]
    manifest: str


@dataclass(frozen=True, kw_only=True)
class RecordAuthority(Command):
    """Store the responder `ocsp:NAME` of an authority that signs offline, with its key encrypted or by reference."""

    name: str
    certificate: bytes = field(repr=False)
    sealed_key: bytes | None = field(default=None, repr=False)
    key_reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class IntendResponderKey(Command):
    """Write down that a key for an authority's OCSP responder will be made, before it is; `replaces` as below.

    `serial` is that of the certificate to be signed, so that one whose record was lost can be revoked. The outcome's id
    is the intent's, and its number the label to make the key under; both are empty when the responder was renewed
    meanwhile.
    """

    authority: str
    serial: str
    replaces: str


@dataclass(frozen=True, kw_only=True)
class RenewResponder(Command):
    """Store the next certificate of an authority's OCSP responder, with its key, in place of the one named (CRL-06).

    `replaces` is the SHA-256 of the certificate in use, empty for none; when another has taken its place meanwhile,
    nothing is stored. `intent` is the id of the key's intent, which ends with it.
    """

    authority: str
    intent: int
    certificate: bytes = field(repr=False)
    sealed_key: bytes | None = field(default=None, repr=False)
    key_reference: str | None = None
    replaces: str


@dataclass(frozen=True, kw_only=True)
class RecordNotice(Command):
    """Record that a notice went out."""

    outbox_id: int
    case_id: int
    template: str
    recipient: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class FileDocument(Command):
    """Keep a sheet that was made for a case."""

    case_id: int
    kind: str
    name: str
    media_type: str
    sheet: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OpenBreaker(Command):
    """Stop a sweep that would suspend or revoke too many at once."""

    count: int
    limit: int
