"""A card line that is killed at any moment goes on where it stood: one card, two certificates, nothing unrecorded."""

from __future__ import annotations

import signal
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.piv import Slot
from hardware.scripts.certificates import read_certificate
from hardware.scripts.steps import select
from tests.faults.falling import Trip, in_child, moments, tripping
from tests.faults.line import BLANKS, READER, ready_keys, work_lane
from workflow.store import schema as t
from workflow.vocabulary import Lane

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.line import Bench, Line

KEYS_BEFORE_A_FALL = 2


def make(bench: Bench, trip: Trip, first_key: int = 0) -> None:
    """Work the card lane as a worker's process does."""
    with ready_keys(first_key):
        work_lane(tripping(bench.opened(), trip), Lane.CARD)


def moments_of(line: Line, folder: Path) -> list[str]:
    with line.copy() as bench:
        return moments(folder, partial(make, bench))


def check_made(bench: Bench, when: str) -> None:
    """Hold the finished card against everything that was written about it."""
    assert bench.case.state == "made", f"{when}: {bench.rows(t.outbox, t.outbox.c.lane == 'card')}"
    issued = bench.rows(t.certificate, t.certificate.c.csn.is_not(None))
    assert [(row.purpose, row.status) for row in issued] == [
        ("signature", "issued"), ("encipherment", "issued"),
    ], when  # fmt: skip
    assert len({row.serial for row in issued}) == len({row.spki_sha256 for row in issued}) == 2, when
    for row in issued:
        certificate = x509.load_der_x509_certificate(row.der)
        assert certificate.tbs_certificate_bytes == row.tbs, when
    assert on_the_card(bench) == [row.der for row in issued], when
    card = bench.card
    assert (card.state, card.pin_sealed, card.case_id) == ("made", None, bench.line.case_id), when
    assert Counter(row.state for row in bench.rows(t.card)) == {"made": 1, "blank": BLANKS - 1}, when
    # The registration authority has a certificate of its own, for which no case asked.
    told = Counter(
        row.kind
        for row in bench.rows(t.audit_entry)
        if row.case_id is not None or not row.kind.startswith("certificate_")
    )
    steps = ("blank_claimed", "certificate_intended", "certificate_issued", "key_generated", "card_made")
    assert [told[kind] for kind in steps] == [1, 2, 2, 2, 1], when
    (work,) = bench.rows(t.outbox, t.outbox.c.lane == "card")
    assert work.state == "done", when


def on_the_card(bench: Bench) -> list[bytes | None]:
    with bench.station.open_session(READER) as session:
        session.run(select())
        return [session.run(read_certificate(slot)) for slot in (Slot.SIGNATURE, Slot.ENCIPHERMENT)]


def fall_and_go_on(line: Line, at: int, name: str) -> None:
    with line.copy() as bench:
        assert in_child(lambda: make(bench, Trip(at))) == signal.SIGKILL, f"nothing happened at {at}, {name}"
        make(bench, Trip(), first_key=KEYS_BEFORE_A_FALL)
        check_made(bench, f"killed at {at}, {name}")


@pytest.mark.rule("CRD-03", "ACT-05")
def test_a_line_killed_at_any_moment_makes_the_card_all_the_same(line, tmp_path):
    for at, name in enumerate(moments_of(line, tmp_path)):
        fall_and_go_on(line, at, name)


@settings(max_examples=12)
@given(st.lists(st.integers(0, 70), min_size=2, max_size=4))
def test_a_line_that_is_killed_again_and_again_makes_one_card(line, falls):
    with line.copy() as bench:
        for number, at in enumerate(falls):
            in_child(partial(make, bench, Trip(at), 4 * number))
        make(bench, Trip(), first_key=4 * len(falls))
        check_made(bench, f"killed at {falls}")
