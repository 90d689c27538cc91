"""A secret shared among people: any m of n of them together have it, fewer know nothing (rule ROL-08).

The secret, a token's PIN or the passphrase of keys, is encrypted with AES-256-GCM under a random key of its own, and
that key is split by Shamir's scheme as SLIP-39 defines it. The splitting is `shamir-mnemonic`, the reference
implementation of SLIP-39 kept by the makers of Trezor: it has published vectors, a digest inside the polynomial that
finds a wrong combination and a checksum in every share. PyCryptodome's scheme knows neither, splits 16 bytes only and
would bring a second library of ciphers. So a secret may be of any length, and no share tells how long it is.

Each share is then sealed to its holder: AES-256-GCM under a key that Argon2id makes of a passphrase that only the
holder knows. A sealed share is text, for a row or a medium: what it says openly is authenticated with it.

Bytes and texts of Python can't be wiped, and the library works on them; only the `bytearray` that `combine` returns
can, with `wipe`. A process that combined shares should therefore be short-lived.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from shamir_mnemonic.shamir import EncryptedMasterSecret, decode_mnemonics, recover_ems, split_ems
from shamir_mnemonic.utils import MnemonicError

from pki.errors import ShareRefusedError

FORMAT: Final = "guanfang-share-1"
FEWEST: Final = 2
"""Nobody activates a key alone (ROL-07)."""
THRESHOLD: Final = 2
COUNT: Final = 3
MOST: Final = 16
"""SLIP-39 has four bits for the number of a share."""
SHORTEST_PASSPHRASE: Final = 12
LONGEST_SECRET: Final = 1024
LARGEST_FILE: Final = 16_384
_KEY_BYTES, _NONCE_BYTES, _SALT_BYTES, _BLOCK, _CHECK_CHARACTERS = 32, 12, 16, 64, 16
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 1_048_576, 16, 16


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear one guess of a holder's passphrase is: Argon2id's memory in KiB, passes and lanes (RFC 9106 §4)."""

    memory: int = 65_536
    passes: int = 3
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How a secret is to be split: what it is for, how many shares are needed, and how many are made."""

    purpose: str
    threshold: int = THRESHOLD
    count: int = COUNT

    def __post_init__(self) -> None:
        if not FEWEST <= self.threshold <= self.count <= MOST:
            raise ShareRefusedError(
                "pki.share.plan",
                f"{FEWEST} to {MOST} people, of whom at least {FEWEST} are needed",
                threshold=self.threshold,
                count=self.count,
            )


@dataclass(frozen=True, slots=True)
class ShareSet:
    """What all shares of one splitting have in common; `envelope` is the secret under the key that was split."""

    id: str
    purpose: str
    threshold: int
    count: int
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """One opened share: its set, its number from 1 on, and its words as SLIP-39 writes them."""

    set: ShareSet
    index: int
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedShare:
    """One share under its holder's passphrase, as it is kept in a row or on a medium."""

    set: ShareSet
    index: int
    holder: str
    cost: Cost
    salt: bytes = field(repr=False)
    sealed: bytes = field(repr=False)

    def to_text(self) -> str:
        """Return the share as JSON with a check value over all of it."""
        said = self._open()
        said["sealed"] = b64encode(self.sealed).decode()
        said["check"] = _check(said)
        return json.dumps(said, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a share; raises ShareRefusedError `pki.share.damaged` for what is not one, or not one any more."""
        try:
            said = _parsed(text)
            found = _read(said)
        except (ValueError, KeyError, TypeError, RecursionError, ShareRefusedError) as error:
            raise ShareRefusedError(
                "pki.share.damaged", "not a share, or one that was damaged since it was made"
            ) from error
        return cls(*found)

    def aad(self) -> bytes:
        """Return what a share says openly, which is authenticated with it."""
        return _canonical(self._open())

    def _open(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "set": self.set.id,
            "purpose": self.set.purpose,
            "threshold": self.set.threshold,
            "count": self.set.count,
            "index": self.index,
            "holder": self.holder,
            "cost": asdict(self.cost),
            "salt": b64encode(self.salt).decode(),
            "envelope": b64encode(self.set.envelope).decode(),
        }


def split(secret: bytes | bytearray, plan: SplitPlan) -> tuple[Share, ...]:
    """Split a secret; each call makes a new set, whose shares do not go with those of another.

    Raises ShareRefusedError `pki.share.secret` for an empty or too long secret.
    """
    if not 0 < len(secret) <= LONGEST_SECRET:
        raise ShareRefusedError("pki.share.secret", f"a secret has 1 to {LONGEST_SECRET} bytes")
    key = secrets.token_bytes(_KEY_BYTES)
    bare = ShareSet(secrets.token_hex(16), plan.purpose, plan.threshold, plan.count, b"")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    made = replace(bare, envelope=nonce + AESGCM(key).encrypt(nonce, _padded(secret), _set_aad(bare)))
    # The key is random, so that SLIP-39's own passphrase would add nothing.
    whole = EncryptedMasterSecret(
        identifier=secrets.randbits(15), extendable=True, iteration_exponent=0, ciphertext=key
    )
    (group,) = split_ems(1, [(plan.threshold, plan.count)], whole)
    return tuple(Share(made, one.index + 1, one.mnemonic()) for one in group)


def seal(share: Share, holder: str, passphrase: str, cost: Cost | None = None) -> SealedShare:
    """Seal a share to its holder, an account's login; ShareRefusedError `pki.share.short` for a short passphrase."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise ShareRefusedError(
            "pki.share.short", f"a share's passphrase has at least {SHORTEST_PASSPHRASE} characters"
        )
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    bare = SealedShare(share.set, share.index, holder, cost or Cost(), salt, b"")
    cipher = AESGCM(_key_of(passphrase, bare))
    return replace(bare, sealed=nonce + cipher.encrypt(nonce, share.words.encode(), bare.aad()))


