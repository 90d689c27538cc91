"""The PIV application of the virtual card: takes raw commands, puts chains together, doles out long answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hardware.apdu import CHAINING_BIT, SHORT_LE_LIMIT, CommandApdu, ResponseApdu
from hardware.errors import ApduError, TlvError
from hardware.piv import Ins, Sw
from hardware.virtual import data_objects, key_operations, references, vendor
from hardware.virtual.authentication import general_authenticate
from hardware.virtual.power import SUCCESS, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.virtual.power import PoweredCard

COMMAND_LIMIT: Final = 16384
_SW2_LIMIT: Final = 0xFF
_MORE_DATA: Final = 0x6100

_HANDLERS: Final[dict[int, Callable[[PoweredCard, CommandApdu], ResponseApdu]]] = {
    Ins.VERIFY: references.verify,
    Ins.CHANGE_REFERENCE_DATA: references.change_reference_data,
    Ins.RESET_RETRY_COUNTER: references.reset_retry_counter,
    Ins.GENERATE_ASYMMETRIC_KEY_PAIR: key_operations.generate,
    Ins.GET_DATA: data_objects.get_data,
    Ins.PUT_DATA: data_objects.put_data,
    Ins.GET_METADATA: vendor.get_metadata,
    Ins.GET_SERIAL: vendor.get_serial,
    Ins.GET_VERSION: vendor.get_version,
    Ins.SET_MANAGEMENT_KEY: vendor.set_management_key,
}


@dataclass(slots=True)
class PivApplication:
    """One power-up of a card: `chain` holds the parts of a command so far, `rest` the answer not yet fetched."""

    card: PoweredCard
    chain: CommandApdu | None = None
    rest: bytes = b""

    def process(self, raw: bytes) -> bytes:
        """Answer one raw command; never raises, whatever the bytes are."""
        try:
            return self._respond(CommandApdu.parse(raw)).encode()
        except ApduError:
            return self._refuse(Sw.WRONG_LENGTH)
        except TlvError:
            return self._refuse(Sw.WRONG_DATA)
        except Refused as refusal:
            return self._refuse(refusal.sw)

    def _refuse(self, sw: int) -> bytes:
        # Also a command that never reached its handler stands between the PIN and the signature it was meant for.
        self.card.pin_just_verified = False
        return ResponseApdu(b"", sw).encode()

    def _respond(self, command: CommandApdu) -> ResponseApdu:
        if command.cla & ~CHAINING_BIT:
            raise Refused(Sw.CLA_UNSUPPORTED)
        if command.ins == Ins.GET_RESPONSE:
            return self._more(command)
        self.rest = b""
        whole = self._assemble(command)
        if whole is None:
            return SUCCESS
        response = self._dispatch(whole)
        return self._dole_out(response.data, command.le or SHORT_LE_LIMIT) if response.data else response

    def _assemble(self, command: CommandApdu) -> CommandApdu | None:
        """Put the parts of a chain together; None while more are to come."""
        before, self.chain = self.chain, None
        single = replace(command, cla=0)
        if before is not None:
            if before.header_values != single.header_values:
                raise Refused(Sw.LAST_OF_CHAIN_EXPECTED)
            if len(before.data) + len(single.data) > COMMAND_LIMIT:
                raise Refused(Sw.WRONG_LENGTH)
            single = replace(single, data=before.data + single.data)
        if not command.is_chained:
            return single
        self.chain = single
        if command.ins != Ins.GENERAL_AUTHENTICATE:
            self.card.pin_just_verified = False
        return None

    def _dispatch(self, command: CommandApdu) -> ResponseApdu:
        """Hand a whole command to its handler; whatever it is, the PIN is no longer "just" verified after it."""
        card = self.card
        pin_just_verified, card.pin_just_verified = card.pin_just_verified, False
        if command.ins == Ins.SELECT:
            return data_objects.select(card, command)
        if not card.selected:
            raise Refused(Sw.INS_UNSUPPORTED)
        if command.ins == Ins.GENERAL_AUTHENTICATE:
            return general_authenticate(card, command, pin_just_verified=pin_just_verified)
        card.witness = card.challenge = None
        handler = _HANDLERS.get(command.ins)
        if handler is None:
            raise Refused(Sw.INS_UNSUPPORTED)
        return handler(card, command)

    def _more(self, command: CommandApdu) -> ResponseApdu:
        if not self.rest:
            raise Refused(Sw.CONDITIONS)
        return self._dole_out(self.rest, command.le or SHORT_LE_LIMIT)

    def _dole_out(self, data: bytes, le: int) -> ResponseApdu:
        """Give at most `le` bytes and announce the rest with 61xx (61 00 means 256 or more)."""
        self.rest = data[le:]
        if not self.rest:
            return ResponseApdu(data, Sw.SUCCESS)
        announced = len(self.rest) if len(self.rest) <= _SW2_LIMIT else 0
        return ResponseApdu(data[:le], _MORE_DATA | announced)
