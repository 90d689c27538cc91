"""Copies of keys in a token: wrapped out once under a key that people share, and taken into another token (ROL-08).

A key that is to be copied may leave its token under a trusted wrapping key alone (CKA_WRAP_WITH_TRUSTED), and only the
token's security officer can make a key trusted, so that the user's PIN takes nothing out. The wrapping key is 256 bits
that come from outside; in the token it is an object of one session and ends with it. A key that was copied is closed
for good, for CKA_EXTRACTABLE never becomes true again (PKCS#11 v2.40, table 21 and §2.7).

The copy is PKCS#8 under AES key wrap with padding (CKM_AES_KEY_WRAP_PAD, RFC 5649), which any module can open.
"""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import pkcs11
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.constants import DEFAULT
from pkcs11.util.ec import decode_ec_public_key, encode_ecdsa_signature
from pkcs11.util.rsa import decode_rsa_public_key

from pki.errors import KeyRefusedError
from pki.keys import PrivateKeySigner, load_public_key, spki_of, verify_signature
from pki.token_keys import TokenEllipticCurveKey, TokenRsaKey

if TYPE_CHECKING:
    from pki.keys import PublicKey

FORMAT: Final = "guanfang-token-copy-1"
LARGEST_FILE: Final = 32_768
COPYABLE: Final = {Attribute.EXTRACTABLE: True, Attribute.WRAP_WITH_TRUSTED: True}
CLOSED: Final = {Attribute.EXTRACTABLE: False}
NOT_OPENED: Final = "pki.token.copy"
OTHER_KEY: Final = "pki.token.copy_key"
DAMAGED: Final = "pki.token.copy_damaged"
_WRAP: Final = Mechanism.AES_KEY_WRAP_PAD
_CHALLENGE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What takes keys out of a token: the 32 bytes of the wrapping key, and the PIN of the security officer."""

    secret: bytes = field(repr=False)
    so_pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenCopy:
    """The copy of one key as a file says it: whose it is, its public half, and the wrapped private half."""

    authority: str
    spki: bytes
    wrapped: bytes = field(repr=False)

    def to_text(self) -> str:
        """Return the copy as JSON."""
        said = {
            "authority": self.authority,
            "wrapping": "PKCS#8 under AES-256 key wrap with padding, RFC 5649",
        }
        said |= {"spki": b64encode(self.spki).decode(), "wrapped": b64encode(self.wrapped).decode()}
        return json.dumps({FORMAT: said}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a copy; KeyRefusedError `pki.token.copy_damaged` for what is not one."""
        try:
            said = json.loads(text) if len(text) <= LARGEST_FILE else {}
            spki, wrapped = (b64decode(said[FORMAT][name], validate=True) for name in ("spki", "wrapped"))
            load_public_key(spki)
            return cls(str(said[FORMAT]["authority"]), spki, wrapped)
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error, KeyRefusedError) as error:
            raise KeyRefusedError(DAMAGED, "not a copy of a token's key, or not one any more") from error


def put_wrapping_key(session: Any, secret: bytes, *, trusted: bool) -> Any:
    """Put a wrapping key into a session and return it; a trusted one takes the security officer's log-in."""
    said: dict[Attribute, Any] = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.VALUE: secret,
        Attribute.TOKEN: False,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.UNWRAP: True,
        # The officer's objects are public ones; those of the user are not.
        Attribute.PRIVATE: not trusted,
    }
    return session.create_object(said | ({Attribute.TRUSTED: True, Attribute.WRAP: True} if trusted else {}))


def wrap(key: Any, private: Any) -> bytes:
    """Return a private key wrapped, and close it for good."""
    wrapped = bytes(key.wrap_key(private, mechanism=_WRAP))
    private[Attribute.EXTRACTABLE] = False
    if private[Attribute.EXTRACTABLE]:
        raise KeyRefusedError("pki.token.failed", "the token did not close a key that was copied")
    return wrapped


def require_opening(key: Any, wrapped: bytes, public: PublicKey) -> None:
    """Unwrap a copy for a moment and have it sign.

    KeyRefusedError `pki.token.copy` when the wrapping key does not open it, `pki.token.copy_key` for another key.
    """
    tried = _unwrap(key, wrapped, public, None)
    try:
        _require_pair(tried, public)
    finally:
        tried.destroy()


def take_in(session: Any, copy: tuple[bytes, bytes], public: PublicKey, name: tuple[str, bytes]) -> None:
    """Put a key into the token for good, not extractable, with its public half; refuses as `require_opening` does.

    `copy` is the wrapped key and the secret, `name` the label and the id it gets. Nothing is stored before it signed.
    """
    wrapped, secret = copy
    key = put_wrapping_key(session, secret, trusted=False)
    try:
        require_opening(key, wrapped, public)
        _unwrap(key, wrapped, public, name)
    finally:
        key.destroy()
    label, key_id = name
    said = {Attribute.TOKEN: True, Attribute.LABEL: label, Attribute.ID: key_id, Attribute.VERIFY: True}
    session.create_object(_public_half(public) | said)


def _unwrap(key: Any, wrapped: bytes, public: PublicKey, stored: tuple[str, bytes] | None) -> Any:
    kind = KeyType.EC if isinstance(public, EllipticCurvePublicKey) else KeyType.RSA
    said: dict[Attribute, Any] = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True} | CLOSED
    # A private key has none of these, and a token refuses them in its template.
    said |= {Attribute.ENCRYPT: DEFAULT, Attribute.WRAP: DEFAULT, Attribute.VERIFY: DEFAULT}
    label, key_id = stored or ("", b"")
    try:
        return key.unwrap_key(
            ObjectClass.PRIVATE_KEY,
            kind,
            wrapped,
            id=key_id,
            label=label,
            mechanism=_WRAP,
            store=stored is not None,
            capabilities=MechanismFlag.SIGN,
            template=said,
        )
    except pkcs11.PKCS11Error as error:
        name = type(error).__name__
        raise KeyRefusedError(NOT_OPENED, f"the token can't open the copy: {name}") from error


def _require_pair(private: Any, public: PublicKey) -> None:
    key: TokenEllipticCurveKey | TokenRsaKey
    if isinstance(public, EllipticCurvePublicKey):
        key = TokenEllipticCurveKey(
            public, lambda data: bytes(encode_ecdsa_signature(private.sign(data, mechanism=Mechanism.ECDSA)))
        )
    else:
        key = TokenRsaKey(public, lambda data, mechanism: bytes(private.sign(data, mechanism=mechanism)))
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    try:
        verify_signature(public, challenge, PrivateKeySigner(key).sign(challenge))
    except (KeyRefusedError, pkcs11.PKCS11Error) as error:
        raise KeyRefusedError(OTHER_KEY, "the copy holds another key") from error


def _public_half(public: PublicKey) -> dict[Attribute, Any]:
    if isinstance(public, EllipticCurvePublicKey):
        return dict(decode_ec_public_key(spki_of(public)))
    return dict(decode_rsa_public_key(public.public_bytes(Encoding.DER, PublicFormat.PKCS1)))
