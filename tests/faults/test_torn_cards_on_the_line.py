"""A card that is torn at each command of its making, before it acts and after, is finished, and the books hold.

On PostgreSQL, with real certificates. Each tear has a case and a blank of its own; the card is put back into another
reader. `tests/hardware/test_cards_torn_everywhere.py` says the same of the scripts alone and of more ways to fail.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from hardware.master_key import KeysOfCard
from hardware.piv import FACTORY_PIN, Slot
from hardware.scripts.certificates import read_certificate
from hardware.scripts.steps import select
from hardware.secrets_of_card import encode_pin, encode_puk
from hardware.virtual import key_operations
from hardware.virtual.card import Fault, FaultKind
from tests.faults.line import MEMORY, card_key
from tests.workflow.line_rig import READERS, CardLine
from tests.workflow.registry import MASTER_KEYS
from workflow.performers.line import Post, Turn, take_turn
from workflow.store import schema as t
from workflow.watching.reconciling.card_certificates import pairing_faults
from workflow.watching.reconciling.places import place_faults

HERE, THERE = READERS[:2]
SLOTS = {"signature": Slot.SIGNATURE, "encipherment": Slot.ENCIPHERMENT}


COMMANDS = 64
"""More than the making of a card takes."""
EXPONENT = 65537
PRIMES = 24
"""Each two of them make a key: every tear wants keys of its own, and one takes long to make."""


def keys():
    """Yield keys that are all different; only their factors are not, which nobody looks for here."""
    primes = [prime for number in range(PRIMES // 2) for prime in factors(card_key(number))]
    for p, q in combinations(primes, 2):
        d = rsa.rsa_recover_private_exponent(EXPONENT, p, q)
        more = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        public = rsa.RSAPublicNumbers(EXPONENT, p * q)
        if public.n.bit_length() == 2048:
            yield rsa.RSAPrivateNumbers(p, q, d, *more, public).private_key(
                unsafe_skip_rsa_key_validation=True
            )


def factors(key):
    numbers = key.private_numbers()
    return numbers.p, numbers.q


@pytest.fixture
def line(migrated_postgresql_url):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        made = CardLine(migrated_postgresql_url, Path(folder), blanks=COMMANDS)
        fresh = keys()
        with patch.object(key_operations, "_make", lambda _algorithm: next(fresh)):
            yield made
        made.registry.close()


def turn(line, reader):
    return take_turn(line.office, Post(reader, "line")).turn


def torn(line, monkeypatch, fault):
    """Make a card that fails so; says how that went."""
    whole = line.station.open_session
    with monkeypatch.context() as broken:
        broken.setattr(line.station, "open_session", lambda reader: whole(reader, fault))
        return turn(line, HERE)


def check_books(line, case, when):
    living = line.rows(t.certificate, t.certificate.c.case_id == case, t.certificate.c.status != "revoked")
    assert max(Counter(row.purpose for row in living).values(), default=0) <= 1, when
    with line.office.reading() as connection:
        assert [*place_faults(connection), *pairing_faults(connection)] == [], when


def check_made(line, csn, case, when):
    """See that nothing about the card is unknown: whose it is, what opens it, what it holds."""
    card = line.card(csn)
    assert (card.state, card.case_id, card.pin_sealed) == ("made", case, None), when
    state = line.station.card_file(csn).load()
    ours = KeysOfCard(MASTER_KEYS.named(card.master_key), csn)
    assert state.management_key == ours.management_key().value, when
    assert state.puk.value == encode_puk(ours.puk(0)), when
    assert state.pin.value != encode_pin(FACTORY_PIN), when
    alive = line.rows(t.certificate, t.certificate.c.case_id == case, t.certificate.c.status == "issued")
    with line.station.open_session(THERE) as session:
        session.run(select())
        for row in alive:
            slot = SLOTS[row.purpose]
            assert session.run(read_certificate(slot)) == row.der, when
            assert spki_in(state, slot) == getattr(card, f"{row.purpose}_spki"), when
    assert len(alive) == len(SLOTS), when


def spki_in(state, slot):
    public = load_der_private_key(
        state.keys[slot].pkcs8, None, unsafe_skip_rsa_key_validation=True
    ).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.rule("CRD-01", "CRD-02", "CRD-03", "ACT-05")
@pytest.mark.parametrize("kind", [FaultKind.TORN_BEFORE, FaultKind.TORN_AFTER])
def test_a_card_torn_at_any_command_is_put_back_and_finished(line, monkeypatch, kind):
    for at in range(COMMANDS):
        when = f"{kind.name.lower()} at {at}"
        csn, (_batch, (case,)) = line.blanks[at], line.batch(1)
        line.station.insert(HERE, csn)
        went = torn(line, monkeypatch, Fault(at, kind))
        line.station.remove(HERE)
        check_books(line, case, when)
        line.station.insert(THERE, csn)
        if went is not Turn.MADE:
            assert turn(line, THERE) is Turn.MADE, when
        check_made(line, csn, case, when)
        check_books(line, case, when)
        line.station.remove(THERE)
        if went is Turn.MADE:
            assert at > 30
            return
    raise AssertionError("it never ends")
