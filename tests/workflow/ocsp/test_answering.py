"""Answers between two readings, the feed of changes, and responders that are renewed once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from cryptography.x509 import ocsp as library

from pki.certificates import read_certificate
from pki.errors import KeyRefusedError
from pki.issuing import serial_text
from pki.keystores import SoftwareKeystore
from pki.names import describe_name
from pki.ocsp import OcspError, error_response, parse_request
from tests.ocsp.responding import a_registry, question
from workflow.authorities import certificate_of
from workflow.ocsp.answering import ROUNDS, answer_all
from workflow.ocsp.feed import StatusFeed
from workflow.ocsp.responders import keep_desk, renew
from workflow.ocsp.statuses import SteadyReader, UnreachableError, reader
from workflow.store import schema as t
from workflow.store.database import open_engine
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import StatusChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workflow.registry import Registry

HELD = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
GOOD = ("valid", 3, None, None)
SUSPENDED = ("suspended", 4, HELD, "certificate_hold")


@pytest.fixture
def registry(database_url: str) -> Iterator[Registry]:
    registry = a_registry(database_url)
    yield registry
    registry.close()


@pytest.fixture
def locking_registry(migrated_postgresql_url: str) -> Iterator[Registry]:
    registry = a_registry(migrated_postgresql_url)
    yield registry
    registry.close()


class Readings:
    """Rows as one reading after the other finds them."""

    def __init__(self, *rows: Any) -> None:
        self._rows = list(rows)

    def read(self, asked: Any) -> dict[Any, Any]:
        row = self._rows.pop(0) if len(self._rows) > 1 else self._rows[0]
        return {
            (name, serial): row() if callable(row) else row
            for name, serials in asked.items()
            for serial in serials
        }


def told(registry: Registry, readings: Readings) -> tuple[bytes, int]:
    request = parse_request(question(registry.office, "xca", 5))
    (answer,) = answer_all(keep_desk(registry.office), readings, registry.clock, [request])
    return answer.der, answer.signatures


@pytest.mark.rule("SUS-10")
def test_a_status_that_changes_while_it_is_signed_is_signed_anew(registry):
    der, signatures = told(registry, Readings(GOOD, SUSPENDED, SUSPENDED))
    said = library.load_der_ocsp_response(der)
    assert said.certificate_status is library.OCSPCertStatus.REVOKED
    assert said.revocation_time_utc == HELD
    assert signatures == 2


def test_there_and_back_again_is_a_change(registry):
    back = ("valid", 5, None, None)
    assert told(registry, Readings(GOOD, back, back))[1] == 2


def test_a_status_that_does_not_rest_is_not_told(registry):
    versions = iter(range(100))
    der, _signatures = told(registry, Readings(lambda: ("valid", next(versions), None, None)))
    assert der == error_response(OcspError.TRY_LATER)
    assert next(versions) == ROUNDS + 1


def an_activated_card(registry: Registry) -> tuple[int, int]:
    case_id = registry.a_case("activated")
    row = registry.rows(t.certificate, t.certificate.c.case_id == case_id)[0]
    return case_id, int(row.serial, 16)


def change(registry: Registry, case_id: int, what: StatusChange) -> None:
    with transaction(registry.office) as work:
        work.change_certificates(case_id, what, "suspend")


@pytest.mark.rule("SUS-10", "CRL-05")
def test_a_reading_sees_what_was_committed_before_it(registry):
    case_id, serial = an_activated_card(registry)
    steady = SteadyReader(registry.engine)
    asked = {"xca": [serial], "root": [_serial_of(registry, "gca")]}
    with reader(registry.engine) as pooled:
        for what, word in ((StatusChange.SUSPEND, "suspended"), (StatusChange.RESUME, "valid")):
            change(registry, case_id, what)
            for one in (steady, pooled):
                found = one.read(asked)
                assert found["xca", serial][0] == word
                assert found["root", _serial_of(registry, "gca")][0] == "valid"
    steady.close()
    assert steady.read({"xca": [serial + 1, -1]}) == {}
    steady.close()


def _serial_of(registry: Registry, authority: str) -> int:
    from pki.certificates import read_certificate

    return read_certificate(certificate_of(registry.office, authority)).serial


def test_a_database_that_is_not_there_is_said_so(tmp_path):
    engine = open_engine(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    with pytest.raises(UnreachableError):
        SteadyReader(engine).read({"xca": [1]})
    with pytest.raises(UnreachableError), reader(engine):
        pass
    with pytest.raises(UnreachableError), StatusFeed.open(engine):
        pass


@pytest.mark.rule("SUS-10")
def test_the_feed_tells_each_change_of_status_once(registry):
    case_id, serial = an_activated_card(registry)
    with StatusFeed.open(registry.engine) as feed:
        assert feed.changes() == set()
        change(registry, case_id, StatusChange.SUSPEND)
        feed.wait(0)
        assert ("xca", serial) in feed.changes()
        assert feed.changes() == set()
        change(registry, case_id, StatusChange.RESUME)
        assert ("xca", serial) in feed.changes()
    versions = registry.rows(t.status_change, t.status_change.c.serial == f"{serial:032x}")
    assert [row.version for row in versions] == list(range(1, len(versions) + 1))


@pytest.mark.rule("SUS-10")
def test_an_old_transaction_elsewhere_in_the_server_brings_no_old_news(locking_registry):
    registry = locking_registry
    with registry.engine.begin() as old:
        old.execute(sa.text("SELECT pg_current_xact_id()"))
        case_id, serial = an_activated_card(registry)
        with StatusFeed.open(registry.engine) as feed:
            assert feed.changes() == set()
            change(registry, case_id, StatusChange.SUSPEND)
            assert ("xca", serial) in feed.changes()
            assert feed.changes() == set()


def test_a_change_that_is_taken_back_is_not_told(registry):
    case_id, _serial = an_activated_card(registry)

    def fail() -> None:
        with transaction(registry.office) as work:
            work.change_certificates(case_id, StatusChange.SUSPEND, "suspend")
            work.flush()
            raise InterruptedError

    with StatusFeed.open(registry.engine) as feed:
        with pytest.raises(InterruptedError):
            fail()
        assert feed.changes() == set()


@pytest.mark.rule("SUS-10")
def test_a_change_that_commits_after_a_later_one_is_told(locking_registry):
    registry = locking_registry
    (_case, slow), (_other, quick) = an_activated_card(registry), an_activated_card(registry)

    def raise_version(connection: sa.Connection, serial: int) -> None:
        row = t.certificate.c.serial == f"{serial:032x}"
        version = t.certificate.c.status_version + 1
        connection.execute(sa.update(t.certificate).where(row).values(status_version=version))

    with StatusFeed.open(registry.engine) as feed:
        with registry.engine.begin() as first:
            raise_version(first, slow)
            with registry.engine.begin() as second:
                raise_version(second, quick)
            assert feed.changes() == {("xca", quick)}
            assert feed.changes() == set()
        assert feed.changes() == {("xca", slow)}
        assert feed.changes() == set()


# --- responders --------------------------------------------------------------------------------------------------


@pytest.mark.rule("CRL-06")
def test_a_responder_is_renewed_at_half_its_life(registry):
    first = keep_desk(registry.office).responders["xca"]
    assert keep_desk(registry.office).responders["xca"] is first
    registry.clock.move(days=3)
    assert keep_desk(registry.office).responders["xca"] is first
    registry.clock.move(days=1)
    second = keep_desk(registry.office).responders["xca"]
    assert second.certificate_der != first.certificate_der
    assert second.fields.not_after - second.fields.not_before < timedelta(days=8)
    assert "responder_renewed" in registry.audit_kinds()


def test_the_serial_of_a_responders_certificate_is_in_the_log_before_it_is_signed(registry):
    renew(registry.office, "xca", registry.clock.now())
    (row,) = registry.rows(t.authority, t.authority.c.name == "ocsp:xca")
    serial = serial_text(read_certificate(bytes(row.certificate)).serial)
    *_, intended, renewed = (
        (entry.kind, json.loads(entry.body).get("serial"))
        for entry in registry.rows(t.audit_entry)
        if entry.kind in {"key_intended", "responder_renewed"}
    )
    assert (intended, renewed) == (("key_intended", serial), ("responder_renewed", serial))


def test_the_responder_of_a_real_root_calls_itself_no_demonstration(registry):
    def name():
        (row,) = registry.rows(t.authority, t.authority.c.name == "ocsp:root")
        return describe_name(read_certificate(bytes(row.certificate)).subject_name)

    demonstration = registry.office
    renew(demonstration, "root", registry.clock.now())
    assert name() == "C=TW,O=行政院,OU=(示範) 憑證總管理中心,CN=ROOT OCSP"
    real = replace(demonstration, settings=replace(demonstration.settings, test_assurance=False))
    renew(real, "root", registry.clock.now())
    assert name() == "C=TW,O=行政院,CN=ROOT OCSP"


class StuckKeystore(SoftwareKeystore):
    """A keystore that makes keys and can't say any more which lie there."""

    def references(self, label: str) -> tuple[str, ...]:
        raise KeyRefusedError("pki.token.unreachable", label)


