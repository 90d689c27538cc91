"""Turns one logical command into the raw exchanges it takes, without doing any input or output.

Short APDUs and command chaining are used throughout, because every PIV card has them (SP 800-73-4 part 2 §2.6)
and not every reader passes extended ones. 61xx is followed by GET RESPONSE, 6Cxx by the same command with the
right Le.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hardware.apdu import SHORT_LE_LIMIT, SW_SUCCESS, CommandApdu, ResponseApdu
from hardware.errors import CardAnswerWrong

if TYPE_CHECKING:
    from collections.abc import Generator

SW1_MORE_DATA = 0x61
SW1_WRONG_LE = 0x6C
INS_GET_RESPONSE = 0xC0

# A card's largest object is a few kilobytes; a card that never stops answering must not hold us for ever.
MOST_PARTS = 256


def exchange(command: CommandApdu) -> Generator[bytes, bytes, ResponseApdu]:
    """Yield raw commands and receive raw responses; return the whole response.

    A part of a chain that the card refuses ends the exchange with that refusal.
    """
    response = ResponseApdu(b"", SW_SUCCESS)
    for part in command.chained():
        response = ResponseApdu.parse((yield part.encode()))
        if part.is_chained and not response.is_success:
            return response
        # One that asked for no data has no Le to be wrong, and may be a try at a PIN: it is never sent twice.
        if response.sw1 == SW1_WRONG_LE and part.le is not None:
            corrected = replace(part, le=response.sw2 or SHORT_LE_LIMIT)
            response = ResponseApdu.parse((yield corrected.encode()))
    return (yield from _collect(command.cla, response))


def _collect(cla: int, response: ResponseApdu) -> Generator[bytes, bytes, ResponseApdu]:
    """Fetch what is left to fetch with GET RESPONSE."""
    data = response.data
    for _ in range(MOST_PARTS):
        if response.sw1 != SW1_MORE_DATA:
            return ResponseApdu(data, response.sw)
        more = CommandApdu(cla, INS_GET_RESPONSE, 0, 0, le=response.sw2 or SHORT_LE_LIMIT)
        response = ResponseApdu.parse((yield more.encode()))
        if response.sw1 == SW1_WRONG_LE:
            # The card announced more than it has (seen with T=0); it now says how much that is.
            corrected = replace(more, le=response.sw2 or SHORT_LE_LIMIT)
            response = ResponseApdu.parse((yield corrected.encode()))
        data += response.data
    raise CardAnswerWrong("The card keeps announcing more data.")
