"""What a virtual card remembers without power, and how that is written down.

The file is JSON with a version. Adding a field needs a default in `from_json`; changing the meaning of one needs a
new `FORMAT`, since demonstration cards outlive the program that made them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.errors import CardFileError
from hardware.piv import (
    DEFAULT_TRIES,
    FACTORY_MANAGEMENT_KEY,
    FACTORY_PIN,
    FACTORY_PUK,
    Algorithm,
    DataObject,
    Slot,
)
from hardware.secrets_of_card import encode_pin, encode_puk

if TYPE_CHECKING:
    from typing import Any

FORMAT: Final = 1


@dataclass(slots=True)
class Secret:
    """A PIN or PUK: its eight bytes, and how many of `limit` tries are left."""

    value: bytes = field(repr=False)
    left: int = DEFAULT_TRIES
    limit: int = DEFAULT_TRIES


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A private key made on the card: PKCS#8 DER, never sent to anyone."""

    algorithm: Algorithm
    pkcs8: bytes = field(repr=False)


@dataclass(slots=True)
class CardState:
    """Everything that survives a loss of power. `csn` is the chip serial number, 16 bytes."""

    csn: bytes
    pin: Secret
    puk: Secret
    management_algorithm: Algorithm
    management_key: bytes = field(repr=False)
    answers_metadata: bool = True
    objects: dict[int, bytes] = field(default_factory=dict)
    keys: dict[Slot, StoredKey] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write the state down."""
        document = {
            "format": FORMAT,
            "csn": self.csn.hex(),
            "pin": _secret_to_json(self.pin),
            "puk": _secret_to_json(self.puk),
            "management": {"algorithm": self.management_algorithm, "value": self.management_key.hex()},
            "answers_metadata": self.answers_metadata,
            "objects": {f"{tag:X}": value.hex() for tag, value in sorted(self.objects.items())},
            "keys": {
                f"{slot:X}": {"algorithm": key.algorithm, "pkcs8": key.pkcs8.hex()}
                for slot, key in sorted(self.keys.items())
            },
        }
        return json.dumps(document, indent=1)

    @classmethod
    def from_json(cls, text: str) -> CardState:
        """Read what `to_json` wrote; raises CardFileError on anything else."""
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise CardFileError(f"The card file has format {document['format']}, not {FORMAT}.")
            return cls(
                csn=bytes.fromhex(document["csn"]),
                pin=_secret_from_json(document["pin"]),
                puk=_secret_from_json(document["puk"]),
                management_algorithm=Algorithm(document["management"]["algorithm"]),
                management_key=bytes.fromhex(document["management"]["value"]),
                answers_metadata=bool(document["answers_metadata"]),
                objects={int(tag, 16): bytes.fromhex(value) for tag, value in document["objects"].items()},
                keys={
                    Slot(int(slot, 16)): StoredKey(Algorithm(key["algorithm"]), bytes.fromhex(key["pkcs8"]))
                    for slot, key in document["keys"].items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CardFileError("The card file is damaged.") from error


def _secret_to_json(secret: Secret) -> dict[str, Any]:
    return {"value": secret.value.hex(), "left": secret.left, "limit": secret.limit}


def _secret_from_json(document: dict[str, Any]) -> Secret:
    return Secret(bytes.fromhex(document["value"]), int(document["left"]), int(document["limit"]))


def blank(csn: bytes, chuid: bytes, *, answers_metadata: bool = True) -> CardState:
    """Return a card as it leaves the factory: published PIN, PUK and management key, no keys, no certificates."""
    return CardState(
        csn=csn,
        pin=Secret(encode_pin(FACTORY_PIN)),
        puk=Secret(encode_puk(FACTORY_PUK)),
        management_algorithm=Algorithm.AES_192,
        management_key=FACTORY_MANAGEMENT_KEY,
        answers_metadata=answers_metadata,
        objects={DataObject.CHUID: chuid, DataObject.CCC: _capability_container(csn)},
    )


def _capability_container(csn: bytes) -> bytes:
    """Return the value of the CCC (SP 800-73-4 part 1 table 9); only its identifier and versions say anything."""
    identifier = bytes.fromhex("a000000116ff02") + csn[-14:]
    head = bytes([0xF0, len(identifier)]) + identifier
    return head + bytes.fromhex("f10121f20121f300f40100f50110f600f700fa00fb00fc00fd00fe00")
