"""Batches of signing requests: examined, approved by two people over the very bytes, issued item by item."""

from __future__ import annotations

import pytest
from cryptography import x509

from pki.keygate import KeyFault, spki_sha256
from pki.keys import spki_of
from tests import request_rig as rig
from tests.workflow.batches import Batches, csr, items, submission
from workflow import commands_of_requests as r
from workflow.authorities import issuing_now
from workflow.commands_of_keys import ListCompromisedKeys
from workflow.errors import BadInput, NotAllowed, Refused, RegistryError, Stale, Unavailable
from workflow.facts import PUBLIC, SYSTEM
from workflow.performers import perform_next
from workflow.request_gate import refusals
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane, OutboxState, Role


@pytest.fixture
def batches(registry):
    return Batches(registry)


@pytest.fixture
def small(small_registry):
    return Batches(small_registry)


@pytest.mark.rule("CSR-02", "P-11", "CSR-11")
def test_a_batch_is_examined_approved_twice_and_issued(batches):
    case_id = batches.issued(*items(0, 1, 2))
    assert batches.registry.state(case_id) == "issued"
    rows = batches.certificates(case_id)
    assert {row.status for row in rows} == {"valid"}
    assert all(row.published_at for row in rows)
    assert [row.state for row in batches.items(case_id)] == ["issued"] * 3
    for row, item in zip(rows, batches.items(case_id), strict=True):
        certificate = x509.load_der_x509_certificate(row.der)
        request = x509.load_der_x509_csr(item.csr)
        assert certificate.public_key() == request.public_key()
        assert certificate.tbs_certificate_bytes == row.tbs
        # The name comes from the register, never from the request.
        assert "key" not in certificate.subject.rfc4514_string()


def test_pem_is_taken_as_well_as_der(small):
    case_id = small.issued(r.RequestedItem(label="a", csr=csr(0, pem=True)))
    assert small.registry.state(case_id) == "issued"


@pytest.mark.rule("CSR-04")
def test_one_bad_item_holds_up_no_other(small):
    bad = r.RequestedItem(label="rubbish", csr=b"nothing of the kind")
    twin = r.RequestedItem(label="twin", csr=csr(1, pem=True))
    case_id = small.examined(*items(0, 1), bad, twin)
    found = [[one["code"] for one in refusals(row.findings)] for row in small.items(case_id)]
    assert found == [[], [], ["csr.unreadable"], [KeyFault.USED.code]]
    small.approve(case_id)
    small.confirm(case_id)
    small.work()
    assert small.registry.state(case_id) == "partly_refused"
    assert [row.state for row in small.items(case_id)] == ["issued", "issued", "refused", "refused"]


def test_a_key_on_the_list_of_compromised_keys_is_refused(small):
    request = x509.load_der_x509_csr(csr(2))
    digest = spki_sha256(spki_of(request.public_key())).hex()
    small.registry.do(ListCompromisedKeys(digests=(digest,), source="x"), small.registry.operator)
    case_id = small.examined(*items(2))
    (finding,) = refusals(small.items(case_id)[0].findings)
    assert finding["code"] == KeyFault.COMPROMISED.code


@pytest.mark.rule("CSR-04")
def test_a_key_that_was_certified_in_another_ca_is_refused(small):
    small.issued(*items(0))
    case_id = small.examined(*items(0), ca=Ca.GCA, profile="agency_non_card_signature")
    (finding,) = refusals(small.items(case_id)[0].findings)
    assert finding["code"] == KeyFault.USED.code
    assert "CSR已被使用、金鑰重複請更換或案件流水號重複" in finding["zh"]
    with pytest.raises(Refused, match="nothing_sound"):
        small.approve(case_id)


