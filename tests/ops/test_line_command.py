"""`guanfang line`: a batch is opened, run on two readers and shown, all from the command line."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from threading import Event, Thread

import pytest
from click.testing import CliRunner
from rich.console import Console

from ops.cli.group import main
from ops.cli.line import _watch
from ops.line_runner import Line, Plan
from ops.master_keys import ensure_master_key
from ops.settings import Settings
from ops.wiring import build_office
from ops.worker import seal_all
from tests.faults.line import ready_keys
from tests.workflow.registry import PASSWORD, START, Registry
from tests.workflow.stock_rig import Stock
from workflow import authorities
from workflow import commands as c
from workflow.commands_of_line import OpenLineBatch
from workflow.commands_of_stock import CountBox
from workflow.store import schema as t
from workflow.vocabulary import Role

READERS = ("製卡機 A", "製卡機 B")


@pytest.fixture
def registry(migrated_sqlite_url, tmp_path, monkeypatch):
    environment = {
        "DATABASE_URL": migrated_sqlite_url, "DATA_DIR": str(tmp_path), "CARD_FOLDER": str(tmp_path / "cards"),
        "SECRET_KEY": "s" * 40, "KEY_PASSPHRASE": "p" * 40, "LANE_PAUSE_SECONDS": "0.01",
        "HASH_TIME": "1", "HASH_MEMORY_KIB": "8", "HASH_LANES": "1",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(f"GUANFANG_{name}", value)
    made = Registry(migrated_sqlite_url)
    office = build_office(Settings.read())
    made.office = replace(office, clock=made.clock, wall=made.clock)
    authorities.establish(made.office, START)
    ensure_master_key(made.office)
    yield made
    made.close()
    office.engine.dispose()


def guanfang(*arguments, password="", group="line"):
    result = CliRunner().invoke(main, [group, *arguments], input=password)
    return result.exit_code, result.output


def test_a_batch_is_opened_run_and_shown(registry):
    (station,) = registry.office.stations
    blanks = [station.new_blank() for _ in READERS]
    registry.do(c.AddStock(csns=tuple(blanks), box="A"), registry.centre)
    for reader, csn in zip(READERS, blanks, strict=True):
        station.insert(reader, csn)
    cases = [registry.a_case("approved") for _ in READERS]
    seal_all(registry.office)

    login = ("--as", registry.centre.name, "--password-stdin")
    code, said = guanfang("open", "--count", "5", *login, password=f"{PASSWORD}\n")
    assert (code, said) == (0, "Batch 1: 2 cards are to be made.\n")
    seal_all(registry.office)
    with ready_keys(0, 16):
        code, said = guanfang("run", "-r", READERS[0], "-r", READERS[1], "--batch", "1")
    assert code == 0, said
    assert "2 of 2 cards are made." in said
    assert [registry.state(case) for case in cases] == ["made", "made"]
    assert {row.reader for row in registry.rows(t.line_job)} == set(READERS)
    code, said = guanfang("status", "--batch", "1")
    assert code == 0
    assert all(registry.case(case).card_number in said for case in cases)


def test_the_progress_ends_with_the_last_card(registry):
    (station,) = registry.office.stations
    blanks = [station.new_blank() for _ in READERS]
    registry.do(c.AddStock(csns=tuple(blanks), box="A"), registry.centre)
    for reader, csn in zip(READERS, blanks, strict=True):
        station.insert(reader, csn)
    cases = tuple(registry.a_case("approved") for _ in range(3))
    batch = registry.do(OpenLineBatch(case_ids=cases), registry.centre).created_id
    seal_all(registry.office)
    screen = Console(file=io.StringIO(), record=True, width=80)
    with ready_keys(0):
        # Two blanks for three cases: the readers wait for another one until they are stopped.
        line = Line(registry.office, Plan(READERS, "tested", batch, until_done=True, pause=0.01))
        stopper = Thread(target=stop_when_made, args=(registry, line, len(READERS)))
        stopper.start()
        _watch(registry.office, line, batch, screen)
        stopper.join()
    shown = screen.export_text()
    assert re.search(r"cards\s.*2/3", shown), shown


def stop_when_made(registry, line, cards):
    pause = Event()
    for _ in range(3000):
        if len(registry.rows(t.line_job, t.line_job.c.state == "made")) == cards:
            break
        pause.wait(0.02)
    line.stop()


def test_a_line_refuses_readers_it_does_not_have(registry):
    code, said = guanfang("run", "-r", "nowhere")
    assert code == 2
    assert "製卡機 A" in said


def test_a_box_is_counted_in_from_the_makers_list_and_shown(registry, tmp_path):
    source = tmp_path / "box.csv"
    source.write_text("\ufeff# lot 7\n00112233AABBCCDD,lot 7\n\n8899aabbccddeeff\n", encoding="utf-8")
    in_box = (str(source), "--order", "A7", "--box", "B7")
    code, said = stock_by(registry.centre, "receive", *in_box)
    assert (code, registry.rows(t.card)) == (0, []), said
    code, said = stock_by(registry.centre, "receive", *in_box, "--yes")
    assert (code, "2 cards are taken in" in said) == (0, True), said
    assert [row.csn for row in registry.rows(t.card)] == ["00112233aabbccdd", "8899aabbccddeeff"]
    code, said = stock_by(registry.centre, "count", "1", "--counted", "2")
    assert (code, "Somebody else" in said) == (1, True), said
    code, said = stock_by(registry.account(Role.CONTROLLER), "count", "1", "--counted", "2")
    assert (code, said) == (0, "The count agrees with the books.\n")
    code, said = guanfang("show", group="stock")
    assert (code, "no numbers are shown" in said, "2" in said) == (0, True, False)
    code, said = stock_by(registry.account(Role.AUDITOR), "show")
    assert (code, "The account balances: 2 cards." in said) == (0, True)
    source.write_text("00112233aabbccdd\n00112233AABBCCDD\n", encoding="utf-8")
    code, said = stock_by(registry.centre, "receive", *in_box, "--yes")
    assert (code, "line 2: 00112233aabbccdd stands in line 1" in said) == (2, True), said


def test_cards_are_carried_counted_settled_and_closed_from_the_command_line(registry):
    guard, third = registry.account(Role.CONTROLLER), registry.account(Role.CARD_CENTRE)
    vault, line = (str(place) for place in _stores(registry))
    settle = ("settle", "1", "--recounted", "2", "--missing", "00000001", "--reason", "遺失")
    steps = (
        (registry.centre, 0, "hand-out", "--from", vault, "--to", line, "--box", "A7/B7"),
        (guard, 0, "take-in", "1", "--counted", "3"),
        (registry.centre, 1, "count-place", line, "--counted", "2"),
        (guard, 1, "confirm", "1"),
        (third, 0, *settle),
        # Only tried so far, so the account still waits.
        (guard, 1, "confirm", "1"),
        # What is refused for good is refused without --yes too.
        (registry.centre, 1, *settle),
        (third, 1, "settle", "1", "--recounted", "1", *settle[4:]),
        (third, 1, "settle", "2", *settle[2:]),
        (third, 0, *settle, "--yes"),
        (third, 1, *settle),
        (guard, 0, "confirm", "1"),
    )
    _carry_out(steps)
    assert re.search(r"製卡區: closed on \S+ with 2\n", guanfang("places", group="stock")[1])
    admin = registry.account(Role.ADMINISTRATOR)
    assert stock_by(admin, "add-place", "北區櫃檯", "--kind", "desk")[0] == 0
    assert stock_by(registry.centre, "take-up")[0] == 0


def test_spoiled_cards_are_destroyed_from_the_command_line(registry):
    _stores(registry)
    registry.do(c.SpoilBlank(csn="00000003", reason="彎折"), registry.centre)
    steps = (
        (registry.centre, 1, "destroy", "--card", "00000002", "--method", "碎卡"),
        (registry.centre, 0, "destroy", "--card", "00000003", "--method", "碎卡"),
        (registry.centre, 1, "witness", "1", "--yes"),
        (registry.centre, 1, "witness", "1"),
    )
    _carry_out(steps)
    guard = registry.account(Role.CONTROLLER)
    code, said = stock_by(guard, "witness", "1")
    assert (code, "1 cards were destroyed (碎卡):\n00000003" in said) == (0, True)
    assert registry.rows(t.stock_destruction)[0].witnessed_at is None
    assert stock_by(guard, "witness", "1", "--yes")[0] == 0
    assert registry.rows(t.stock_destruction)[0].witnessed_at
    code, said = stock_by(guard, "witness", "1")
    assert (code, "dealt with this already" in said) == (1, True), said


def _carry_out(steps):
    for who, code, *arguments in steps:
        assert stock_by(who, *arguments)[0] == code, arguments


def _stores(registry):
    """Have three cards counted into the vault; returns the vault and the line."""
    keepers = Stock(registry)
    registry.do(keepers.listed(("00000001", "00000002", "00000003"), "A7", "B7"), registry.centre)
    registry.do(CountBox(box_id=1, counted=3), keepers.two)
    return keepers.vault, keepers.line


def stock_by(who, *arguments):
    """Have somebody do something with the stock."""
    login = ("--as", who.name, "--password-stdin")
    return guanfang(*arguments, *login, password=f"{PASSWORD}\n", group="stock")
