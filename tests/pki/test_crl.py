from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from pki.ceremony import Authority
from pki.crl import (
    CrlExpectation,
    CrlPlan,
    RevokedEntry,
    build_crl,
    check_crl,
    encode_entry,
    partition_of,
    sign_list,
)
from pki.errors import CrlRefusedError
from pki.issuing import new_serial
from pki.reasons import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.keys import SoftwareSigner
    from pki.orders import CertificateOrder

World = Any
URL = "http://crl.example/repository/XCA/CRL2/CRL_0002.crl"


def make(world: World, plan: CrlPlan, *entries: RevokedEntry) -> bytes:
    return build_crl(world.issuer(), world.xca_signer, plan, entries)


def an_entry(now: datetime, reason: RevocationReason = RevocationReason.KEY_COMPROMISE) -> RevokedEntry:
    return RevokedEntry(new_serial(), now - timedelta(hours=1), reason)


def refusal(crl: bytes, world: World, expected: CrlExpectation) -> str:
    with pytest.raises(CrlRefusedError) as refused:
        check_crl(crl, world.xca, expected)
    return refused.value.code


@pytest.mark.parametrize("url", [None, URL])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_list_is_clean_to_openssl_and_pkilint(
    url: str | None, count: int, world: World, now: datetime, run_tool: Callable[..., str]
) -> None:
    entries = [an_entry(now, reason) for reason in RevocationReason][:count]
    crl = make(world, CrlPlan.daily(7, now, url), *entries)
    verified = run_tool(
        "openssl",
        "crl",
        "-inform",
        "DER",
        "-in",
        "{crl}",
        "-CAfile",
        "{ca_pem}",
        "-noout",
        crl=crl,
        ca=world.xca,
    )
    assert "verify OK" in verified
    linted = run_tool("lint_crl", "lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", "{crl}", crl=crl)
    assert linted == "0\n\n\n"
    check_crl(crl, world.xca, CrlExpectation(6, count, now, url))


def test_certtool_reads_a_list(world: World, now: datetime, run_tool: Callable[..., str]) -> None:
    crl = make(world, CrlPlan.daily(7, now), an_entry(now))
    shown = run_tool("certtool", "--crl-info", "--inder", "--infile", "{crl}", crl=crl)
    assert "Revoked certificates (1)" in shown, shown


@pytest.mark.parametrize("url", [None, URL])
def test_openssl_finds_a_revoked_certificate_on_the_complete_and_on_the_partition_list(
    url: str | None,
    world: World,
    now: datetime,
    an_order: Callable[..., CertificateOrder],
    run_tool: Callable[..., str],
) -> None:
    order = an_order()
    leaf = world.issue(order)
    good = make(world, CrlPlan.daily(7, now, url), an_entry(now))
    revoked = make(
        world,
        CrlPlan.daily(8, now, url),
        an_entry(now),
        RevokedEntry(order.serial, now, RevocationReason.SUPERSEDED),
    )

    def verify(crl: bytes) -> str:
        at = str(int(now.timestamp()) + 60)
        return run_tool(
            "openssl", "verify", "-x509_strict", "-crl_check", "-partial_chain", "-attime", at,
            "-trusted", "{ca_pem}", "-CRLfile", "{crl}", "{leaf}", ca=world.xca, crl=crl, leaf=leaf,
        )  # fmt: skip

    assert verify(good).startswith("0\n")
    assert "certificate revoked" in verify(revoked)


@pytest.mark.rule("P-16")
def test_a_suspended_certificate_is_on_hold_and_leaves_the_list_when_resumed(
    world: World, now: datetime
) -> None:
    entry = an_entry(now, RevocationReason.CERTIFICATE_HOLD)
    held = x509.load_der_x509_crl(make(world, CrlPlan.daily(1, now), entry))
    found = held.get_revoked_certificate_by_serial_number(entry.serial)
    assert found is not None
    reason = found.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.certificate_hold
    resumed = x509.load_der_x509_crl(make(world, CrlPlan.daily(2, now)))
    assert resumed.get_revoked_certificate_by_serial_number(entry.serial) is None


def test_the_complete_list_names_no_distribution_point_and_a_partition_list_does(
    world: World, now: datetime
) -> None:
    complete, partition = (
        x509.load_der_x509_crl(make(world, CrlPlan.daily(1, now, url))).extensions for url in (None, URL)
    )
    with pytest.raises(x509.ExtensionNotFound):
        complete.get_extension_for_class(x509.IssuingDistributionPoint)
    found = partition.get_extension_for_class(x509.IssuingDistributionPoint)
    assert found.critical
    assert [name.value for name in found.value.full_name or ()] == [URL]


