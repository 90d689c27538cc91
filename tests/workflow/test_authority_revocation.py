"""The root revokes an authority: its list and its answers say so with one time and reason, and nothing is issued on."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from pki.certificates import read_certificate
from pki.issuing import serial_text
from pki.ocsp import NotRevoked, Revoked
from pki.reasons import RevocationReason as Reason
from tests.workflow import batches
from tests.workflow.generations import Generations, OpenSsl
from tests.workflow.people import hands, issuing_workers
from workflow.authorities import OCSP_PATH, certificate_of, current, serving
from workflow.commands_of_authorities import RevokeAuthority
from workflow.commands_of_performers import PublishCrl
from workflow.errors import NotFound, Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.ocsp.feed import StatusFeed
from workflow.ocsp.once import status
from workflow.ocsp.responders import keep_desk
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT
from workflow.sweeper import schedule_crls
from workflow.vocabulary import AuthorityRevocationReason, AuthorityState, Ca, CertificateStatus
from workflow.watching.reconciling.lists import list_faults

A, C = t.authority.c, t.certificate.c
LIFE_AND_MORE = 21 * 366


@pytest.fixture
def small(small_registry):
    return Generations(small_registry)


def revoke(world, name="xca", reason=AuthorityRevocationReason.CA_COMPROMISE, people=None):
    people = people or world.people
    command = RevokeAuthority(name=name, reason=reason, explanation="金鑰外洩", hands=hands(*people))
    return world.registry.do(command, people[0])


def serial_of(world, name):
    return read_certificate(certificate_of(world.registry.office, name)).serial


def listed(world, name="xca"):
    return world.newest_list(FIRST_ROOT).get_revoked_certificate_by_serial_number(serial_of(world, name))


@pytest.mark.rule("CRL-05")
@pytest.mark.parametrize("reason", AuthorityRevocationReason)
def test_list_and_answer_tell_one_time_and_reason_of_a_revoked_authority(small, reason):
    office, serial = small.registry.office, serial_of(small, "xca")
    small.publish(FIRST_ROOT)
    assert listed(small) is None
    assert status(office, FIRST_ROOT, serial) is NotRevoked.GOOD
    revoke(small, reason=reason)
    small.publish(FIRST_ROOT)
    said, entry = status(office, FIRST_ROOT, serial), listed(small)
    assert isinstance(said, Revoked)
    assert entry.revocation_date_utc == said.at.replace(microsecond=0)
    on_list = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert said.reason is Reason[reason.name]
    assert on_list.value.lower() == reason.value.replace("_", "")
    assert status(office, FIRST_ROOT, serial_of(small, "gca")) is NotRevoked.GOOD
    assert status(office, FIRST_ROOT, serial + 1) is NotRevoked.UNKNOWN


@pytest.mark.rule("CRL-05")
def test_openssl_refuses_the_chain_of_a_revoked_authority(small, tmp_path):
    (row,) = small.issued(0)
    small.publish(FIRST_ROOT, "xca")
    openssl = OpenSsl(small.registry, tmp_path)
    lists = [small.newest_list(FIRST_ROOT), small.newest_list("xca")]
    assert openssl.verify_all(row, "xca", lists).rstrip().endswith("OK")
    assert "good" in openssl.ask_about_authority("xca")
    revoke(small)
    small.publish(FIRST_ROOT, "xca")
    lists = [small.newest_list(FIRST_ROOT), small.newest_list("xca")]
    said = openssl.verify_all(row, "xca", lists)
    assert "certificate revoked" in said
    assert "error 23 at 1 depth" in said
    told = openssl.ask_about_authority("xca")
    assert "revoked" in told
    assert "Reason: cACompromise" in told


def test_a_kept_answer_about_an_authority_is_dropped_by_the_feed(registry):
    world = Generations(registry)
    with StatusFeed.open(registry.engine) as feed:
        revoke(world)
        assert feed.changes() == {(FIRST_ROOT, serial_of(world, "xca"))}


@pytest.mark.rule("CRL-01")
def test_the_roots_list_follows_by_itself(small):
    small.publish(FIRST_ROOT, "gca", "xca", "moica")
    revoke(small)
    # The work that the command asked for is taken away; the schedule sees what no list knows yet.
    small.registry.update(t.outbox, t.outbox.c.id > 0, state="done")
    assert schedule_crls(small.registry.office) == 1
    small.registry.do(PublishCrl(authority=FIRST_ROOT, whole=False), SYSTEM)
    assert listed(small) is not None
    assert schedule_crls(small.registry.office) == 0


@pytest.mark.rule("ROL-08")
def test_a_revoked_authority_issues_no_more_and_serves_on(small):
    small.issued(0)
    case_id = small.house.approved(*batches.items(2))
    revoke(small)
    with pytest.raises(Unavailable, match="rollover"):
        current(small.registry.office, Ca.XCA)
    small.house.work()
    assert not small.house.certificates(case_id)
    small.publish("xca")
    assert small.newest_list("xca").next_update_utc > small.registry.clock.now()
    assert "xca" in serving(small.registry.office, Ca.XCA)
    assert "xca" in keep_desk(small.registry.office).responders
    small.roll_over()
    assert current(small.registry.office, Ca.XCA) == "xca-g2"


def test_what_waits_for_a_revoked_authoritys_signature_never_gets_it(small):
    intended = str(CertificateStatus.INTENDED)
    (row,) = small.issued(0)
    small.registry.update(t.certificate, C.id == row.id, der=None, status=intended)
    revoke(small)
    (after,) = small.registry.rows(t.certificate, C.id == row.id)
    assert (after.status, after.der) == (str(CertificateStatus.REVOKED), None)
    small.publish("xca")
    assert small.newest_list("xca").get_revoked_certificate_by_serial_number(int(row.serial, 16))


@pytest.mark.rule("ROL-08")
def test_revoking_an_authority_takes_the_people_who_make_keys_and_is_for_ever(small):
    with pytest.raises(Refused, match="takes"):
        revoke(small, people=issuing_workers(small.registry))
    with pytest.raises(Refused, match="signed by itself"):
        revoke(small, FIRST_ROOT)
    with pytest.raises(NotFound):
        revoke(small, "ocsp:xca")
    revoke(small)
    with pytest.raises(Refused, match="never taken back"):
        revoke(small)
    (row,) = small.registry.rows(t.authority, A.name == "xca")
    assert row.state == str(AuthorityState.REVOKED)
    assert small.registry.audit_kinds().count("authority_revoked") == 1


def test_without_the_roots_key_nobody_can_be_told_so_nothing_is_revoked(small):
    small.registry.update(t.authority, A.name == FIRST_ROOT, state=str(AuthorityState.DESTROYED))
    with pytest.raises(Refused, match="root is Destroyed"):
        revoke(small)
    assert not small.registry.rows(t.authority_revocation)


@pytest.mark.rule("CRL-02")
def test_a_revoked_authority_leaves_the_list_after_its_end(small):
    revoke(small)
    small.publish(FIRST_ROOT)
    small.registry.clock.move(days=LIFE_AND_MORE)
    small.publish(FIRST_ROOT)
    assert listed(small) is not None
    small.publish(FIRST_ROOT)
    assert listed(small) is None
    assert small.registry.rows(t.authority_revocation)[0].serial == serial_text(serial_of(small, "xca"))


def test_the_reconciliation_tells_a_revoked_authority_that_no_list_names(small):
    small.publish(FIRST_ROOT)
    before = small.newest_list(FIRST_ROOT)
    revoke(small)
    small.publish(FIRST_ROOT)
    office = small.registry.office
    with office.reading() as connection:
        assert not [*list_faults(office, connection, small.registry.clock.now())]
    # A list of an older reading under a new number, as a fault would put it there.
    r = t.crl.c
    newest = max(small.registry.rows(t.crl, r.authority == FIRST_ROOT), key=lambda row: row.number)
    small.registry.update(t.crl, r.id == newest.id, der=before.public_bytes(Encoding.DER))
    with office.reading() as connection:
        (found,) = list_faults(office, connection, small.registry.clock.now())
    assert (found.code, found.rows) == ("crl.differs", (f"authority:{_row_of(small, 'xca').id}",))


def _row_of(world, name):
    return world.registry.rows(t.authority, A.name == name)[0]


@pytest.mark.rule("CRL-07")
def test_every_certificate_names_the_responder_of_its_issuer(small):
    (row,) = small.issued(0)
    office = small.registry.office
    wanted = {office.settings.repository_url + OCSP_PATH}
    made = small.roll_over()
    for certificate in (row.der, certificate_of(office, "gca"), made.certificate):
        assert ocsp_addresses(certificate) == wanted
    # The root's own is signed by itself, and nobody asks whether a trust anchor was revoked.
    assert ocsp_addresses(certificate_of(office, FIRST_ROOT)) == set()


def ocsp_addresses(certificate):
    try:
        found = (
            x509.load_der_x509_certificate(bytes(certificate))
            .extensions.get_extension_for_class(x509.AuthorityInformationAccess)
            .value
        )
    except x509.ExtensionNotFound:
        return set()
    return {
        one.access_location.value for one in found if one.access_method == AuthorityInformationAccessOID.OCSP
    }
