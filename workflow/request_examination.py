"""The gate of certificate requests: the same for the dry run and at the moment of issue (pitfall of bulk issuance).

A signing request is read, its possession of the key proved, its key and names examined, and the certificate that would
be issued is built and linted under a throw-away key. Nothing is stored and no key of a CA is used.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import sha256_hex
from forms.identifiers import is_email
from pki.csr import common_name_of
from pki.errors import LintRefusedError, PkiError
from pki.issuing import new_serial, prepare
from pki.keygate import KeyFault, KeyRecords
from pki.orders import CertificateOrder
from pki.profiles import AlternativeNames, Purpose
from workflow.authorities import addresses, issuing_now
from workflow.certificate_names import subject_of
from workflow.errors import Unavailable
from workflow.filed_cases import filed_case
from workflow.request_gate import Found, email_unfit, finding, pass_gate
from workflow.requested_profiles import attributes_of, profile_for
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.keys import certified_for, known_compromised
from workflow.vocabulary import ItemState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pki.csr import AcceptedRequest
    from pki.names import Subject
    from pki.profiles import Profile
    from workflow.authorities import Working
    from workflow.filed_cases import FiledCase
    from workflow.office import Office

I = t.request_item.c  # noqa: E741 - the item's columns, beside their siblings.

__all__ = ["Examiner", "Found", "batch_items", "examine_batch", "item_states", "items_wait"]


def batch_items(office: Office, filed: FiledCase, only: Sequence[int] | None = None) -> list[Any]:
    """Return the items of a case's current revision in their order, all or some."""
    query = sa.select(t.request_item).where(I.case_id == filed.case.id, I.revision == filed.case.revision)
    if only is not None:
        query = query.where(among(I.id, only))
    with office.reading() as connection:
        return list(connection.execute(query.order_by(I.position)))


def item_states(office: Office, filed: FiledCase) -> set[str]:
    """Return the states in which items of a case's current revision are."""
    query = sa.select(I.state).where(I.case_id == filed.case.id, I.revision == filed.case.revision).distinct()
    with office.reading() as connection:
        return set(connection.execute(query).scalars())


def items_wait(office: Office, filed: FiledCase) -> bool:
    """Tell whether an item of a case's current revision still waits for its certificate, without looking at the others."""
    mine = (I.case_id == filed.case.id) & (I.revision == filed.case.revision)
    query = sa.select(I.id).where(mine, I.state == str(ItemState.WAITING)).limit(1)
    with office.reading() as connection:
        return connection.execute(query).first() is not None


def examine_batch(office: Office, case_id: int) -> dict[int, Found]:
    """Dry run: return what is found on each item of a case, an empty tuple for one that could be issued now."""
    with office.reading() as connection:
        filed = filed_case(connection, case_id)
    examiner = Examiner(office, filed)
    items = batch_items(office, filed)
    return examiner.without_twins(items, examiner.examine(items))


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
        return issuing_now(self._office, self._filed.case.ca)

    def require_whole(self) -> None:
        """Raise Unavailable unless the lines of the batch are those whose hash the approvals are bound to."""
        if self._filed.values_sha256 != self._filed.sha256:
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
        office, said = self._office, line["subject"]
        return CertificateOrder(
            profile=self.profile,
            subject=self._subject(said, accepted.domains),
            spki_der=accepted.spki_der,
            serial=serial,
            not_before=office.clock.now(),
            addresses=addresses(office, authority, serial),
            attributes=attributes_of(self.profile, self._approved_oid()),
            email=self._email(said),
            domains=accepted.domains,
        )

    def _approved_oid(self) -> str | None:
        """Return the organisation's OID; Unavailable when it is not the one that the batch says (OID-01)."""
        oid = self._filed.organisation.get("oid")
        if self._filed.values.get("organisation") not in {None, oid}:
            raise Unavailable("certificate.not_approved", detail="the OID is not the one that was approved")
        return oid

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
            return replace(subject, common_name=common_name_of(domains))
        if self.profile.purpose is Purpose.SERVER_APPLICATION:
            return replace(subject, common_name=str(said.get("common_name") or "") or None)
        return subject

    def gate(self, rows: Sequence[Any]) -> dict[int, Found]:
        """Return what the gate finds on items: each request, its key and whether that is new, names and domains.

        All are examined first as if no key was known; then the register is asked once for the keys of all, and only
        those whose key it knows are examined again.
        """
        asked = {row.id: _Asked() for row in rows}
        found = {row.id: self._gate(row, KeyRecords(asked[row.id], asked[row.id])) for row in rows}
        used, compromised = self._known({digest for one in asked.values() for digest in one.digests})
        for row in rows:
            mine = asked[row.id].digests
            others = frozenset(digest for digest in mine if used.get(digest, set()) - {row.id})
            if others or mine & compromised:
                self._accepted.pop(row.id, None)
                found[row.id] = self._gate(row, KeyRecords(others, compromised))
        return found

    def _gate(self, row: Any, records: KeyRecords) -> Found:
        said = self.line(row)["subject"]
        domains = tuple(str(name) for name in said.get("dns_names", ()))
        known = not self.profile.alternative_names.are_domains or common_name_of(domains)
        subject = self._subject(said, domains) if known else None
        accepted, found = pass_gate(bytes(row.csr), self.profile, records, domains, subject)
        email = self._email(said)
        if email is not None and not is_email(email):
            return (email_unfit(email), *found)
        if accepted is not None:
            self._accepted[row.id] = accepted
        return found

    def _known(self, digests: set[bytes]) -> tuple[dict[bytes, set[int | None]], frozenset[bytes]]:
        """Return which keys have certificates in any CA, with the items they are for, and which are compromised."""
        wanted = [digest.hex() for digest in sorted(digests)]
        with self._office.reading() as connection:
            used = certified_for(connection, wanted)
            compromised = known_compromised(connection, wanted)
        return {bytes.fromhex(key): items for key, items in used.items()}, frozenset(
            map(bytes.fromhex, compromised)
        )

    def examine(self, rows: Sequence[Any]) -> dict[int, Found]:
        """Return everything that is found on items, with the lints of the certificates they would get."""
        return {
            row_id: (*found, *self._lint(row))
            for row, (row_id, found) in zip(rows, self.gate(rows).items(), strict=True)
        }

    def _lint(self, row: Any) -> Found:
        if row.id not in self._accepted:
            return ()
        try:
            prepare(self.order(row)(new_serial(), self._authority.name), self._authority.issuer)
        except LintRefusedError as error:
            return tuple(_of_pki("lint", sentence) for sentence in error.findings)
        except PkiError as error:
            return (_of_pki(error.code, error.message),)
        return ()

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


class _Asked:
    """Remembers which keys the gate asked about, and knows none of them."""

    def __init__(self) -> None:
        self.digests: set[bytes] = set()

    def __contains__(self, digest: object) -> bool:
        if isinstance(digest, bytes):
            self.digests.add(digest)
        return False


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