@pytest.mark.rule("CSR-04")
@pytest.mark.parametrize("owner", [Ca.GCA, Ca.XCA])
def test_an_authoritys_own_key_gets_no_certificate_of_a_holder(small, owner):
    signer = issuing_now(small.registry.office, owner).signer
    own = r.RequestedItem(label="own.csr", csr=rig.request(rig.name(), key=signer.private_key))
    case_id = small.examined(own, *items(1))
    first, second = small.items(case_id)
    assert [one["code"] for one in refusals(first.findings)] == [KeyFault.USED.code]
    assert not refusals(second.findings)


@pytest.mark.rule("CSR-04")
def test_the_gate_is_passed_again_at_the_moment_of_issue(small):
    early, late = small.examined(*items(0, 1)), small.examined(*items(0, 2))
    for case_id in (early, late):
        small.approve(case_id)
        small.confirm(case_id)
    small.work()
    assert [small.registry.state(one) for one in (early, late)] == ["issued", "partly_refused"]
    refused = [row.findings for row in small.items(late) if row.state == "refused"]
    assert [one["code"] for (one,) in map(refusals, refused)] == [KeyFault.USED.code]


def test_a_dry_run_stores_and_signs_nothing(small):
    case_id = small.examined()
    again = small.registry.do(r.ExamineRequest(case_id=case_id), small.first)
    assert again.state == "examined"
    assert not small.certificates(case_id)


@pytest.mark.rule("ROL-07")
def test_the_same_person_approves_once(batches):
    case_id = batches.examined()
    batches.approve(case_id)
    with pytest.raises(Refused, match="four_eyes"):
        batches.registry.decide(r.ConfirmRequest, case_id, batches.first)
    other_account = batches.registry.account(Role.SECOND_REVIEWER, person=batches.first.person_id)
    with pytest.raises(Refused, match="four_eyes"):
        batches.registry.decide(r.ConfirmRequest, case_id, other_account)


@pytest.mark.rule("ROL-07")
def test_who_ever_entered_or_edited_a_batch_never_approves_it(small):
    registry = small.registry
    both = registry.account(Role.HELP_DESK, Role.SECOND_REVIEWER)
    mine = int(registry.do(submission(registry), both).case_id)
    small.work()
    # Somebody else's edit does not wash the first hand off.
    registry.do(r.AmendCertificateRequest(case_id=mine, items=items(2)), small.second)
    small.work()
    for actor in (both, small.second):
        with pytest.raises(Refused, match="four_eyes"):
            registry.decide(r.ApproveRequest, mine, actor)


def test_an_edit_voids_the_approval_and_what_was_seen(small):
    case_id = small.examined()
    small.approve(case_id)
    seen = small.registry.case(case_id).snapshot_sha256
    small.registry.do(r.AmendCertificateRequest(case_id=case_id, items=items(2, 3)), small.registry.desk)
    small.work()
    assert small.registry.state(case_id) == "examined"
    assert all(row.voided_at for row in small.registry.rows(t.review_decision))
    with pytest.raises(Stale, match="snapshot_changed"):
        small.registry.decide(r.ApproveRequest, case_id, small.first, seen_sha256=seen)
    assert [row.label for row in small.items(case_id)] == ["key-2.csr", "key-3.csr"]


@pytest.mark.parametrize("what", ["csr", "values", "entered"])
def test_nothing_is_issued_but_what_was_approved(small, what):
    registry = small.registry
    case_id = small.approved()
    if what == "csr":
        registry.update(t.request_item, t.request_item.c.position == 1, csr=csr(5))
    elif what == "values":
        form = dict(registry.rows(t.form_revision)[0].values)
        registry.update(
            t.form_revision, t.form_revision.c.case_id == case_id, values={**form, "profile": "x"}
        )
    else:
        registry.update(
            t.case,
            t.case.c.id == case_id,
            data={"entered": [small.first.person_id], "request_kind": "non_card"},
        )
    small.work()
    assert not small.certificates(case_id)
    assert registry.rows(t.outbox)[-1].last_error.startswith("核准紀錄不完整")
    assert registry.state(case_id) == "issuing"


