"""Settings are read once, and whatever nobody knows is refused without quoting it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ops.settings import PREFIX, Settings, SettingsError
from workflow.office import Settings as OfficeSettings


def test_an_empty_environment_is_a_small_office_on_sqlite():
    settings = Settings.read({"PATH": "/bin"})
    assert settings.url == "sqlite:///var/guanfang.sqlite"
    assert not settings.demo


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "guanfang.toml"
    file.write_text('port = 9000\nhotline = "02-0000-0000"\nfont_dirs = ["/a"]\n', encoding="utf-8")
    settings = Settings.read({"GUANFANG_CONFIG": str(file), "GUANFANG_PORT": "9001"})
    assert (settings.port, settings.hotline, settings.font_dirs) == (9001, "02-0000-0000", ("/a",))


@pytest.mark.parametrize("name", ["GUANFANG_DATABASEURL", "GUANFANG_port", "GUANFANG_", "GUANFANG_PORT_FILE"])
def test_a_misspelt_setting_is_refused_by_name(name):
    with pytest.raises(SettingsError, match=name):
        Settings.read({name: "x"})


def test_a_misspelt_setting_in_the_file_is_refused_by_name(tmp_path):
    file = tmp_path / "guanfang.toml"
    file.write_text("prot = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="prot"):
        Settings.read({"GUANFANG_CONFIG": str(file)})


@pytest.mark.parametrize("content", [b"port =", b"\xff\xfe", None])
def test_a_file_that_can_not_be_read_is_refused(tmp_path, content):
    file = tmp_path / "guanfang.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="GUANFANG_CONFIG"):
        Settings.read({"GUANFANG_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"), ("PORT", "0"), ("PORT", "65536"), ("DEMO", "perhaps"), ("CRL_HOURS", "37"),
        ("SWEEP_SECONDS", "0"), ("REPOSITORY_URL", "https://x"), ("REPOSITORY_URL", "http://x/"),
        ("BASE_URL", "x"), ("LOG_LEVEL", "loud"), ("LANE_PAUSE_SECONDS", "-1"),
    ],
)  # fmt: skip
def test_a_senseless_value_is_refused_with_what_would_be_right(name, value):
    with pytest.raises(SettingsError, match=f"{PREFIX}{name}: "):
        Settings.read({PREFIX + name: value})


@pytest.mark.parametrize("value", [True, 1.5, "x", [1]])
def test_a_number_in_the_file_is_a_whole_number(tmp_path, value):
    import json

    file = tmp_path / "guanfang.toml"
    file.write_text(f"port = {json.dumps(value)}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="whole number"):
        Settings.read({"GUANFANG_CONFIG": str(file)})


@pytest.mark.parametrize(("word", "meant"), [("1", True), ("On", True), ("false", False), ("", False)])
def test_yes_and_no_are_read_in_the_usual_spellings(word, meant):
    assert Settings.read({"GUANFANG_PCSC": word}).pcsc is meant


def test_secrets_are_mandatory_and_not_short(make_settings):
    for missing in ({"secret_key": ""}, {"key_passphrase": "short"}):
        with pytest.raises(SettingsError, match=next(iter(missing)).upper()):
            make_settings(**missing).require_secrets()
    make_settings().require_secrets()


def test_a_secret_may_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("k" * 40 + "\n", encoding="utf-8")
    assert Settings.read({"GUANFANG_SECRET_KEY_FILE": str(file)}).secret_key == "k" * 40
    with pytest.raises(SettingsError, match="SECRET_KEY_FILE"):
        Settings.read({"GUANFANG_SECRET_KEY_FILE": str(tmp_path / "none")})


def test_no_secret_is_ever_printed(make_settings):
    settings = make_settings(
        "postgresql://u:databasesecret@h/d", smtp_password="mailsecret", demo_password="demosecret"
    )
    shown = repr(settings)
    for secret in ("ssss", "pppp", "databasesecret", "mailsecret", "demosecret"):
        assert secret not in shown


def test_a_refused_value_is_not_quoted():
    with pytest.raises(SettingsError) as refusal:
        Settings.read({"GUANFANG_PORT": "hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_the_office_works_by_the_same_settings(make_settings):
    settings = make_settings(crl_hours=12, hotline="1999", font_dirs=("/f",), data_dir=Path("x"))
    office = settings.office()
    shared = {one.name for one in fields(OfficeSettings)} & {one.name for one in fields(settings)}
    assert {"crl_hours", "hotline", "font_dirs", "base_url", "attempts", "sweep_limit"} <= shared
    assert all(getattr(office, name) == getattr(settings, name) for name in shared)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"keystore": "cupboard"}, "GUANFANG_KEYSTORE"),
        ({"keystore": "pkcs11", "pkcs11_token": "ca"}, "GUANFANG_PKCS11_MODULE"),
        ({"keystore": "pkcs11", "pkcs11_module": Path("module.so")}, "GUANFANG_PKCS11_TOKEN"),
    ],
)
def test_a_token_needs_its_module_and_its_label(given, named):
    with pytest.raises(SettingsError, match=named):
        Settings(**given)


def test_the_pin_of_a_token_comes_from_a_file_and_is_in_no_text(tmp_path):
    (tmp_path / "pin").write_text("the-pin\n")
    settings = Settings.read({"GUANFANG_PKCS11_PIN_FILE": str(tmp_path / "pin")})
    assert settings.pkcs11_pin == "the-pin"
    assert "the-pin" not in repr(settings)
