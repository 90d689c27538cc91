"""Keys and profiles from the command line."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import gmpy2
import pytest

from ops import database
from pki import der
from pki.issuing import prepare, serial_text
from pki.keys import KeyKind, SoftwareSigner
from pki.names import organisation
from pki.orders import Issuer
from pki.profiles import PROFILES
from pki.rehearsal import sample_order
from tests.ops.test_cli import guanfang
from tests.ops.test_cli_repository import staffed
from workflow.store import schema as t

__all__ = ["guanfang", "staffed"]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LEAKED = "ab" * 32


def test_profiles_are_listed_shown_and_checked(guanfang):
    listed = guanfang("profiles", "list").output
    assert "* foundation_signature" in listed
    assert "  tls_multi_domain" in listed
    shown = guanfang("profiles", "show", "tls_multi_domain").output
    assert "2.23.140.1.2.2" in shown
    assert "extended_key_usage  critical" in shown
    assert "never seen" in guanfang("profiles", "show", "foundation_signature").output
    assert guanfang("profiles", "show", "nonsense").exit_code == 2
    checked = guanfang("profiles", "check")
    assert checked.exit_code == 0, checked.output
    assert "profiles are sound" in checked.output


def test_an_operators_number_for_a_subject_type_takes_the_placeholders_place(guanfang, monkeypatch):
    monkeypatch.setenv(
        "GUANFANG_SUBJECT_TYPE_OIDS", "foundation=2.16.886.1.100.3.2.99:association=2.16.886.7"
    )
    assert "  foundation_signature" in guanfang("profiles", "list").output
    shown = guanfang("profiles", "show", "foundation_non_card_signature").output
    assert "2.16.886.1.100.3.2.99" in shown
    assert "never seen" not in shown
    monkeypatch.setenv("GUANFANG_SUBJECT_TYPE_OIDS", "foundation=2.999.1")
    wrong = guanfang("profiles", "list")
    assert wrong.exit_code == 2
    assert "GUANFANG_SUBJECT_TYPE_OIDS" in wrong.output


@pytest.fixture
def key_list(tmp_path):
    file = tmp_path / "leaked.txt"
    file.write_text(f"# from an incident\n\n{LEAKED.upper()} a card's key\n{LEAKED}\n{'cd' * 32}\n")
    return str(file)


def test_a_list_of_compromised_keys_is_imported_on_yes_alone(staffed, key_list):
    dry = staffed("keys", "blocklist", "import", key_list, who="op")
    assert "Would list 2 keys" in dry.output
    assert "0 keys" in staffed("keys", "blocklist", "count").output
    done = staffed("keys", "blocklist", "import", key_list, "--yes", who="op")
    assert done.exit_code == 0, done.output
    assert "2 keys were listed, 0 stood" in done.output
    assert (
        "0 keys were listed, 2 stood"
        in staffed("keys", "blocklist", "import", key_list, "--yes", who="op").output
    )
    assert "2 keys stand" in staffed("keys", "blocklist", "count").output


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"xyz\n", b"\xff\xfe\xff", b"ab" * 31])
def test_a_file_that_holds_no_keys_is_refused_whole(staffed, tmp_path, content):
    file = tmp_path / "keys.txt"
    file.write_bytes(content)
    assert staffed("keys", "blocklist", "import", str(file), "--yes", who="op").exit_code == 2


def spki_of(modulus):
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())
    return der.sequence(algorithm, der.bit_string(der.sequence(der.integer(modulus), der.integer(65537))))


def certify(url, *spkis):
    """Put a certificate for each key into the registry, as issuing leaves it."""
    root = SoftwareSigner.generate(KeyKind.RSA_2048)
    issuer = Issuer.of_new_root(organisation("root"), root.spki_der)
    engine = database.open_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for number, spki in enumerate(spkis, 1):
            ready = prepare(sample_order(PROFILES["school_signature"], spki, NOW), issuer)
            connection.execute(
                t.certificate.insert().values(
                    ca="xca", authority="xca", serial=serial_text(ready.serial), purpose="signature", status="valid", status_at=NOW,
                    tbs=ready.tbs_der, tbs_sha256=ready.tbs_sha256.hex(), spki_sha256=ready.spki_sha256.hex(),
                    subject=f"O=學校{number}", not_before=NOW, not_after=ready.not_after, created_at=NOW,
                )
            )  # fmt: skip
    engine.dispose()
    return ready.spki_sha256.hex()


def a_prime():
    return int(gmpy2.next_prime(secrets.randbits(1024) | 0b11 << 1022))


def test_keys_that_share_a_prime_are_found_among_all(staffed, migrated_sqlite_url, tmp_path):
    shared, sound = a_prime(), SoftwareSigner.generate(KeyKind.RSA_2048).spki_der
    certify(migrated_sqlite_url, spki_of(shared * a_prime()), sound, spki_of(shared * a_prime()))
    found = staffed("keys", "audit")
    assert found.exit_code == 1
    assert found.output.count("shares a prime") == 2
    assert "O=學校1" in found.output
    assert "O=學校2" not in found.output


def install(url, name, spki):
    """Put an authority over a key into the registry; nothing here asks for its signature."""
    root = SoftwareSigner.generate(KeyKind.RSA_2048)
    order = sample_order(PROFILES["subordinate_ca"], spki, NOW)
    tbs = prepare(order, Issuer.of_new_root(organisation("root"), root.spki_der)).tbs_der
    certificate = der.sequence(tbs, root.algorithm.identifier, der.bit_string(b"none"))
    engine = database.open_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(
            t.authority.insert().values(name=name, certificate=certificate, state="active", at=NOW)
        )
    engine.dispose()


def test_an_authority_whose_key_shares_a_prime_is_found_as_well(staffed, migrated_sqlite_url):
    shared = a_prime()
    install(migrated_sqlite_url, "xca", spki_of(shared * a_prime()))
    install(migrated_sqlite_url, "gca", SoftwareSigner.generate(KeyKind.P384).spki_der)
    alone = staffed("keys", "audit")
    assert (alone.exit_code, "2 keys were examined" in alone.output) == (0, True)
    certify(migrated_sqlite_url, spki_of(shared * a_prime()))
    found = staffed("keys", "audit")
    assert found.exit_code == 1
    assert found.output.count("shares a prime") == 2
    assert "\nxca " in found.output
    assert "gca" not in found.output


def test_a_live_certificate_over_a_listed_key_is_named(staffed, migrated_sqlite_url, tmp_path):
    digest = certify(migrated_sqlite_url, SoftwareSigner.generate(KeyKind.P256).spki_der)
    assert staffed("keys", "audit").exit_code == 0
    file = tmp_path / "leaked.txt"
    file.write_text(digest)
    imported = staffed("keys", "blocklist", "import", str(file), "--yes", who="op")
    assert imported.exit_code == 1
    assert "is to be revoked" in imported.output
    assert staffed("keys", "audit").exit_code == 1
    assert staffed("keys", "blocklist", "count").exit_code == 1


def test_a_key_that_may_be_in_the_making_is_not_cleared_away(staffed, migrated_sqlite_url):
    engine = database.open_engine(migrated_sqlite_url)
    # Whatever the day is: one was begun long ago, the other no hour ago.
    begun = {
        "ra:xca-0123456789abcdef": NOW.replace(year=2126),
        "ocsp:xca-0123456789abcdef": NOW.replace(year=2016),
    }
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for label, at in begun.items():
            connection.execute(t.key_intent.insert().values(label=label, place="software", at=at))
    engine.dispose()
    assert "ra:xca-0123456789abcdef" in staffed("keys", "clear", "1", who="op").output
    young = staffed("keys", "clear", "1", "--yes", who="op")
    assert young.exit_code == 1
    assert "may be in the making" in young.output
    old = staffed("keys", "clear", "2", "--yes", who="op")
    assert old.exit_code == 0, old.output
    assert "keys unfinished" in staffed("keys", "clear", "2", who="op").output
