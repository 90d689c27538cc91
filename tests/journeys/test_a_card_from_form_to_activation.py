"""A school's and an agency's card, from the search for the organisation to the PIN (XCA with two reviews, GCA with one)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ops.journey import applying, holding, making, published, reviewing
from ops.journey.cast import CONTACT
from workflow.vocabulary import Ca

BIN = Path(sys.executable).parent


def states(house, filed):
    return [str(step.dest) for step in house.case(filed.number).history if step.source != step.dest]


def pem(der):
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def check_pki(house, tools, ca, on_card):
    issuer, root = (published.certificate(house, name) for name in (str(ca), "root"))
    files = {
        name: tools.keep(f"{name}.pem", pem(der))
        for name, der in (
            ("issuer", issuer),
            ("root", root),
            ("signature", on_card.signature),
            ("encipherment", on_card.encipherment),
        )
    }
    for name in ("signature", "encipherment"):
        chain = ("-x509_strict", "-CAfile", files["root"], "-untrusted", files["issuer"], files[name])
        assert "OK" in tools.openssl("verify", *chain)
        tools.lint(str(BIN / "lint_pkix_cert"), files[name])
    crl = tools.keep("complete.crl", house.wait("the list", lambda: published.complete_list(house, str(ca))))
    said = tools.openssl("crl", "-inform", "DER", "-in", crl, "-CAfile", files["issuer"], "-noout", "-verify")
    assert "verify OK" in said
    tools.lint(str(BIN / "lint_crl"), "-t", "CRL", "-p", "PKIX", crl)
    answer = tools.keep("answer.der", published.ocsp_answer(house, on_card.signature, issuer))
    asked = ("-issuer", files["issuer"], "-cert", files["signature"], "-CAfile", files["root"], "-no_nonce")
    assert ": good" in tools.openssl("ocsp", "-respin", answer, *asked)


@pytest.mark.rule(
    "APP-01", "APP-02", "APP-04", "APP-12", "APP-13", "APP-16", "APP-18", "APP-19", "APP-20", "LTR-01", "LTR-02",
    "RV1-03", "RV2-02", "CRD-01", "CRD-05", "CRD-06", "CRD-07", "ACT-01", "ACT-02", "ACT-05", "STA-01",
)  # fmt: skip
def test_a_school_gets_its_card(walk, house, tools, mails):
    filed = walk.applied(Ca.XCA)
    form, secret = tools.text(filed.application_pdf), filed.applicant.user_code
    assert CONTACT in form
    assert filed.applicant.name in form
    assert secret not in form
    assert secret in tools.text(filed.user_code_letter_pdf)
    assert filed.number in tools.codes(filed.application_pdf)

    reviewing.receive_letter(house, filed)
    reviewing.review_first(house, filed.number)
    forwarding = reviewing.forward(house, filed.number)
    assert filed.number.encode() in forwarding
    reviewing.review_second(house, filed.number)

    reader = making.lay_in_blank(house)
    csn = making.count_in(house, reader)
    making.make(house, filed.number, reader)
    making.take_out(house, reader)
    posted = making.post(house, filed.number)
    assert CONTACT in tools.text(posted.labels_pdf)
    assert posted.mail_number in tools.text(posted.mailing_list_pdf)

    reader = holding.insert(house, csn)
    pin = holding.activate(house, reader, secret)
    holding.prove_pin(house, reader, pin)
    assert states(house, filed) == [
        "uploaded", "first_review", "first_passed", "second_review", "approved", "manufacturing", "made", "packed",
        "posted", "activated",
    ]  # fmt: skip
    assert walk.status_of_certificates(filed) == {"valid"}
    _, page = applying.own_case(house, filed.number, secret)
    assert "已開卡" in page.words
    check_pki(house, tools, Ca.XCA, holding.certificates_on(house, reader))
    house.wait("the mails", lambda: not house.case(filed.number).work)
    assert {mail.to for mail in mails.sent} == {filed.applicant.email}
    assert any(mail.attachments for mail in mails.sent)
    assert not any(secret in mail.text or pin in mail.text for mail in mails.sent)


@pytest.mark.rule("APP-11", "APP-13", "LTR-01", "RV1-06", "RV2-01", "CRD-07", "ACT-01", "ACT-02")
def test_an_agency_gets_its_card_without_a_first_review(walk, house, tools):
    filed, reader, pin = walk.activated(Ca.GCA)
    assert CONTACT in tools.text(filed.application_pdf)
    assert filed.number in tools.codes(filed.application_pdf)
    assert states(house, filed) == [
        "uploaded", "second_review", "approved", "manufacturing", "made", "packed", "posted", "activated",
    ]  # fmt: skip
    holding.prove_pin(house, reader, pin)
    check_pki(house, tools, Ca.GCA, holding.certificates_on(house, reader))


@pytest.mark.rule("ACT-05")
def test_the_card_signs_nothing_before_its_holder_activated_it(walk, house):
    filed, _ = walk.posted(Ca.XCA)
    reader = holding.insert(house, walk.csn)
    page = holding.try_to_activate(house, reader, filed.applicant.user_code + "x")
    assert page.complaints
    assert house.state(filed.number) == "posted"
