"""A whole registry for tests: real database, real hashes, keys and seals, a clock that a test moves, staff for every desk.

Cases are brought to a state only by the commands that real people and performers send through the one door.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.master_key import SoftwareMasterKey
from ops.hashing import CodeHasher
from ops.secrets_box import SecretsBox
from ops.statements import StaffSigner
from workflow import commands as c
from workflow import commands_of_performers as p
from workflow.errors import Refused
from workflow.facts import PUBLIC, SYSTEM, Actor
from workflow.handlers import handle
from workflow.office import Office, Settings
from workflow.store import schema as t
from workflow.store.database import open_engine
from workflow.vocabulary import Ca, Channel, Rank, Role, SubscriberKind

if TYPE_CHECKING:
    from workflow.commands import Command
    from workflow.outcome import Outcome

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CODE = "Kod3-7x"
PASSWORD = "correct horse battery"
KINDS = {
    Ca.GCA: SubscriberKind.AGENCY,
    Ca.XCA: SubscriberKind.FOUNDATION,
    Ca.MOICA: SubscriberKind.NATURAL_PERSON,
}
_chips = count(0xA0000000)


@dataclass
class FrozenClock:
    """A clock that stands still until it is moved."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


class Checkpoints:
    """Signs checkpoints with a key in memory."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form)


@dataclass
class Outgoing:
    """Keeps the mails that were sent."""

    mails: list[Any] = field(default_factory=list)

    def send(self, mail: Any) -> None:
        self.mails.append(mail)


class MasterKeysInMemory:
    """Master keys of cards: the last one is for new cards."""

    def __init__(self, *names: str) -> None:
        self.keys = {name: SoftwareMasterKey(name, sha256(name.encode()).digest()) for name in names}

    def current(self) -> SoftwareMasterKey:
        return list(self.keys.values())[-1]

    def named(self, name: str) -> SoftwareMasterKey:
        if name not in self.keys:
            raise Refused("card.no_master_key", name=name)
        return self.keys[name]


MASTER_KEYS = MasterKeysInMemory("tests-1")
HASHER = CodeHasher(time_cost=1, memory_kib=8, lanes=1)
STATEMENTS = StaffSigner()


@cache
def _staff_key(number: int) -> tuple[bytes, bytes]:
    """Return the key of the n-th member of staff; the same in every registry, for keys are slow to make."""
    del number
    return STATEMENTS.new_key(PASSWORD)


@cache
def _hashed(secret: str) -> str:
    return HASHER.hash(secret)


class Registry:
    """An office, its staff, and hands that do what people do."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        self.clock = FrozenClock()
        self.mailer = Outgoing()
        self.engine = open_engine(url)
        t.metadata.create_all(self.engine)
        self.office = Office(
            engine=self.engine,
            clock=self.clock,
            wall=self.clock,
            hasher=HASHER,
            statements=STATEMENTS,
            sealer=SecretsBox(bytes(32)),
            checkpoints=Checkpoints(),
            mailer=self.mailer,
            stations=(),
            key_passphrase=b"only for tests",
            master_keys=MASTER_KEYS,
            settings=settings or Settings(),
        )
        self._serials = count(1)
        self._accounts = count(1)

    def close(self) -> None:
        self.engine.dispose()

    # --- looking --------------------------------------------------------------------------------------------

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(table).where(*where).order_by(*table.primary_key)))

    def case(self, case_id: int) -> Any:
        return self.rows(t.case, t.case.c.id == case_id)[0]

    def state(self, case_id: int) -> str:
        return str(self.case(case_id).state)

    def dump(self, *leaving_out: str) -> dict[str, list[Any]]:
        """Return everything that is stored, but for some tables."""
        names = set(t.metadata.tables) - set(leaving_out)
        return {name: [tuple(row) for row in self.rows(t.metadata.tables[name])] for name in sorted(names)}

    def audit_kinds(self) -> list[str]:
        return [row.kind for row in self.rows(t.audit_entry)]

    # --- people and organisations ---------------------------------------------------------------------------

    def insert(self, table: sa.Table, **values: Any) -> int:
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
            return int(key[0])

    def update(self, table: sa.Table, where: Any, **values: Any) -> None:
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(sa.update(table).where(where).values(**values))

    def window(self, county: str = "臺北市") -> int:
        return self.insert(
            t.review_window, name=f"第{next(self._serials)}窗口", agency_code="379000000A", county=county,
            kinds=[str(kind) for kind in SubscriberKind], address="臺北市市府路1號", phone="02-27208889",
            email="w@example.tw",
        )  # fmt: skip

    def account(self, *roles: Role, window: int | None = None, person: int | None = None) -> Actor:
        number = next(self._accounts)
        login = f"staff{number}"
        person = person or self.insert(t.person, name=f"職員{number}")
        sealed, spki = _staff_key(number)
        account = self.insert(
            t.account, login=login, person_id=person, roles=[str(role) for role in roles], window_id=window,
            password_hash=_hashed(PASSWORD), signing_key=sealed, signing_spki=spki,
        )  # fmt: skip
        return Actor(login, frozenset(roles), account, person, window)

    def organisation(self, ca: Ca = Ca.XCA, **values: Any) -> int:
        number = next(self._serials)
        row = {
            "ca": str(ca), "name": f"第{number}基金會", "oid": f"2.16.886.111.{number}", "ubn": f"{number:08d}",
            "kind": str(KINDS[ca]), "county": "臺北市", "town": "中正區", "postal_code": "100", "address": "市府路1號",
            "phone": "02-1", "email": "o@example.tw", "window_id": self.main_window,
        }  # fmt: skip
        return self.insert(t.organisation, **(row | values))

    @cached_property
    def main_window(self) -> int:
        return self.window()

    @cached_property
    def clerk(self) -> Actor:
        return self.account(Role.LETTER_CLERK)

    @cached_property
    def reviewer(self) -> Actor:
        return self.account(Role.FIRST_REVIEWER, window=self.main_window)

    @cached_property
    def officer(self) -> Actor:
        return self.account(Role.SECOND_REVIEWER)

    @cached_property
    def centre(self) -> Actor:
        return self.account(Role.CARD_CENTRE)

    @cached_property
    def desk(self) -> Actor:
        return self.account(Role.HELP_DESK)

    @cached_property
    def operator(self) -> Actor:
        return self.account(Role.OPERATOR)

    # --- doing ----------------------------------------------------------------------------------------------

    def do(self, command: Command, actor: Actor) -> Outcome:
        return handle(self.office, command, actor)

    def application(self, ca: Ca = Ca.XCA, **values: Any) -> c.SubmitApplication:
        fields: dict[str, Any] = {
            "ca": ca,
            "subscriber_kind": KINDS[ca],
            "rank": Rank.PRIMARY,
            "organisation_id": None,
            "window_id": None,
            "form": {"contact_name": "陳聯絡", "contact_email": "c@example.tw"},
            "agreement_accepted": True,
            "user_code": CODE,
        } | values
        if fields["organisation_id"] is None:
            fields["organisation_id"] = self.organisation(ca)
        return c.SubmitApplication(**fields)

    def submit(self, ca: Ca = Ca.XCA, **values: Any) -> int:
        return int(self.do(self.application(ca, **values), PUBLIC).case_id or 0)

    def letter(self, **values: Any) -> c.LogLetter:
        fields: dict[str, Any] = {
            "sender_name": "臺北市政府", "sender_code": "379000000A",
            "number": f"府教字第115{next(self._serials):07d}號",
            "dated": date(2026, 3, 1), "subject": "申請憑證IC卡",
            "files": (("letter.pdf", "application/pdf", b"%PDF " + secrets.token_bytes(4)),),
        }  # fmt: skip
        return c.LogLetter(**(fields | values))

    def tie(self, *case_ids: int, **values: Any) -> Outcome:
        letter_id = self.do(self.letter(**values), self.clerk).created_id or 0
        return self.do(c.TieLetter(letter_id=letter_id, case_ids=case_ids), self.clerk)

    def decide(self, kind: type[c.Decide], case_id: int, actor: Actor, **values: Any) -> Outcome:
        fields = {"seen_sha256": self.case(case_id).snapshot_sha256, "password": PASSWORD} | values
        if "reason" in kind.__dataclass_fields__:
            fields.setdefault("reason", "印文不清")
        return self.do(kind(case_id=case_id, **fields), actor)

    def begin_card(self, case_id: int) -> str:
        """Take a blank from stock and bind it to a case; returns the chip's number."""
        csn = f"{next(_chips):08x}"
        self.do(c.AddStock(csns=(csn,), box="A"), self.centre)
        name = MASTER_KEYS.current().name
        claim = p.ClaimBlank(case_id=case_id, csn=csn, pin="123456", master_key=name)
        self.do(claim, SYSTEM)
        return csn

    def issue(self, case_id: int, csn: str, purpose: str) -> str:
        """Store a key, the intent and the certificate, as the manufacturing line reports them; returns the serial."""
        spki, serial = secrets.token_bytes(91), secrets.token_hex(16)
        self.do(p.RecordKeys(csn=csn, keys=((purpose, spki),)), SYSTEM)
        tbs = secrets.token_bytes(200)
        intent = p.IntendCertificate(
            case_id=case_id, authority=str(self.case(case_id).ca), csn=csn, purpose=purpose, serial=serial,
            tbs=tbs, tbs_sha256=sha256(tbs).hexdigest(),
            spki_sha256=sha256(spki).hexdigest(), subject="O=第1基金會", not_before=self.clock.now(),
            not_after=self.clock.now() + timedelta(days=5 * 365),
        )  # fmt: skip
        self.do(intent, SYSTEM)
        self.do(p.RecordCertificate(case_id=case_id, serial=serial, der=secrets.token_bytes(300)), SYSTEM)
        return serial

    def make_card(self, case_id: int) -> str:
        """Make the card of a case that is on the line; returns the chip's number."""
        csn = self.begin_card(case_id)
        for purpose in ("signature", "encipherment"):
            self.issue(case_id, csn, purpose)
        number = self.rows(t.card, t.card.c.csn == csn)[0].number
        self.do(c.RecordCardMade(case_id=case_id, card_number=number, issued_at=self.clock.now()), SYSTEM)
        return csn

    def card_number(self, csn: str) -> str:
        return str(self.rows(t.card, t.card.c.csn == csn)[0].number)

    def csn(self, case_id: int) -> str:
        return str(self.rows(t.card, t.card.c.number == self.case(case_id).card_number)[0].csn)

    def pack(self, case_id: int) -> Outcome:
        case = self.case(case_id)
        command = c.PackCard(case_id=case_id, card_number=case.card_number, envelope_number=case.number)
        return self.do(command, self.centre)

    def mail_number(self) -> str:
        return f"{next(self._serials):014d}"

    def begin_activation(self, case_id: int) -> Outcome:
        return self.do(c.BeginActivation(case_id=case_id, user_code=CODE, csn=self.csn(case_id)), PUBLIC)

    def certificates(self, case_id: int) -> set[str]:
        return {row.status for row in self.rows(t.certificate, t.certificate.c.case_id == case_id)}

    def waiting(self, case_id: int) -> list[Any]:
        """Return the case's deadlines that still run, in the order of their days."""
        d = t.deadline.c
        return sorted(
            self.rows(t.deadline, d.case_id == case_id, d.state == "waiting"), key=lambda row: row.due_at
        )

    # --- bringing a case to a state --------------------------------------------------------------------------

    def a_case(self, state: str = "uploaded", ca: Ca = Ca.XCA, **values: Any) -> int:
        """Open an application and bring it to a state, one real command after the other."""
        case_id = self.submit(ca, **values)
        for step in _route(state, two_reviews=ca is Ca.XCA):
            self._take(case_id, step)
        assert self.state(case_id) == state
        return case_id

    def _take(self, case_id: int, step: str) -> None:  # noqa: C901, PLR0912 - one branch a step.
        seen = {"case_id": case_id}
        match step:
            case "receive_letter":
                self.tie(case_id)
            case "approve_first":
                self.decide(c.ApproveFirstReview, case_id, self.reviewer)
            case "return_first":
                self.decide(c.ReturnFirstReview, case_id, self.reviewer)
            case "forward":
                self.do(c.ForwardCases(case_ids=(case_id,)), self.reviewer)
            case "approve_second":
                self.decide(c.ApproveSecondReview, case_id, self.officer)
            case "return_second":
                self.decide(c.ReturnSecondReview, case_id, self.officer)
            case "refuse":
                self.decide(c.RefuseApplication, case_id, self.officer)
            case "withdraw":
                self.do(c.WithdrawApplication(**seen, user_code=CODE), PUBLIC)
            case "order_manufacture":
                self.do(c.OrderManufacture(**seen, reader="reader 1"), self.centre)
            case "card_made":
                self.make_card(case_id)
            case "pack":
                self.pack(case_id)
            case "post":
                self.do(c.PostCards(items=((case_id, self.mail_number()),)), self.centre)
            case "mail_returned":
                self.do(c.RecordMailReturned(**seen, reason="查無此人"), self.desk)
            case "activate":
                self.begin_activation(case_id)
                self.do(c.CompleteActivation(**seen, csn=self.csn(case_id)), SYSTEM)
            case "lapse_activation":
                self.do(c.LapseActivation(**seen), SYSTEM)
            case "allow_late_activation":
                self.do(c.AllowLateActivation(**seen, reason="出差返國"), self.officer)

    def request(self, case_id: int) -> c.RequestReset:
        case = self.case(case_id)
        form = {
            "organisation_name": case.subject_name,
            "contact_name": "陳聯絡",
            "contact_email": "c@example.tw",
        }
        return c.RequestReset(card_number=case.card_number, form=form)

    def a_reset(self, state: str = "requested", ca: Ca = Ca.GCA, card: int | None = None) -> int:
        """Open a user-code reset of an activated card and bring it to a state."""
        card = card or self.a_case("activated", ca)
        reset = int(self.do(self.request(card), PUBLIC).case_id or 0)
        for step in _RESET_ROUTES[state]:
            self._reset_step(reset, step, ca)
        assert self.state(reset) == state
        return reset

    def _reset_step(self, case_id: int, step: str, ca: Ca) -> None:
        seen = {"case_id": case_id}
        match step:
            case "copy":
                self.do(c.RecordResetCopy(**seen, arrived_by="fax"), self.desk)
            case "tell":
                self.tell(case_id, ca)
            case "paper":
                self.do(c.RecordPaperBack(**seen, evidence="關防"), self.desk)
            case "lapse":
                self.do(c.LapsePaper(**seen), SYSTEM)
            case "decline":
                self.do(c.DeclineLatePaper(**seen, reason="逾期"), self.officer)
            case "accept":
                self.do(c.AcceptLatePaper(**seen, reason="郵務延誤"), self.officer)
            case "cancel":
                self.do(c.CancelReset(**seen, reason="非本人申請"), self.desk)

    def tell(self, case_id: int, ca: Ca) -> str:
        """Tell the new user code in the CA's own way; returns it."""
        if ca is Ca.XCA:
            told = c.TellCodeByPhone(case_id=case_id, spoke_with="陳聯絡", phone="02-1")
            return str(self.do(told, self.desk).secret)
        code = secrets.token_hex(4)
        sent = c.RecordCodeSent(case_id=case_id, code_hash=HASHER.hash(code), channel=Channel.EMAIL)
        self.do(sent, SYSTEM)
        return code


