"""The next generation of the root: made at a ceremony, linked with the one before it, and in force for what comes after."""

from __future__ import annotations

import json
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pki.certificates import read_certificate, verify_chain
from pki.keys import KeyKind, SoftwareSigner
from pki.keystores import SharedKeystore
from pki.names import describe_name
from tests.activations import Switch
from tests.workflow.generations import Generations
from tests.workflow.people import hands
from tests.workflow.registry import STATEMENTS
from workflow.authorities import certificate_of, working
from workflow.ceremonies import hold
from workflow.errors import Refused, Unavailable
from workflow.root_rollover import Backup, planned_root
from workflow.store import schema as t
from workflow.store.roots import current_root, links, root_of
from workflow.vocabulary import AuthorityState

A = t.authority.c
NO_COPY = Backup({"module": "the maker's own"}, ())


@dataclass
class Crier:
    """Reads the steps aloud to nobody; breaks off at one of them when told to."""

    stop_at: int = 0
    steps: list[str] = field(default_factory=list)

    def step(self, _zh, en, _said):
        self.steps.append(en)
        if len(self.steps) == self.stop_at:
            raise KeyboardInterrupt

    def back_up(self, _keystore, _keys):
        return ()


@pytest.fixture
def small(small_registry):
    return Generations(small_registry)


def roll_root(world, crier=None, kind=KeyKind.P256):
    office = world.registry.office
    script = planned_root(office, kind, 30, NO_COPY)
    return hold(office, script, hands(*world.people), world.people[0], crier or Crier())


def asked(world, question, *more):
    with world.registry.office.reading() as connection:
        return question(connection, *more)


@pytest.mark.rule("RV2-09", "ROL-08")
def test_the_next_root_has_a_name_of_its_own_and_certifies_from_then_on(small):
    roll_root(small)
    made = small.roll_over()
    office = small.registry.office
    fields = read_certificate(certificate_of(office, "root-g2"))
    assert describe_name(fields.subject_name) == (
        "C=TW,O=行政院,CN=Government Root Certification Authority (Demonstration 示範) - G2"
    )
    assert fields.subject_name == fields.issuer_name
    assert asked(small, current_root) == "root-g2"
    assert [asked(small, root_of, name) for name in ("xca", made.name, "root")] == ["root", "root-g2", "root"]
    states = {row.name: row.state for row in small.registry.rows(t.authority, A.ca.is_(None))}
    assert (states["root"], states["root-g2"]) == (str(AuthorityState.RETIRED), str(AuthorityState.ACTIVE))
    points = x509.load_der_x509_certificate(made.certificate).extensions
    listed = points.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name[0].value
    assert listed.endswith("/repository/root-g2/CRL2/complete.crl")


@pytest.mark.rule("ROL-08")
def test_old_and_new_root_certify_each_other_while_both_live(small):
    small.registry.clock.move(days=400)
    roll_root(small)
    office = small.registry.office
    old, new = certificate_of(office, "root"), certificate_of(office, "root-g2")
    new_with_old, old_with_new = asked(small, links)
    assert (new_with_old.name, old_with_new.name) == ("root-g2-by-root", "root-by-root-g2")
    now = office.clock.now()
    verify_chain((new_with_old.certificate, old), now)
    verify_chain((old_with_new.certificate, new), now)
    for link, key in ((new_with_old, new), (old_with_new, old)):
        found, own = read_certificate(link.certificate), read_certificate(key)
        assert (found.spki_der, found.subject_name) == (own.spki_der, own.subject_name)
        assert found.subject_key_identifier == own.subject_key_identifier
        assert found.path_length is None
        assert found.not_before == read_certificate(new).not_before
        assert found.not_after == read_certificate(old).not_after


@pytest.mark.rule("ROL-02", "ROL-08")
def test_all_present_sign_what_the_roots_ceremony_made(small):
    crier = Crier()
    number = roll_root(small, crier)
    (row,) = small.registry.rows(t.key_task)
    assert (row.id, row.task) == (number, "rollover")
    said = json.loads(row.record)
    assert set(said["certificates"]) == {"root-g2", "root-g2-by-root", "root-by-root-g2"}
    assert len(crier.steps) == len(said["record"]["steps"]) == 5
    for one in row.record_signatures:
        STATEMENTS.verify(bytes.fromhex(one["spki"]), row.record.encode(), bytes.fromhex(one["signature"]))


@pytest.mark.parametrize("stop_at", range(1, 6))
def test_a_ceremony_of_the_root_that_breaks_off_leaves_nothing(small, stop_at):
    with pytest.raises(KeyboardInterrupt):
        roll_root(small, Crier(stop_at))
    assert asked(small, current_root) == "root"
    assert not small.registry.rows(t.root_link)
    assert not small.registry.rows(t.key_task, t.key_task.c.ended_at.is_(None))


def test_a_plan_that_another_ceremony_has_carried_out_is_refused(small):
    office = small.registry.office
    stale = planned_root(office, KeyKind.P256, 30, NO_COPY)
    roll_root(small)
    with pytest.raises(Refused, match="plan anew"):
        hold(office, stale, hands(*small.people), small.people[0], Crier())
    assert asked(small, current_root) == "root-g2"


