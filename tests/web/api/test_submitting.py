from __future__ import annotations

import base64

import pytest

from tests.workflow.batches import csr
from web.api.reading import MOST_PROBLEMS
from workflow.store import schema as s
from workflow.vocabulary import ApiScope

V1 = "/api/v1/certificate-requests"
CONTACT = {"contact_name": "陳聯絡", "contact_email": "c@example.tw"}


@pytest.fixture
def submitter(client, house, token):
    """A program with a token, which posts batches of a registered foundation."""
    house.organisation(kind="foundation")
    header = {"Authorization": f"Bearer {token(ApiScope.SUBMIT)}"}

    class Submitter:
        def body(self, *items, **values):
            pem = {"label": "a.csr", "csr": csr(1, pem=True).decode()}
            fields = {
                "ca": "xca", "profile": "foundation_non_card_signature", "organisation_oid": "2.16.886.111.90005",
                "contact": CONTACT, "items": list(items) or [pem], "user_code": "Kod3-7x",
            }  # fmt: skip
            return fields | values

        def post(self, body):
            return client.post(V1, json=body, headers=header)

        def send(self, content, kind):
            return client.post(V1, data=content, content_type=kind, headers=header)

        def get(self, url, as_other=None):
            return client.get(url, headers={"Authorization": f"Bearer {as_other}"} if as_other else header)

    return Submitter()


def test_a_program_submits_a_batch_and_follows_it(submitter, house, fits, token):
    der = {"label": "b.csr", "csr": base64.b64encode(csr(3)).decode(), "subject": {"email": "b@example.tw"}}
    pem = {"label": "a.csr", "csr": csr(1, pem=True).decode()}
    answer = submitter.post(submitter.body(pem, der))
    assert answer.status_code == 201, answer.text
    fits("Submission", answer.json)
    assert answer.headers["Location"] == answer.json["url"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert [one["label"] for one in answer.json["items"]] == ["a.csr", "b.csr"]
    (case,) = house.rows(s.case)
    assert (case.kind, case.contact_name, case.subject_name) == (
        "certificate_request", "陳聯絡", "臺北市立建成國民小學",
    )  # fmt: skip
    assert "token:t0" in {row.actor for row in house.rows(s.audit_entry)}
    again = submitter.get(answer.json["url"])
    assert again.json == answer.json
    assert submitter.get(answer.json["url"], token(ApiScope.SUBMIT)).status_code == 404
    assert submitter.get(answer.json["url"], token(ApiScope.READ)).status_code == 403


def test_a_batch_whose_certificates_are_accepted_needs_a_user_code(submitter, house):
    answer = submitter.post(submitter.body(user_code=""))
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (400, ["user_code"])
    assert not house.rows(s.case)


def test_findings_and_certificates_of_each_item_are_told(submitter, house, fits):
    url = submitter.post(submitter.body()).json["url"]
    (item,) = house.rows(s.request_item)
    finding = {"code": "key.reused", "field": "key", "zh": "金鑰重複", "en": "The key is in use."}
    house.update(s.request_item, item.id, state="refused", findings=[finding])
    told = submitter.get(url).json
    fits("Submission", told)
    assert told["items"][0]["findings"] == [finding]
    serial = house.published()
    house.update(s.certificate, house.rows(s.certificate)[0].id, item_id=item.id)
    assert submitter.get(url).json["items"][0]["certificate"] == f"/api/v1/certificates/xca/{serial}"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ca": "abc"}, "ca"), ({"ca": 7}, "ca"), ({"items": {}}, "items"), ({"items": [7]}, "items[0]"),
        ({"items": [{"label": "x", "csr": "%%%"}]}, "items[0].csr"), ({"items": [{"label": "x"}]}, "items[0].csr"),
        ({"contact": {"contact_name": "x"}}, "contact.contact_email"), ({"extra": 1}, "extra"),
        ({"items": [{"label": "x", "csr": "", "subject": {"dns_names": "a"}}]}, "items[0].subject.dns_names"),
        ({"contact": {"contact_name": " ", "contact_email": "x"}}, "contact_name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_its_place(submitter, house, fits, wrong, field):
    answer = submitter.post(submitter.body() | wrong)
    assert answer.status_code == 400
    fits("Problem", answer.json)
    assert field in [one["field"] for one in answer.json["errors"]]
    assert house.rows(s.case) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"profile": "nothing"}, "request.profile_unknown"), ({"organisation_oid": "2.16.886.0"}, "request.organisation_unknown"),
        ({"profile": "agency_non_card_signature"}, "request.profile_unfit"), ({"items": []}, "request.size"),
    ],
)  # fmt: skip
def test_the_registry_s_own_refusals_keep_their_words(submitter, values, code):
    answer = submitter.post(submitter.body() | values)
    assert (answer.status_code, answer.json["code"]) == (409, code)
    assert answer.json["detail_en"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400), (b"[" * 100_000, "application/json", 400), (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415), (b'"' + b"x" * 9_000_000 + b'"', "application/json", 413),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_or_too_large_is_refused(submitter, content, kind, status):
    answer = submitter.send(content, kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize("place", ["label", "csr", "a field that is not known"])
def test_half_a_character_is_refused_wherever_it_stands(submitter, house, place):
    half = chr(0xD800)
    item = {"label": "a.csr", "csr": csr(1, pem=True).decode()}
    answers = [
        submitter.post(submitter.body(item | {place: half})),
        submitter.post(submitter.body() | {half: place}),
    ]
    assert [(one.status_code, one.json["errors"][0]["code"]) for one in answers] == [(400, "json")] * 2
    assert not house.rows(s.case)


def test_at_most_fifty_problems_are_told(submitter):
    answer = submitter.post(submitter.body(*({"label": 1} for _ in range(60))))
    assert len(answer.json["errors"]) == MOST_PROBLEMS
