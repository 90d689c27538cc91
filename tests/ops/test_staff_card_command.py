"""`guanfang accounts card…` and `guanfang ca registration`: the administrators' desk, from the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from hardware.scripts.steps import select, verify_pin
from ops.cli import main
from ops.master_keys import ensure_master_key
from ops.settings import Settings
from ops.wiring import DEMO_READERS, build_office
from ops.worker import seal_all
from tests.workflow.batches import establish
from tests.workflow.registry import PASSWORD, Registry
from workflow.store import schema as t
from workflow.vocabulary import Role

READER, PIN, OTHER_PIN = DEMO_READERS[0], "735162", "846273"


@pytest.fixture
def registry(migrated_sqlite_url, tmp_path, monkeypatch):
    environment = {
        "DATABASE_URL": migrated_sqlite_url, "DATA_DIR": str(tmp_path), "CARD_FOLDER": str(tmp_path / "cards"),
        "SECRET_KEY": "s" * 40, "KEY_PASSPHRASE": "only for tests".ljust(32), "HASH_TIME": "1",
        "HASH_MEMORY_KIB": "8", "HASH_LANES": "1",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(f"GUANFANG_{name}", value)
    made = Registry(migrated_sqlite_url)
    office = build_office(Settings.read())
    made.office = replace(office, clock=made.clock, wall=made.clock)
    establish(made.office)
    ensure_master_key(made.office)
    yield made
    made.close()
    office.engine.dispose()


@pytest.fixture
def administrator(registry):
    return registry.account(Role.ADMINISTRATOR)


@pytest.fixture
def desk(registry, administrator):
    """Call a command of the desk: the administrator's password first, then what the holder types."""

    def call(*arguments, typed=(), expected=0):
        seal_all(registry.office)
        lines = "".join(f"{one}\n" for one in (PASSWORD, *typed))
        login = ("--as", administrator.name, "--password-stdin")
        result = CliRunner().invoke(main, [*arguments, *login], input=lines)
        assert result.exit_code == expected, result.output
        return result.output

    return call


@pytest.fixture
def blank(registry):
    (station,) = registry.office.stations
    station.insert(READER, csn := station.new_blank())
    return csn


def takes(registry, pin):
    with registry.office.stations[0].open_session(READER) as session:
        session.run(select())
        session.run(verify_pin(pin))


@pytest.mark.usefixtures("blank")
def test_a_card_is_made_unblocked_and_ended_at_the_desk(registry, desk):
    officer = registry.officer.name
    said = desk("accounts", "card", officer, "--reader", READER, typed=(PASSWORD, PIN))
    (card,) = registry.rows(t.staff_card)
    assert card.number in said
    takes(registry, PIN)
    said = desk("accounts", "card-unblock", officer, "--reader", READER, typed=(PASSWORD, OTHER_PIN))
    assert "unblocked" in said
    assert not any(one in said for one in (PASSWORD, PIN, OTHER_PIN))
    takes(registry, OTHER_PIN)
    end = ("accounts", "card-end", officer, "--reason", "遺失")
    said = desk(*end)
    assert f"Would end card {card.number}" in said
    assert registry.rows(t.staff_card)[0].state != "ended"
    desk(*end, "--yes")
    (card,) = registry.rows(t.staff_card)
    (certificate,) = registry.rows(t.certificate, t.certificate.c.csn == card.csn)
    assert (card.state, card.master_key, certificate.status) == ("ended", None, "revoked")
    assert certificate.reason == "cessation_of_operation"
    for again in (end, (*end, "--yes")):
        assert "has no card in use" in desk(*again, expected=1)


@pytest.mark.usefixtures("blank")
def test_the_desk_refuses_a_wrong_password_a_weak_pin_and_an_unknown_reader(registry, desk):
    officer = registry.officer.name
    card = ("accounts", "card", officer, "--reader")
    desk(*card, READER, typed=("wrong password", PIN), expected=1)
    desk(*card, READER, typed=(PASSWORD, "111111"), expected=1)
    desk(*card, "elsewhere", typed=(PASSWORD, PIN), expected=1)
    desk("accounts", "card-unblock", officer, "--reader", READER, typed=(PASSWORD, PIN), expected=1)
    assert registry.rows(t.staff_card) == []


def test_a_registration_authority_gets_another_key_and_certificate(registry, desk):
    before = registry.rows(t.registration_key)
    assert "dry run" in desk("ca", "registration", "gca")
    assert registry.rows(t.registration_key) == before
    said = [desk("ca", "registration", "gca", "--yes") for _ in range(2)]
    assert "another certificate" in said[0] != said[1]
    keys = registry.rows(t.registration_key)
    assert len({row.spki_sha256 for row in keys}) == len(keys) >= 2
    assert [row.ca for row in keys] == ["gca"] * len(keys)