def test_a_responder_whose_old_keys_can_not_be_cleared_away_is_renewed_all_the_same(registry, caplog):
    first = keep_desk(registry.office).responders["xca"]
    office = replace(registry.office, token=StuckKeystore(registry.office.key_passphrase))
    registry.clock.move(days=4)
    assert keep_desk(office).responders["xca"].certificate_der != first.certificate_der
    said = [record.message for record in caplog.records if record.name == "guanfang.ocsp"]
    assert set(said) == {"responder renewed, old keys not cleared away"}


@pytest.mark.rule("CRL-06")
def test_many_processes_renew_a_responder_once(locking_registry):
    registry = locking_registry
    before = registry.audit_kinds().count("responder_renewed")
    now = registry.clock.now()
    with ThreadPoolExecutor(3) as hands:
        list(hands.map(lambda _number: renew(registry.office, "gca", now), range(3)))
    renewed = registry.audit_kinds().count("responder_renewed") - before
    assert renewed == 1


def test_an_authority_that_can_not_renew_asks_to_try_later(registry):
    registry.update(t.authority, t.authority.c.name == "xca", sealed_key=b"offline")
    registry.clock.move(days=4)
    # Past half its life the old one serves on; after its end there is nobody to answer.
    assert "xca" in keep_desk(registry.office).responders
    registry.clock.move(days=4)
    desk = keep_desk(registry.office)
    assert desk.missing == ["xca"]
    request = parse_request(question(registry.office, "xca", 5))
    (answer,) = answer_all(desk, Readings(GOOD), registry.clock, [request])
    assert answer.error is OcspError.TRY_LATER
