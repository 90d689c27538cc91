"""The composition root: settings in, the office and the screens out. Every port meets its real adapter here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.folder_station import FolderStation
from hardware.pcsc_station import PcscStation
from ops import dumps, health, logs, metrics
from ops.activation import KeeperClient
from ops.checkpoint_key import FileCheckpointKey
from ops.clock import DemoClock, SystemClock
from ops.database import open_engine
from ops.demo import holders_agent
from ops.demo.letter_box import LetterBox
from ops.demo.mail_folder import LOOPBACK, read_mails
from ops.hashing import CodeHasher
from ops.mail import MailServer, SmtpMailer
from ops.master_keys import FOLDER, FileMasterKeys, MasterKeyring, TokenMasterKeys
from ops.secrets_box import SecretsBox
from ops.settings import Settings, SettingsError
from ops.statements import StaffSigner
from pki.keystores import SharedKeystore, SoftwareKeystore, TokenKeystore
from pki.shares import wipe
from pki.token import Token
from web.app import create_app
from web.ports import WebPorts
from workflow.office import Office

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from ops.master_keys import MasterKeyStore
    from pki.activation import Activation
    from workflow.ports import CardStation, Clock, Mailer, Sealer

DEMO_READERS = ("製卡機 A", "製卡機 B", "持卡人讀卡機")
"""The virtual readers of a demonstration: two of the card centre, one of the holder."""


def build_office(
    settings: Settings,
    *,
    clock: Clock | None = None,
    mailer: Mailer | None = None,
    address: str | None = None,
) -> Office:
    """Put the office together; clock, mailer or the database's address may be given in place of the configured ones.

    Whoever has an office opens keys, so from here on the process can't be dumped or traced. SettingsError when a
    secret is missing or a key can't be opened.
    """
    settings.require_secrets()
    dumps.forbid()
    engine = open_engine(address or settings.url)
    wall = SystemClock()
    clock = clock or (DemoClock(engine, wall) if settings.demo else wall)
    passphrase = settings.key_passphrase.encode()
    activation = KeeperClient(settings.keeper_socket) if settings.activation == "shares" else None
    in_token = _token_keystore(settings, activation) if settings.keystore == "pkcs11" else None
    sealer = _sealer(settings, passphrase)
    return Office(
        engine=engine,
        clock=clock,
        wall=wall,
        hasher=CodeHasher(settings.hash_time, settings.hash_memory_kib, settings.hash_lanes),
        statements=StaffSigner(),
        sealer=sealer,
        checkpoints=checkpoint_key(settings),
        mailer=mailer or SmtpMailer(_mail_server(settings), settings.mail_from, clock),
        stations=_stations(settings),
        key_passphrase=passphrase,
        settings=settings.office(),
        token=in_token if activation is None else SharedKeystore(activation, in_token),
        master_keys=_master_keys(settings, sealer, in_token, activation),
        activation=activation,
    )


def build_web(settings: Settings, office: Office | None = None) -> Flask:
    """Put the screens together, with health checks and metrics beside them."""
    office = office or build_office(settings)
    app = create_app(web_ports(settings, office))
    health.register(app, office)
    metrics.register(app, office)
    return app


def web_ports(settings: Settings, office: Office) -> WebPorts:
    """Return what the screens are given."""
    folder = settings.mail_folder
    toys = _has_toys(settings)
    return WebPorts(
        office=office,
        secret_key=settings.secret_key,
        demo=settings.demo,
        https=settings.https,
        rate_limits=settings.rate_limits,
        proxies=settings.proxies,
        demo_password=settings.demo_password if settings.demo else "",
        mailbox=(lambda: read_mails(folder)) if settings.demo and folder is not None else None,
        holder_readers=holders_readers(settings),
        card_folder=LetterBox(office, folder_station(settings)) if toys else None,
        agent_url=f"http://{LOOPBACK}:{settings.agent_port}",
        agent_package=settings.agent_package,
        agent_code=(lambda: holders_agent.newest_code(settings.data_dir)) if toys else None,
    )


def _has_toys(settings: Settings) -> bool:
    return settings.demo and settings.card_folder is not None


def holders_readers(settings: Settings) -> frozenset[str]:
    """Return the readers at the public's disposal, on which no card is ever made."""
    return frozenset(settings.holder_readers).union(DEMO_READERS[2:] if _has_toys(settings) else ())