def test_what_was_changed_between_intent_and_signature_is_not_signed(small, monkeypatch):
    from workflow import issuing

    case_id = small.approved(*items(0))
    monkeypatch.setattr(issuing, "_sign", lambda *_a: (_ for _ in ()).throw(Unavailable("registry.busy")))
    small.work()
    monkeypatch.undo()
    (row,) = small.certificates(case_id)
    forged = bytes(row.tbs).replace(row.serial.encode(), b"")[:-1] + b"\x00"
    from hashlib import sha256

    small.registry.update(
        t.certificate, t.certificate.c.id == row.id, tbs=forged, tbs_sha256=sha256(forged).hexdigest()
    )
    small.registry.clock.move(hours=1)
    small.work()
    assert small.certificates(case_id)[0].der is None
    assert small.registry.rows(t.outbox)[-1].last_error.startswith("待簽內容與檢核時的內容不符")


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"ca": Ca.XCA, "profile": "nonsense"}, "request.profile_unknown"),
        ({"ca": Ca.XCA, "profile": "professional_office_non_card_signature"}, "request.profile_unfit"),
        ({"oid": "2.16.886.9"}, "request.organisation_unknown"),
        ({"oid": ""}, "request.organisation_unknown"),
        ({"items": ()}, "request.size"),
        ({"items": (r.RequestedItem(label="x", csr=bytes(40_000)),)}, "request.size"),
        ({"contact": {"contact_name": "陳"}}, "input.invalid"),
    ],
)  # fmt: skip
def test_a_submission_that_makes_no_sense_is_refused_in_words(small, values, refusal):
    with pytest.raises(RegistryError) as refused:
        small.submit(**values)
    assert refused.value.code == refusal
    assert refused.value.zh
    if isinstance(refused.value, BadInput):
        assert [one.field for one in refused.value.problems] == ["contact_email"]


@pytest.mark.rule("CSR-02", "P-11")
def test_xca_certifies_no_servers_and_no_schools(small):
    school = small.registry.organisation(Ca.XCA, kind="school")
    oid = small.registry.rows(t.organisation, t.organisation.c.id == school)[0].oid
    for values in ({"oid": oid, "profile": "tls_single_domain"}, {"profile": "server_application"}):
        with pytest.raises(Refused, match="kind_not_served"):
            small.submit(**values)


def test_an_api_token_submits_and_does_no_more(small):
    case_id = int(small.registry.do(submission(small.registry), PUBLIC).case_id)
    small.work()
    for command in (r.ExamineRequest(case_id=case_id), r.WithdrawRequest(case_id=case_id, reason="x")):
        with pytest.raises(NotAllowed):
            small.registry.do(command, PUBLIC)
    with pytest.raises(NotAllowed):
        small.registry.do(r.RefuseItems(case_id=case_id, refused=()), small.first)


def test_a_refused_batch_says_why_and_a_withdrawn_one_ends(small):
    refused, withdrawn = small.examined(), small.examined()
    small.registry.decide(r.RefuseRequest, refused, small.first, reason="非業務所需")
    small.registry.do(r.WithdrawRequest(case_id=withdrawn, reason="重複送件"), small.registry.desk)
    assert [small.registry.state(one) for one in (refused, withdrawn)] == ["refused", "withdrawn"]


@pytest.mark.rule("AUD-04")
def test_a_batch_waits_while_the_audit_log_is_not_sealed(small):
    case_id = small.approved(*items(0))
    small.registry.clock.move(hours=1)
    while perform_next(small.registry.office, Lane.CERTIFICATE, "unsealed"):
        pass
    assert not small.certificates(case_id)
    (waiting,) = [
        row for row in small.registry.rows(t.outbox) if row.state == OutboxState.WAITING and row.attempts
    ]
    assert "AUD-04" in waiting.last_error
    small.registry.clock.move(hours=1)
    small.work()
    assert small.registry.state(case_id) == "issued"


