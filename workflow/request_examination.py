"""The gate of certificate requests: the same for the dry run and at the moment of issue (pitfall of bulk issuance).

A signing request is read, its possession of the key proved, its key and names examined, and the certificate that would
be issued is built and linted under a throw-away key. Nothing is stored and no key of a CA is used.
"""

from __future__ import annotations

from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from pki.errors import LintRefusedError, PkiError
from pki.issuing import new_serial, prepare
from pki.keygate import spki_sha256
from pki.orders import CertificateOrder
from workflow.authorities import addresses, working
from workflow.certificate_names import subject_of
from workflow.errors import Unavailable
from workflow.filed_cases import filed_case
from workflow.request_gate import Found, finding, gate
from workflow.requested_profiles import attributes_of, profile_for
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
        self._keys: dict[int, bytes] = {}

    @cached_property
    def profile(self) -> Profile:
        """The profile that the batch asks for, with the life of its policy."""
        return profile_for(self._office, str(self._filed.values["profile"]), self._filed.case.policy_version)

    @cached_property
    def _authority(self) -> Working:
        return working(self._office, str(self._filed.case.ca))

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

    def order(self, row: Any) -> Callable[[int], CertificateOrder]:
        """Return what makes the order of an item's certificate for a serial; the item was examined before."""
        return partial(self._order, self.line(row), self._keys[row.id])

    def _order(self, _line: Mapping[str, Any], spki: bytes, serial: int) -> CertificateOrder:
        filed, office = self._filed, self._office
        return CertificateOrder(
            profile=self.profile,
            subject=subject_of(filed.case.ca, filed.case.subject_name, filed.organisation),
            spki_der=spki,
            serial=serial,
            not_before=office.clock.now(),
            addresses=addresses(office, str(filed.case.ca), serial),
            attributes=attributes_of(self.profile, filed.organisation.get("oid")),
            email=str(filed.organisation.get("email") or "") or None,
        )

    def gate(self, row: Any) -> Found:
        """Return what the gate alone finds on an item: the request, its key, and whether the key is new."""
        self.line(row)
        gated = gate(bytes(row.csr))
        if gated.spki is None:
            return gated.findings
        self._keys[row.id] = gated.spki
        return (*gated.findings, *self._used(row, gated.spki))

    def examine(self, row: Any) -> Found:
        """Return everything that is found on an item, with the lints of the certificate it would get."""
        found = self.gate(row)
        if found:
            return found
        try:
            prepare(self.order(row)(new_serial()), self._authority.issuer)
        except LintRefusedError as error:
            return tuple(_of_pki("lint", sentence) for sentence in error.findings)
        except PkiError as error:
            return (_of_pki(error.code, error.message),)
        return ()

    def _used(self, row: Any, spki: bytes) -> Found:
        """Find a key that was used before (CSR-04); the item's own certificate is no other."""
        with self._office.reading() as connection:
            twin = connection.execute(
                sa.select(C.serial).where(
                    C.spki_sha256 == spki_sha256(spki).hex(), C.item_id.is_distinct_from(row.id)
                )
            ).scalar()
        return (_key_used(f"憑證序號 {twin}", f"certificate {twin}"),) if twin else ()

    def without_twins(self, items: Iterable[Any], found: Mapping[int, Found]) -> dict[int, Found]:
        """Add a finding to each item whose key stands earlier in the batch."""
        first: dict[bytes, int] = {}
        marked = dict(found)
        for row in items:
            key = self._keys.get(row.id)
            if key is None:
                continue
            place = first.setdefault(key, row.position)
            if place != row.position:
                marked[row.id] = (
                    *marked[row.id],
                    _key_used(f"本批第 {place} 項", f"item {place} of the batch"),
                )
        return marked


def _key_used(zh: str, en: str) -> Mapping[str, str]:
    return finding(
        "csr.key_used",
        f"CSR已被使用、金鑰重複請更換或案件流水號重複（{zh}）。",
        f"This key is used already ({en}). Make a new key and a new request.",
    )


def _of_pki(code: str, message: str) -> Mapping[str, str]:
    return finding(
        code, f"憑證內容不符規定：{message}", f"The certificate would break a rule: {message}", "certificate"
    )
