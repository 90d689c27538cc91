"""The line makes cards on two readers at once over PC/SC, where a reader is a driver, a daemon and a wire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardware.folder_station import FolderStation
from hardware.pcsc_station import PcscStation
from hardware.piv import Slot
from hardware.scripts.certificates import read_certificate
from hardware.scripts.steps import select
from ops.line_runner import Line, Plan
from ops.worker import seal_all
from tests.faults.line import establish, ready_keys
from tests.hardware.card_rig import PcscFeeder
from tests.hardware.pcscd_daemon import READERS, shared_daemon
from tests.workflow.registry import Registry
from workflow import commands as c
from workflow.commands_of_line import OpenLineBatch
from workflow.performers.line import Turn
from workflow.store import schema as t

pytestmark = pytest.mark.card_stack
CARDS = 4
PATIENCE = 120


@pytest.fixture
def registry(migrated_postgresql_url):
    made = Registry(migrated_postgresql_url)
    made.office = replace(made.office, stations=(PcscStation("Virtual PCD"),))
    establish(made.office)
    yield made
    made.close()


@pytest.mark.rule("CRD-01", "CRD-03")
def test_two_real_readers_make_the_cards_of_one_batch_at_once(registry, tmp_path):
    folder = FolderStation(tmp_path / "cards", ("reader",))
    blanks = [folder.new_blank() for _ in range(CARDS)]
    registry.do(c.AddStock(csns=tuple(blanks), box="A"), registry.centre)
    cases = tuple(registry.a_case("approved") for _ in range(CARDS))
    batch = registry.do(OpenLineBatch(case_ids=cases), registry.centre).created_id
    seal_all(registry.office)
    feeder = PcscFeeder(folder, shared_daemon(), READERS, blanks)
    for reader in READERS:
        feeder.change(reader)
    try:
        with ready_keys(0, 2 * CARDS):
            line = Line(registry.office, Plan(READERS, "tested", batch, pause=0.01), feeder.change)
            threads = line.start()
            for thread in threads:
                thread.join(PATIENCE)
            # Where all went well they have ended.
            line.stop()
            for thread in threads:
                thread.join(PATIENCE)
    finally:
        feeder.empty()
    assert line.turns[Turn.MADE] == CARDS, line.turns
    assert all(feeder.fed.values())
    assert {registry.state(case) for case in cases} == {"made"}
    for csn in blanks:
        issued = registry.rows(t.certificate, t.certificate.c.csn == csn)
        assert written_on(folder, csn) == {row.der for row in issued}
        assert len(issued) == 2


def written_on(folder, csn):
    """Return the certificates that a card holds, read past PC/SC."""
    folder.insert("reader", csn)
    try:
        with folder.open_session("reader") as session:
            session.run(select())
            slots = (Slot.SIGNATURE, Slot.ENCIPHERMENT)
            return {session.run(read_certificate(slot)) for slot in slots}
    finally:
        folder.remove("reader")
