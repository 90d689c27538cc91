"""Mails go out whole, in Chinese, to a real server on loopback; a server that is down is an OSError."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from ops.demo.mail_folder import free_port, read_mails
from ops.mail import MailServer, SmtpMailer
from workflow.ports import Mail

LETTER = Mail(
    "applicant@example.org.tw",
    "【關防】申請書已備妥：財團法人𤧟光文教基金會，案件 0400100000000000000000001",
    "您好：\n.\n以點開頭的一行也要到。\n" + "很長的一行" * 400 + "\n",
    (("申請書𡍼.pdf", "application/pdf", b"%PDF\r\n.\r\n\x00\xff"),),
    "case-1-form@guanfang.example",
)


@pytest.fixture
def mailer(sink, clock):
    return SmtpMailer(MailServer("127.0.0.1", sink[1], timeout=5), "registry@guanfang.example", clock)


def test_a_chinese_mail_with_its_form_arrives_as_it_was_written(mailer, sink, clock):
    mailer.send(LETTER)
    (path,) = sink[0].glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == "<case-1-form@guanfang.example>"
    assert message["Date"].datetime == clock.now()
    assert message.get_body().get_content().replace("\r\n", "\n") == LETTER.text
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("申請書𡍼.pdf", LETTER.attachments[0][2])


def test_the_demonstration_shows_mails_oldest_first(mailer, sink, clock):
    for subject in ("第一封", "第二封"):
        mailer.send(Mail("a@example.tw", subject, "內容\n"))
        clock.move(seconds=1)
    (sink[0] / "junk.eml").write_bytes(b"\xff\x00")
    first, second, junk = read_mails(sink[0])
    assert (first.subject, first.recipient, first.body.strip()) == ("第一封", "a@example.tw", "內容")
    assert second.subject == "第二封"
    assert (second.at - first.at).total_seconds() == 1
    assert (junk.at, junk.subject) == (None, "")


def test_a_mail_server_that_is_down_is_an_oserror(clock):
    mailer = SmtpMailer(MailServer("127.0.0.1", free_port(), timeout=2), "a@b.example", clock)
    with pytest.raises(OSError):
        mailer.send(LETTER)


def test_a_server_without_tls_gets_no_mail_when_tls_is_wanted(sink, clock):
    server = MailServer("127.0.0.1", sink[1], starttls=True, timeout=5)
    with pytest.raises(OSError):
        SmtpMailer(server, "a@b.example", clock).send(LETTER)
    assert not list(sink[0].glob("*.eml"))


@pytest.mark.parametrize(
    "mail", [Mail("a@b.tw", "x\r\nBcc: c@d.tw", ""), Mail("a@b.tw\nBcc: c@d.tw", "x", "")]
)
def test_no_header_can_be_smuggled_in(mailer, mail, sink):
    with pytest.raises(ValueError):
        mailer.send(mail)
    assert not list(sink[0].glob("*.eml"))
