"""An application over a fresh database, for both halves of the screens' tests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import argon2
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hardware.folder_station import FolderStation
from hardware.piv import FACTORY_PUK
from pki import statement
from pki.errors import KeyRefusedError, PkiError
from tests.certificates import FARMERS, a_certificate
from tests.workflow.registry import MASTER_KEYS
from web.app import create_app
from web.ports import DemoCard, SentMail, WebPorts
from workflow.commands_of_repository import PublishDocument
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.office import Office
from workflow.store import schema as s
from workflow.store.database import open_engine
from workflow.store.directory import index_certificate
from workflow.views.organisations import organisation
from workflow.vocabulary import Ca, PublishedKind, Role

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PASSWORD = "correct horse"
READER = "讀卡機 1"


class MovedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self):
        self.moment = START

    def now(self):
        return self.moment

    def move(self, **by):
        self.moment += timedelta(**by)


class CheapHasher:
    """The registry's hash with costs that suit a test."""

    def __init__(self):
        self._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def hash(self, code):
        return self._hasher.hash(code)

    def verify(self, hashed, code):
        try:
            return self._hasher.verify(hashed, code)
        except argon2.exceptions.VerifyMismatchError:
            return False


class StaffKeys:
    """Reviewers' keys, as `pki` makes and uses them."""

    def new_key(self, password):
        return statement.new_staff_key(password.encode())

    def sign(self, sealed_key, password, said):
        try:
            key = statement.unlock(sealed_key, password.encode())
        except KeyRefusedError as error:
            raise ValueError("wrong password") from error
        return statement.sign_statement(key, said)

    def verify(self, spki, said, signature):
        try:
            statement.verify_statement(spki, said, signature)
        except PkiError as error:
            raise ValueError("the statement was not signed so") from error


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture
def station(tmp_path):
    return FolderStation(tmp_path / "cards", (READER,))


@pytest.fixture
def database_address(migrated_sqlite_url):
    """Name the database at the newest schema; a module that needs PostgreSQL overrides this."""
    return migrated_sqlite_url


@pytest.fixture
def office(database_address, clock, station):
    engine = open_engine(database_address)
    sealer = SimpleNamespace(seal=lambda secret, _label: secret, open=lambda sealed, _label: sealed)
    yield Office(
        engine=engine,
        clock=clock,
        wall=clock,
        hasher=CheapHasher(),
        statements=StaffKeys(),
        sealer=sealer,
        checkpoints=SimpleNamespace(),
        mailer=SimpleNamespace(),
        stations=(station,),
        key_passphrase=b"test",
        master_keys=MASTER_KEYS,
    )
    engine.dispose()


