"""Proves the management key to the card, and makes the card prove it back (SP 800-73-4 part 2 appendix A.1)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.block_ciphers import BLOCK_LENGTHS, decrypt_block, encrypt_block
from hardware.errors import CardAnswerWrong, ManagementKeyRefused, TlvError
from hardware.piv import Ins, Reference
from hardware.scripts.steps import ALL, select
from hardware.tlv import build, parse_one, require

if TYPE_CHECKING:
    from hardware.scripts.script import Script
    from hardware.secrets_of_card import ManagementKey

CHALLENGE_LENGTH: Final = 16

_TEMPLATE: Final = 0x7C
_WITNESS: Final = 0x80
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82


def authenticate_management(key: ManagementKey, challenge: bytes) -> Script[None]:
    """Select the application and open it for writing in this session; harmless to run again.

    `challenge` is 16 random bytes, fresh for each session. Raises ManagementKeyRefused when the card holds another
    key, CardAnswerWrong when the card cannot prove that it holds this one.
    """
    yield from select()
    yield from prove_management_key(key, challenge)


def prove_management_key(key: ManagementKey, challenge: bytes) -> Script[None]:
    """Do as `authenticate_management` with the application already selected."""
    if len(challenge) != CHALLENGE_LENGTH:
        raise ValueError("The challenge has 16 bytes.")
    size = BLOCK_LENGTHS[key.algorithm]
    sealed = yield from _step(key, build(_WITNESS), _WITNESS)
    if len(sealed) != size:
        raise CardAnswerWrong("The card's witness does not have the length of a block.")
    witness = decrypt_block(key.algorithm, key.value, sealed)
    ours = challenge[:size]
    answer = yield from _step(key, build(_WITNESS, witness) + build(_CHALLENGE, ours), _RESPONSE)
    if not hmac.compare_digest(answer, encrypt_block(key.algorithm, key.value, ours)):
        raise CardAnswerWrong("The card did not prove that it holds the management key.")


def _step(key: ManagementKey, fields: bytes, expected: int) -> Script[bytes]:
    command = CommandApdu(
        0, Ins.GENERAL_AUTHENTICATE, key.algorithm, Reference.MANAGEMENT, build(_TEMPLATE, fields), ALL
    )
    response = yield command
    if not response.is_success:
        raise ManagementKeyRefused("accept the management key", response.sw)
    try:
        return require(parse_one(response.data, _TEMPLATE), expected)
    except TlvError as error:
        raise CardAnswerWrong("The card's answer to the authentication is not well formed.") from error
