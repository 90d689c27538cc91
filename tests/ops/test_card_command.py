"""`guanfang card` at the desk: looks without a PIN, verifies with one, and retires nothing without --yes."""

from __future__ import annotations

import hmac
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from hardware.errors import CardRemoved
from hardware.folder_station import DEFAULT_READERS, FolderStation
from hardware.master_key import KeysOfCard
from hardware.piv import AID, Algorithm, Slot
from hardware.scripts import retire as scripts_of_retiring
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.certificates import write_certificate
from hardware.scripts.personalise import ensure_key
from hardware.scripts.set_secrets import set_management_key, set_secrets
from hardware.scripts.unlock import PukChange, activate
from ops import wiring
from ops.cli import main
from ops.cli.card_reading import said
from ops.master_keys import ensure_master_key
from ops.settings import Settings
from tests.hardware.registry_hands import CARD_NUMBER, a_certificate, a_challenge, make_card, some_secrets
from workflow.commands import AddStock
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import Role

READER, OTHER = DEFAULT_READERS
PIN = "975318"
START = datetime(2026, 1, 1, tzinfo=UTC)
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


class Authority:
    """A self-signed authority that certifies what a test wants."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "測試根憑證機構")])
        builder = self._builder(self.name, self.key.public_key())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(**dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True})
        builder = builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)
        self.certificate = builder.sign(self.key, SHA256())

    def certify(self, spki):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "臺中市立峯谷國民小學")])
        signed = self._builder(subject, load_der_public_key(spki)).sign(self.key, SHA256())
        return signed.public_bytes(Encoding.DER)

    def _builder(self, subject, key):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )


@pytest.fixture
def station(tmp_path):
    return FolderStation(tmp_path / "cards")


@pytest.fixture
def guanfang(monkeypatch, tmp_path, station):
    """Call `guanfang card` with the readers of a folder."""
    for name in list(os.environ):
        if name.startswith("GUANFANG_"):
            monkeypatch.delenv(name)
    values = {
        "SECRET_KEY": "s" * 40, "KEY_PASSPHRASE": "p" * 40, "DATA_DIR": str(tmp_path / "data"),
        "CARD_FOLDER": str(tmp_path / "cards"), "HASH_TIME": "1", "HASH_MEMORY_KIB": "8", "HASH_LANES": "1",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"GUANFANG_{name}", value)

    def call(*arguments, expected=0, stdin=None):
        result = CliRunner().invoke(main, ["card", *arguments], input=stdin)
        assert result.exit_code == expected, result.output
        return result.output

    return call


@pytest.fixture
def blank(station):
    csn = station.new_blank()
    station.insert(READER, csn)
    return csn


@pytest.fixture
def activated(station, blank, tmp_path):
    """A card of a test authority in the reader, with the holder's PIN; gives its parts and the authority's file."""
    authority = Authority()
    with station.open_session(READER) as session:
        made = make_card(session, Algorithm.P256, Algorithm.P256)
        session.run(set_secrets(made.secrets, a_challenge()))
        for slot, spki in made.public_keys.items():
            made.certificates[slot] = authority.certify(spki)
            session.run(write_certificate(slot, made.certificates[slot]))
        session.run(activate(PukChange(made.secrets.puk, "ABCD2345"), PIN))
    trust = tmp_path / "root.pem"
    trust.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return made, str(trust)


def tries_left(station, csn):
    return station.card_file(csn).load().pin.left


@pytest.mark.rule("VEW-01", "CRD-09")
def test_a_card_is_shown_with_number_holder_issuer_and_validity(guanfang, activated, blank, station):
    shown = guanfang("info", "--reader", READER)
    for word in (CARD_NUMBER, "臺中市立峯谷國民小學", "測試根憑證機構", "2026-01-01 – 2040-01-01", blank):
        assert word in shown
    document = json.loads(guanfang("info", "--format", "json"))
    assert (document["card_number"], document["pin_tries_left"]) == (CARD_NUMBER, 3)
    assert [one["slot"] for one in document["certificates"]] == ["9C", "9D"]
    assert tries_left(station, blank) == 3


def test_a_card_verifies_by_chain_and_by_both_its_keys(guanfang, activated, tmp_path):
    _, trust = activated
    assert guanfang("verify", "--no-status", "--trust", trust, stdin=f"{PIN}\n").count("通過 ok") == 4
    pin_file = tmp_path / "pin"
    pin_file.write_text(f"{PIN}\n")
    document = json.loads(
        guanfang(
            "verify", "--trust", trust, "--pin-file", str(pin_file), "--format", "json", expected=1
        ).partition("\nError")[0]
    )
    verified = document["verified"]["9C"]
    assert (verified["chain"], verified["possession"]) == ("ok", "ok")
    # These name no address at which anybody could say that they are not revoked.
    assert "neither OCSP nor a list" in verified["status"]


def test_the_pin_is_neither_shown_nor_tried_twice_when_it_is_wrong(guanfang, activated, blank, station):
    shown = guanfang("verify", "--trust", activated[1], stdin="864209\n", expected=1)
    assert "還可嘗試 2 次" in shown
    assert "864209" not in shown
    assert tries_left(station, blank) == 2


def test_a_certificate_of_a_stranger_or_of_another_key_does_not_verify(
    guanfang, activated, station, tmp_path
):
    made, trust = activated
    stranger = tmp_path / "stranger.der"
    stranger.write_bytes(Authority().certificate.public_bytes(Encoding.DER))
    assert "憑證鏈 chain" in guanfang("verify", "--trust", str(stranger), stdin=f"{PIN}\n", expected=1)
    with station.open_session(READER) as session:
        session.run(set_secrets_again(made))
        other = session.run(ensure_key(Slot.AUTHENTICATION, Algorithm.P256, None))
        session.run(write_certificate(Slot.SIGNATURE, a_certificate(other, Slot.SIGNATURE, Algorithm.P256)))
    assert "does not hold the private key" in guanfang(
        "verify", "--trust", trust, stdin=f"{PIN}\n", expected=1
    )


def set_secrets_again(made):
    """Open the card for writing once more; the PIN is the holder's by now."""
    ours = type(made.secrets)(PIN, "ABCD2345", made.secrets.management_key)
    return set_secrets(ours, a_challenge())