def test_an_unspecified_reason_is_left_out(world: World, now: datetime) -> None:
    entry = an_entry(now, RevocationReason.UNSPECIFIED)
    crl = x509.load_der_x509_crl(make(world, CrlPlan.daily(1, now), entry))
    found = crl.get_revoked_certificate_by_serial_number(entry.serial)
    assert found is not None
    assert len(found.extensions) == 0


def test_a_list_past_2050_is_read_by_openssl(world: World, run_tool: Callable[..., str]) -> None:
    later = datetime(2050, 3, 1, tzinfo=UTC)
    crl = make(world, CrlPlan.daily(9999, later), an_entry(later))
    shown = run_tool("openssl", "crl", "-inform", "DER", "-in", "{crl}", "-noout", "-nextupdate", crl=crl)
    assert "Mar  2 00:00:00 2050 GMT" in shown
    check_crl(crl, world.xca, CrlExpectation(9998, 1, later))


@pytest.mark.rule("CRL-01")
def test_a_list_lives_a_day_and_never_more_than_36_hours(world: World, now: datetime) -> None:
    daily = CrlPlan.daily(1, now)
    assert daily.next_update - now == timedelta(hours=24)
    make(world, replace(daily, next_update=now + timedelta(hours=36)))
    for life in (timedelta(hours=36, seconds=1), timedelta(0), timedelta(hours=-1)):
        with pytest.raises(CrlRefusedError, match="life"):
            make(world, replace(daily, next_update=now + life))
    weekly = replace(daily, next_update=now + timedelta(days=7), longest_life=timedelta(days=7))
    crl = make(world, weekly)
    assert refusal(crl, world, CrlExpectation(0, 0, now)) == "pki.crl.life"
    check_crl(crl, world.xca, CrlExpectation(0, 0, now, longest_life=timedelta(days=7)))


def test_nonsense_is_not_signed(world: World, now: datetime, holder_key: SoftwareSigner) -> None:
    plan, entry = CrlPlan.daily(1, now), an_entry(now)
    with pytest.raises(CrlRefusedError, match="twice"):
        make(world, plan, entry, entry)
    with pytest.raises(CrlRefusedError, match="future"):
        make(world, plan, replace(entry, revoked_at=now + timedelta(seconds=1)))
    with pytest.raises(CrlRefusedError, match="key"):
        build_crl(world.issuer(), holder_key, plan, ())
    for number in (0, 1 << 160):
        with pytest.raises(CrlRefusedError, match="number"):
            make(world, replace(plan, number=number))


def test_a_list_is_not_published_unless_all_is_as_expected(world: World, now: datetime) -> None:
    crl = make(world, CrlPlan.daily(7, now), an_entry(now))
    assert refusal(crl, world, CrlExpectation(7, 1, now)) == "pki.crl.number"
    assert refusal(crl, world, CrlExpectation(6, 1, now, URL)) == "pki.crl.partition"
    partition = make(world, CrlPlan.daily(7, now, URL), an_entry(now))
    assert refusal(partition, world, CrlExpectation(6, 1, now)) == "pki.crl.partition"
    assert refusal(partition, world, CrlExpectation(6, 1, now, f"{URL}2")) == "pki.crl.partition"
    assert refusal(crl, world, CrlExpectation(6, 2, now)) == "pki.crl.count"
    assert refusal(crl, world, CrlExpectation(6, 1, now + timedelta(hours=24))) == "pki.crl.stale"
    assert refusal(crl, world, CrlExpectation(6, 1, now - timedelta(seconds=1))) == "pki.crl.stale"


def test_a_list_of_another_authority_or_with_a_flipped_bit_is_not_published(
    world: World, now: datetime
) -> None:
    expected = CrlExpectation(6, 0, now)
    gca = world.issuer(Authority.GCA), world.signers[Authority.GCA]
    other = build_crl(*gca, CrlPlan.daily(7, now), ())
    assert refusal(other, world, expected) == "pki.crl.unsound"
    own = make(world, CrlPlan.daily(7, now))
    assert refusal(own[:-1] + bytes((own[-1] ^ 1,)), world, expected) == "pki.crl.unsound"
    assert refusal(b"not a list", world, expected) == "pki.crl.unsound"
    renamed = build_crl(
        replace(world.issuer(), name_der=gca[0].name_der), world.xca_signer, CrlPlan.daily(7, now), ()
    )
    assert refusal(renamed, world, expected) == "pki.crl.issuer"
    rekeyed = replace(world.issuer(), key_identifier=bytes(20))
    assert (
        refusal(build_crl(rekeyed, world.xca_signer, CrlPlan.daily(7, now), ()), world, expected)
        == "pki.crl.issuer"
    )


def test_a_certificate_belongs_to_one_partition_for_ever() -> None:
    serial = new_serial()
    assert partition_of(serial, 16) == serial % 16


