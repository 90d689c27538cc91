"""The demonstration fills itself once, feeds blank cards and shows the holder what was posted."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from forms.identifiers import UbnVerdict, is_email, is_oid, is_phone, is_usual_agency_code, ubn_verdict
from forms.postal import code_of
from ops import wiring
from ops.cli import main
from ops.demo import hopper, seed
from ops.demo.letter_box import MACHINE, LetterBox
from ops.demo.runner import PASSWORD, Demo
from ops.settings import SettingsError
from workflow.commands import LogIn
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import STAFF_ROLES, Role, SubscriberKind

ORGANISATIONS = tomllib.loads((seed.DATA / "organisations.toml").read_text(encoding="utf-8"))["organisation"]
HOLDER = wiring.DEMO_READERS[-1]


def rows(office, table):
    with office.reading() as connection:
        return connection.execute(table.select().order_by(table.c.id)).all()


@pytest.fixture
def station(demo_settings):
    return wiring.folder_station(demo_settings)


def test_the_demonstration_is_filled_once(demo_office, station):
    counted = [
        len(rows(demo_office, table)) for table in (t.organisation, t.account, t.review_window, t.card)
    ]
    assert counted == [len(ORGANISATIONS), 12, 3, hopper.BOX]
    assert seed.seed(demo_office, station, PASSWORD) is False
    assert [len(rows(demo_office, table)) for table in (t.organisation, t.account)] == counted[:2]
    assert {row.name for row in rows(demo_office, t.authority)} >= {"root", "gca", "xca", "moica"}


def test_every_role_of_the_staff_is_played_and_can_log_in(demo_office):
    played = set()
    for one in seed.people():
        played |= handle(demo_office, LogIn(login=one["login"], password=PASSWORD), PUBLIC).actor.roles
    assert played == STAFF_ROLES
    reviewers = [row for row in rows(demo_office, t.account) if str(Role.FIRST_REVIEWER) in row.roles]
    assert all(row.window_id and row.signing_key for row in reviewers)


@pytest.mark.parametrize("given", ORGANISATIONS, ids=lambda one: one["name"])
def test_the_numbers_of_invented_organisations_are_well_formed(given):
    assert SubscriberKind(given["kind"])
    assert is_email(given["email"])
    assert is_phone(given["phone"])
    assert code_of(given["county"], given["town"]) == given["postal_code"]
    assert "oid" not in given or is_oid(given["oid"])
    assert "ubn" not in given or ubn_verdict(given["ubn"]) is UbnVerdict.VALID_BOTH
    assert "agency_code" not in given or is_usual_agency_code(given["agency_code"])
    assert given["ca"] == "gca" or "window" in given


def test_the_demonstration_holds_what_a_visitor_wants_to_try():
    names = "".join(one["name"] for one in ORGANISATIONS)
    assert set("堃喆峯𤧟𡍼𠮷龘") <= set(names)
    assert {one["kind"] for one in ORGANISATIONS} == {str(kind) for kind in SubscriberKind} - {
        "natural_person"
    }
    assert sum("not_eligible" in one for one in ORGANISATIONS) >= 3
    assert any("oid" not in one and "not_eligible" not in one for one in ORGANISATIONS)
    oids = [one["oid"] for one in ORGANISATIONS if "oid" in one]
    assert len(oids) == len(set(oids))


def states(office):
    return {row.csn: row.state for row in rows(office, t.card)}


def set_state(office, csn, state):
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.card.update().where(t.card.c.csn == csn).values(state=state))


def test_blank_cards_go_into_the_machines_and_finished_ones_come_out(demo_office, station):
    hopper.feed(demo_office, station)
    machines = [one for one in station.readers() if one.name.startswith(MACHINE)]
    assert machines
    assert all(states(demo_office)[one.csn] == "blank" for one in machines)
    first = machines[0].csn
    for state, stays in (("personalising", True), ("made", False)):
        set_state(demo_office, first, state)
        hopper.feed(demo_office, station)
        assert (first in {one.csn for one in station.readers()}) is stays
    hopper.feed(demo_office, station)
    assert all(one.card_present for one in station.readers() if one.name.startswith(MACHINE))
    assert not next(one for one in station.readers() if one.name == HOLDER).card_present


def test_a_new_box_of_blanks_is_opened_in_time(demo_office, station):
    for csn in list(states(demo_office))[hopper.LOW_STOCK - 1 :]:
        set_state(demo_office, csn, "made")
    hopper.feed(demo_office, station)
    blanks = [csn for csn, state in states(demo_office).items() if state == "blank"]
    assert len(blanks) == hopper.LOW_STOCK - 1 + hopper.BOX
    assert len({row.box for row in rows(demo_office, t.card)}) == 2


@pytest.fixture
def posted(demo_office, station):
    """The letter-box, and the cards that were posted to it: two cases' cards and no blank one."""
    csns = list(states(demo_office))[:2]
    now = demo_office.clock.now()
    case = {
        "ca": "xca", "kind": "card_application", "state": "posted", "policy_version": "xca-1", "snapshot_sha256": "",
        "contact_name": "", "contact_email": "", "data": {}, "opened_at": now, "queued_at": now, "state_since": now,
        "subject_name": "財團法人𤧟光文教基金會",
    }  # fmt: skip
    with demo_office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for serial, csn in enumerate(csns, start=1):
            connection.execute(t.case.insert().values(id=serial, number=str(serial), **case))
            values = {"state": "posted", "case_id": serial, "number": f"XC{serial:014d}"}
            connection.execute(t.card.update().where(t.card.c.csn == csn).values(**values))
    hopper.feed(demo_office, station)
    return LetterBox(demo_office, station), csns