_TO_POST = ("order_manufacture", "card_made", "pack", "post")
_AFTER_APPROVAL: dict[str, tuple[str, ...]] = {
    "approved": (),
    "manufacturing": _TO_POST[:1],
    "made": _TO_POST[:2],
    "packed": _TO_POST[:3],
    "posted": _TO_POST,
    "mail_returned": (*_TO_POST, "mail_returned"),
    "activated": (*_TO_POST, "activate"),
    "suspended_unactivated": (*_TO_POST, "lapse_activation"),
    "revoked_unactivated": (*_TO_POST, "lapse_activation"),
    "lapsed": (*_TO_POST, "lapse_activation"),
    "late_allowed": (*_TO_POST, "lapse_activation", "allow_late_activation"),
}
_RESET_ROUTES: dict[str, tuple[str, ...]] = {
    "requested": (),
    "cancelled": ("cancel",),
    "copy_received": ("copy",),
    "awaiting_paper": ("copy", "tell"),
    "closed": ("copy", "tell", "paper"),
    "paper_overdue_suspended": ("copy", "tell", "lapse"),
    "paper_overdue_revoked": ("copy", "tell", "lapse"),
    "late_paper": ("copy", "tell", "lapse", "paper"),
    "late_paper_revoked": ("copy", "tell", "lapse", "paper"),
    "declined": ("copy", "tell", "lapse", "paper", "decline"),
}


def _route(state: str, *, two_reviews: bool) -> tuple[str, ...]:
    """Return the steps from the submitted application to a state."""
    received = ("receive_letter",)
    to_second = (*received, "approve_first", "forward") if two_reviews else received
    early: dict[str, tuple[str, ...]] = {
        "uploaded": (),
        "withdrawn": ("withdraw",),
        "first_review": received,
        "returned_first": (*received, "return_first"),
        "first_passed": (*received, "approve_first"),
        "second_review": to_second,
        "returned_second": (*to_second, "return_second"),
        "refused": (*to_second, "refuse"),
    }
    if state in early:
        return early[state]
    return (*to_second, "approve_second", *_AFTER_APPROVAL[state])
