from __future__ import annotations

from contextlib import suppress

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pki.search_terms import Term, search_terms
from tests.certificates import a_certificate
from tests.workflow.published import publish
from workflow.commands_of_performers import RecordCertificate
from workflow.errors import BadInput, Refused
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.directory import NOT_NAMES, grams, index_certificates
from workflow.store.writing import FEW
from workflow.views import directory
from workflow.views.directory import SearchBy, find
from workflow.vocabulary import Ca, RevocationReason, ShownStatus

SCHOOL = (("C", "TW"), ("L", "新竹縣"), ("L", "竹東鎮"), ("O", "Hsinchu 國民小學"))


def found(registry, by, text, after=None):
    with registry.office.reading() as connection:
        return find(connection, by, text, registry.clock.now(), after)


def serials(registry, by, text):
    return [line.serial for line in found(registry, by, text).lines]


@pytest.mark.rule("STA-02")
def test_a_certificate_is_found_by_any_one_thing(registry):
    case, serial = publish(registry)
    publish(registry, SCHOOL, email="school@example.tw", oid="2.16.886.111.9")
    card = registry.case(case).card_number
    for by, text in (
        (SearchBy.NAME, "農會"), (SearchBy.NAME, "金門縣"), (SearchBy.NAME, "O=農會, L=金門縣"), (SearchBy.NAME, "O=農會，L=金門"),
        (SearchBy.OID, "2.16.886.111.7"), (SearchBy.EMAIL, "office@example.tw"), (SearchBy.CARD, card),
        (SearchBy.SERIAL, serial), (SearchBy.SERIAL, f"0x{serial.upper()}"),
        (SearchBy.SERIAL, ":".join(serial[at : at + 2] for at in range(0, 32, 2))),
    ):  # fmt: skip
        assert serials(registry, by, text) == [serial], (by, text)


@pytest.mark.rule("STA-02")
def test_capitals_count_and_addresses_are_complete(registry):
    _, serial = publish(registry, SCHOOL)
    assert serials(registry, SearchBy.NAME, "Hsinchu") == [serial]
    assert serials(registry, SearchBy.NAME, "hsinchu") == []
    assert serials(registry, SearchBy.NAME, "L=國民小學") == []
    assert serials(registry, SearchBy.NAME, "竹縣竹東") == []
    assert serials(registry, SearchBy.EMAIL, "Office@example.tw") == []
    assert serials(registry, SearchBy.EMAIL, "office@example.t") == []


@pytest.mark.parametrize(
    ("by", "text", "code"),
    [
        (SearchBy.NAME, "", "required"), (SearchBy.NAME, " \u3000 ", "required"), (SearchBy.NAME, "農", "short"),
        (SearchBy.NAME, "O=, L=金門縣", "short"), (SearchBy.NAME, "C=TW", "short"), (SearchBy.NAME, "x" * 201, "characters"),
        (SearchBy.NAME, "農會\x07", "characters"), (SearchBy.SERIAL, "xyz", "serial"), (SearchBy.CARD, "12", "card"),
        (SearchBy.OID, "農會", "oid"), (SearchBy.EMAIL, "example.tw", "email"),
    ],
)  # fmt: skip
def test_what_can_not_be_looked_up_is_said_in_words(small_registry, by, text, code):
    with pytest.raises(BadInput) as refused:
        found(small_registry, by, text)
    problem = refused.value.problems[0]
    assert (problem.field, problem.code) == ("q", code)
    assert problem.zh
    assert problem.en


def test_only_published_certificates_are_found(registry):
    _, waiting = publish(registry, state="posted")
    _, withdrawn = publish(registry)
    registry.update(t.certificate, t.certificate.c.serial == withdrawn, withdrawn_at=registry.clock.now())
    for serial in (waiting, withdrawn):
        assert serials(registry, SearchBy.SERIAL, serial) == []
        with registry.office.reading() as connection:
            assert directory.published(connection, Ca.XCA, serial, registry.clock.now()) is None
    assert serials(registry, SearchBy.NAME, "農會") == []


def test_results_come_in_pages_newest_first(registry, monkeypatch):
    monkeypatch.setattr(directory, "PAGE", 2)
    made = [publish(registry, oid=None)[1] for _ in range(3)]
    first = found(registry, SearchBy.NAME, "農會")
    second = found(registry, SearchBy.NAME, "農會", first.after)
    assert [line.serial for line in (*first.lines, *second.lines)] == made[::-1]
    assert (first.after is None, second.after) == (False, None)


@pytest.mark.rule("STA-02", "STA-05")
def test_the_status_is_said_as_it_is_now(registry):
    case, serial = publish(registry)
    assert found(registry, SearchBy.SERIAL, serial).lines[0].status is ShownStatus.VALID
    row = t.certificate.c.serial == serial
    registry.update(t.certificate, row, status="suspended", reason="certificate_hold")
    line = found(registry, SearchBy.SERIAL, serial).lines[0]
    assert (line.status, line.reason) == (ShownStatus.SUSPENDED, RevocationReason.CERTIFICATE_HOLD)
    registry.clock.move(days=5 * 365)
    assert found(registry, SearchBy.SERIAL, serial).lines[0].status is ShownStatus.EXPIRED
    registry.update(t.certificate, row, status="revoked", reason="superseded")
    assert found(registry, SearchBy.SERIAL, serial).lines[0].status is ShownStatus.REVOKED
    assert case