def authorities_of_root(now):
    """Return the certificates of a root and of a CA that it signed, by name."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    issuer = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"), x509.NameAttribute(NameOID.COMMON_NAME, "root")]
    )
    made = {}
    for name, own in (("root", key), ("xca", ec.generate_private_key(ec.SECP256R1()))):
        subject = x509.Name(
            [
                issuer.rdns[0].get_attributes_for_oid(NameOID.COUNTRY_NAME)[0],
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        builder = x509.CertificateBuilder(
            issuer, subject, own.public_key(), x509.random_serial_number(), now, now + timedelta(days=3650)
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False
        )
        built = builder.add_extension(signer, critical=False).sign(key, hashes.SHA256())
        made[name] = built.public_bytes(Encoding.DER)
    return made


@dataclass
class House:
    """Puts rows of the house into the database: windows, organisations, people with accounts."""

    office: Office
    made: dict = field(default_factory=dict)

    def insert(self, table, **values):
        with self.office.engine.execution_options(writes=True).begin() as connection:
            return connection.execute(sa.insert(table).values(**values)).inserted_primary_key[0]

    def window(self, name="臺北市政府教育局", county="臺北市", kinds=("school",)):
        return self.insert(
            s.review_window, name=name, agency_code="379100000G", county=county, kinds=list(kinds),
            address="110 臺北市信義區市府路1號", phone="02-2720-8889", email="window@example.tw",
        )  # fmt: skip

    def organisation(self, name="臺北市立建成國民小學", **values):
        row = {
            "ca": "xca", "name": name, "oid": "2.16.886.111.90005", "ubn": "04595257", "agency_code": None,
            "kind": "school", "county": "臺北市", "town": "大同區", "postal_code": "103", "address": "長安西路37號",
            "phone": "02-2558-1234", "email": "school@example.tw", "window_id": None, "not_eligible": None,
        }  # fmt: skip
        return self.insert(s.organisation, **(row | values))

    def account(self, login, *roles, window_id=None, person="王小明"):
        person_id = self.insert(s.person, name=person)
        hashed = self.office.hasher.hash(PASSWORD)
        sealed, spki = self.office.statements.new_key(PASSWORD)
        return self.insert(
            s.account, login=login, person_id=person_id, roles=list(roles), window_id=window_id, password_hash=hashed,
            signing_key=sealed, signing_spki=spki, active=True,
        )  # fmt: skip

    def seen(self, organisation_id):
        with self.office.reading() as connection:
            return organisation(connection, organisation_id)

    def rows(self, table, **where):
        conditions = [table.c[name] == value for name, value in where.items()]
        with self.office.reading() as connection:
            return connection.execute(sa.select(table).where(*conditions)).all()

    def update(self, table, row_id, **values):
        with self.office.engine.execution_options(writes=True).begin() as connection:
            connection.execute(sa.update(table).where(table.c.id == row_id).values(**values))

    def delivered_card(self, station, case_id, csn=None):
        """Put a personalised card of a case into the reader, as the post would have brought it."""
        csn = csn or station.new_blank()
        number = f"XC{case_id:014}"
        now = self.office.clock.now()
        self.insert(
            s.card, csn=csn, number=number, state="posted", box="A1", case_id=case_id, step="", reason="",
            management_key_sealed=bytes(24), puk_sealed=FACTORY_PUK.encode(), counted_in_at=now, made_at=now,
            updated_at=now,
        )  # fmt: skip
        for purpose in ("signature", "encipherment"):
            self.insert(
                s.certificate, ca="xca", authority="xca", serial=f"{purpose}{case_id}", case_id=case_id, csn=csn, purpose=purpose,
                status="issued", tbs=b"", tbs_sha256=f"{purpose}{case_id}", der=b"", spki_sha256=f"{purpose}{case_id}", subject="", card_number=number,
                not_before=now, not_after=now + timedelta(days=5 * 365), status_at=now, created_at=now,
            )  # fmt: skip
        self.update(s.case, case_id, state="posted", card_number=number)
        station.insert(READER, csn)
        return csn

    def published(self, name=FARMERS, *, ca="xca", status="valid", case_id=None, **said):
        """Put a published certificate into the directory, as activation leaves it; returns its serial."""
        number = len(self.rows(s.certificate)) + 1
        serial = f"{number:032x}"
        now = self.office.clock.now()
        der = a_certificate(name, serial=number, not_before=now, **said)
        key = self.insert(
            s.certificate, ca=ca, authority=ca, serial=serial, case_id=case_id, csn=None, purpose="signature", status=status, tbs=b"",
            tbs_sha256=serial, der=der, spki_sha256=serial, subject=",".join(f"{label}={value}" for label, value in name),
            card_number=None, not_before=now, not_after=now + timedelta(days=5 * 365), status_at=now, created_at=now,
            reason=None if status == "valid" else "superseded", published_at=now,
        )  # fmt: skip
        with self.office.engine.execution_options(writes=True).begin() as connection:
            index_certificate(connection, key, der)
        return serial

    def repository(self):
        """Fill the repository: authorities, a list, documents and a revoked certificate; returns a valid one's serial."""
        now = self.office.clock.now()
        for name, der in authorities_of_root(now).items():
            self.insert(
                s.authority,
                name=name,
                ca=name if name in {"gca", "xca", "moica"} else None,
                state="active",
                certificate=der,
                sealed_key=b"sealed",
                at=now,
            )
            for partition in (0, 1):
                self.insert(
                    s.crl, authority=name, partition=partition, number=3, der=b"list" * 500, entries=1, this_update=now,
                    next_update=now + timedelta(days=1),
                )  # fmt: skip
        keeper = Actor("op", frozenset({Role.OPERATOR}))
        for kind, version in (("cps", "1.9"), ("cps", "2.0"), ("audit_report", "115")):
            command = PublishDocument(
                kind=PublishedKind(kind), ca=Ca.XCA, title="憑證實務作業基準", version=version, in_force_from=date(2020, 1, 1),
                file_name="作業基準.pdf", content=f"%PDF-{version}".encode(),
            )  # fmt: skip
            handle(self.office, command, keeper)
        self.published(status="revoked")
        return self.published()


@pytest.fixture
def house(office):
    return House(office)


class LetterBox:
    """The demonstration's cards, in memory."""

    def __init__(self):
        self.places = {"0badc0de": ""}

    def cards(self):
        return [DemoCard(csn, "測試卡", reader) for csn, reader in self.places.items()]

    def readers(self):
        return [READER]

    def insert(self, reader, csn):
        if reader not in self.readers():
            raise LookupError(reader)
        self.places[csn] = reader

    def remove(self, reader):
        self.places = {csn: ("" if where == reader else where) for csn, where in self.places.items()}


@pytest.fixture
def web_ports(office):
    """The ports; a test may replace single ones with dataclasses.replace."""
    return WebPorts(office=office, secret_key="t" * 40, rate_limits=False, holder_readers=frozenset({READER}))


@pytest.fixture
def demo_ports(office):
    mail = SentMail("c@example.tw", "您的申請書", "案件流水號 1", START, ("form.pdf",))
    return WebPorts(
        office=office, secret_key="t" * 40, rate_limits=False, demo=True, demo_password=PASSWORD,
        mailbox=lambda: [mail], card_folder=LetterBox(), holder_readers=frozenset({READER}),
    )  # fmt: skip


@pytest.fixture
def app(web_ports):
    return create_app(web_ports)


TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """A browser: keeps cookies, fetches the token a form needs, follows what it is told to follow."""

    def __init__(self, app):
        self.client = app.test_client()
        self._token = ""

    def get(self, path, **more):
        return self._keep(self.client.get(path, **more))

    def post(self, path, follow=True, **fields):
        if not self._token:
            self.get("/login/")
        data = {"csrf_token": self._token} | fields
        return self._keep(self.client.post(path, data=data, follow_redirects=follow))

    def _keep(self, answer):
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        self._token = found[1] if found else self._token
        return answer

    def log_in(self, login, password=PASSWORD):
        answer = self.post("/login/", login=login, password=password)
        self._token = ""
        return answer


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def pages():
    """The paths that every visitor may open, and those of the staff by role; both helpers' pages are checked from it."""
    return json.loads(Path(__file__).with_name("pages.json").read_text(encoding="utf-8"))


@pytest.fixture
def make_visitor():
    return Visitor
