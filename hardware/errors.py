"""Defines what can go wrong between the registry and a card; every error of this room is a `HardwareError`."""

from __future__ import annotations


class HardwareError(Exception):
    """The root of this room's errors."""


class ApduError(HardwareError):
    """A command or response does not have the form that ISO/IEC 7816-4 gives it."""


class TlvError(HardwareError):
    """Bytes are not well-formed BER-TLV."""


class TransportError(HardwareError):
    """The bytes did not get through; what the card did is not known."""


class CardRemoved(TransportError):  # noqa: N818 - named as the event it is, like its siblings
    """The card left the reader, or stopped answering for good, while a session was open."""


class ReaderGone(CardRemoved):
    """The reader itself was unplugged or its driver ended, and the card in it with it."""


class CardUnsupported(TransportError):  # noqa: N818 - named as the finding it is
    """The reader and the card have no way of talking in common; perhaps it lies upside down, or is no chip card."""


class CardWasReset(TransportError):  # noqa: N818 - named as the event it is
    """The card was reset under the session: its security state is gone and the script must start again."""


class ReaderTimeout(TransportError):  # noqa: N818 - named as the event it is
    """The reader or card did not answer within the time allowed."""


class ReaderBusy(TransportError):  # noqa: N818 - named as the state it is
    """Someone else holds the card."""


class NoCard(TransportError):  # noqa: N818 - named as the state it is
    """The reader is empty."""


class NoReader(TransportError):  # noqa: N818 - named as the state it is
    """There is no reader of that name."""


class ReaderServiceDown(TransportError):  # noqa: N818 - named as the state it is
    """The machine's smart-card service (pcscd) is not running, or pyscard is not installed."""


class CardFileError(HardwareError):
    """A virtual card's file is missing, damaged, or of a version that this program does not know."""


class CardRefused(HardwareError):  # noqa: N818 - named as the event it is
    """The card answered a command with an error; `sw` is its status word and `doing` says what was asked."""

    def __init__(self, doing: str, sw: int) -> None:
        super().__init__(f"The card refused to {doing}: status {sw:04X}.")
        self.doing = doing
        self.sw = sw


class SecretRefused(CardRefused):
    """A PIN or PUK was wrong; `tries_left` more are allowed, none when the reference is blocked."""

    def __init__(self, doing: str, sw: int, tries_left: int) -> None:
        super().__init__(doing, sw)
        self.tries_left = tries_left


class ManagementKeyRefused(CardRefused):
    """The card does not hold the management key that was tried."""


class CardAnswerWrong(HardwareError):  # noqa: N818 - named as the finding it is
    """The card answered with success, but what it said does not hold."""


class OtherCard(CardAnswerWrong):
    """Another card is in the reader than the one that the work was begun on."""


class OtherKey(CardAnswerWrong):
    """The slot holds another key than the one whose public half was recorded; its certificate would be worthless."""


class PossessionNotProven(CardAnswerWrong):
    """The card could not do with its key what the certificate's holder must be able to do."""


class NotRetired(CardAnswerWrong):
    """A card that was to be made unusable still holds or does something; the message says what."""


class SlotOccupied(HardwareError):  # noqa: N818 - named as the state it is
    """A key was to be made in a slot that already has a certificate (rule CRD-01: a card is never rewritten)."""


class ReadBackDiffers(HardwareError):  # noqa: N818 - named as the finding it is
    """A certificate read back from the card is not the one that was issued for it."""


class TranscriptDiverged(HardwareError):  # noqa: N818 - named as the finding it is
    """A replayed script sends something other than what its transcript says was sent."""
