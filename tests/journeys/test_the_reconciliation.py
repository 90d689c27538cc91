"""Each disagreement that is planted in the books of a house is found and named, and the report is signed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ops.reconcile import ReportError, Reports, verify
from ops.worker import run_once
from tests.workflow.registry import Checkpoints
from workflow.commands_of_performers import PublishCrl
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, StatusChange
from workflow.watching.reconciling import reconcile

on_sqlite = pytest.mark.parametrize("registry", ["sqlite"], indirect=True)
C, K, B, M, R = t.certificate.c, t.case.c, t.card.c, t.mail_item.c, t.review_decision.c


@pytest.fixture
def case(walk, house):
    filed, _, _ = walk.activated(Ca.XCA)
    run_once(house.office)
    return rows(house, t.case, K.number == filed.number)[0]


def rows(house, table, *where):
    with house.office.reading() as connection:
        return connection.execute(sa.select(table).where(*where).order_by(table.c.id)).all()


def codes(house):
    return {one.code for one in reconcile(house.office).found}


class Planting:
    """Writes into the books as a fault or an intruder would, and tells which findings are new."""

    def __init__(self, house) -> None:
        self._house, self._known = house, codes(house)
        assert not self._known

    def __call__(self, *statements):
        with self._house.office.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
        found = codes(self._house)
        new, self._known = found - self._known, found
        return new


def copy_of(house, table, row_id, **changes):
    row = dict(rows(house, table, table.c.id == row_id)[0]._mapping)
    return sa.insert(table).values(**{name: row[name] for name in row if name != "id"} | changes)


@on_sqlite
@pytest.mark.rule("CRL-05")
def test_statuses_lists_and_answers_that_differ_are_found(case, house):
    plant = Planting(house)
    signature, encipherment = rows(house, t.certificate, C.case_id == case.id)
    now = house.office.clock.now()
    # Only what stood when a list was made can be missing from it.
    handle(house.office, PublishCrl(authority="xca"), SYSTEM)
    hidden = {"status": "suspended", "reason": "certificate_hold"}
    assert plant(sa.update(t.certificate).where(C.id == signature.id).values(**hidden)) >= {
        "crl.missing",
        "ocsp.differs",
    }
    assert (
        plant(sa.update(t.certificate).where(C.id == signature.id).values(status="valid", reason=None))
        == set()
    )
    with transaction(house.office) as work:
        work.change_certificates(case.id, StatusChange.REVOKE, "card_spoiled")
    run_once(house.office)
    assert plant() == set()
    back = sa.update(t.certificate).where(C.id == encipherment.id).values(status="valid", reason=None)
    assert plant(back) == {"crl.extra", "ocsp.differs", "certificate.came_back"}
    other = sa.update(t.certificate).where(C.id == signature.id).values(reason="key_compromise")
    assert plant(other) == {"crl.differs"}
    late = {"authority": "xca", "partition": 1, "at": now - timedelta(days=2)}
    assert plant(sa.insert(t.crl_change).values(**late)) == {"crl.late"}


@on_sqlite
def test_certificates_that_the_books_do_not_bear_out_are_found(case, house):
    plant = Planting(house)
    signature, encipherment = rows(house, t.certificate, C.case_id == case.id)
    one = sa.update(t.certificate).where(C.id == signature.id)
    assert plant(one.values(tbs_sha256="00")) == {"certificate.altered"}
    assert plant(one.values(tbs_sha256=signature.tbs_sha256, der=signature.der[:-1] + b"\0")) >= {
        "certificate.signature"
    }
    assert plant(one.values(der=signature.der, case_id=None)) == {"certificate.no_case", "card.certificates"}
    assert plant(one.values(case_id=case.id, csn="00000000")) == {
        "certificate.no_card",
        "card.no_certificate",
    }
    assert plant(one.values(csn=encipherment.csn, der=b"rubbish")) == {"certificate.unreadable"}
    first, second = rows(house, t.review_decision, R.case_id == case.id)
    same = sa.update(t.review_decision).where(R.id == second.id).values(person_id=first.person_id)
    assert plant(same) == {"review.same_person"}
    void = sa.update(t.review_decision).where(R.case_id == case.id).values(voided_at=house.office.clock.now())
    assert plant(void) == {"certificate.not_approved"}


@on_sqlite
@pytest.mark.rule("APP-05")
def test_cards_cases_mail_and_stock_that_do_not_balance_are_found(case, house):
    plant = Planting(house)
    (card,) = rows(house, t.card, B.case_id == case.id)
    this, mine = sa.update(t.card).where(B.id == card.id), sa.update(t.case).where(K.id == case.id)
    assert plant(mine.values(card_number="Xc99999999999999")) == {"case.card", "card.number"}
    assert plant(mine.values(card_number=card.number)) == set()
    assert plant(this.values(state="spoiled")) == {"card.out_and_live", "stock.state"}
    gone = sa.update(t.mail_item).where(M.case_id == case.id).values(state="returned")
    assert plant(gone, this.values(state="posted")) == {"mail.no_item", "card.valid_too_early"}
    assert plant(this.values(state="active", signature_spki=b"another")) == {"card.key"}
    bare = copy_of(house, t.card, card.id, csn="aabbccdd", number=None, case_id=None, state="made")
    assert plant(bare) == {"card.case", "card.no_certificate", "stock.uncounted", "stock.state"}
    assert plant(this.values(csn="0badc0de")) >= {"stock.missing", "certificate.no_card"}
    deadline = {
        "case_id": case.id, "kind": "activation", "rung": 7, "trigger": "lapse_activation", "policy_version": case.policy_version,
        "basis_at": case.opened_at, "budget": 90, "in_months": False, "due_at": case.opened_at, "state": "waiting", "paused_seconds": 0,
    }  # fmt: skip
    found = plant(sa.insert(t.deadline).values(**deadline), mine.values(state="withdrawn"))
    assert found == {"deadline.on_closed_case", "case.history"}
    signature, _ = rows(house, t.certificate, C.case_id == case.id)
    second = 10_000
    found = plant(
        copy_of(house, t.case, case.id, id=second, number="9" * 25, card_number="Xc88888888888888"),
        copy_of(house, t.card, card.id, csn="bbccddee", number="Xc88888888888888", case_id=second),
        copy_of(
            house,
            t.certificate,
            signature.id,
            serial="ab" * 16,
            case_id=second,
            csn="bbccddee",
            spki_sha256="x",
        ),
    )
    assert "card.two_primaries" in found


@on_sqlite
def test_a_report_is_signed_kept_recorded_and_verified(house, tmp_path):
    key = Checkpoints()
    reports = Reports(key, tmp_path / "reports")
    assert reports.watch(house.office) == 0
    report, path = reports.make(house.office, SYSTEM)
    content = path.read_bytes()
    assert verify(content, key.public_pem()) == report
    assert report["examined"].keys() >= {"certificate", "card", "registry_case"}
    assert rows(house, t.watch_run)[-1].report_sha256[:8] in path.name
    forged = json.loads(content)
    forged["report"]["examined"]["card"] += 1
    for wrong in (json.dumps(forged).encode(), b"{}", b"\xff", b'{"report": 1, "signature": "AA=="}'):
        with pytest.raises(ReportError):
            verify(wrong, key.public_pem())
    with pytest.raises(ReportError, match="signature"):
        verify(content, Checkpoints().public_pem())


@on_sqlite
@pytest.mark.rule("LTR-01")
def test_work_letters_and_stock_that_the_cases_do_not_bear_out_are_found(case, house):
    plant = Planting(house)
    (card,) = rows(house, t.card, B.case_id == case.id)
    mine = sa.update(t.case).where(K.id == case.id)
    history = sa.update(t.history).where(t.history.c.case_id == case.id, t.history.c.version == case.version)
    assert plant(sa.delete(t.letter_case).where(t.letter_case.c.case_id == case.id)) == {"letter.missing"}
    made = (mine.values(state="manufacturing"), history.values(dest="manufacturing"))
    assert plant(*made) == {"case.waits_for_nothing"}
    (done,) = rows(house, t.outbox, t.outbox.c.case_id == case.id, t.outbox.c.effect == "manufacture")
    dead = sa.update(t.outbox).where(t.outbox.c.id == done.id)
    assert plant(dead.values(state="dead")) == set()
    assert "case.waits_for_nothing" not in codes(house)
    ended = (mine.values(state="withdrawn"), history.values(dest="withdrawn"))
    assert plant(*ended) == {"work.on_closed_case"}
    now = case.opened_at
    job = {
        "batch_id": 1, "case_id": case.id, "position": 1, "state": "waiting", "said": "", "updated_at": now,
    }  # fmt: skip
    batch = sa.insert(t.line_batch).values(id=1, by_name="centre", at=now)
    assert plant(batch, sa.insert(t.line_job).values(**job)) == {"line.job_without_case"}
    place = sa.insert(t.stock_place).values(
        id=99, name="他處", english="Elsewhere", kind="vault", daily=False, opened_at=now
    )
    assert plant(place, sa.update(t.card).where(B.id == card.id).values(place_id=99)) == {
        "stock.place",
        "stock.state",
    }
    move = {
        "from_id": 99, "to_id": 99, "cards": 2, "state": "waiting", "handed_by": "a", "hander_id": 1, "handed_at": now,
    }  # fmt: skip
    assert plant(sa.insert(t.stock_move).values(**move)) == {"stock.move"}