def open_share(sealed: SealedShare, passphrase: str) -> Share:
    """Open a share; ShareRefusedError `pki.share.passphrase` for a wrong passphrase, or a share that was forged."""
    nonce, body = sealed.sealed[:_NONCE_BYTES], sealed.sealed[_NONCE_BYTES:]
    try:
        words = AESGCM(_key_of(passphrase, sealed)).decrypt(nonce, body, sealed.aad())
    except (InvalidTag, ValueError) as error:
        raise ShareRefusedError(
            "pki.share.passphrase",
            "the passphrase does not open this share",
            set=sealed.set.id,
            index=sealed.index,
        ) from error
    return Share(sealed.set, sealed.index, words.decode())


def combine(shares: tuple[Share, ...] | list[Share], set_id: str | None = None) -> bytearray:
    """Return the secret of enough shares of one set, of the set that is asked for if one is.

    Raises ShareRefusedError: `pki.share.too_few`, `pki.share.foreign` (of another set), `pki.share.repeated`,
    `pki.share.damaged`. Wipe what is returned.
    """
    shared = _one_set(shares, set_id)
    try:
        key = recover_ems(decode_mnemonics(one.words for one in shares[: shared.threshold])).ciphertext
        nonce, body = shared.envelope[:_NONCE_BYTES], shared.envelope[_NONCE_BYTES:]
        padded = AESGCM(key).decrypt(nonce, body, _set_aad(replace(shared, envelope=b"")))
    except (MnemonicError, InvalidTag, ValueError) as error:
        raise ShareRefusedError(
            "pki.share.damaged", "these shares do not make the secret of their set", set=shared.id
        ) from error
    return bytearray(padded[2 : 2 + int.from_bytes(padded[:2], "big")])


def wipe(secret: bytearray) -> None:
    """Overwrite a secret where it stands."""
    for place in range(len(secret)):
        secret[place] = 0


def _one_set(shares: tuple[Share, ...] | list[Share], set_id: str | None) -> ShareSet:
    if not shares:
        raise ShareRefusedError("pki.share.too_few", "there is no share", given=0)
    shared = shares[0].set
    seen: set[int] = set()
    for one in shares:
        facts: dict[str, str | int] = {"set": one.set.id, "index": one.index}
        if one.set != shared or set_id not in (None, one.set.id):
            raise ShareRefusedError("pki.share.foreign", "this share is of another set", **facts)
        if one.index in seen:
            raise ShareRefusedError("pki.share.repeated", "this share was given already", **facts)
        seen.add(one.index)
    if len(shares) < shared.threshold:
        raise ShareRefusedError(
            "pki.share.too_few",
            f"{shared.threshold} shares are needed",
            given=len(shares),
            threshold=shared.threshold,
        )
    return shared


def _padded(secret: bytes | bytearray) -> bytes:
    framed = len(secret).to_bytes(2, "big") + bytes(secret)
    return framed + bytes(-len(framed) % _BLOCK)


def _set_aad(bare: ShareSet) -> bytes:
    return _canonical([FORMAT, bare.id, bare.purpose, bare.threshold, bare.count])


def _key_of(passphrase: str, share: SealedShare) -> bytes:
    cost = share.cost
    derived = Argon2id(
        salt=share.salt,
        length=_KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory,
    )
    return derived.derive(passphrase.encode())


def _canonical(said: object) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _check(said: dict[str, Any]) -> str:
    """Return a check value that finds damage, which is something else than a wrong passphrase."""
    return hashlib.sha256(_canonical(said)).hexdigest()[:_CHECK_CHARACTERS]


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LARGEST_FILE:
        raise ValueError
    said = json.loads(text)
    check = said.pop("check") if isinstance(said, dict) else None
    if check is None or check != _check(said) or said["format"] != FORMAT:
        raise ValueError
    return dict(said)


def _read(said: dict[str, Any]) -> tuple[ShareSet, int, str, Cost, bytes, bytes]:
    plan = SplitPlan(str(said["purpose"]), int(said["threshold"]), int(said["count"]))
    envelope, salt, sealed = (b64decode(said[name], validate=True) for name in ("envelope", "salt", "sealed"))
    cost = Cost(**{name: int(value) for name, value in said["cost"].items()})
    shared = ShareSet(str(said["set"]), plan.purpose, plan.threshold, plan.count, envelope)
    index = int(said["index"])
    # A forged cost would make the reader spend memory and time before it could find the forgery.
    sane = (
        0 < cost.passes <= _MOST_PASSES
        and 0 < cost.lanes <= _MOST_LANES
        and 8 * cost.lanes <= cost.memory <= _MOST_MEMORY_KIB
        and len(salt) == _SALT_BYTES
        and 1 <= index <= plan.count
    )
    if not sane:
        raise ValueError
    return shared, index, str(said["holder"]), cost, salt, sealed
