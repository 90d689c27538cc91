"""A sample of the long runs (`make fuzz`), the same at each run of the suite."""

import pytest

from tests.fuzz import card_commands, card_responses


@pytest.mark.rule("CRD-01", "PIN-01")
@pytest.mark.parametrize("seed", [11, 12])
def test_no_command_makes_a_card_sign_without_its_pin(seed):
    attack = card_commands.run(4000, seed)
    assert attack.uses > 100
    assert attack.proofs > 50


@pytest.mark.parametrize("seed", [21, 22])
def test_no_answer_of_a_card_breaks_a_script(seed):
    line = card_responses.run(1500, seed)
    assert 0 < line.ended_well < line.talks


def test_a_card_that_forgets_to_ask_for_the_pin_is_found_out(monkeypatch):
    monkeypatch.setattr("hardware.virtual.authentication._require_pin", lambda *_, **__: None)
    with pytest.raises(card_commands.Broken):
        card_commands.run(4000, 11)
