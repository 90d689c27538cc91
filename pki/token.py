"""Keys in a PKCS#11 token: made there, used there, and never to leave it in the clear (rule ROL-08, PKCS#11 v2.40).

A key of a token is a `RSAPrivateKey` or `EllipticCurvePrivateKey` of the certificate library, so `PrivateKeySigner`
and everything above it take it as they take a key in memory. One `Token` serves all threads of a process, one
operation at a time; after a fork the child opens its own session, and a session that was lost is opened once more.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, unquote, unquote_to_bytes
from weakref import WeakSet

import pkcs11
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters

from pki import token_secrets
from pki.errors import KeyRefusedError
from pki.keys import KeyKind, PrivateKey, load_public_key
from pki.keystores import MARK
from pki.token_copies import CLOSED, COPYABLE, put_wrapping_key, require_opening, take_in, wrap
from pki.token_keys import TokenEllipticCurveKey, TokenRsaKey, rsa_public_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pki.token_copies import Wrapping

T = TypeVar("T")
ID_BYTES: Final = 16
_RSA_BITS: Final = {KeyKind.RSA_2048: 2048, KeyKind.RSA_3072: 3072, KeyKind.RSA_4096: 4096}
_CURVES: Final = {KeyKind.P256: "1.2.840.10045.3.1.7", KeyKind.P384: "1.3.132.0.34"}
# What a token says when it was pulled, restarted, or when another part of the process logged it out.
_LOST: Final = (
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.UserNotLoggedIn,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.DeviceError,
    pkcs11.DeviceRemoved,
    pkcs11.TokenNotPresent,
    pkcs11.GeneralError,
    pkcs11.FunctionFailed,
)
_WRONG_PIN: Final = (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinLenRange, pkcs11.PinInvalid)
_living: WeakSet[Token] = WeakSet()


class Token:
    """One token of one PKCS#11 module, found by its label. `pin` is asked whenever a session is opened.

    Raises KeyRefusedError: `pki.token.absent` (no such module or token), `pki.token.pin`, `pki.token.failed`,
    `pki.token.no_key`. No text of an error holds the PIN.
    """

    def __init__(self, module: Path, label: str, pin: Callable[[], str]) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._session: Any = None
        self._found: dict[bytes, Any] = {}
        """Private keys by their id, as the session found them."""
        self._lock = threading.RLock()
        _living.add(self)

    def __repr__(self) -> str:
        return f"Token({self._label!r})"

    def place(self) -> str:
        """Name the token by its label and serial number, which takes no log-in."""
        with self._lock:
            return f"token {self._label} serial {self._slot().serial.decode(errors='replace').strip()}"

    def owns(self, reference: str) -> bool:
        """Tell whether a reference names a token of this label."""
        return _parts(reference).get("token") == self._label

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> str:
        """Make a key pair that can't be taken out and return its reference, a PKCS#11 URI (RFC 7512).

        One that is `copyable` can be wrapped out once by `wrap_out`, and by nothing else.
        """
        key_id = secrets.token_bytes(ID_BYTES)
        self._do(lambda session: _generate(session, kind, (label, key_id), copyable=copyable))
        return self._reference(label, key_id)

    def key(self, reference: str) -> PrivateKey:
        """Return the key that a reference names; its public half is read now, the private half stays where it is."""
        key_id = self._own_id(reference)
        spki = self._do(lambda session: _public(session, key_id))
        public = load_public_key(spki)
        if isinstance(public, EllipticCurvePublicKey):
            return TokenEllipticCurveKey(public, lambda digest: self._sign_ec(key_id, digest))
        return TokenRsaKey(public, lambda data, mechanism: self._sign_rsa(key_id, data, mechanism))

    def references(self, label: str) -> tuple[str, ...]:
        """Return the references of all keys of a label."""
        query = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
        ids = self._do(lambda session: [bytes(one[Attribute.ID]) for one in session.get_objects(query)])
        return tuple(self._reference(label, one) for one in ids)

    def marked(self, label: str) -> tuple[str, ...]:
        """Return the references of all keys whose label is this one with the mark of an intent behind it."""
        wanted = re.compile(re.escape(label) + MARK)

        def found(session: Any) -> list[tuple[str, bytes]]:
            every = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
            return [(str(one[Attribute.LABEL]), bytes(one[Attribute.ID])) for one in every]

        named = self._do(found)
        return tuple(self._reference(name, key_id) for name, key_id in named if wanted.fullmatch(name))

    def destroy(self, reference: str) -> None:
        """Destroy a key, private and public half; one that is not there any more is no error."""
        key_id = self._own_id(reference)

        def destroy(session: Any) -> None:
            self._found.pop(key_id, None)
            for one in list(session.get_objects({Attribute.ID: key_id})):
                one.destroy()

        self._do(destroy)

    def wrap_out(self, references: Sequence[str], under: Wrapping) -> dict[str, bytes]:
        """Return keys that were made copyable, wrapped, by reference; then none of them can ever be taken out again.

        Each copy is opened for a moment before it is returned. The user is logged out and in again meanwhile. Raises
        KeyRefusedError `pki.token.pin` for another PIN than the security officer's, `pki.token.failed` for keys that
        are closed already and for a module that can't do it.
        """
        ids = {one: self._own_id(one) for one in references}
        with self._lock:
            self.close()
            try:
                with self._slot().open(rw=True) as carrier:
                    key = self._trusted(carrier, under)
                    return {one: self._wrap_out(key, key_id) for one, key_id in ids.items()}
            except pkcs11.PKCS11Error as error:
                self.close()
                raise self._failed(error) from error

    def _trusted(self, carrier: Any, under: Wrapping) -> Any:
        """Let the security officer put the wrapping key into a session that has no log-in of its own, and log out."""
        try:
            officer = self._slot().open(rw=True, so_pin=under.so_pin)
        except _WRONG_PIN as error:
            raise self._no_such_pin(error) from None
        try:
            return put_wrapping_key(carrier, under.secret, trusted=True)
        finally:
            officer.close()

    def _wrap_out(self, key: Any, key_id: bytes) -> bytes:
        session = self._opened()
        wrapped = wrap(key, self._private(session, key_id))
        require_opening(key, wrapped, load_public_key(_public(session, key_id)))
        return wrapped

    def take_in(self, label: str, wrapped: bytes, secret: bytes, spki: bytes) -> str:
        """Put a copied key of a public half into this token, not extractable, and return its reference.

        KeyRefusedError `pki.token.copy` when the secret does not open the copy, `pki.token.copy_key` for another key.
        """
        key_id, public = secrets.token_bytes(ID_BYTES), load_public_key(spki)
        self._do(lambda session: take_in(session, (wrapped, secret), public, (label, key_id)))
        return self._reference(label, key_id)

    def keep_secret(self, label: str, value: bytes | None) -> None:
        """Make a secret AES key of a label, or put one in that was made elsewhere; either way it never comes out."""
        if value is None:
            self._do(lambda session: token_secrets.make(session, label))
        else:
            self._do(lambda session: token_secrets.put(session, label, value))

    def cmac(self, label: str, data: bytes, key_id: bytes | None = None) -> bytes:
        """Return the AES-CMAC of the data under the secret key of a label, or under the one of several with an id."""
        return self._do(lambda session: token_secrets.cmac(session, label, data, key_id))

    def secret_ids(self, label: str) -> tuple[bytes, ...]:
        """Return the ids of all secret keys of a label, of which there should be one."""
        return self._do(lambda session: token_secrets.ids(session, label))

    def change_pin(self, new: str) -> None:
        """Give the token's user another PIN in the place of the one that opens it, and log out."""
        with self._lock:
            self._do(lambda session: session.set_pin(self._pin(), new))
            self.close()

    def close(self) -> None:
        """End the session, and with it the log-in; the next use opens another."""
        with self._lock:
            session, self._session = self._session, None
            self._found.clear()
            if session is not None:
                try:
                    session.close()
                except pkcs11.PKCS11Error:
                    return

    def after_fork(self) -> None:
        """Forget the parent's session and lock, which mean nothing in a child."""
        self._lock = threading.RLock()
        self._session = None
        self._found.clear()

    def _reference(self, label: str, key_id: bytes) -> str:
        return f"pkcs11:token={quote(self._label)};object={quote(label)};id={_percent(key_id)};type=private"

    def _own_id(self, reference: str) -> bytes:
        """Return the id of a key of this token; KeyRefusedError for one of another."""
        key_id = _id_in(reference)
        if not self.owns(reference):
            raise KeyRefusedError("pki.key.elsewhere", f"this key is not one of the token {self._label}")
        return key_id

    def _sign_rsa(self, key_id: bytes, data: bytes, mechanism: Mechanism) -> bytes:
        return self._do(lambda session: bytes(self._private(session, key_id).sign(data, mechanism=mechanism)))

    def _sign_ec(self, key_id: bytes, digest: bytes) -> bytes:
        raw = self._do(
            lambda session: bytes(self._private(session, key_id).sign(digest, mechanism=Mechanism.ECDSA))
        )
        return bytes(encode_ecdsa_signature(raw))

    def _private(self, session: Any, key_id: bytes) -> Any:
        if key_id not in self._found:
            try:
                found = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=key_id)
            except pkcs11.NoSuchKey as error:
                raise KeyRefusedError("pki.token.no_key", "the token has no key of this reference") from error
            self._found[key_id] = found
        return self._found[key_id]

    def _do(self, act: Callable[[Any], T]) -> T:
        """Carry something out in the session; where that was lost, once more in a new one."""
        with self._lock:
            try:
                try:
                    return act(self._opened())
                except _LOST:
                    self.close()
                    return act(self._opened())
            except pkcs11.PKCS11Error as error:
                self.close()
                raise self._failed(error) from error

    def _failed(self, error: pkcs11.PKCS11Error) -> KeyRefusedError:
        return KeyRefusedError("pki.token.failed", f"the token {self._label} refused: {type(error).__name__}")

    def _no_such_pin(self, error: pkcs11.PKCS11Error) -> KeyRefusedError:
        return KeyRefusedError(
            "pki.token.pin", f"the token {self._label} takes no such PIN: {type(error).__name__}"
        )

    def _opened(self) -> Any:
        if self._session is None:
            self._session = self._open()
        return self._session

    def _slot(self) -> Any:
        try:
            return pkcs11.lib(str(self._module)).get_token(token_label=self._label)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise KeyRefusedError(
                "pki.token.absent", f"there is no token {self._label} at {self._module}"
            ) from error

    def _open(self) -> Any:
        token = self._slot()
        try:
            return token.open(rw=True, user_pin=self._pin())
        except pkcs11.UserAlreadyLoggedIn:
            # The log-in is the whole process's: another session of it stands.
            return token.open(rw=True)
        except _WRONG_PIN as error:
            raise self._no_such_pin(error) from None


