"""The gate of certificate requests: the same for the dry run and at the moment of issue (pitfall of bulk issuance).

A signing request is read, its possession of the key proved, its key and names examined, and the certificate that would
be issued is built and linted under a throw-away key. Nothing is stored and no key of a CA is used.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from pki.errors import LintRefusedError, PkiError
from pki.issuing import new_serial, prepare
from pki.keygate import KeyFault, KeyRecords
from pki.orders import CertificateOrder
from pki.profiles import AlternativeNames, Purpose
from workflow.authorities import addresses, current, working
from workflow.certificate_names import subject_of
from workflow.errors import Unavailable
from workflow.filed_cases import filed_case
from workflow.request_gate import Found, finding, pass_gate
from workflow.requested_profiles import attributes_of, profile_for
from workflow.store import schema as t
from workflow.store.keys import known_compromised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pki.csr import AcceptedRequest
    from pki.names import Subject
    from pki.profiles import Profile
    from workflow.authorities import Working
    from workflow.filed_cases import FiledCase
    from workflow.office import Office

C, I = t.certificate.c, t.request_item.c  # noqa: E741 - the item's columns, beside their siblings.

__all__ = ["Examiner", "Found", "batch_items", "examine_batch"]


def batch_items(office: Office, filed: FiledCase, only: Sequence[int] | None = None) -> list[Any]:
    """Return the items of a case's current revision in their order, all or some."""
    query = sa.select(t.request_item).where(I.case_id == filed.case.id, I.revision == filed.case.revision)
    if only is not None:
        query = query.where(I.id.in_(only))
    with office.reading() as connection:
        return list(connection.execute(query.order_by(I.position)))


def examine_batch(office: Office, case_id: int) -> dict[int, Found]:
    """Dry run: return what is found on each item of a case, an empty tuple for one that could be issued now."""
    with office.reading() as connection:
        filed = filed_case(connection, case_id)
    examiner = Examiner(office, filed)
    items = batch_items(office, filed)
    found = {row.id: examiner.examine(row) for row in items}
    return examiner.without_twins(items, found)


@lru_cache(maxsize=32)
def _lines_by_hash(sha256: str, canonical: bytes) -> bool:
    return sha256_hex(canonical) == sha256