def test_the_statement_in_force_at_issue_is_named(registry):
    def cps(version, day, ca=""):
        registry.insert(
            t.published_document, kind="cps", ca=ca, title="憑證實務作業基準", version=version, in_force_from=day,
            file_name="cps.pdf", media_type="application/pdf", sha256=version, size=1, content=b"x", by_name="op",
            at=registry.clock.now(),
        )  # fmt: skip

    day = registry.clock.now().date()
    cps("1.0", day.replace(year=2020))
    cps("1.1", day.replace(year=2021))
    cps("9.9", day.replace(year=2030))
    cps("G", day, "gca")
    _, serial = publish(registry)
    with registry.office.reading() as connection:
        seen = directory.published(connection, Ca.XCA, serial.upper(), registry.clock.now())
    assert seen.practice_statement == ("憑證實務作業基準", "1.1", "1.1")
    assert seen.policy_version == "xca-1"


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE card; --", "%_", "農%", "O=農\\' OR 1=1", '"農會"', "\u202e農會"]
)
def test_strange_text_finds_nothing_and_breaks_nothing(registry, text):
    publish(registry)
    assert serials(registry, SearchBy.NAME, text) == []
    assert registry.rows(t.card)


def test_a_search_that_takes_too_long_is_given_up(locking_registry, monkeypatch):
    slow = sa.select(sa.func.pg_sleep(5))
    monkeypatch.setattr(directory, "SEARCH_MILLISECONDS", 50)
    with locking_registry.office.reading() as connection:
        with pytest.raises(Refused, match=r"search\.too_wide"):
            directory._bounded(connection, slow)
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar() == "0"


def test_a_typed_serial_or_name_never_reads_the_whole_table(locking_registry):
    publish(locking_registry)
    with locking_registry.office.reading() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        for by, text in ((SearchBy.SERIAL, "ab" * 16), (SearchBy.OID, "2.16.886.1"), (SearchBy.EMAIL, "a@b.tw"), (SearchBy.NAME, "農會"), (SearchBy.CARD, "XC00000000000001")):  # fmt: skip
            query = directory._sought(by, text).order_by(t.certificate.c.id.desc()).limit(21)
            said = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = "\n".join(connection.execute(sa.text(f"EXPLAIN {said}".replace(":", r"\:"))).scalars())
            assert "Seq Scan" not in plan, (by, plan)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=40), by=st.sampled_from(SearchBy))
def test_no_text_whatever_brings_the_search_down(small_registry, text, by):
    with suppress(BadInput):
        assert found(small_registry, by, text).lines == ()


def test_a_certificate_that_can_not_be_read_is_kept_all_the_same(registry, caplog):
    case = registry.a_case("made")
    assert len(registry.rows(t.certificate, t.certificate.c.case_id == case)) == 2
    assert registry.rows(t.certificate_gram) == []
    assert "will not be found by name" in caplog.text


def test_the_terms_are_those_of_the_certificate():
    assert search_terms(a_certificate(SCHOOL)) == (
        Term("C", "TW"), Term("L", "新竹縣"), Term("L", "竹東鎮"), Term("O", "Hsinchu 國民小學"),
        Term("email", "office@example.tw"), Term("oid", "2.16.886.111.7"),
    )  # fmt: skip


def test_what_bears_one_name_is_found_like_what_bears_its_own(registry):
    # Certificates of a batch travel together, the others one by one, and nobody can tell by what is stored.
    shared, own = a_certificate(SCHOOL), a_certificate((("C", "TW"), ("O", "農會"), ("CN", "農")))
    recorded = [(number, own if number == 3 else shared) for number in range(1, FEW + 3)]
    with registry.office.engine.begin() as connection:
        index_certificates(connection, recorded)
    parts = {
        (row.certificate_id, row.position, row.kind, row.value) for row in registry.rows(t.certificate_part)
    }
    grams_of = {(row.certificate_id, row.gram) for row in registry.rows(t.certificate_gram)}
    said = {number: search_terms(der) for number, der in recorded}
    assert parts == {
        (number, place, term.label, term.value)
        for number, terms in said.items()
        for place, term in enumerate(terms)
    }
    assert grams_of == {
        (number, gram)
        for number, terms in said.items()
        for term in terms
        if term.label not in NOT_NAMES
        for gram in grams(term.value)
    }


def test_recording_twice_indexes_once(registry):
    case, serial = publish(registry)
    der = registry.rows(t.certificate, t.certificate.c.serial == serial)[0].der
    before = registry.rows(t.certificate_part)
    registry.do(RecordCertificate(case_id=case, serial=serial, der=der), SYSTEM)
    assert registry.rows(t.certificate_part) == before
