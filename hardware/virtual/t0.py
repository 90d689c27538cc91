"""Makes the virtual card talk the older protocol, T=0 (ISO/IEC 7816-3 §10), as strictly as the strictest cards do.

A command carries data or asks for some, never both: what it brings is fetched with GET RESPONSE after 61xx, and who asks
for more than there is learns the right length from 6Cxx. Extended commands do not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.apdu import EXTENDED_LE_LIMIT, SHORT_LE_LIMIT, CommandApdu, ResponseApdu
from hardware.errors import ApduError
from hardware.exchange import INS_GET_RESPONSE
from hardware.piv import Sw

if TYPE_CHECKING:
    from collections.abc import Callable

_MORE_DATA: Final = 0x6100
_WRONG_LE: Final = 0x6C00
_SW2_LIMIT: Final = 0xFF
_HEAD_LENGTH: Final = 5  # CLA, INS, P1, P2, P3


class T0Link:
    """Stands before an application that answers whole commands, for one power-up."""

    def __init__(self, process: Callable[[bytes], bytes]) -> None:
        self._process = process
        self._held = ResponseApdu(b"", Sw.SUCCESS)
        self._header: tuple[int, int, int, int] | None = None

    def process(self, raw: bytes) -> bytes:
        """Answer one raw command; never raises."""
        try:
            command = CommandApdu.parse(raw)
        except ApduError:
            return ResponseApdu(b"", Sw.WRONG_LENGTH).encode()
        if len(raw) > _HEAD_LENGTH + len(command.data) or (command.le or 0) > SHORT_LE_LIMIT:
            return ResponseApdu(b"", Sw.WRONG_LENGTH).encode()
        return self._answer(command).encode()

    def _answer(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == INS_GET_RESPONSE:
            if not self._held.data:
                return ResponseApdu(b"", Sw.CONDITIONS)
            return self._dole_out(command.le or SHORT_LE_LIMIT)
        if command.le is not None and self._held.data and self._header == command.header_values:
            # The same command again, with the length that 6Cxx named; it is not carried out twice.
            return self._dole_out(command.le)
        # Whoever is behind us gives all that there is at once; we hand it out.
        le = None if command.is_chained else EXTENDED_LE_LIMIT
        whole = CommandApdu(*command.header_values, command.data, le).encode()
        self._held, self._header = ResponseApdu.parse(self._process(whole)), command.header_values
        if not self._held.data:
            return self._held
        return self._announced() if command.le is None else self._dole_out(command.le)

    def _dole_out(self, le: int) -> ResponseApdu:
        data, sw = self._held.data, self._held.sw
        if len(data) < le:
            return ResponseApdu(b"", _WRONG_LE | len(data))
        self._held = ResponseApdu(data[le:], sw)
        if not self._held.data:
            return ResponseApdu(data, sw)
        return ResponseApdu(data[:le], self._announced().sw)

    def _announced(self) -> ResponseApdu:
        left = len(self._held.data)
        return ResponseApdu(b"", _MORE_DATA | (left if left <= _SW2_LIMIT else 0))
