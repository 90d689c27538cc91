"""Turns a blank into a card of ours in steps that can each be taken again (rules CRD-01, CRD-02, CRD-03).

The order is: `take_over`, then `ensure_key` for each slot, then (outside, where no card is needed) the certificates,
then `complete`. Between two keys and before the certificates the caller records the public key that it was given; from
then on that key is never made again. Whatever was torn is mended by taking the same steps again from the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.errors import CardAnswerWrong, OtherCard, OtherKey, TlvError
from hardware.piv import Algorithm, DataObject
from hardware.scripts.authenticate_management import prove_management_key
from hardware.scripts.card_number import write_card_number, write_chuid
from hardware.scripts.certificates import verify_read_back, write_certificate
from hardware.scripts.generate_key import generate_key, public_key_in
from hardware.scripts.identify import read_csn
from hardware.scripts.possession import verify_possession
from hardware.scripts.set_secrets import FACTORY_SECRETS, CardSecrets, set_secrets
from hardware.scripts.steps import read_metadata, read_object
from hardware.tlv import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hardware.piv import Slot
    from hardware.scripts.script import Script


@dataclass(frozen=True, slots=True)
class Personalisation:
    """What a card is to become, stored by the caller before the first step. `csn` is the chip it was stored for."""

    csn: str
    card_number: str
    expires: date
    secrets: CardSecrets
    old: CardSecrets = FACTORY_SECRETS


def take_over(plan: Personalisation, challenge: bytes) -> Script[None]:
    """Replace the maker's PIN, PUK and management key by ours and write the card's numbers.

    `challenge` is 16 fresh random bytes. Raises OtherCard when another chip is in the reader; nothing was written then.
    Afterwards the session is open for writing. Running it again changes nothing more.
    """
    yield from require_card(plan.csn)
    yield from set_secrets(plan.secrets, challenge, plan.old)
    if (yield from read_object(DataObject.CHUID)) is None:
        yield from write_chuid(plan.csn, plan.expires)
    yield from write_card_number(plan.card_number)


def reopen(plan: Personalisation, challenge: bytes) -> Script[None]:
    """Open a card that was taken over before for writing again, in a new session; harmless to run again."""
    yield from require_card(plan.csn)
    yield from prove_management_key(plan.secrets.management_key, challenge)


def require_card(csn: str) -> Script[None]:
    """Select the application and raise OtherCard unless this chip is in the reader."""
    if (yield from read_csn()) != csn:
        raise OtherCard("Another card is in the reader than the one that this work was begun on.")


def ensure_key(slot: Slot, algorithm: Algorithm, recorded: bytes | None) -> Script[bytes]:
    """Return the slot's public key as SubjectPublicKeyInfo DER, making a pair only if none was recorded (CRD-01).

    Wants the session open for writing. With `recorded` nothing is made or changed; a card that tells its public keys
    is asked, and OtherKey raised when it holds another one.
    """
    if recorded is None:
        return (yield from generate_key(slot, algorithm))
    held = yield from read_public_key(slot)
    if held is not None and held != recorded:
        raise OtherKey(f"Slot {slot:X} holds another key than the one that was recorded.")
    return recorded


def read_public_key(slot: Slot) -> Script[bytes | None]:
    """Ask which key is in a slot, as SubjectPublicKeyInfo DER; None when there is none or the card does not tell."""
    metadata = yield from read_metadata(slot)
    if metadata is None:
        return None
    try:
        algorithm, template = find(metadata, 0x01), find(metadata, 0x04)
        if not algorithm or not template:
            return None
        return public_key_in(Algorithm(algorithm[0]), template)
    except (TlvError, ValueError) as error:
        raise CardAnswerWrong(f"What the card tells about slot {slot:X} is not well formed.") from error


def complete(certificates: Mapping[Slot, bytes], challenge: bytes, pin: str) -> Script[None]:
    """Write the certificates, read them back, and let every key prove itself against its certificate.

    Wants the session open for writing; `challenge` is 32 or more fresh random bytes, and `pin` the random initial one.
    Running it again writes the same again.
    """
    for slot, der in certificates.items():
        yield from write_certificate(slot, der)
    yield from verify_read_back(certificates)
    for slot, der in certificates.items():
        yield from verify_possession(slot, der, challenge, pin)
