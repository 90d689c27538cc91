"""What the tests of the programming interface share: the document, a check against it, and tokens."""

from __future__ import annotations

import jsonschema
import pytest

from workflow.commands_of_repository import AddApiToken
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import Role

V1 = "/api/v1"


@pytest.fixture
def described(client):
    return client.get(f"{V1}/openapi.json").json


@pytest.fixture
def fits(described):
    """Check an answer against the document's own schema."""

    def check(name, answer):
        schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.validate(answer, schema, jsonschema.Draft202012Validator, format_checker=checker)

    return check


@pytest.fixture
def token(house):
    """Make a token with some scopes, confirmed by a second person unless told otherwise."""

    def make(*scopes, confirmed=True):
        administrator = Actor("ada", frozenset({Role.ADMINISTRATOR}))
        command = AddApiToken(name=f"t{len(house.rows(s.api_token))}", scopes=scopes, days=10)
        made = handle(house.office, command, administrator)
        if confirmed:
            house.update(s.api_token, made.created_id, confirmed_at=house.office.clock.now())
        return made.secret

    return make