def test_a_batch_of_many_items_is_issued_in_pieces(small, monkeypatch):
    monkeypatch.setattr("workflow.acts.requests.CHUNK", 25)
    many = items(*range(60))
    case_id = small.approved(*many)
    pieces = [row for row in small.registry.rows(t.outbox) if row.effect == "issue_items"]
    assert [len(row.payload["items"]) for row in pieces] == [25, 25, 10]
    small.work()
    assert small.registry.state(case_id) == "issued"
    assert len({row.serial for row in small.certificates(case_id)}) == 60


def test_the_system_alone_closes_a_batch_and_only_as_it_came_out(small):
    case_id = small.approved(*items(0))
    with pytest.raises(Refused, match="not_done"):
        small.registry.do(r.RecordAllIssued(case_id=case_id), SYSTEM)
    with pytest.raises(NotAllowed):
        small.registry.do(r.RecordAllIssued(case_id=case_id), small.first)


@pytest.mark.rule("CSR-05", "CSR-06", "P-11")
def test_gca_certifies_servers_by_their_own_names(small):
    agency = {"ca": Ca.GCA}
    tls = r.RequestedItem(label="www", csr=csr(0), subject={"dns_names": ["www.abc.gov.tw", "abc.gov.tw"]})
    server = r.RequestedItem(label="ap", csr=csr(2), subject={"common_name": "公文交換伺服器"})
    first = small.issued(tls, **agency, profile="tls_multi_domain")
    second = small.issued(server, **agency, profile="server_application")
    one, two = (x509.load_der_x509_certificate(small.certificates(case)[0].der) for case in (first, second))
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.abc.gov.tw", "abc.gov.tw"]
    assert "CN=www.abc.gov.tw" in one.subject.rfc4514_string()
    assert "CN=公文交換伺服器" in two.subject.rfc4514_string()


@pytest.mark.parametrize("email", ["nobody", "陳@example.tw", "a b@example.tw", "a@b@example.tw"])
def test_an_e_mail_that_no_certificate_can_carry_is_refused_in_words(small, email):
    bad = r.RequestedItem(label="key-0.csr", csr=csr(0), subject={"email": email})
    case_id = small.examined(bad, *items(1))
    first, second = small.items(case_id)
    (said,) = refusals(first.findings)
    assert (said["code"], email in said["zh"], email in said["en"]) == ("csr.email", True, True)
    assert not refusals(second.findings)


@pytest.mark.rule("CSR-06")
def test_a_long_domain_stands_beside_a_short_one_that_is_the_common_name(small):
    long = f"{'a' * 60}.abc.gov.tw"
    item = r.RequestedItem(label="www", csr=csr(0), subject={"dns_names": [long, "www.abc.gov.tw"]})
    case_id = small.issued(item, ca=Ca.GCA, profile="tls_multi_domain")
    made = x509.load_der_x509_certificate(small.certificates(case_id)[0].der)
    assert "CN=www.abc.gov.tw" in made.subject.rfc4514_string()
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {long, "www.abc.gov.tw"}


@pytest.mark.rule("CSR-06")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"dns_names": ["*.abc.gov.tw"]}, "csr.wildcard"),
        ({"dns_names": ["10.0.0.1"]}, "csr.ip_address"),
        ({"dns_names": ["intranet"]}, "csr.domain_internal"),
        ({"dns_names": [f"{'a' * 60}.abc.gov.tw"]}, "csr.common_name_length"),
    ],
)
def test_a_domain_that_nobody_can_own_is_found_in_the_dry_run(small, said, code):
    bad = r.RequestedItem(label="www", csr=csr(0), subject=said)
    case_id = small.examined(bad, ca=Ca.GCA, profile="tls_single_domain")
    assert code in {one["code"] for one in refusals(small.items(case_id)[0].findings)}
    assert not small.certificates(case_id)
