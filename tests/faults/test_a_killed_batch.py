"""A batch that is killed at any commit goes on: one certificate a key, none unrecorded, no serial twice, RSA or ECDSA."""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.keys import KeyKind, SoftwareSigner
from pki.orders import Addresses
from tests.faults.falling import Trip, in_child, moments, tripping
from tests.faults.line import Copied, Copies, _fold, postgresql_copies, sqlite_copies
from tests.workflow.batches import Batches, csr, items, work_certificates
from tests.workflow.registry import START, Registry
from workflow import commands_of_requests as r
from workflow.acts import signing
from workflow.authorities import certificate_of, working
from workflow.commands_of_performers import PublishCrl, RecordCertificate
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.ocsp.once import status
from workflow.store import schema as t
from workflow.tickets import Ticket
from workflow.vocabulary import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.office import Office

CASE = 1
OF_ITEMS = t.certificate.c.item_id.is_not(None)
"""The holders' certificates: the registration authority has one of its own."""


@dataclass(frozen=True)
class Prepared:
    """An approved batch of two sound items and one whose key is another's, about to be issued."""

    office: Office
    copies: Copies

    @contextmanager
    def copy(self) -> Iterator[Copied]:
        with self.copies.lend() as url:
            copied = Copied(self.office, url)
            try:
                yield copied
            finally:
                copied.close()


def prepare(copies: Copies, *, elliptic: bool) -> Prepared:
    registry = Registry(copies.url)
    batches = Batches(registry)
    if elliptic:
        give_an_elliptic_key(registry)
    # The third item shares its key with the first: the dry run finds it, and the case ends as partly refused.
    batches.approved(*items(0, 1), r.RequestedItem(label="twin", csr=csr(0, pem=True)))
    registry.close()
    _fold(copies.url)
    return Prepared(registry.office, copies)


def give_an_elliptic_key(registry: Registry) -> None:
    """Put an authority with a P-256 key in the place of the one that issues."""
    root = SoftwareSigner.generate(KeyKind.P384)
    signers = {authority: SoftwareSigner.generate(KeyKind.P256) for authority in Authority}
    plan = CeremonyPlan(
        START, Addresses(crl=("http://crl.example/r.crl",), ca_issuers="http://crl.example/r.p7b")
    )
    made = hold_ceremony(plan, root, signers)
    certificate = made.authorities[Authority.XCA]
    for name, der, signer in (("xca", certificate, signers[Authority.XCA]), ("root", made.root, root)):
        sealed = signer.to_pkcs8(registry.office.key_passphrase)
        registry.update(t.authority, t.authority.c.name == name, certificate=der, sealed_key=sealed)
    assert certificate_of(registry.office, "xca") == certificate