def test_an_empty_reader_an_unknown_one_and_no_pcscd_are_told_apart(guanfang, station):
    assert "沒有卡片" in guanfang("info", expected=1)
    assert "沒有卡片" in guanfang("info", "--reader", READER, expected=1)
    assert READER in guanfang("info", "--reader", "elsewhere", expected=1)
    for reader in (READER, OTHER):
        station.insert(reader, station.new_blank())
    assert "--reader" in guanfang("info", expected=1)


def test_a_blank_is_shown_and_has_nothing_to_verify(guanfang, blank, activated_trust):
    assert blank in guanfang("info")
    assert "沒有憑證" in guanfang("verify", "--trust", activated_trust, expected=1)


@pytest.fixture
def activated_trust(tmp_path):
    trust = tmp_path / "root.pem"
    trust.write_bytes(Authority().certificate.public_bytes(Encoding.PEM))
    return str(trust)


def test_every_error_of_the_room_is_said_in_both_languages():
    from hardware import errors

    plain = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(plain) > 15
    for kind in plain:
        wants = {errors.SecretRefused: ("try", 0x63C1, 1)}.get(kind)
        wants = wants or (("do", 0x6A82) if issubclass(kind, errors.CardRefused) else ("said",))
        words = said(kind(*wants))
        assert words.isascii() is False, kind
        assert any(word.isascii() and word.isalpha() for word in words.split()), kind


# --- retiring ------------------------------------------------------------------------------------------------


def test_nothing_is_done_to_a_card_without_yes(guanfang, activated, blank, station):
    before = station.card_file(blank).load()
    assert "dry run" in guanfang("retire", "--reader", READER, "--reason", "x")
    assert station.card_file(blank).load() == before


def test_a_card_of_no_register_is_retired_with_its_key_or_only_blocked(
    guanfang, activated, blank, station, tmp_path
):
    key = tmp_path / "key"
    assert "destroy it" in guanfang("retire", "--block-only", "--yes")
    assert station.card_file(blank).load().pin.left == 0
    key.write_text("00" * 24)
    assert "another management key" in guanfang(
        "retire", "--management-key-file", str(key), "--yes", expected=1
    )
    key.write_text(activated[0].secrets.management_key.value.hex())
    assert "9C, 9D" in guanfang("retire", "--management-key-file", str(key), "--yes")
    assert "沒有憑證" in guanfang("verify", "--trust", activated[1], expected=1)


@pytest.fixture
def register(guanfang, migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("GUANFANG_DATABASE_URL", migrated_sqlite_url)
    office = wiring.build_office(Settings.read())
    yield office
    office.engine.dispose()


def test_a_card_is_verified_against_the_authorities_of_the_register(guanfang, register, activated):
    assert "--trust" in guanfang("verify", stdin=f"{PIN}\n", expected=1)
    root = x509.load_pem_x509_certificate(Path(activated[1]).read_bytes())
    row = {"name": "root", "state": "active", "certificate": root.public_bytes(Encoding.DER), "at": START}
    with register.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.authority.insert().values(row))
    assert guanfang("verify", stdin=f"{PIN}\n", expected=1).count("has not issued it") == 2
    issued(register, activated[0].certificates[Slot.SIGNATURE])
    issued(register, activated[0].certificates[Slot.ENCIPHERMENT])
    assert guanfang("verify", stdin=f"{PIN}\n").count("通過 ok") == 6
    with register.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.certificate.update().values(status="suspended"))
    assert guanfang("verify", stdin=f"{PIN}\n", expected=1).count("停用 Suspended") == 2


