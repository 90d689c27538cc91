"""The office: everything the shell works with, in one frozen value that `ops.wiring` puts together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pki.keystores import SoftwareKeystore
from workflow.machine import check_all
from workflow.store.database import asking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import timedelta

    import sqlalchemy as sa

    from pki.activation import Activation
    from pki.keystores import Keystore
    from workflow.ports import (
        CardStation,
        CheckpointSigner,
        Clock,
        CodeHasher,
        Mailer,
        MasterKeys,
        Sealer,
        StatementSigner,
    )
    from workflow.store.outbox import Work


@dataclass(frozen=True)
class Settings:
    """What the office was told to do, apart from the CAs' rules."""

    base_url: str = "http://127.0.0.1:8080"
    """Where the registry's pages are, for links in mails."""
    repository_url: str = "http://127.0.0.1:8080"
    """Host part of the URLs written into certificates."""
    mail_from: str = "registry@guanfang.example"
    hotline: str = "02-2192-7111"
    case_prefixes: tuple[tuple[str, str], ...] = (("gca", "00001"), ("xca", "04001"), ("moica", "08001"))
    """First five digits of the case numbers of each CA."""
    log_in_tries: int = 5
    lock_minutes: int = 15
    sealing_lag_seconds: int = 60
    """How long an audit entry may wait for its seal before issuing stops (AUD-04)."""
    sweep_limit: int = 200
    """Suspensions and revocations in one sweep beyond which a person has to confirm."""
    test_assurance: bool = True
    """Whether certificates carry the policy of test assurance: a demonstration must not look like the real thing."""
    subject_type_oids: tuple[str, ...] = ()
    """OIDs that the operator found out for subject types nobody has confirmed, such as `foundation=2.16.886.…`."""
    crl_hours: int = 24
    """Life of a CRL in hours; at most 36 (CRL-01)."""
    crl_pause_seconds: int = 0
    """How long a list that follows a change of status waits for more of them; one list then serves all."""
    staff_cards: str = "optional"
    """Whether the staff log in and sign with cards: off, optional or required (ROL-05)."""
    staff_card_ca: str = "gca"
    """The CA that certifies the staff's cards."""
    attempts: int = 8
    """Tries at a piece of work before it becomes a dead letter."""
    alarm_email: str = ""
    """Whom the watches write to when they find something; nobody while it is empty."""
    escalation_email: str = ""
    """Whom they write to as well about what stands too long; nobody while it is empty."""
    escalation_days: int = 3
    """Days after which a finding that nobody mended stands too long."""
    font_dirs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Office:
    """The registry's shell: database, clock and the ports to the world."""

    engine: sa.Engine
    clock: Clock
    wall: Clock
    """Real time, for leases and back-off; the demonstration's clock may leap."""
    hasher: CodeHasher
    statements: StatementSigner
    sealer: Sealer
    checkpoints: CheckpointSigner
    mailer: Mailer
    stations: tuple[CardStation, ...]
    key_passphrase: bytes = field(repr=False)
    settings: Settings = field(default_factory=Settings)
    token: Keystore | None = None
    """Where new keys of authorities and responders are made; without one they are software keys."""
    master_keys: MasterKeys | None = None
    """The master keys that the secrets of cards are derived from; without them no card is made."""
    activation: Activation | None = None
    """Who knows whether several people have activated the keys; without one, they open by the settings."""
    claim: Work | None = None
    """The claimed work of a performer, under which alone it commits; people and rounds have none."""

    def __post_init__(self) -> None:
        check_all()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection for queries; what is written through it is rolled back."""
        with self.engine.connect() as connection:
            yield connection

    def asking(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection for single queries, quicker than `reading`: no transaction is behind them."""
        return asking(self.engine)

    @property
    def keystore(self) -> Keystore:
        """Where the keys of authorities and responders are kept."""
        return self.token or SoftwareKeystore(self.key_passphrase)

    def keys_activated(self) -> bool:
        """Tell whether the authorities' keys may be used now (ROL-08)."""
        return self.activation is None or self.activation.active()

    @property
    def sealing_lag(self) -> timedelta:
        """How long an audit entry may wait for its seal."""
        from datetime import timedelta

        return timedelta(seconds=self.settings.sealing_lag_seconds)