def delivered(box):
    """Return what was posted: the officer's own staff card lies on the desk too."""
    staff, *posted = box.cards()
    assert "officer1" in staff.label
    return posted


def test_the_letter_box_holds_what_was_posted_and_nothing_else(posted):
    box, csns = posted
    assert {card.csn for card in delivered(box)} == set(csns)
    assert all("𤧟光" in card.label and card.reader == "" for card in delivered(box))
    assert box.readers() == (HOLDER,)


def test_a_holder_puts_cards_in_and_out_of_the_reader(posted):
    box, (first, second) = posted
    box.insert(HOLDER, first)
    box.insert(HOLDER, second)
    assert {card.csn: card.reader for card in delivered(box)} == {first: "", second: HOLDER}
    box.remove(HOLDER)
    box.remove(HOLDER)
    assert {card.reader for card in box.cards()} == {""}


@pytest.mark.parametrize("reader", ["製卡機 A", "無此讀卡機"])
def test_a_holder_has_no_way_to_the_card_centres_machines(posted, reader):
    box, csns = posted
    with pytest.raises(LookupError):
        box.insert(reader, csns[0])
    with pytest.raises(LookupError):
        box.remove(reader)
    with pytest.raises(LookupError):
        box.insert(HOLDER, "0" * 32)


def test_secrets_of_a_demonstration_are_made_once_and_kept_private(tmp_path):
    demo = Demo(tmp_path / "demo", 8123)
    first, second = demo.prepare(), demo.prepare()
    assert (first.secret_key, first.key_passphrase) == (second.secret_key, second.key_passphrase)
    assert Demo(tmp_path / "other", 8123).prepare().secret_key != first.secret_key
    assert demo.config.stat().st_mode & 0o777 == 0o600
    first.require_secrets()
    assert (first.demo, first.port, first.base_url) == (True, 8123, "http://127.0.0.1:8123")


def test_only_a_demonstration_is_ever_emptied(tmp_path):
    demo = Demo(tmp_path / "demo", 8123)
    demo.reset()
    demo.prepare()
    demo.reset()
    assert not demo.folder.exists()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "precious.txt").touch()
    with pytest.raises(SettingsError, match="holds no demonstration"):
        Demo(tmp_path / "letters", 8123).reset()
    result = CliRunner().invoke(main, ["demo", "--reset", "--data", str(tmp_path / "letters")])
    assert result.exit_code == 2
    assert Path(tmp_path / "letters" / "precious.txt").exists()