class Examiner:
    """Examines the items of one case. What they share is loaded once."""

    def __init__(self, office: Office, filed: FiledCase) -> None:
        self._office = office
        self._filed = filed
        self._lines: Sequence[Mapping[str, Any]] = filed.values["items"]
        self._accepted: dict[int, AcceptedRequest] = {}

    @cached_property
    def profile(self) -> Profile:
        """The profile that the batch asks for, with the life of its policy."""
        return profile_for(self._office, str(self._filed.values["profile"]), self._filed.case.policy_version)

    @cached_property
    def _authority(self) -> Working:
        return working(self._office, current(self._office, self._filed.case.ca))

    def require_whole(self) -> None:
        """Raise Unavailable unless the lines of the batch are those whose hash the approvals are bound to."""
        if not _lines_by_hash(self._filed.sha256, canonical_json(dict(self._filed.values))):
            raise Unavailable("certificate.not_approved", detail="the batch is not the one that was approved")

    def line(self, row: Any) -> Mapping[str, Any]:
        """Return what the approved batch says of an item; Unavailable when the stored request is another one."""
        line: Mapping[str, Any] = self._lines[row.position - 1]
        if sha256_hex(bytes(row.csr)) != line["csr_sha256"]:
            raise Unavailable(
                "certificate.not_approved", detail=f"item {row.position} is not what was approved"
            )
        return line

    def order(self, row: Any) -> Callable[[int, str], CertificateOrder]:
        """Return what makes the order of an item's certificate for a serial and an authority; the item passed the gate before."""
        return partial(self._order, self.line(row), self._accepted[row.id])

    def _order(
        self, line: Mapping[str, Any], accepted: AcceptedRequest, serial: int, authority: str
    ) -> CertificateOrder:
        filed, office, said = self._filed, self._office, line["subject"]
        return CertificateOrder(
            profile=self.profile,
            subject=self._subject(said, accepted.domains),
            spki_der=accepted.spki_der,
            serial=serial,
            not_before=office.clock.now(),
            addresses=addresses(office, authority, serial),
            attributes=attributes_of(self.profile, filed.organisation.get("oid")),
            email=self._email(said),
            domains=accepted.domains,
        )

    def _email(self, said: Mapping[str, Any]) -> str | None:
        """Return the address that was approved with the batch, else the register's, where the profile has room."""
        if self.profile.alternative_names is not AlternativeNames.EMAIL:
            return None
        return str(said.get("email") or self._filed.organisation.get("email") or "") or None

    def _subject(self, said: Mapping[str, Any], domains: Sequence[str]) -> Subject:
        """Return the register's name, with the server's own as CN where there is one (CSR-05)."""
        case = self._filed.case
        subject = subject_of(case.ca, case.subject_name, self._filed.organisation)
        if self.profile.alternative_names.are_domains:
            return replace(subject, common_name=domains[0] if domains else None)
        if self.profile.purpose is Purpose.SERVER_APPLICATION:
            return replace(subject, common_name=str(said.get("common_name") or "") or None)
        return subject

    def gate(self, row: Any) -> Found:
        """Return what the gate finds on an item: the request, its key and whether that is new, names and domains."""
        said = self.line(row)["subject"]
        domains = tuple(str(name) for name in said.get("dns_names", ()))
        known = not self.profile.alternative_names.are_domains or domains
        accepted, found = pass_gate(
            bytes(row.csr),
            self.profile,
            KeyRecords(_UsedKeys(self._office, row.id), _CompromisedKeys(self._office)),
            domains,
            self._subject(said, domains) if known else None,
        )
        if accepted is not None:
            self._accepted[row.id] = accepted
        return found

    def examine(self, row: Any) -> Found:
        """Return everything that is found on an item, with the lints of the certificate it would get."""
        found = self.gate(row)
        if row.id not in self._accepted:
            return found
        try:
            prepare(self.order(row)(new_serial(), self._authority.name), self._authority.issuer)
        except LintRefusedError as error:
            return (*found, *(_of_pki("lint", sentence) for sentence in error.findings))
        except PkiError as error:
            return (*found, _of_pki(error.code, error.message))
        return found

    def without_twins(self, items: Iterable[Any], found: Mapping[int, Found]) -> dict[int, Found]:
        """Add a finding to each item whose key stands earlier in the batch."""
        first: dict[bytes, int] = {}
        marked = dict(found)
        for row in items:
            accepted = self._accepted.get(row.id)
            if accepted is None:
                continue
            place = first.setdefault(accepted.spki_sha256, row.position)
            if place != row.position:
                marked[row.id] = (*marked[row.id], _key_used(place))
        return marked


class _UsedKeys:
    """The keys that have certificates in any CA, but for an item's own (CSR-04): answers `in` from the database."""

    def __init__(self, office: Office, item_id: int) -> None:
        self._office = office
        self._item_id = item_id

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, bytes):
            return False
        query = sa.select(C.id).where(
            C.spki_sha256 == digest.hex(), C.item_id.is_distinct_from(self._item_id)
        )
        with self._office.reading() as connection:
            return connection.execute(query).first() is not None


class _CompromisedKeys:
    """The keys that must never be certified: answers `in` from the database."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, bytes):
            return False
        with self._office.reading() as connection:
            return bool(known_compromised(connection, [digest.hex()]))


def _key_used(place: int) -> Mapping[str, str]:
    return finding(
        KeyFault.USED.code,
        f"{KeyFault.USED.zh}（本批第 {place} 項）",
        f"{KeyFault.USED.en} (item {place} of the batch)",
    )


def _of_pki(code: str, message: str) -> Mapping[str, str]:
    return finding(
        code, f"憑證內容不符規定：{message}", f"The certificate would break a rule: {message}", "certificate"
    )
