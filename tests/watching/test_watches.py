"""The watches find planted faults, tell them once a day until they are mended, and keep still over what is sound."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import gmpy2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ops.watches import night_of, run_nightly, watch_half_life, watch_sample, watch_weak_keys
from tests.workflow.lists import Lists
from workflow.ocsp.responders import renew
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Lane
from workflow.watching.relint import Quarter, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def lists(empty_database_url: str) -> Iterator[Lists]:
    registry = Lists(empty_database_url)
    settings = replace(registry.office.settings, alarm_email="operators@example.tw")
    registry.office = replace(registry.office, settings=settings)
    yield registry
    registry.close()


def open_codes(lists: Lists) -> set[tuple[str, str]]:
    found = lists.rows(t.watch_finding, t.watch_finding.c.cleared_at.is_(None))
    return {(row.code, row.subject) for row in found}


def deliver(lists: Lists) -> int:
    while perform_next(lists.office, Lane.NOTICE, "tested"):
        pass
    return len([mail for mail in lists.mailer.mails if "警報" in mail.subject])


def certificate_of(public: rsa.RSAPublicKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "樣本")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        name, name, public, x509.random_serial_number(), begins, begins.replace(year=2027)
    )
    unsigned = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    return unsigned.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def sharing_a_prime(key: rsa.RSAPrivateKey) -> rsa.RSAPublicKey:
    """Return a key that has one of another key's primes, as generators without randomness make them."""
    numbers = key.private_numbers()
    return rsa.RSAPublicNumbers(65537, numbers.p * int(gmpy2.next_prime(numbers.q))).public_key()


@pytest.mark.rule("CRL-01")
def test_a_list_past_half_its_life_alarms_and_the_next_list_clears_it(lists: Lists) -> None:
    lists.publish()
    assert watch_half_life(lists.office) == 0
    lists.clock.move(hours=12, minutes=31)
    assert watch_half_life(lists.office) == 5
    assert ("crl.half_life", "xca/complete") in open_codes(lists)
    lists.clock.move(hours=12)
    watch_half_life(lists.office)
    assert ("crl.expired", "xca/complete") in open_codes(lists)
    lists.publish()
    assert watch_half_life(lists.office) == 0
    assert not open_codes(lists)


@pytest.mark.rule("CRL-06")
def test_a_responder_that_is_not_renewed_alarms(lists: Lists) -> None:
    renew(lists.office, "xca", lists.clock.now())
    lists.clock.move(days=3)
    assert watch_half_life(lists.office) == 0
    lists.clock.move(days=1)
    watch_half_life(lists.office)
    assert open_codes(lists) == {("responder.half_life", "ocsp:xca")}
    lists.clock.move(days=4)
    watch_half_life(lists.office)
    assert open_codes(lists) == {("responder.expired", "ocsp:xca")}
    renew(lists.office, "xca", lists.clock.now())
    assert watch_half_life(lists.office) == 0


def test_people_are_written_to_at_once_and_again_after_a_day_and_not_between(lists: Lists) -> None:
    lists.publish()
    lists.clock.move(hours=30)
    watch_half_life(lists.office)
    assert deliver(lists) == 1
    assert lists.mailer.mails[-1].to == "operators@example.tw"
    assert "crl.expired" in lists.mailer.mails[-1].text
    lists.clock.move(hours=23)
    watch_half_life(lists.office)
    assert deliver(lists) == 1
    lists.clock.move(hours=1)
    watch_half_life(lists.office)
    assert deliver(lists) == 2
    assert lists.audit_kinds().count("watch_ran") == 3


def test_keys_that_share_a_prime_are_found_and_nothing_is_revoked(lists: Lists) -> None:
    for serial, public in ((5, KEY.public_key()), (6, OTHER.public_key())):
        lists.certificate(serial, der=certificate_of(public))
    assert watch_weak_keys(lists.office) == 0
    lists.certificate(7, der=certificate_of(sharing_a_prime(KEY)))
    assert watch_weak_keys(lists.office) == 2
    assert open_codes(lists) == {("key.shared_factor", f"xca {serial:032x}") for serial in (5, 7)}
    assert {row.status for row in lists.rows(t.certificate)} == {"valid"}
    assert "建議" in lists.rows(t.watch_finding)[0].zh


def test_a_modulus_under_another_exponent_is_found_and_a_key_certified_twice_is_not(lists: Lists) -> None:
    for serial in (5, 6):
        lists.certificate(serial, der=certificate_of(KEY.public_key()))
    assert watch_weak_keys(lists.office) == 0
    other = rsa.RSAPublicNumbers(65539, KEY.public_key().public_numbers().n).public_key()
    lists.certificate(7, der=certificate_of(other))
    assert watch_weak_keys(lists.office) == 2
    assert {subject for _code, subject in open_codes(lists)} == {f"xca {serial:032x}" for serial in (5, 7)}


@pytest.mark.rule("AUD-07")
@pytest.mark.parametrize(
    ("issued", "sampled"), [(0, 0), (1, 1), (33, 1), (34, 2), (100, 3), (101, 4), (10_000, 300)]
)
def test_a_quarters_sample_has_three_percent_and_at_least_one(issued: int, sampled: int) -> None:
    assert wanted(issued) == sampled


@pytest.mark.rule("AUD-07")
def test_the_sample_grows_with_the_quarter_and_keeps_a_record(lists: Lists) -> None:
    for serial in range(1, 5):
        lists.certificate(serial, der=certificate_of(KEY.public_key()), profile="school_signature")
    watch_sample(lists.office)
    (first,) = lists.rows(t.certificate_sample)
    assert first.quarter == "2026Q1"
    assert any("pkix" in said for said in first.findings)
    assert {code for code, _ in open_codes(lists)} == {"certificate.lint"}
    watch_sample(lists.office)
    assert len(lists.rows(t.certificate_sample)) == 1
    for serial in range(5, 40):
        lists.certificate(serial, der=certificate_of(KEY.public_key()), profile="school_signature")
    watch_sample(lists.office)
    assert len(lists.rows(t.certificate_sample)) == 2


def test_a_quarter_begins_at_midnight_in_taipei() -> None:
    assert Quarter.of(date(2026, 12, 31)).after == Quarter(2027, 1)
    assert Quarter(2027, 1).before == Quarter(2026, 4)
    assert Quarter(2026, 4).begins == datetime(2026, 9, 30, 16, tzinfo=UTC)


def test_the_nightly_watches_run_once_a_night(lists: Lists) -> None:
    run_nightly(lists.office, 2)
    runs = len(lists.rows(t.watch_run))
    assert runs >= 2
    lists.clock.move(hours=1)
    run_nightly(lists.office, 2)
    assert len(lists.rows(t.watch_run)) == runs
    lists.clock.move(hours=24)
    run_nightly(lists.office, 2)
    assert len(lists.rows(t.watch_run)) == 2 * runs


def test_a_night_begins_at_its_hour_in_taipei() -> None:
    before, after = datetime(2026, 3, 1, 17, 59, tzinfo=UTC), datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
    assert night_of(before, 2) == date(2026, 3, 1)
    assert night_of(after, 2) - night_of(before, 2) == timedelta(days=1)
