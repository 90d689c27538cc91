"""An agency's servers get their certificates: a batch is submitted, examined, approved by two officers and handed out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from ops.journey import reviewing
from ops.journey.pages import JourneyError
from tests.journeys.counter import OTHER_OFFICER, Counter
from tests.workflow.batches import csr
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, SubscriberKind

TLS = "gca:tls_multi_domain"
OF_FOUNDATION = "xca:foundation_non_card_signature"


@pytest.fixture
def counter(house):
    return Counter(house)


@pytest.mark.rule("CSR-05", "CSR-06", "P-11", "ROL-07", "NTC-04")
def test_a_server_gets_its_certificate_after_two_approvals(counter, house, mails, tools):
    counter.submit({"www.csr": csr(0, pem=True)}, profile=TLS, dns_names="www.abc.gov.tw\nabc.gov.tw")
    words = counter.page(reviewing.OFFICER).words
    assert "www.abc.gov.tw" in words
    assert "TLS 伺服器憑證" in words
    counter.decide(reviewing.OFFICER, "approve_request")
    with pytest.raises(JourneyError):
        counter.decide(reviewing.OFFICER, "confirm_request")
    assert house.state(counter.number) == "approved_once"
    counter.decide(OTHER_OFFICER, "confirm_request")
    house.wait_for_state(counter.number, "issued")
    page = counter.page(reviewing.DESK)
    der, pem = (counter.download(reviewing.DESK, page, end) for end in ("DER", "PEM"))
    assert x509.load_pem_x509_certificate(pem) == x509.load_der_x509_certificate(der)
    assert "DNS:www.abc.gov.tw, DNS:abc.gov.tw" in tools.openssl(
        "x509", "-noout", "-text", "-in", tools.keep("a.pem", pem)
    )
    chain = pkcs7.load_der_pkcs7_certificates(counter.download(reviewing.DESK, page, "含憑證鏈"))
    assert len(chain) == 3
    whole = pkcs7.load_der_pkcs7_certificates(counter.download(reviewing.DESK, page, "下載全部憑證"))
    assert x509.load_der_x509_certificate(der) in whole
    (mail,) = mails.about("憑證已簽發")
    assert counter.agency.email == mail.to


@pytest.mark.rule("CSR-04", "FRM-01")
def test_a_batch_with_a_bad_file_is_replaced_and_issued(counter, house):
    counter.submit({"a.csr": csr(0), "b.csr": b"no request"})
    assert "PKCS#10" in counter.page(reviewing.OFFICER).words
    counter.decide(reviewing.OFFICER, "approve_request")
    desk = house.staff(reviewing.DESK)
    desk.send(
        counter.page(reviewing.DESK, "amend/").form("/amend/"), files={"a.csr": csr(0), "b.csr": csr(2)}
    )
    house.wait_for_state(counter.number, "examined")
    assert all(one.voided_at for one in house.case(counter.number).decisions)
    counter.approve_twice()
    house.wait_for_state(counter.number, "issued")
    assert {str(one.status) for one in house.case(counter.number).certificates} == {"valid"}


@pytest.mark.rule("NTC-04")
def test_a_refusal_says_why_and_the_case_page_shows_it(counter, house, mails):
    counter.submit({"a.csr": csr(0)})
    with pytest.raises(JourneyError):
        counter.decide(reviewing.OFFICER, "refuse_request")
    counter.decide(reviewing.OFFICER, "refuse_request", "非業務所需")
    assert house.state(counter.number) == "refused"
    assert "不予核發" in house.staff(OTHER_OFFICER).open(f"/staff/cases/{counter.case_id}/").words
    house.wait("the mail", lambda: mails.about("非業務所需"))


def test_what_is_wrong_with_a_submission_is_said_beside_the_field(counter, house):
    with pytest.raises(JourneyError, match="OID"):
        counter.submit({"a.csr": csr(0)}, organisation_oid="2.16.886.1")
    with pytest.raises(JourneyError, match="CSR"):
        counter.submit({})


@pytest.fixture
def foundation(house):
    """Return the counter with a foundation, whose certificates XCA has accepted by their subscriber."""
    counter = Counter(house, Ca.XCA)
    with transaction(house.office) as work:
        changed = sa.update(t.organisation).where(t.organisation.c.oid == counter.agency.oid)
        work.connection.execute(changed.values(kind=str(SubscriberKind.FOUNDATION)))
    return counter


@pytest.mark.rule("ACT-06", "ACT-07")
def test_a_subscriber_checks_and_accepts_a_certificate_on_the_site(foundation, house, mails, tools):
    code = foundation.agency.user_code
    with pytest.raises(JourneyError, match="用戶代碼"):
        foundation.submit({"a.csr": csr(0)}, profile=OF_FOUNDATION)
    with pytest.raises(JourneyError, match="兩次輸入"):
        foundation.submit({"a.csr": csr(0)}, profile=OF_FOUNDATION, user_code=code, user_code_again=code[1:])
    foundation.submit({"a.csr": csr(0)}, profile=OF_FOUNDATION, user_code=code, user_code_again=code)
    foundation.approve_twice()
    house.wait_for_state(foundation.number, "to_accept")
    (certificate,) = house.case(foundation.number).certificates
    visitor = house.visitor()
    assert visitor.client.get(f"/certificates/xca/{certificate.serial}/").status_code == 404
    subscriber, page = foundation.opened(certificate.serial)
    assert foundation.agency.name in page.words
    assert certificate.serial in page.words.replace(" ", "")
    der = subscriber.download(page.link("下載 DER")).content
    assert "Digital Signature" in tools.openssl(
        "x509", "-inform", "DER", "-noout", "-text", "-in", tools.keep("a", der)
    )
    # A page before the first is the first: it has the form, being the last as well.
    form = subscriber.open("/accept/certificates/?page=0").form("/accept/certificates/")
    unticked = subscriber.try_to_send(form, {"word": "accept", "user_code": code})
    assert unticked.complaints
    wrong = subscriber.try_to_send(form, {"word": "accept", "checked": True, "user_code": "Wrong-1"})
    assert wrong.complaints
    subscriber.send(
        page.form("/accept/certificates/"), {"word": "accept", "checked": True, "user_code": code}
    )
    assert house.state(foundation.number) == "accepted"
    assert foundation.agency.name in visitor.open(f"/certificates/xca/{certificate.serial}/").words
    house.wait("the mail", lambda: mails.about("憑證已接受"))
    assert "已接受" in subscriber.open("/case/").words
    assert subscriber.client.get("/accept/certificates/").status_code == 409
    assert subscriber.client.get("/case/form.pdf").status_code == 404
    assert visitor.client.get(f"/accept/certificates/{certificate.serial}.cer").url.path == "/status/"


@pytest.mark.rule("ACT-06")
def test_a_subscriber_declines_certificates_that_are_wrong(foundation, house, mails, monkeypatch):
    monkeypatch.setattr("workflow.views.acceptance.PAGE", 1)
    code = foundation.agency.user_code
    files = {"a.csr": csr(1), "b.csr": csr(2)}
    foundation.submit(files, profile=OF_FOUNDATION, user_code=code, user_code_again=code)
    foundation.approve_twice()
    house.wait_for_state(foundation.number, "to_accept")
    subscriber, page = foundation.opened()
    with pytest.raises(JourneyError):
        page.form("/accept/certificates/")
    page = subscriber.open(page.link("下一頁"))
    page = subscriber.try_to_send(page.form("/accept/certificates/"), {"word": "decline", "user_code": ""})
    assert page.complaints
    subscriber.send(page.form("/accept/certificates/"), {"word": "decline", "user_code": code})
    assert {str(one.status) for one in house.case(foundation.number).certificates} == {"revoked"}
    house.wait("the mail", lambda: mails.about("不接受憑證"))
    assert "不接受" in house.staff(reviewing.DESK).open(f"/requests/{foundation.case_id}/").words
