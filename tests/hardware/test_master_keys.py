"""Each card has secrets of its own, which whoever holds the master key can derive again, and nobody else."""

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from hardware.master_key import CmacMasterKey, KeysOfCard, SoftwareMasterKey, check_value
from hardware.piv import FACTORY_PUK, Algorithm
from hardware.scripts.set_secrets import CardSecrets, set_secrets
from hardware.scripts.steps import verify_pin
from hardware.scripts.unlock import activate, unblock
from hardware.secrets_of_card import PUK_ALPHABET, SecretMalformed, new_pin
from tests.hardware.registry_hands import a_challenge

MASTER = SoftwareMasterKey("2026", bytes(range(32)))
CSNS = st.binary(min_size=16, max_size=16).map(bytes.hex)


def test_the_derivation_is_the_one_of_sp_800_108_in_counter_mode():
    mac = CMAC(AES(MASTER.value))
    mac.update((1).to_bytes(4, "big") + b"label" + b"\0" + b"context" + (128).to_bytes(4, "big"))
    assert MASTER.derive(b"label", b"context", 16) == mac.finalize()


@given(label=st.binary(max_size=40), context=st.binary(max_size=40), length=st.integers(1, 80))
def test_a_master_key_that_only_offers_cmac_derives_the_same(label, context, length):
    def cmac(data):
        mac = CMAC(AES(MASTER.value))
        mac.update(data)
        return mac.finalize()

    elsewhere = CmacMasterKey("2026", cmac)
    assert elsewhere.derive(label, context, length) == MASTER.derive(label, context, length)
    assert check_value(elsewhere) == check_value(MASTER)
    assert check_value(MASTER) != check_value(SoftwareMasterKey("2026", bytes(32)))


@given(csn=CSNS, generation=st.integers(0, 1000))
def test_a_card_gets_the_same_puk_each_time_and_another_after_each_use(csn, generation):
    keys = KeysOfCard(MASTER, csn)
    change = keys.puk_change(generation)
    assert change == KeysOfCard(SoftwareMasterKey("2026", MASTER.value), csn).puk_change(generation)
    assert change.current != change.following
    assert set(change.current) <= set(PUK_ALPHABET)
    assert change.current != FACTORY_PUK


@given(one=CSNS, other=CSNS)
def test_two_cards_never_share_a_key(one, other):
    keys = {KeysOfCard(MASTER, csn).management_key().value for csn in (one, other)}
    assert len(keys) == len({one, other})


@pytest.mark.parametrize(
    "algorithm", [Algorithm.TRIPLE_DES, Algorithm.AES_128, Algorithm.AES_192, Algorithm.AES_256]
)
def test_a_card_is_made_and_unblocked_again_and_again_with_derived_secrets(
    insert_blank, open_session, algorithm
):
    keys = KeysOfCard(SoftwareMasterKey.generate("2026", secrets.token_bytes), insert_blank())
    ours = CardSecrets(new_pin(secrets.randbelow), keys.puk(0), keys.management_key(algorithm))
    with open_session() as session:
        session.run(set_secrets(ours, a_challenge()))
        session.run(activate(keys.puk_change(0), "975318"))
        session.run(unblock(keys.puk_change(1), "864209"))
        session.run(unblock(keys.puk_change(2), "246813"))
        session.run(verify_pin("246813"))
        session.run(set_secrets(CardSecrets("246813", keys.puk(3), ours.management_key), a_challenge()))


def test_no_secret_shows_when_it_is_printed():
    keys = KeysOfCard(MASTER, "00" * 16)
    printed = f"{MASTER!r} {keys!r} {keys.puk_change(0)!r} {keys.management_key()!r}"
    assert "SoftwareMasterKey" in printed
    for secret in (MASTER.value, keys.management_key().value):
        assert secret.hex() not in printed
        assert repr(secret) not in printed
    assert keys.puk(0) not in printed


def test_a_master_key_of_another_length_is_refused():
    with pytest.raises(SecretMalformed):
        SoftwareMasterKey("short", b"short")
