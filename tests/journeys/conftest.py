"""A filled registry on each database, walked through its pages; and the tools that read what comes out of it."""

from __future__ import annotations

import shutil
import subprocess

import httpx
import pytest

from ops import wiring
from ops.demo import seed
from ops.journey import applying, holding, making, reviewing
from ops.journey.cast import register
from ops.journey.house import House
from ops.settings import Settings
from tests import postgresql
from workflow.vocabulary import Ca

PASSWORD = "guanfang-demo"
FILLED = "guanfang_journeys"


class KeptMails:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.sent = []

    def send(self, mail) -> None:
        self.sent.append(mail)

    def about(self, word):
        return [mail for mail in self.sent if word in mail.subject + mail.text]


def settings_of(url, folder):
    return Settings(
        database_url=url, data_dir=folder, card_folder=folder / "cards", demo=True, demo_password=PASSWORD,
        secret_key="s" * 40, key_passphrase="p" * 40, rate_limits=False, hash_time=1, hash_memory_kib=8,
        hash_lanes=1,
    )  # fmt: skip


def fill(url, folder):
    settings = settings_of(url, folder)
    office = wiring.build_office(settings)
    seed.seed(office, wiring.folder_station(settings), PASSWORD)
    office.engine.dispose()


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory, sqlite_template):
    """Fill one SQLite registry, of which each test gets a copy."""
    folder = tmp_path_factory.mktemp("filled")
    path = folder / "guanfang.sqlite"
    shutil.copyfile(sqlite_template, path)
    fill(f"sqlite:///{path}", folder)
    return folder


@pytest.fixture(scope="session")
def filled_postgresql(tmp_path_factory, postgresql_cluster, postgresql_template, worker_name):
    """Fill one PostgreSQL registry, from which each test's own is copied; gives its name and its folder."""
    folder, name = tmp_path_factory.mktemp("filled"), f"{FILLED}_{worker_name}"
    with postgresql_cluster.database(name, postgresql_template) as url:
        fill(url, folder)
        yield name, folder


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request, tmp_path):
    """Give the address and the folder of a filled registry of one's own."""
    folder = tmp_path / "house"
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("filled_sqlite"), folder)
        yield f"sqlite:///{folder / 'guanfang.sqlite'}", folder
        return
    template, filled = request.getfixturevalue("filled_postgresql")
    shutil.copytree(filled, folder)
    cluster = request.getfixturevalue("postgresql_cluster")
    name = postgresql.database_name(f"{request.getfixturevalue('worker_name')}_journey", 1)
    with cluster.database(name, template) as url:
        yield url, folder


@pytest.fixture
def mails():
    return KeptMails()


@pytest.fixture
def house(registry, mails):
    """A registry whose pages are walked without a network; whoever waits does the worker's work."""
    url, folder = registry
    settings = settings_of(url, folder)
    office = wiring.build_office(settings, mailer=mails)
    transport = httpx.WSGITransport(app=wiring.build_web(settings, office))

    def connect():
        return httpx.Client(transport=transport, base_url="http://registry.example", follow_redirects=True)

    made = House(settings, office, wiring.folder_station(settings), connect, works=False)
    yield made
    made.close()
    office.engine.dispose()


class Walk:
    """The usual way of a case, as far as a story wants it."""

    def __init__(self, house) -> None:
        self.house = house
        self.csn = ""

    def applied(self, ca, answers=None):
        return applying.apply(self.house, register(self.house.office, ca), answers)

    def with_letter(self, ca):
        filed = self.applied(ca)
        reviewing.receive_letter(self.house, filed)
        return filed

    def approved(self, ca):
        filed = self.with_letter(ca)
        if ca is Ca.XCA:
            reviewing.review_first(self.house, filed.number)
            reviewing.forward(self.house, filed.number)
        reviewing.review_second(self.house, filed.number)
        return filed

    def made(self, ca):
        filed = self.approved(ca)
        reader = making.lay_in_blank(self.house)
        self.csn = making.count_in(self.house, reader)
        making.make(self.house, filed.number, reader)
        making.take_out(self.house, reader)
        return filed

    def posted(self, ca):
        filed = self.made(ca)
        return filed, making.post(self.house, filed.number)

    def activated(self, ca):
        filed, _ = self.posted(ca)
        reader = holding.insert(self.house, self.csn)
        pin = holding.activate(self.house, reader, filed.applicant.user_code)
        return filed, reader, pin

    def status_of_certificates(self, filed):
        return {str(one.status) for one in self.house.case(filed.number).certificates}


@pytest.fixture
def walk(house):
    return Walk(house)


def run(*command, given=None):
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


class Tools:
    """Programs that know nothing of this project."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def keep(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def openssl(self, *arguments):
        code, said = run("openssl", *arguments)
        assert code == 0, said
        return said

    def lint(self, program, *arguments):
        code, said = run(program, "lint", *arguments, "-s", "WARNING")
        assert (code, said.strip()) == (0, ""), said

    def text(self, pdf):
        code, said = run("pdftotext", "-", "-", given=pdf)
        assert code == 0, said
        return "".join(said.split())

    def codes(self, pdf):
        """Return what a scanner reads off the pages."""
        stem = str(self.folder / "page")
        assert run("pdftoppm", "-r", "200", "-png", self.keep("sheet.pdf", pdf), stem)[0] == 0
        pages = sorted(self.folder.glob("page*.png"))
        _, said = run("zbarimg", "--quiet", "--raw", *map(str, pages))
        for page in pages:
            page.unlink()
        return said.split()


@pytest.fixture
def tools(tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    return Tools(folder)
