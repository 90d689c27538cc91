"""What the operator told the programs: one frozen value, read once from the environment and an optional TOML file.

Each field is the variable `GUANFANG_<FIELD>`; the file that `GUANFANG_CONFIG` names holds the same fields in lower
case, and the environment wins. A secret may also be given as `GUANFANG_<FIELD>_FILE`, a file that holds it. A name
that nobody knows is refused: a misspelt setting is a setting that silently is not made.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_type_hints

from pki.errors import ProfileRefusedError
from workflow.certificate_profiles import subject_types
from workflow.office import Settings as OfficeSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "GUANFANG_"
CONFIG = "GUANFANG_CONFIG"
LABEL = re.compile(r"[A-Za-z0-9-]{1,32}")
SHORTEST_SECRET = 32
"""Characters that a secret needs at least."""
LONGEST_CRL_PAUSE = 3600
LONGEST_CRL_HOURS = 36
LONGEST_CRL_KEEP_DAYS = 3660
LONGEST_OCSP_MINUTES = 24 * 60
HIGHEST_PORT = 65535
LONGEST_MONITOR_PAUSE = 24 * 3600
LAST_HOUR = 23
LONGEST_ESCALATION_DAYS = 90
_SECRETS = frozenset({"secret_key", "key_passphrase", "smtp_password", "database_url", "pkcs11_pin"})
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class SettingsError(Exception):
    """A setting that is unknown, missing or senseless; the message is for the operator and holds no secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; times are in seconds."""

    database_url: str = field(default="", repr=False)
    """An SQLAlchemy address; without one an SQLite file in `data_dir`."""
    data_dir: Path = Path("var")
    secret_key: str = field(default="", repr=False)
    """Signs the sessions of the screens."""
    key_passphrase: str = field(default="", repr=False)
    """Opens the keys of the CAs, of the checkpoints and of the sealed secrets of cards."""
    keystore: str = "software"
    """Where new keys of CAs and OCSP responders are made: `software` or `pkcs11`."""
    pkcs11_module: Path | None = None
    """The library of the token's maker, such as /usr/lib/softhsm/libsofthsm2.so."""
    pkcs11_token: str = ""
    """The token's label."""
    pkcs11_pin: str = field(default="", repr=False)
    """Opens the token; better in a file, as GUANFANG_PKCS11_PIN_FILE."""
    activation: str = "automatic"
    """What opens the authorities' keys: `automatic`, the settings; `shares`, several people (`guanfang ca activate`)."""
    activation_socket: Path | None = None
    """Where the keeper of the activation listens; without one, `activation.sock` in `data_dir`."""
    card_master_key: str = "cards-1"
    """The label of the master key that new cards get their secrets from; a new label is a new key."""
    sealing_key_file: Path | None = None
    """A file of random bytes that seals the secrets of cards instead of the passphrase."""
    demo: bool = False
    demo_password: str = field(default="", repr=False)
    base_url: str = "http://127.0.0.1:8080"
    repository_url: str = "http://127.0.0.1:8080"
    """Host part of the addresses written into certificates; plain http, no slash at the end."""
    hotline: str = "02-2192-7111"
    mail_from: str = "registry@guanfang.example"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_timeout: int = 20
    mail_folder: Path | None = None
    """Where the demonstration's mail server keeps what it receives."""
    card_folder: Path | None = None
    """A folder of virtual cards and readers, for a demonstration."""
    pcsc: bool = False
    pcsc_prefix: str = ""
    """Only readers whose name begins so."""
    holder_readers: tuple[str, ...] = ()
    """Readers at the public's disposal, by full name, separated by colons in the environment."""
    bind: str = "127.0.0.1"
    port: int = 8080
    agent_port: int = 61161
    """Where holders' card agents listen on their own machines; the pages look for them there."""
    agent_package: Path | None = None
    """This program's wheel, which the pages hand out to holders who install the agent."""
    web_workers: int = 1
    https: bool = False
    proxies: int = 0
    rate_limits: bool = True
    worker_name: str = ""
    """A worker gives back what one of its name had claimed; two on one machine need two names."""
    sweep_seconds: int = 60
    sealing_seconds: int = 1
    crl_check_seconds: int = 300
    lane_pause_seconds: float = 0.5
    sealing_lag_seconds: int = 60
    sweep_limit: int = 200
    attempts: int = 8
    staff_cards: str = "optional"
    """Whether the staff log in and sign with cards: `off`, `optional` or `required` (ROL-05)."""
    staff_card_ca: str = "gca"
    """The CA that certifies the staff's cards."""
    crl_hours: int = 24
    crl_pause_seconds: int = 0
    """How long a list that follows a change waits for more changes, so that one list serves a burst."""
    ocsp_minutes: int = 60
    """How long an OCSP answer may be believed by whoever keeps it: its nextUpdate."""
    ocsp_max_age: int = 0
    """Seconds for which web caches may repeat an OCSP answer unasked; each cuts into real time (CRL-05)."""
    test_assurance: bool = True
    subject_type_oids: tuple[str, ...] = ()
    """`type=OID` for each subject type whose number was found out, separated by colons in the environment."""
    log_in_tries: int = 5
    lock_minutes: int = 15
    hash_time: int = 3
    hash_memory_kib: int = 65536
    hash_lanes: int = 4
    alarm_email: str = ""
    """Whom the watches write to when they find something new, and once a day until it is mended."""
    escalation_email: str = ""
    """Whom they write to as well, once a day, about what stands longer than `escalation_days`."""
    escalation_days: int = 3
    watch_seconds: int = 300
    """How often the worker looks at lists and responders, and whether another watch is due."""
    monitor_seconds: int = 3600
    """How often the worker fetches what certificates name; 0 leaves it to `guanfang monitor` elsewhere."""
    monitor_host: str = ""
    """`host:port` to fetch from in place of the host in the certificates, as behind a proxy."""
    night_hour: int = 2
    """The hour in Taipei from which the nightly watches run."""
    checkpoint_file: Path | None = None
    """Where the worker appends signed checkpoints of the audit log; best on another machine's disk (AUD-03)."""
    crl_archive: Path | None = None
    """Where the worker puts lists that have served; without it all of them stay in the database (AUD-05)."""
    crl_keep_days: int = 30
    """How long a list stays in the database after its end before it goes to the archive."""
    font_dirs: tuple[str, ...] = ()
    """Separated by colons in the environment."""
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        for name, right in self._demands().items():
            if not right:
                raise SettingsError(f"{PREFIX}{name.upper()}: {_SENSE[name]}")

    def _demands(self) -> Mapping[str, bool]:
        """Tell which of the settings make sense."""
        positive = (
            "sweep_seconds",
            "sealing_seconds",
            "crl_check_seconds",
            "lane_pause_seconds",
            "watch_seconds",
            "web_workers",
        )
        return {
            "port": 0 < self.port <= HIGHEST_PORT,
            "smtp_port": 0 < self.smtp_port <= HIGHEST_PORT,
            "agent_port": 0 < self.agent_port <= HIGHEST_PORT,
            "crl_pause_seconds": 0 <= self.crl_pause_seconds <= LONGEST_CRL_PAUSE,
            "crl_hours": 0 < self.crl_hours <= LONGEST_CRL_HOURS,
            "repository_url": self.repository_url.startswith("http://")
            and not self.repository_url.endswith("/"),
            "base_url": self.base_url.startswith(("http://", "https://")) and not self.base_url.endswith("/"),
            "monitor_seconds": 0 <= self.monitor_seconds <= LONGEST_MONITOR_PAUSE,
            "night_hour": 0 <= self.night_hour <= LAST_HOUR,
            "alarm_email": not self.alarm_email or "@" in self.alarm_email,
            "escalation_email": not self.escalation_email or "@" in self.escalation_email,
            "escalation_days": 1 <= self.escalation_days <= LONGEST_ESCALATION_DAYS,
            "crl_keep_days": 1 <= self.crl_keep_days <= LONGEST_CRL_KEEP_DAYS,
            "ocsp_minutes": 1 <= self.ocsp_minutes <= LONGEST_OCSP_MINUTES,
            "ocsp_max_age": 0 <= self.ocsp_max_age <= self.ocsp_minutes * 30,
            "subject_type_oids": self._types_make_sense(),
            "keystore": self.keystore in {"software", "pkcs11"},
            "pkcs11_module": self.keystore != "pkcs11" or self.pkcs11_module is not None,
            "pkcs11_token": self.keystore != "pkcs11" or bool(self.pkcs11_token),
            "activation": self.activation in {"automatic", "shares"},
            "pkcs11_pin": self.activation != "shares" or not self.pkcs11_pin,
            "card_master_key": LABEL.fullmatch(self.card_master_key) is not None,
            "staff_cards": self.staff_cards in {"off", "optional", "required"},
            "staff_card_ca": self.staff_card_ca in {"gca", "xca", "moica"},
            "log_level": self.log_level in {"DEBUG", "INFO", "WARNING", "ERROR"},
            **{name: getattr(self, name) > 0 for name in positive},
        }

    def _types_make_sense(self) -> bool:
        try:
            subject_types(self.office())
        except ProfileRefusedError:
            return False
        return True

    @property
    def url(self) -> str:
        """The database's address, whether it was given or follows from the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'guanfang.sqlite'}"

    @property
    def keeper_socket(self) -> Path:
        """Where the keeper of the activation listens."""
        return self.activation_socket or self.data_dir / "activation.sock"

    def require_secrets(self) -> None:
        """Raise SettingsError unless both secrets are there; `guanfang demo` makes its own."""
        for name in ("secret_key", "key_passphrase"):
            if len(getattr(self, name)) < SHORTEST_SECRET:
                raise SettingsError(
                    f"{PREFIX}{name.upper()}: needs at least {SHORTEST_SECRET} characters that nobody can guess,"
                    " for example from `openssl rand -base64 33`"
                )

    def office(self) -> OfficeSettings:
        """Return the part that the office works by."""
        mine = {one.name for one in fields(self)}
        return OfficeSettings(
            **{one.name: getattr(self, one.name) for one in fields(OfficeSettings) if one.name in mine}
        )

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; SettingsError names what is wrong."""
        given = {**_from_file(environment.get(CONFIG, "")), **_from_environment(environment)}
        return cls(**{name: _parsed(name, value) for name, value in given.items()})