def test_every_reason_speaks_both_languages() -> None:
    assert all(reason.zh and reason.en for reason in RevocationReason)
    assert [int(reason) for reason in RevocationReason] == [0, 1, 2, 3, 4, 5, 6, 9, 10]


REVOCATIONS = st.lists(
    st.builds(
        RevokedEntry,
        st.integers(1, (1 << 159) - 1),
        st.datetimes(datetime(2000, 1, 1), datetime(2098, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis adds the zone.
            lambda at: at.replace(microsecond=0)
        ),
        st.sampled_from(RevocationReason),
    ),
    max_size=12,
    unique_by=lambda entry: entry.serial,
)


@given(entries=REVOCATIONS, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_entries_kept_encoded_read_as_what_they_were_made_of(
    entries: list[RevokedEntry], cuts: list[int], world: World
) -> None:
    later = datetime(2099, 1, 1, tzinfo=UTC)
    kept = [encode_entry(entry) for entry in entries]
    bounds = [0, *sorted(cuts), len(kept)]
    pieces = [b"".join(kept[begin:end]) for begin, end in pairwise(bounds)]
    der = sign_list(world.issuer(), world.xca_signer, CrlPlan.daily(1, later), pieces)
    check_crl(der, world.xca, CrlExpectation(0, len(entries), later))
    read = [
        (one.serial_number, one.revocation_date_utc, _reason_of(one)) for one in x509.load_der_x509_crl(der)
    ]
    assert read == [(entry.serial, entry.revoked_at, entry.reason) for entry in entries]


def _reason_of(revoked: x509.RevokedCertificate) -> RevocationReason:
    names = {x509.ReasonFlags[reason.name.lower()]: reason for reason in RevocationReason if reason.value}
    try:
        return names[revoked.extensions.get_extension_for_class(x509.CRLReason).value.reason]
    except x509.ExtensionNotFound:
        return RevocationReason.UNSPECIFIED


def test_kept_entries_that_are_no_entries_are_not_published(world: World, now: datetime) -> None:
    kept = encode_entry(an_entry(now))
    for torn in (kept[:-1], kept[1:], kept + b"\x05\x00", b"\x30\x00"):
        crl = sign_list(world.issuer(), world.xca_signer, CrlPlan.daily(1, now), [kept, torn])
        assert refusal(crl, world, CrlExpectation(0, 2, now)) == "pki.crl.unsound"


@pytest.mark.parametrize(
    ("moment", "tag"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\r491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_2050_begins_with_another_kind_of_time(
    moment: datetime, tag: bytes, world: World, run_tool: Callable[..., str]
) -> None:
    crl = make(world, CrlPlan.daily(1, moment), replace(an_entry(moment), revoked_at=moment))
    assert crl.count(tag) == 2  # thisUpdate and the entry's own date
    check_crl(crl, world.xca, CrlExpectation(0, 1, moment))
    linted = run_tool("lint_crl", "lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", "{crl}", crl=crl)
    assert linted == "0\n\n\n"
    shown = run_tool("openssl", "crl", "-inform", "DER", "-in", "{crl}", "-noout", "-lastupdate", crl=crl)
    assert f"{moment:%b} {moment.day:2} {moment:%H:%M:%S %Y} GMT" in shown


def test_a_list_that_ends_before_it_begins_is_not_published(world: World, now: datetime) -> None:
    plan = CrlPlan.daily(1, now)
    backwards = replace(plan, this_update=now, next_update=now + timedelta(seconds=1))
    crl = make(world, backwards)
    assert refusal(crl, world, CrlExpectation(0, 0, now + timedelta(seconds=1))) == "pki.crl.stale"
    with pytest.raises(CrlRefusedError, match="life"):
        sign_list(world.issuer(), world.xca_signer, replace(plan, next_update=now - timedelta(days=1)), ())


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_kept_entries_by_the_million_make_one_list(count: int, world: World, now: datetime) -> None:
    first = 1 << 126
    head, tail = encode_entry(RevokedEntry(first, now, RevocationReason.SUPERSEDED)).split(
        first.to_bytes(16, "big")
    )
    pieces = (
        b"".join(head + (first + n).to_bytes(16, "big") + tail for n in range(begin, begin + 1_000))
        for begin in range(0, count, 1_000)
    )
    crl = sign_list(world.issuer(), world.xca_signer, CrlPlan.daily(1, now), pieces)
    check_crl(crl, world.xca, CrlExpectation(0, count, now))
    assert refusal(crl, world, CrlExpectation(0, count + 1, now)) == "pki.crl.count"
    read = x509.load_der_x509_crl(crl)
    for n in (0, count // 2, count - 1):
        assert read[n].serial_number == first + n
        assert read[n].revocation_date_utc == now