def test_of_two_ceremonies_at_once_one_makes_the_next_root(locking_registry):
    """The other is refused: it meets the first one's task, or what came of it."""
    world = Generations(locking_registry)

    def once(_):
        try:
            roll_root(world)
        except Refused as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(2) as both:
        refused, done = sorted(both.map(once, range(2)))
    assert done == "done"
    assert refused in {"authority.task_open", "authority.exists"}
    assert len(asked(world, links)) == 2


def test_a_third_root_is_linked_with_the_second(small):
    for _ in range(2):
        roll_root(small)
    names = [link.name for link in asked(small, links)]
    assert names == ["root-g2-by-root", "root-by-root-g2", "root-g3-by-root-g2", "root-g2-by-root-g3"]


def test_a_root_whose_key_is_gone_is_followed_without_links(small):
    small.registry.update(t.authority, A.name == "root", state=str(AuthorityState.DESTROYED), sealed_key=None)
    roll_root(small)
    assert asked(small, current_root) == "root-g2"
    assert not asked(small, links)


def test_a_root_on_its_last_day_is_rolled_over_only_where_no_links_are_wanted(small):
    office = small.registry.office
    ends = read_certificate(certificate_of(office, "root")).not_after
    office.clock.moment = ends - timedelta(hours=3)
    with pytest.raises(Refused, match=r"authority\.no_day_for_links"):
        planned_root(office, KeyKind.P256, 30, NO_COPY)
    assert planned_root(office, KeyKind.P256, 30, NO_COPY, linked=False).linked_to is None
    office.clock.moment = ends - timedelta(days=1)
    assert planned_root(office, KeyKind.P256, 30, NO_COPY).linked_to == "root"


@pytest.mark.rule("ROL-08")
def test_a_lost_key_of_the_older_root_stops_it_at_once_unless_links_are_given_up(small):
    """The key is sealed under another passphrase, as after the loss of its own."""
    lost = SoftwareSigner.generate(KeyKind.P256).to_pkcs8(b"a passphrase that nobody knows")
    small.registry.update(t.authority, A.name == "root", sealed_key=lost)
    crier = Crier()
    with pytest.raises(Unavailable):
        roll_root(small, crier)
    assert not crier.steps
    assert not small.registry.rows(t.key_task)
    office = small.registry.office
    alone = planned_root(office, KeyKind.P256, 30, NO_COPY, linked=False)
    hold(office, alone, hands(*small.people), small.people[0], Crier())
    assert asked(small, current_root) == "root-g2"
    assert not asked(small, links)


def test_a_plan_that_counts_on_a_key_which_was_destroyed_since_is_refused(small):
    stale = planned_root(small.registry.office, KeyKind.P256, 30, NO_COPY)
    small.registry.update(t.authority, A.name == "root", state=str(AuthorityState.DESTROYED), sealed_key=None)
    with pytest.raises(Unavailable, match="root"):
        hold(small.registry.office, stale, hands(*small.people), small.people[0], Crier())
    assert asked(small, current_root) == "root"


@pytest.mark.rule("ROL-08")
def test_the_next_root_waits_for_the_activation_and_lies_under_the_same_secret(small):
    switch = Switch(small.registry.office.key_passphrase)
    office = replace(small.registry.office, token=SharedKeystore(switch), activation=switch)
    script = planned_root(office, KeyKind.P256, 30, NO_COPY)
    switch.off()
    with pytest.raises(Unavailable) as refusal:
        hold(office, script, hands(*small.people), small.people[0], Crier())
    assert refusal.value.code == "authority.not_activated"
    assert not small.registry.rows(t.key_task)
    switch.on = True
    hold(office, script, hands(*small.people), small.people[0], Crier())
    assert working(office, "root-g2").signer.sign(b"data")
    switch.off()
    with pytest.raises(Unavailable):
        working(office, "root-g2")


def test_openssl_goes_from_either_root_alone_to_what_is_under_the_other(small, tmp_path):
    (older,) = small.issued(0)
    small.registry.clock.move(days=30)
    roll_root(small, kind=KeyKind.P384)
    small.roll_over()
    (newer,) = small.issued(1)
    names, office = ("root", "root-g2", "xca", "xca-g2"), small.registry.office
    small.publish(*names)
    lists = b"".join(small.newest_list(name).public_bytes(Encoding.PEM) for name in names)
    (tmp_path / "lists.pem").write_bytes(lists)
    at = str(int(office.clock.now().timestamp()) + 60)

    def pem(name, *ders):
        (tmp_path / name).write_text("".join(ssl.DER_cert_to_PEM_cert(bytes(der)) for der in ders))
        return name

    def verify(anchor, row, *linked):
        files = ["-CAfile", pem("anchor.pem", certificate_of(office, anchor)), "-CRLfile", "lists.pem"]
        files += ["-untrusted", pem("between.pem", certificate_of(office, row.authority), *linked)]
        command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-attime", at, *files]
        command.append(pem("leaf.pem", row.der))
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    new_with_old, old_with_new = (link.certificate for link in asked(small, links))
    assert verify("root", newer, new_with_old)
    assert verify("root-g2", older, old_with_new)
    assert not verify("root", newer)
    assert not verify("root-g2", older)
