"""Names what SP 800-73-4 gives numbers to: instructions, key slots, algorithms, data objects, status words."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

AID: Final = bytes.fromhex("a000000308000010000100")
AID_TRUNCATED: Final = AID[:5]
PIN_LENGTH: Final = 8
DEFAULT_TRIES: Final = 3  # Rule PIN-01: three wrong ones lock the card.

# What a blank leaves the factory with; published by the makers, so they protect nothing.
FACTORY_PIN: Final = "123456"
FACTORY_PUK: Final = "12345678"
FACTORY_MANAGEMENT_KEY: Final = bytes.fromhex("010203040506070801020304050607080102030405060708")


class Ins(IntEnum):
    """Instructions; the last five are Yubico's, which its PIV cards document openly."""

    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    RESET_RETRY_COUNTER = 0x2C
    GENERATE_ASYMMETRIC_KEY_PAIR = 0x47
    GENERAL_AUTHENTICATE = 0x87
    SELECT = 0xA4
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCB
    PUT_DATA = 0xDB
    GET_METADATA = 0xF7
    GET_SERIAL = 0xF8
    GET_VERSION = 0xFD
    SET_MANAGEMENT_KEY = 0xFF


class Reference(IntEnum):
    """Reference data that is not an asymmetric key (SP 800-73-4 part 1 table 4b)."""

    PIN = 0x80
    PUK = 0x81
    MANAGEMENT = 0x9B


class Slot(IntEnum):
    """Key slots (SP 800-73-4 part 1 §4.3); ours: 9C signature, 9D encipherment."""

    AUTHENTICATION = 0x9A
    SIGNATURE = 0x9C
    ENCIPHERMENT = 0x9D
    CARD_AUTHENTICATION = 0x9E


class Algorithm(IntEnum):
    """Algorithm identifiers (SP 800-78-4 table 6-2; RSA-3072 came with SP 800-78-5)."""

    TRIPLE_DES = 0x03
    RSA_3072 = 0x05
    RSA_2048 = 0x07
    AES_128 = 0x08
    AES_192 = 0x0A
    AES_256 = 0x0C
    P256 = 0x11
    P384 = 0x14


class DataObject(IntEnum):
    """Data objects (SP 800-73-4 part 1 §4 and part 1 appendix A)."""

    DISCOVERY = 0x7E
    CHUID = 0x5FC102
    CCC = 0x5FC107
    PRINTED_INFORMATION = 0x5FC109
    FINGERPRINTS = 0x5FC103
    FACIAL_IMAGE = 0x5FC108
    CERTIFICATE_9A = 0x5FC105
    CERTIFICATE_9C = 0x5FC10A
    CERTIFICATE_9D = 0x5FC10B
    CERTIFICATE_9E = 0x5FC101
    # Ours, in the range that PIV cards leave to their issuer: the card number, readable without a PIN.
    CARD_NUMBER = 0x5FFF40


class Sw(IntEnum):
    """Status words (SP 800-73-4 part 2 §3)."""

    SUCCESS = 0x9000
    TRIES_LEFT = 0x63C0
    WRONG_LENGTH = 0x6700
    LAST_OF_CHAIN_EXPECTED = 0x6883
    SECURE_MESSAGING_UNSUPPORTED = 0x6882
    SECURITY_STATUS = 0x6982
    BLOCKED = 0x6983
    CONDITIONS = 0x6985
    WRONG_DATA = 0x6A80
    FUNCTION_UNSUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NO_SPACE = 0x6A84
    WRONG_P1_P2 = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    INS_UNSUPPORTED = 0x6D00
    CLA_UNSUPPORTED = 0x6E00
    UNKNOWN = 0x6F00


CERTIFICATE_OBJECTS: Final = {
    Slot.AUTHENTICATION: DataObject.CERTIFICATE_9A,
    Slot.SIGNATURE: DataObject.CERTIFICATE_9C,
    Slot.ENCIPHERMENT: DataObject.CERTIFICATE_9D,
    Slot.CARD_AUTHENTICATION: DataObject.CERTIFICATE_9E,
}

RSA_BYTES: Final = {Algorithm.RSA_2048: 256, Algorithm.RSA_3072: 384}
"""The length of a modulus, and so of a block that is signed or decrypted."""

MANAGEMENT_KEY_LENGTHS: Final = {
    Algorithm.TRIPLE_DES: 24,
    Algorithm.AES_128: 16,
    Algorithm.AES_192: 24,
    Algorithm.AES_256: 32,
}


def tries_left(sw: int) -> int | None:
    """How many tries a status word grants (63Cx, or none when 6983); None when it says something else."""
    if sw == Sw.BLOCKED:
        return 0
    if sw & 0xFFF0 == Sw.TRIES_LEFT:
        return sw & 0x0F
    return None
