"""Batches and serials from the command line: people log in, nothing happens without --yes, and two always sign."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
import sqlalchemy as sa
from cryptography import x509

from ops import database
from ops.settings import Settings
from ops.wiring import build_office
from pki.ocsp import NotRevoked, Revoked
from pki.pem import certificate_der
from tests.ops.test_cli import guanfang
from tests.workflow.batches import csr, establish, items, work_certificates
from tests.workflow.registry import CODE
from workflow.commands_of_performers import PublishCrl
from workflow.commands_of_requests import AmendCertificateRequest
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import handle
from workflow.ocsp.once import status
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Lane, Role

__all__ = ["guanfang"]
PASSWORD = "correct horse battery"
STAFF = (("desk", "help_desk"), ("rei", "second_reviewer"), ("mei", "second_reviewer"), ("aud", "auditor"))
OID = "2.16.886.111.7"


class Posted:
    """A mailer that keeps what is sent."""

    def __init__(self):
        self.mails = []

    def send(self, mail):
        self.mails.append(mail)


@pytest.fixture
def url(migrated_sqlite_url):
    engine = database.open_engine(migrated_sqlite_url)
    row = {
        "ca": "xca", "name": "第七基金會", "oid": OID, "ubn": "12345678", "kind": "foundation", "county": "臺北市",
        "town": "中正區", "postal_code": "100", "address": "市府路1號", "phone": "02-1", "email": "o@example.tw",
    }  # fmt: skip
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.organisation.insert().values(row))
    engine.dispose()
    return migrated_sqlite_url


@pytest.fixture
def office(guanfang, url, monkeypatch):
    monkeypatch.setenv("GUANFANG_DATABASE_URL", url)
    office = build_office(Settings.read())
    establish(office)
    yield office
    office.engine.dispose()


@pytest.fixture
def call(guanfang, url, office):
    """Call `guanfang` as members of the staff, each with the same password."""
    for login, role in STAFF:
        added = guanfang(
            "accounts", "add", login, "--name", login, "--role", role, "--password-stdin",
            url=url, stdin=f"{PASSWORD}\n",
        )  # fmt: skip
        assert added.exit_code == 0, added.output

    def call(*arguments, who="", password=PASSWORD, then=PASSWORD):
        extra = ("--as", who, "--password-stdin") if who else ()
        return guanfang(*arguments, *extra, url=url, stdin=f"{password}\n{then}\n")

    return call


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "requests"
    folder.mkdir()
    for number in range(3):
        (folder / f"key-{number}.csr").write_bytes(csr(number, pem=True))
    (folder / "notes.txt").write_text("no request")
    return folder


SUBMIT = (
    "--profile", "foundation_non_card_signature", "--ca", "xca", "--oid", OID, "--contact", "陳", "--email", "c@example.tw",
    "--user-code",
)  # fmt: skip


def rows(url, table, *where):
    engine = database.open_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.select(table).where(*where)).all()
    engine.dispose()
    return found


def submitted(call, source, url):
    result = call("batch", "submit", str(source), *SUBMIT, who="desk", then=CODE)
    assert result.exit_code == 0, result.output
    return rows(url, t.case)[-1].number


def seen(call, number):
    """Return the fingerprint that the command shows of a batch."""
    (found,) = re.findall(r"Fingerprint +([0-9a-f]{64})", call("batch", "show", number).output)
    return found


def approve(call, number, who, fingerprint=None, **more):
    shown = fingerprint or seen(call, number)
    return call("batch", "approve", number, "--fingerprint", shown, "--yes", who=who, **more)


def issued(call, folder, url, office):
    number = submitted(call, folder, url)
    work_certificates(office)
    for who in ("rei", "mei"):
        result = approve(call, number, who)
        assert result.exit_code == 0, result.output
    work_certificates(office)
    return number


def test_a_folder_of_requests_becomes_certificates(call, folder, url, office, tmp_path):
    number = issued(call, folder, url, office)
    shown = call("batch", "show", number, "--save", str(tmp_path / "out"))
    assert "3 issued" in shown.output
    saved = sorted((tmp_path / "out").iterdir())
    assert len(saved) == 3
    text = subprocess.run(
        ["openssl", "x509", "-in", saved[0], "-noout", "-serial"], capture_output=True, text=True, check=True
    ).stdout
    assert rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0].serial.lstrip(
        "0"
    ) == text.strip().partition("=")[2].lower().lstrip("0")
    linted = call("cert", "lint", str(saved[0]), "--profile", "foundation_non_card_signature")
    assert linted.exit_code == 0, linted.output
    assert (
        call(
            "cert", "lint", rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0].serial
        ).exit_code
        == 0
    )
    wrong = call("cert", "lint", str(saved[0]), "--profile", "school_signature")
    assert wrong.exit_code == 1
    assert "findings" in wrong.output


def test_a_list_names_its_files_and_a_wrong_line_is_named(call, folder, url, tmp_path):
    listed = folder / "list.csv"
    listed.write_text("\ufefffile,email\nkey-0.csr,a@example.tw\nkey-1.csr,\n", encoding="utf-8")
    submitted(call, listed, url)
    assert [row.label for row in rows(url, t.request_item)] == ["key-0.csr", "key-1.csr"]
    listed.write_text("file\nkey-9.csr\n", encoding="utf-8")
    missing = call("batch", "submit", str(listed), *SUBMIT, who="desk", then=CODE)
    assert (missing.exit_code, "line 2" in missing.output) == (2, True)
    (tmp_path / "empty").mkdir()
    empty = call("batch", "submit", str(tmp_path / "empty"), *SUBMIT, who="desk", then=CODE)
    assert empty.exit_code == 2


def test_approving_is_a_dry_run_by_default_and_wants_two_people(call, folder, url, office):
    number = submitted(call, folder, url)
    examined = call("batch", "dry-run", number, who="desk")
    assert "3 to issue" in examined.output
    assert "--yes" in call("batch", "approve", number, who="rei").output
    assert not rows(url, t.review_decision)
    assert approve(call, number, "rei").exit_code == 0
    twice = approve(call, number, "rei")
    wrong = approve(call, number, "mei", password="wrong")
    unfit = approve(call, number, "aud")
    assert [one.exit_code for one in (twice, wrong, unfit)] == [1, 1, 1]
    assert rows(url, t.case)[-1].state == "approved_once"


def test_only_the_batch_that_was_seen_is_approved(call, folder, url, office):
    number = submitted(call, folder, url)
    call("batch", "dry-run", number, who="desk")
    before = seen(call, number)
    blind = call("batch", "approve", number, "--yes", who="rei")
    assert (blind.exit_code, "--fingerprint is missing" in blind.output) == (2, True)
    case = rows(url, t.case)[-1]
    (item,) = items(7)
    actor = replace(PUBLIC, roles=frozenset({Role.HELP_DESK}), person_id=None)
    handle(office, AmendCertificateRequest(case_id=case.id, items=(item,)), actor)
    call("batch", "dry-run", number, who="desk")
    other = approve(call, number, "rei", before)
    assert (other.exit_code, "changed after you saw it" in other.output) == (1, True)
    assert not rows(url, t.review_decision)
    assert approve(call, number, "rei").exit_code == 0


def revoke(call, serial, *more, first="rei", second="mei"):
    return call(
        "cert", "revoke", "--serial", serial, "--reason", "key_compromise", "--note", "遺失", "--with", second, *more,
        who=first,
    )  # fmt: skip


def revoked_on_the_list(office, url, serial):
    handle(office, PublishCrl(authority="xca"), SYSTEM)
    crl = x509.load_der_x509_crl(rows(url, t.crl, t.crl.c.partition == 0)[-1].der)
    entry = crl.get_revoked_certificate_by_serial_number(int(serial, 16))
    return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason


@pytest.mark.rule("ROL-02")
def test_two_officers_revoke_a_certificate_by_its_serial(call, folder, url, office):
    issued(call, folder, url, office)
    serial = rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0].serial
    dry = revoke(call, serial)
    assert "--yes" in dry.output
    assert rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0].status == "issued"
    for first, second in (("rei", "rei"), ("rei", "aud"), ("aud", "mei")):
        assert revoke(call, serial, "--yes", first=first, second=second).exit_code == 1
    spoken = ":".join(serial[at : at + 2] for at in range(0, 32, 2)).upper()
    assert revoke(call, spoken, "--yes").exit_code == 0
    assert isinstance(status(office, "xca", int(serial, 16)), Revoked)
    assert revoked_on_the_list(office, url, serial) is x509.ReasonFlags.key_compromise
    again = revoke(call, serial, "--yes")
    assert (again.exit_code, "already" in again.output) == (1, True)
    assert [row.kind for row in rows(url, t.audit_entry)].count("serial_revoked") == 1


@pytest.mark.rule("REV-08", "NTC-04")
def test_a_holder_is_told_why_the_ca_revoked_a_certificate(call, folder, url, office):
    issued(call, folder, url, office)
    serial = rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0].serial
    posted = Posted()
    office = replace(office, mailer=posted)
    while perform_next(office, Lane.NOTICE, "tests"):
        pass
    posted.mails.clear()
    assert revoke(call, serial, "--yes").exit_code == 0
    while perform_next(office, Lane.NOTICE, "tests"):
        pass
    (mail,) = posted.mails
    assert mail.to == "c@example.tw"
    for said in (serial, "金鑰洩漏 Key compromise：遺失", "不能回復", "can't be undone"):
        assert said in mail.text
    assert rows(url, t.sent_notice)[-1].template == "revoked_by_ca"


@pytest.mark.rule("ROL-02")
def test_a_signature_that_was_never_recorded_is_revoked_by_its_serial(call, url, office):
    serial = "7f" * 16
    assert status(office, "xca", int(serial, 16)) is NotRevoked.UNKNOWN
    nameless = revoke(call, serial, "--yes")
    assert (nameless.exit_code, "--ca" in nameless.output) == (1, True)
    assert revoke(call, serial, "--ca", "xca", "--yes").exit_code == 0
    assert isinstance(status(office, "xca", int(serial, 16)), Revoked)
    assert revoked_on_the_list(office, url, serial) is x509.ReasonFlags.key_compromise
    assert call("cert", "lint", serial).exit_code == 1
    assert revoke(call, "no serial", "--ca", "xca", "--yes").exit_code == 1


@pytest.mark.rule("ROL-02")
def test_a_serial_under_two_authorities_is_revoked_where_it_is_said_to_be(call, folder, url, office):
    issued(call, folder, url, office)
    certificate = rows(url, t.certificate, t.certificate.c.item_id.is_not(None))[0]
    serial = certificate.serial
    mistaken = revoke(call, serial, "--ca", "gca", "--yes")
    assert (mistaken.exit_code, certificate.subject in mistaken.output) == (0, True)
    assert status(office, "xca", int(serial, 16)) is NotRevoked.GOOD
    either = revoke(call, serial, "--yes")
    assert (either.exit_code, "More than one certificate" in either.output) == (1, True)
    assert status(office, "xca", int(serial, 16)) is NotRevoked.GOOD
    assert revoke(call, serial, "--ca", "xca", "--yes").exit_code == 0
    assert isinstance(status(office, "xca", int(serial, 16)), Revoked)


def test_nobody_revokes_without_a_login_not_even_as_a_dry_run(call):
    command = ("cert", "revoke", "--serial", "12", "--ca", "xca", "--reason", "superseded", "--note", "遺失")
    missing = call(*command, "--with", "rei")
    assert missing.exit_code == 2
    assert "--as" in missing.output


def test_what_is_no_certificate_is_said_to_be_none(call, tmp_path):
    file = tmp_path / "x.pem"
    file.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    result = call("cert", "lint", str(file))
    assert (result.exit_code, "no certificate" in result.output) == (1, True)
    with pytest.raises(Exception, match="base64"):
        certificate_der(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
