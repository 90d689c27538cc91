"""The list of compromised keys: it grows by one command, and no key on it is ever certified."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

import pytest

from pki.certificates import read_certificate
from pki.keygate import spki_sha256
from tests.workflow.batches import establish
from workflow import commands_of_performers as p
from workflow.commands_of_keys import ListCompromisedKeys
from workflow.errors import BadInput, NotAllowed, Refused
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.keys import certified_for, known_compromised, require_unknown_key
from workflow.views import keys as view
from workflow.vocabulary import Ca

LEAKED = sha256(b"leaked").hexdigest()


def intent(registry, case_id, csn, digest):
    now = registry.clock.now()
    return p.IntendCertificate(
        case_id=case_id, authority="xca", csn=csn, purpose="signature", serial=secrets.token_hex(16), tbs=b"tbs", tbs_sha256="00",
        spki_sha256=digest, subject="O=第1基金會", not_before=now, not_after=now + timedelta(days=1),
    )  # fmt: skip


def listed(*digests, source="incident 7"):
    return ListCompromisedKeys(digests=digests, source=source)


def test_a_listed_key_gets_no_certificate(registry):
    case_id = registry.a_case("manufacturing")
    csn = registry.begin_card(case_id)
    registry.do(listed(LEAKED), registry.operator)
    with pytest.raises(Refused) as refused:
        registry.do(intent(registry, case_id, csn, LEAKED), SYSTEM)
    assert refused.value.code == "certificate.key_compromised"
    assert registry.rows(t.certificate) == []


@pytest.mark.rule("CSR-04")
def test_the_gate_knows_each_key_that_was_certified_by_any_authority(registry):
    for ca in (Ca.GCA, Ca.XCA):
        registry.a_case("posted", ca=ca)
    digests = [row.spki_sha256 for row in registry.rows(t.certificate)]
    with registry.office.reading() as connection:
        assert digests
        assert certified_for(connection, [*digests, "00" * 32]).keys() == set(digests)
        assert not known_compromised(connection, digests)


@pytest.mark.rule("CSR-04")
def test_the_keys_of_authorities_and_responders_are_certified_keys_too(registry):
    establish(registry.office)
    certificates = [read_certificate(row.certificate) for row in registry.rows(t.authority)]
    digests = [spki_sha256(one.spki_der).hex() for one in certificates]
    with registry.office.reading() as connection:
        assert certified_for(connection, digests) == {digest: {None} for digest in digests}
        for digest in digests:
            with pytest.raises(Refused, match="key_reused"):
                require_unknown_key(connection, digest)


def test_a_key_revoked_for_compromise_is_compromised_without_being_listed(registry):
    registry.a_case("posted")
    row = registry.rows(t.certificate)[0]
    registry.update(t.certificate, t.certificate.c.id == row.id, status="revoked", reason="key_compromise")
    with registry.office.reading() as connection:
        assert known_compromised(connection, [row.spki_sha256, LEAKED]) == {row.spki_sha256}


def test_a_list_is_taken_in_once_and_leaves_a_trace(registry):
    assert registry.do(listed(LEAKED, LEAKED, "ab" * 32), registry.operator).created_id == 2
    assert registry.do(listed(LEAKED), registry.operator).created_id == 0
    assert {row.spki_sha256 for row in registry.rows(t.compromised_key)} == {LEAKED, "ab" * 32}
    assert registry.audit_kinds().count("compromised_keys_listed") == 1


def test_live_certificates_over_a_listed_key_are_told(registry):
    registry.a_case("posted")
    row = registry.rows(t.certificate)[0]
    registry.do(listed(row.spki_sha256), registry.operator)
    with registry.office.reading() as connection:
        assert [one.serial for one in view.endangered(connection)] == [row.serial]
        assert view.listed_count(connection) == 1
    registry.update(t.certificate, t.certificate.c.id == row.id, status="revoked")
    with registry.office.reading() as connection:
        assert view.endangered(connection) == []


@pytest.mark.parametrize(
    "command",
    [listed(), listed("xyz"), listed(LEAKED.upper()), listed(LEAKED, source=" "), listed(*[LEAKED] * 5001)],
)
def test_a_list_that_makes_no_sense_is_refused(small_registry, command):
    with pytest.raises(BadInput):
        small_registry.do(command, small_registry.operator)


def test_only_operators_list_keys(small_registry):
    with pytest.raises(NotAllowed):
        small_registry.do(listed(LEAKED), small_registry.officer)
