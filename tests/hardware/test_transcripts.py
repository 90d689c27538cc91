from datetime import date

import pytest

from hardware.errors import SecretRefused, TranscriptDiverged
from hardware.piv import FACTORY_PIN, Algorithm, Slot
from hardware.scripts.change_pin import change_pin
from hardware.scripts.identify import identify, read_csn
from hardware.scripts.personalise import Personalisation, complete, ensure_key, take_over
from hardware.scripts.possession import verify_possession
from hardware.scripts.retire import Retirement, retire
from hardware.scripts.set_secrets import set_secrets
from hardware.scripts.sign import SigningKey, sign
from hardware.scripts.transcript import Finished, Pending, Transcript, TranscriptDamaged, record, resume
from hardware.scripts.unlock import PukChange, activate
from hardware.scripts.view import view
from tests.hardware.registry_hands import CARD_NUMBER, a_certificate, a_challenge, some_secrets

KEY = b"the session's own secret"


def drive(session, make_script):
    """Run a script as web processes would: each takes the stored transcript up, sends one command and forgets."""
    stored = Transcript(KEY).to_json()
    while True:
        transcript = Transcript.from_json(KEY, stored)
        match resume(make_script(), transcript):
            case Finished(result):
                return result, stored
            case Pending(command):
                stored = transcript.answered(command, session.transmit(command)).to_json()


def test_a_script_is_taken_up_by_another_process_at_every_command(session):
    ours, challenge = some_secrets(), a_challenge()
    _, stored = drive(session, lambda: set_secrets(ours, challenge))
    drive(session, lambda: activate(PukChange(ours.puk, "ABCD2345"), "975318"))
    drive(session, lambda: change_pin("975318", "864209"))
    assert resume(set_secrets(ours, challenge), Transcript.from_json(KEY, stored)) == Finished(None)


def test_a_card_is_made_proven_and_retired_over_many_processes(session):
    ours, challenge, long_challenge = some_secrets(), a_challenge(), a_challenge() * 2
    csn, _ = drive(session, read_csn)
    plan = Personalisation(csn, CARD_NUMBER, date(2099, 12, 31), ours)
    drive(session, lambda: take_over(plan, challenge))
    certificates = {}
    for slot in (Slot.SIGNATURE, Slot.ENCIPHERMENT):
        spki, _ = drive(session, lambda slot=slot: ensure_key(slot, Algorithm.P256, None))
        certificates[slot] = a_certificate(spki, slot, Algorithm.P256)
    drive(session, lambda: complete(certificates, long_challenge, ours.pin))
    drive(session, lambda: sign(SigningKey(Slot.SIGNATURE, Algorithm.P256), bytes(32), ours.pin))
    for slot, der in certificates.items():
        drive(session, lambda slot=slot, der=der: verify_possession(slot, der, long_challenge, ours.pin))
    assert len(drive(session, view)[0].certificates) == len(certificates)
    order = Retirement(ours.management_key, some_secrets().management_key)
    done, stored = drive(session, lambda: retire(order, challenge))
    assert done.is_complete
    for secret in (ours.management_key.value, order.final_key.value, ours.pin.encode(), ours.puk.encode()):
        assert secret.hex() not in stored


def test_a_recorded_run_replays_to_the_same_result(session):
    identity, transcript = record(identify(), session, Transcript(KEY))
    assert resume(identify(), transcript) == Finished(identity)


def test_a_refusal_is_replayed_as_the_same_refusal(session):
    transcript = Transcript(KEY)
    with pytest.raises(SecretRefused):
        drive(session, lambda: change_pin("864209", "975318"))
    while isinstance(pending := resume(change_pin(FACTORY_PIN, "975318"), transcript), Pending):
        answer = bytes.fromhex("63c1") if transcript.exchanges else bytes.fromhex("9000")
        transcript = transcript.answered(pending.command, answer)
        if len(transcript.exchanges) > 1:
            break
    with pytest.raises(SecretRefused) as refusal:
        resume(change_pin(FACTORY_PIN, "975318"), transcript)
    assert refusal.value.tries_left == 1


def test_a_script_that_says_something_else_than_recorded_is_stopped(session):
    _, transcript = record(change_pin(FACTORY_PIN, "975318"), session, Transcript(KEY))
    with pytest.raises(TranscriptDiverged):
        resume(change_pin(FACTORY_PIN, "864209"), transcript)


def test_a_stored_transcript_holds_no_command_and_no_key(session):
    _, transcript = record(change_pin(FACTORY_PIN, "975318"), session, Transcript(KEY))
    for told in (transcript.to_json(), repr(transcript)):
        assert b"975318".hex() not in told
        assert KEY.hex() not in told
        assert "secret" not in told


@pytest.mark.parametrize("text", ["", "{", "[1]", '[["zz","00"]]', '[["00"]]', "null"])
def test_text_that_is_no_transcript_is_refused(text):
    with pytest.raises(TranscriptDamaged):
        Transcript.from_json(KEY, text)
