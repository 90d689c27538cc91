"""The published document against the application, by a program that knows nothing but the document (Schemathesis)."""

from __future__ import annotations

import dataclasses

import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from tests.workflow.batches import csr
from web.api.openapi import PREFIX
from web.api.routes import OPERATIONS
from web.api.submitting import LARGEST
from web.app import create_app
from workflow.store.database import open_engine
from workflow.views import directory
from workflow.vocabulary import ApiScope

NAMED = {operation.name: operation for operation in OPERATIONS}
RULES_OF_THE_REGISTRY = {"searchCertificates", "submitCertificateRequest"}
"""What these take depends on more than a document can say: the form of a search word, what the registry has on file."""
IMPLIED = {"HEAD", "OPTIONS"}
"""Methods that HTTP itself gives to whatever is read (RFC 9110 §9.3)."""


@pytest.fixture
def database_address(migrated_postgresql_url):
    return migrated_postgresql_url


@pytest.fixture
def schema(app):
    return schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app)


@pytest.fixture
def bearer(token):
    return {"Authorization": f"Bearer {token(ApiScope.SUBMIT)}"}


def said(schema):
    """Return every operation of the document with its address."""
    return [
        operation | {"path": path, "method": method.upper()}
        for path, operations in schema.raw_schema["paths"].items()
        for method, operation in operations.items()
    ]


def test_every_route_and_method_is_in_the_document_and_none_else(app, schema):
    OpenAPIV31SpecValidator(schema.raw_schema).validate()
    routes = {
        (method, rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/")
        for method in rule.methods - IMPLIED
    }
    assert routes == {(one["method"], one["path"]) for one in said(schema)}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_whatever_is_asked_the_answer_is_as_the_document_says(schema, house, bearer, name):
    house.repository()
    house.organisation(kind="foundation")
    operation = schema.find_operation_by_id(name)
    unsaid = [CHECKS.get_one("positive_data_acceptance")] if name in RULES_OF_THE_REGISTRY else []
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    unfit = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=st.one_of(fitting, unfit))
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    def asked(case):
        case.call_and_validate(headers=bearer, excluded_checks=unsaid)

    asked()


class Asking:
    """Asks each operation so that it does what it is for, or is provoked to one of the refusals that it declares."""

    def __init__(self, house, schema, token, web_ports):
        self.schema, self.token, self.ports = schema, token, web_ports
        serial = house.repository()
        house.organisation(kind="foundation")
        batch = {
            "ca": "xca", "profile": "foundation_non_card_signature", "organisation_oid": "2.16.886.111.90005",
            "contact": {"contact_name": "陳聯絡", "contact_email": "c@example.tw"}, "user_code": "Kod3-7x",
            "items": [{"label": "a.csr", "csr": csr(1, pem=True).decode()}],
        }  # fmt: skip
        self.headers = {"Authorization": f"Bearer {token(ApiScope.SUBMIT)}"}
        self.good = {
            "searchCertificates": {"query": {"by": "name", "q": "農會"}},
            "getCertificate": {"path_parameters": {"ca": "xca", "serial": serial}},
            "getCertificateFile": {"path_parameters": {"ca": "xca", "serial": serial, "form": "p7b"}},
            "getAuthorityCertificate": {"path_parameters": {"name": "xca"}},
            "submitCertificateRequest": {"body": batch, "media_type": "application/json"},
        }
        made = self("submitCertificateRequest", 201)
        self.good["getCertificateRequest"] = {"path_parameters": {"number": made.json()["number"]}}

    def case(self, name, **changes):
        return self.schema.find_operation_by_id(name).Case(**(self.good.get(name, {}) | changes))

    def __call__(self, name, status):
        case, more = getattr(self, f"provoke_{status}", self.provoke)(name)
        answer = case.call(**({"headers": self.headers} | more))
        assert (name, answer.status_code) == (name, status)
        # Whatever was provoked on purpose is no error here; what the document says of the answer is checked.
        case.validate_response(
            answer, checks=[CHECKS.get_one(one) for one in CHECKS.get_all_names() if "conformance" in one]
        )
        return answer

    def provoke(self, name):
        return self.case(name), {}

    def provoke_304(self, name):
        tag = self.case(name).call(headers=self.headers).headers["etag"][0]
        return self.case(name), {"headers": self.headers | {"If-None-Match": tag}}

    def provoke_400(self, name):
        query = self.good.get(name, {}).get("query", {})
        return self.case(name, query=query | {"nothing": "1"}), {}

    def provoke_401(self, name):
        return self.case(name), {"headers": {}}

    def provoke_403(self, name):
        return self.case(name), {"headers": {"Authorization": f"Bearer {self.token(ApiScope.READ)}"}}

    def provoke_404(self, name):
        nobody = {"serial": "ff", "number": "9" * 25, "name": "nobody"}
        known = self.good[name]["path_parameters"]
        return self.case(name, path_parameters={one: nobody.get(one, known[one]) for one in known}), {}

    def provoke_409(self, name):
        if name == "searchCertificates":
            # A search that takes too long: the database is told to sleep in its place.
            self.monkeypatch.setattr(directory, "SEARCH_MILLISECONDS", 20)
            bounded, slow = directory._bounded, sa.select(sa.func.pg_sleep(30))
            self.monkeypatch.setattr(
                directory, "_bounded", lambda connection, _query: bounded(connection, slow)
            )
            return self.case(name), {}
        return self.case(name, body=self.good[name]["body"] | {"profile": "nothing"}), {}

    def provoke_413(self, name):
        return self.case(name, body=self.good[name]["body"] | {"user_code": "x" * LARGEST}), {}

    def provoke_415(self, name):
        return self.case(name), {"headers": self.headers | {"Content-Type": "text/plain"}}

    def provoke_429(self, name):
        strict = create_app(dataclasses.replace(self.ports, rate_limits=True))
        rate = int(NAMED[name].rate.partition(" ")[0])
        for _ in range(rate):
            self.case(name).call(app=strict, headers=self.headers)
        return self.case(name), {"app": strict}

    def provoke_500(self, name):
        # A database without a single table.
        return self.case(name), {"app": self.over("sqlite://")}

    def provoke_503(self, name):
        return self.case(name), {"app": self.over("sqlite:////nowhere/at/all")}

    def over(self, address):
        office = dataclasses.replace(self.ports.office, engine=open_engine(address))
        return create_app(dataclasses.replace(self.ports, office=office))


def test_every_declared_answer_is_given(house, schema, token, web_ports, monkeypatch):
    asking = Asking(house, schema, token, web_ports)
    declared = {(one["operationId"], int(status)) for one in said(schema) for status in one["responses"]}
    for name, status in sorted(declared):
        with monkeypatch.context() as broken:
            asking.monkeypatch = broken
            asking(name, status)