@pytest.fixture(scope="module", params=[False, True], ids=["rsa", "ecdsa"])
def batch(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    return prepare(sqlite_copies(folder, f"batch{request.param}"), elliptic=request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["rsa", "ecdsa"])
def postgresql_batch(request, postgresql_cluster, worker_name):
    name = f"batch_{worker_name}_{request.param}".lower()
    return prepare(postgresql_copies(postgresql_cluster, name), elliptic=request.param)


def work(copied: Copied, trip: Trip) -> None:
    work_certificates(tripping(copied.opened(), trip))


def check_issued(copied: Copied, when: str) -> None:
    """Hold the finished batch against everything that was written about it."""
    assert copied.rows(t.case)[0].state == "partly_refused", when
    issued = copied.rows(t.certificate, OF_ITEMS)
    assert [row.status for row in issued] == ["valid", "valid"], when
    assert len({row.serial for row in issued}) == len({row.spki_sha256 for row in issued}) == 2, when
    for row in issued:
        certificate = x509.load_der_x509_certificate(row.der)
        assert certificate.tbs_certificate_bytes == row.tbs, when
        authority = x509.load_der_x509_certificate(certificate_of(copied.office, "xca"))
        certificate.verify_directly_issued_by(authority)
    told = Counter(row.kind for row in copied.rows(t.audit_entry, t.audit_entry.c.case_id == CASE))
    kinds = ("certificate_intended", "certificate_issued", "some_issued")
    assert [told[kind] for kind in kinds] == [2, 2, 1], when
    assert Counter(row.state for row in copied.rows(t.request_item)) == {"issued": 2, "refused": 1}, when
    assert {row.state for row in copied.rows(t.outbox, t.outbox.c.lane == "certificate")} == {"done"}, when


def fall_everywhere(prepared: Prepared, folder: Any) -> None:
    with prepared.copy() as copied:
        passed = moments(folder, partial(work, copied))
        check_issued(copied, "not killed")
    assert len(passed) > 10
    for at, name in enumerate(passed):
        with prepared.copy() as copied:
            fallen = in_child(partial(work, copied, Trip(at)))
            assert fallen == signal.SIGKILL, f"nothing happened at {at}, {name}"
            released = [row.der for row in copied.rows(t.certificate, OF_ITEMS) if row.der is not None]
            work(copied, Trip())
            check_issued(copied, f"killed at {at}, {name}")
            # What could have been handed out is what is there at the end.
            assert set(released) <= {row.der for row in copied.rows(t.certificate, OF_ITEMS)}


def test_a_batch_killed_at_any_commit_is_issued_all_the_same(batch, tmp_path):
    fall_everywhere(batch, tmp_path)


def test_a_batch_killed_at_any_commit_on_postgresql_goes_on(postgresql_batch, tmp_path):
    fall_everywhere(postgresql_batch, tmp_path)


@settings(max_examples=8)
@given(falls=st.lists(st.integers(0, 20), min_size=2, max_size=4))
def test_a_batch_that_is_killed_again_and_again_is_issued_once(batch, falls):
    with batch.copy() as copied:
        for at in falls:
            in_child(partial(work, copied, Trip(at)))
        work(copied, Trip())
        check_issued(copied, f"killed at {falls}")


def killed_before_it_was_recorded(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the authority sign, and the process end before it can write that down."""

    def fall(*_records: object) -> None:
        raise ConnectionError("killed")

    monkeypatch.setattr(signing, "store_signed", fall)
    work_certificates(copied.office)
    monkeypatch.undo()


def test_a_signature_that_was_not_recorded_can_be_revoked_and_is_never_made_again(batch, monkeypatch):
    with batch.copy() as copied:
        killed_before_it_was_recorded(copied, monkeypatch)
        lost, other = copied.rows(t.certificate, OF_ITEMS)
        assert (lost.status, lost.der) == ("intended", None)
        people = [row for row in copied.rows(t.account) if row.roles == ["second_reviewer"]]
        from tests.workflow.registry import PASSWORD
        from workflow.acts.accounts import actor_of

        command = r.RevokeSerial(
            serial=lost.serial, reason=RevocationReason.KEY_COMPROMISE, note="x", second_account=people[1].id,
            passwords=(PASSWORD, PASSWORD),
        )  # fmt: skip
        handle(copied.office, command, actor_of(people[0]))
        handle(copied.office, PublishCrl(authority="xca"), SYSTEM)
        crl = x509.load_der_x509_crl(copied.rows(t.crl, t.crl.c.partition == 0)[-1].der)
        assert crl.get_revoked_certificate_by_serial_number(int(lost.serial, 16)) is not None
        assert type(status(copied.office, "xca", int(lost.serial, 16))).__name__ == "Revoked"
        later = replace(copied.opened(), wall=_Later(copied.office.wall))
        work_certificates(later)
        again = {row.serial: row for row in copied.rows(t.certificate, OF_ITEMS)}
        assert (again[lost.serial].status, again[lost.serial].der) == ("revoked", None)
        assert again[other.serial].status == "valid"
        states = [row.state for row in copied.rows(t.request_item)]
        assert Counter(states) == {"issued": 1, "refused": 2}


@dataclass(frozen=True)
class _Later:
    clock: Any

    def now(self) -> Any:
        from datetime import timedelta

        return self.clock.now() + timedelta(hours=1)


def test_a_ticket_is_redeemed_once(batch, monkeypatch):
    with batch.copy() as copied:
        killed_before_it_was_recorded(copied, monkeypatch)
        row = copied.rows(t.certificate, OF_ITEMS)[0]
        authority = working(copied.office, "xca")
        ticket = Ticket(copied.office, row)
        first = ticket.redeem(authority)
        with pytest.raises(RuntimeError, match="redeemed"):
            ticket.redeem(authority)
        second = Ticket(copied.office, row).redeem(authority)
        rsa = authority.signer.algorithm.name.endswith("RSA")
        # RSA signs the same bytes the same way; ECDSA does not, so only the first that is stored counts.
        assert (first == second) is rsa
        for der in (first, second):
            record = RecordCertificate(case_id=CASE, serial=row.serial, der=der)
            handle(copied.office, record, SYSTEM)
        assert copied.rows(t.certificate, OF_ITEMS)[0].der == first