def web_from_environment() -> Flask:
    """Put the screens together in a web worker's process."""
    settings = Settings.read()
    logs.configure(settings.log_level)
    return build_web(settings)


def _token_keystore(settings: Settings, activation: Activation | None) -> TokenKeystore:
    """Return the token of the settings, opened with their PIN or with the one that people activate."""
    if activation is None:
        return token_keystore(settings, lambda: settings.pkcs11_pin)
    return token_keystore(settings, lambda: _as_text(activation.secret()))


def _master_keys(
    settings: Settings, sealer: Sealer, in_token: TokenKeystore | None, activation: Activation | None
) -> MasterKeyring:
    """Return the master keys of cards: in the token where there is one, else in files under the house's key."""
    store: MasterKeyStore = FileMasterKeys(settings.data_dir / FOLDER, sealer)
    if in_token is not None:
        store = TokenMasterKeys(in_token.token, activation)
    return MasterKeyring(store, settings.card_master_key)


def _as_text(secret: bytearray) -> str:
    """Return a PIN as the token's library takes it, which can't be wiped, and wipe what it came from."""
    text = secret.decode()
    wipe(secret)
    return text


def token_keystore(settings: Settings, pin: Callable[[], str]) -> TokenKeystore:
    """Return the token of the settings, opened with a PIN."""
    assert settings.pkcs11_module is not None  # noqa: S101 - the settings refuse a keystore without one.
    token = Token(settings.pkcs11_module, settings.pkcs11_token, pin)
    return TokenKeystore(token, SoftwareKeystore(settings.key_passphrase.encode()))


def _sealer(settings: Settings, passphrase: bytes) -> Sealer:
    if settings.sealing_key_file is None:
        return SecretsBox(passphrase)
    try:
        return SecretsBox.from_file(settings.sealing_key_file)
    except (OSError, ValueError) as error:
        raise SettingsError(f"GUANFANG_SEALING_KEY_FILE: {error}") from error


def checkpoint_key(settings: Settings) -> FileCheckpointKey:
    """Return the key of the audit log's checkpoints, which is made at first use."""
    return _file_key(settings, "checkpoint_key.pem")


def _file_key(settings: Settings, name: str) -> FileCheckpointKey:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / name
    try:
        return FileCheckpointKey(path, settings.key_passphrase.encode())
    except ValueError as error:
        raise SettingsError(f"GUANFANG_KEY_PASSPHRASE does not open {path}") from error
    except OSError as error:
        raise SettingsError(str(error)) from error


def report_key(settings: Settings) -> FileCheckpointKey:
    """Return the key that signs reports of the reconciliation, made at first use: that of the checkpoints signs nothing else (AUD-03)."""
    return _file_key(settings, "report_key.pem")


def _mail_server(settings: Settings) -> MailServer:
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        user=settings.smtp_user,
        password=settings.smtp_password,
        timeout=settings.smtp_timeout,
    )


def _stations(settings: Settings) -> tuple[CardStation, ...]:
    found: list[CardStation] = []
    if settings.card_folder is not None:
        found.append(folder_station(settings))
    if settings.pcsc:
        found.append(PcscStation(settings.pcsc_prefix))
    return tuple(found)


def folder_station(settings: Settings) -> FolderStation:
    """Return the demonstration's station of virtual readers and cards."""
    if settings.card_folder is None:
        raise SettingsError("GUANFANG_CARD_FOLDER: a demonstration needs a folder of virtual cards")
    return FolderStation(settings.card_folder, DEMO_READERS)