def _generate(session: Any, kind: KeyKind, name: tuple[str, bytes], *, copyable: bool) -> None:
    label, key_id = name
    private = {Attribute.SENSITIVE: True, Attribute.PRIVATE: True} | (COPYABLE if copyable else CLOSED)
    said: dict[str, Any] = {"id": key_id, "label": label, "store": True, "private_template": private}
    said["capabilities"] = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY
    if kind in _RSA_BITS:
        session.generate_keypair(KeyType.RSA, _RSA_BITS[kind], **said)
        return
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[kind])}
    session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(**said)


def _public(session: Any, key_id: bytes) -> bytes:
    try:
        found = session.get_key(object_class=ObjectClass.PUBLIC_KEY, id=key_id)
    except pkcs11.NoSuchKey as error:
        raise KeyRefusedError("pki.token.no_key", "the token has no key of this reference") from error
    if found.key_type is KeyType.EC:
        return bytes(encode_ec_public_key(found))
    return rsa_public_key(bytes(found[Attribute.MODULUS]), bytes(found[Attribute.PUBLIC_EXPONENT]))


def _percent(value: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in value)


def _id_in(reference: str) -> bytes:
    """Return the id in a PKCS#11 URI."""
    key_id = unquote_to_bytes(_parts(reference, unquoted=False).get("id", ""))
    if not key_id:
        raise KeyRefusedError("pki.token.no_key", "a key's reference is a pkcs11: URI with an id")
    return key_id


def _parts(reference: str, *, unquoted: bool = True) -> dict[str, str]:
    """Return the attributes in the path of a PKCS#11 URI (RFC 7512 §2.3); none in what is no such URI."""
    scheme, _, path = reference.partition(":")
    if scheme != "pkcs11":
        return {}
    said = dict(part.partition("=")[::2] for part in path.split(";"))
    return {name: unquote(value) if unquoted else value for name, value in said.items()}


def _in_child() -> None:
    """Start the modules anew in a child: a fork takes their state along but not their right to it (PKCS#11 §6.7)."""
    for one in list(_living):
        one.after_fork()
    for module in list(pkcs11._loaded.values()):  # noqa: SLF001 - the package has no door of its own to them.
        module.reinitialize()


os.register_at_fork(after_in_child=_in_child)
