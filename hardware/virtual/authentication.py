"""GENERAL AUTHENTICATE of the virtual card (SP 800-73-4 part 2 §3.2.4): management key and private keys."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from hardware.apdu import ResponseApdu
from hardware.block_ciphers import BLOCK_LENGTHS, encrypt_block
from hardware.piv import Algorithm, Reference, Slot, Sw
from hardware.tlv import build, parse, parse_one
from hardware.virtual import key_operations
from hardware.virtual.power import SUCCESS, Refused

if TYPE_CHECKING:
    from hardware.apdu import CommandApdu
    from hardware.virtual.power import PoweredCard

_TEMPLATE: Final = 0x7C
_WITNESS: Final = 0x80
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82
_EXPONENTIATION: Final = 0x85


def general_authenticate(card: PoweredCard, command: CommandApdu, *, pin_just_verified: bool) -> ResponseApdu:
    """Prove or be proven the management key, or use a private key; which one P2 says."""
    fields = {item.tag: item.value for item in parse(parse_one(command.data, _TEMPLATE))}
    if command.p2 == Reference.MANAGEMENT:
        return _authenticate_host(card, command.p1, fields)
    if command.p2 not in set(Slot):
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    slot = Slot(command.p2)
    key = key_operations.private_key(card, slot)
    algorithm = card.state.keys[slot].algorithm
    if command.p1 != algorithm:
        raise Refused(Sw.WRONG_P1_P2)
    _require_pin(card, slot, pin_just_verified=pin_just_verified)
    if _EXPONENTIATION in fields and slot is Slot.ENCIPHERMENT:
        return _answer(_RESPONSE, key_operations.agree(key, algorithm, fields[_EXPONENTIATION]))
    if fields.get(_RESPONSE) != b"" or _CHALLENGE not in fields:
        raise Refused(Sw.WRONG_DATA)
    return _answer(_RESPONSE, key_operations.apply(key, algorithm, fields[_CHALLENGE]))


def _require_pin(card: PoweredCard, slot: Slot, *, pin_just_verified: bool) -> None:
    """Hold the access rules of SP 800-73-4 part 1 table 4b: never, once, or right before each use."""
    if slot is Slot.CARD_AUTHENTICATION:
        return
    presented = pin_just_verified if slot is Slot.SIGNATURE else card.pin_verified
    if not presented:
        raise Refused(Sw.SECURITY_STATUS)


def _authenticate_host(card: PoweredCard, p1: int, fields: dict[int, bytes]) -> ResponseApdu:
    """Run one step of the management-key authentication; a step out of turn ends it."""
    algorithm, key = card.state.management_algorithm, card.state.management_key
    # 00 names the default algorithm: 3DES in the standard, here whatever the key is made for.
    if p1 and p1 != algorithm:
        raise Refused(Sw.WRONG_P1_P2)
    witness, challenge = card.witness, card.challenge
    card.witness = card.challenge = None
    size = BLOCK_LENGTHS[algorithm]
    if fields.get(_WITNESS) == b"":
        card.witness = card.random(size)
        return _answer(_WITNESS, encrypt_block(algorithm, key, card.witness))
    if fields.get(_CHALLENGE) == b"":
        card.challenge = card.random(size)
        return _answer(_CHALLENGE, card.challenge)
    if _WITNESS in fields and witness is not None:
        _require_equal(card, fields[_WITNESS], witness)
        return _answer_mutual(algorithm, key, fields.get(_CHALLENGE, b""))
    if _RESPONSE in fields and challenge is not None:
        _require_equal(card, fields[_RESPONSE], encrypt_block(algorithm, key, challenge))
        return SUCCESS
    raise Refused(Sw.WRONG_DATA)


def _answer_mutual(algorithm: Algorithm, key: bytes, challenge: bytes) -> ResponseApdu:
    if len(challenge) != BLOCK_LENGTHS[algorithm]:
        raise Refused(Sw.WRONG_DATA)
    return _answer(_RESPONSE, encrypt_block(algorithm, key, challenge))


def _require_equal(card: PoweredCard, given: bytes, expected: bytes) -> None:
    card.managed = hmac.compare_digest(given, expected)
    if not card.managed:
        raise Refused(Sw.SECURITY_STATUS)


def _answer(tag: int, value: bytes) -> ResponseApdu:
    return ResponseApdu(build(_TEMPLATE, build(tag, value)), Sw.SUCCESS)