_SENSE = {
    "port": "a port from 1 to 65535",
    "smtp_port": "a port from 1 to 65535",
    "agent_port": "a port from 1 to 65535",
    "crl_pause_seconds": f"0 to {LONGEST_CRL_PAUSE} seconds",
    "crl_hours": f"1 to {LONGEST_CRL_HOURS} hours (CRL-01)",
    "repository_url": "begins with http:// (a certificate's addresses are never https) and has no slash at the end",
    "base_url": "begins with http:// or https:// and has no slash at the end",
    "crl_keep_days": f"1 to {LONGEST_CRL_KEEP_DAYS} days",
    "ocsp_minutes": f"1 to {LONGEST_OCSP_MINUTES} minutes",
    "ocsp_max_age": "seconds, at most half of GUANFANG_OCSP_MINUTES",
    "subject_type_oids": "type=OID for unconfirmed subject types of `guanfang profiles list`, no OID twice",
    "keystore": "software or pkcs11",
    "pkcs11_module": "a keystore pkcs11 needs the path of a PKCS#11 library",
    "pkcs11_token": "a keystore pkcs11 needs the label of a token",
    "activation": "automatic or shares",
    "pkcs11_pin": "with GUANFANG_ACTIVATION=shares the PIN is the people's and must be in no setting and no file",
    "card_master_key": "1 to 32 letters, digits and hyphens",
    "staff_cards": "off, optional or required",
    "staff_card_ca": "gca, xca or moica",
    "log_level": "DEBUG, INFO, WARNING or ERROR",
    "sweep_seconds": "more than 0",
    "sealing_seconds": "more than 0",
    "crl_check_seconds": "more than 0",
    "lane_pause_seconds": "more than 0",
    "watch_seconds": "more than 0",
    "web_workers": "more than 0",
    "monitor_seconds": "0 to 86400 seconds",
    "night_hour": "an hour from 0 to 23",
    "alarm_email": "an e-mail address, or nothing",
    "escalation_email": "an e-mail address, or nothing",
    "escalation_days": "1 to 90 days",
}


