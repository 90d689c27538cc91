"""The composition root plugs the right things in, and no toy of the demonstration into a real office."""

from __future__ import annotations

import ctypes
import resource

import pytest

from hardware.folder_station import FolderStation
from hardware.pcsc_station import PcscStation
from ops import wiring
from ops.clock import DemoClock, SystemClock
from ops.settings import SettingsError


@pytest.fixture
def built(make_settings, migrated_sqlite_url, tmp_path):
    """Return a way to build an office from settings that differ from the usual ones."""
    offices = []

    def build(**more):
        settings = make_settings(migrated_sqlite_url, **more)
        offices.append(wiring.build_office(settings))
        return settings, offices[-1]

    yield build
    for office in offices:
        office.engine.dispose()


def test_a_real_office_has_real_time_and_the_readers_it_asked_for(built):
    _, office = built(pcsc=True)
    assert isinstance(office.clock, SystemClock)
    assert [type(one) for one in office.stations] == [PcscStation]
    assert built()[1].stations == ()


def test_a_demonstration_has_a_movable_clock_and_virtual_readers(built, tmp_path):
    settings, office = built(demo=True, card_folder=tmp_path / "cards", mail_folder=tmp_path / "mails")
    assert isinstance(office.clock, DemoClock)
    assert isinstance(office.wall, SystemClock)
    (station,) = office.stations
    assert isinstance(station, FolderStation)
    assert [one.name for one in station.readers()] == list(wiring.DEMO_READERS)
    ports = wiring.web_ports(settings, office)
    assert ports.card_folder.cards() == ()
    assert ports.mailbox() == ()


def test_a_real_office_shows_no_password_mails_or_cards_of_a_demonstration(built, tmp_path):
    settings, office = built(
        demo_password="guanfang-demo", card_folder=tmp_path / "cards", mail_folder=tmp_path / "mails"
    )
    ports = wiring.web_ports(settings, office)
    assert (ports.demo, ports.demo_password, ports.mailbox, ports.card_folder) == (False, "", None, None)
    app = wiring.build_web(settings, office)
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {"/healthz", "/readyz", "/metrics", "/login/"} <= rules
    assert not any(rule.startswith("/demo") for rule in rules)
    assert app.test_client().get("/readyz").status_code == 200


@pytest.mark.parametrize("content", [b"short", None])
def test_a_sealing_key_that_is_missing_or_short_is_said(make_settings, tmp_path, content):
    file = tmp_path / "sealing.key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="GUANFANG_SEALING_KEY_FILE"):
        wiring.build_office(make_settings(sealing_key_file=file))


def test_secrets_of_cards_open_with_the_key_of_the_file_only(built, tmp_path):
    file = tmp_path / "sealing.key"
    file.write_bytes(b"f" * 32)
    _, with_file = built(sealing_key_file=file)
    _, without = built()
    sealed = with_file.sealer.seal(b"12345678", "csn")
    assert with_file.sealer.open(sealed, "csn") == b"12345678"
    with pytest.raises(ValueError):
        without.sealer.open(sealed, "csn")


def test_a_checkpoint_key_open_to_others_is_refused(built, make_settings, migrated_sqlite_url):
    settings, _ = built()
    (settings.data_dir / "checkpoint_key.pem").chmod(0o644)
    with pytest.raises(SettingsError, match="0600"):
        wiring.build_office(make_settings(migrated_sqlite_url))


def test_without_secrets_there_is_no_office(make_settings):
    with pytest.raises(SettingsError, match="GUANFANG_KEY_PASSPHRASE"):
        wiring.build_office(make_settings(key_passphrase=""))


@pytest.mark.rule("ROL-08")
def test_whoever_opens_keys_can_not_be_dumped_or_traced(built):
    kernel, dumpable, allow = ctypes.CDLL(None), 3, 4
    kernel.prctl(allow, 1, 0, 0, 0)
    assert kernel.prctl(dumpable) == 1
    built()
    assert kernel.prctl(dumpable) == 0
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