def issued(register, der):
    """Put a certificate on the register's books, in force."""
    read = x509.load_der_x509_certificate(der)
    row = {
        "ca": "gca", "authority": "gca", "serial": f"{read.serial_number:032x}", "purpose": "signature",
        "status": "valid", "tbs": b"", "tbs_sha256": "", "der": der, "spki_sha256": f"{read.serial_number}",
        "subject": "", "not_before": START, "not_after": START, "status_at": START, "created_at": START,
    }  # fmt: skip
    with register.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.certificate.insert().values(row))


@pytest.fixture
def counted_in(register, blank):
    """Count the card into the register, with a management key as the line stored it."""

    def counted_in(key):
        centre = Actor(name="centre", roles=frozenset({Role.CARD_CENTRE}), channel="web")
        handle(register, AddStock(csns=(blank,), box="甲"), centre)
        sealed = register.sealer.seal(key.value, blank)
        with register.engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(t.card.update().values(management_key_sealed=sealed))

    return counted_in


def recorded(register):
    with register.reading() as connection:
        row = connection.execute(t.card.select()).one()
    return row.state, row.step, row.reason, row.management_key_sealed


RETIRED = ("spoiled", "retired", "卡面毀損", None)


def test_a_card_of_the_register_is_retired_with_its_stored_key_and_recorded(
    guanfang, register, activated, counted_in
):
    counted_in(activated[0].secrets.management_key)
    assert "--reason" in guanfang("retire", "--yes", expected=2)
    assert "廢卡" in guanfang("retire", "--reason", "卡面毀損", "--yes")
    assert recorded(register) == RETIRED


def test_a_card_with_a_derived_key_ends_with_one_that_nobody_can_derive(
    guanfang, register, activated, counted_in, blank, station, monkeypatch
):
    name = ensure_master_key(register)
    derived = KeysOfCard(register.master_keys.named(name), blank).management_key()
    with station.open_session(READER) as session:
        session.run(authenticate_management(activated[0].secrets.management_key, a_challenge()))
        session.run(set_management_key(derived))
    counted_in(derived)
    with register.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.card.update().values(management_key_sealed=None, master_key=name))
    with monkeypatch.context() as patched:
        patched.setattr(scripts_of_retiring, "_verify_retired", torn)
        guanfang("retire", "--reason", "卡面毀損", "--yes", expected=1)
    torn_key = station.card_file(blank).load().management_key
    guanfang("retire", "--reason", "卡面毀損", "--yes")
    assert recorded(register) == RETIRED
    held = station.card_file(blank).load().management_key
    assert held == torn_key
    assert held not in {derived.value, hmac.digest(derived.value, b"retired", "sha256")[:24]}


def test_a_card_that_still_has_its_makers_key_is_retired_too(guanfang, register, counted_in):
    counted_in(some_secrets().management_key)
    assert "廢卡" in guanfang("retire", "--reason", "卡面毀損", "--yes")
    assert recorded(register) == RETIRED


def test_a_retirement_that_was_torn_at_its_end_is_run_again(
    guanfang, register, activated, counted_in, blank, station, monkeypatch
):
    counted_in(activated[0].secrets.management_key)
    with monkeypatch.context() as patched:
        patched.setattr(scripts_of_retiring, "_verify_retired", torn)
        assert "取出" in guanfang("retire", "--reason", "卡面毀損", "--yes", expected=1)
    held = station.card_file(blank).load().management_key
    assert held != activated[0].secrets.management_key.value
    guanfang("retire", "--reason", "卡面毀損", "--yes")
    assert recorded(register) == RETIRED


def torn():
    """A step at which the card is pulled out."""
    raise CardRemoved("The card was taken out.")
    yield


def test_a_card_that_the_register_does_not_know_is_left_alone(guanfang, register, activated, blank, station):
    before = station.card_file(blank).load()
    guanfang("retire", "--reason", "x", "--yes", expected=1)
    assert station.card_file(blank).load() == before


# --- virtual cards -------------------------------------------------------------------------------------------


def test_two_virtual_cards_are_served_to_two_readers_until_interrupted(tmp_path):
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    options = [
        word
        for index, server in enumerate(servers)
        for word in ("--state", str(tmp_path / f"{index}.card"), "--vpcd-port", str(server.getsockname()[1]))
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "card", "virtual", *options], stdout=subprocess.PIPE, text=True
    )
    select = bytes([0, 0xA4, 4, 0, len(AID)]) + AID
    with process, ExitStack() as held:
        for server in servers:
            held.enter_context(server).settimeout(30)
            line, _ = server.accept()
            held.enter_context(line).settimeout(30)
            line.sendall(len(select).to_bytes(2, "big") + select)
            assert line.recv(300).endswith(b"\x90\x00")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert len(list(tmp_path.glob("*.card"))) == 2


def test_a_reader_that_nobody_offers_is_named(guanfang, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    words = guanfang("virtual", "--state", str(tmp_path / "a.card"), "--vpcd-port", port, expected=1)
    assert port in words
    ours = ["--vpcd-port", port, "--vpcd-port", port]
    assert "--vpcd-port" in guanfang("virtual", "--state", str(tmp_path / "a.card"), *ours, expected=2)