@cache
def _types() -> Mapping[str, Any]:
    return get_type_hints(Settings)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable == CONFIG:
            continue
        name = variable.removeprefix(PREFIX).lower()
        secret = name.removesuffix("_file")
        if name not in _types() and secret in _SECRETS:
            found[secret] = _secret_in(Path(value), variable)
        elif name in _types() and variable.isupper():
            found[name] = value
        else:
            raise SettingsError(f"{variable}: there is no such setting")
    return found


def _secret_in(path: Path, variable: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: the file {path} can't be read") from error


def _from_file(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG}: the file {path} can't be read") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{CONFIG}: {path} is not TOML: {error}") from error
    unknown = sorted(set(found) - set(_types()))
    if unknown:
        raise SettingsError(f"{CONFIG}: {path} has unknown settings: {', '.join(unknown)}")
    return found


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said not in _TRUE | _FALSE:
        raise ValueError
    return said in _TRUE


def _as_int(value: Any) -> int:
    if isinstance(value, (bool, float)):
        raise TypeError
    return int(value)


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _as_texts(value: Any) -> tuple[str, ...]:
    parts = value.split(":") if isinstance(value, str) else value
    return tuple(_as_text(part) for part in parts if part)


_PARSERS: Mapping[Any, tuple[Callable[[Any], Any], str]] = {
    bool: (_as_bool, "true or false"),
    int: (_as_int, "a whole number"),
    float: (float, "a number"),
    str: (_as_text, "text"),
    Path: (lambda value: Path(_as_text(value)).expanduser(), "a path"),
    Path | None: (lambda value: Path(_as_text(value)).expanduser() if value else None, "a path"),
    tuple[str, ...]: (_as_texts, "texts, separated by colons"),
}


def _parsed(name: str, value: Any) -> Any:
    """Turn what was given into the field's type; the refusal never quotes the value, which may be a secret."""
    parse, wanted = _PARSERS[_types()[name]]
    try:
        return parse(value)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{PREFIX}{name.upper()}: needs {wanted}") from error
