"""The secret that opens the authorities' keys, on its way from people's shares to the keys and back.

Only commands that end soon come here, so that what Python can't wipe goes with the process.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ops.settings import SettingsError
from pki.errors import KeyRefusedError, ShareRefusedError
from pki.keys import SoftwareSigner, encrypt_private_key, load_private_key
from pki.shares import Cost, SealedShare, Share, SplitPlan, combine, open_share, seal, split, wipe
from pki.token import Token
from workflow.acts.shares import refusal_of
from workflow.commands_of_shares import HandInShare, KeepShares, NewShare, PutSharesInForce, Resealed
from workflow.errors import Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.views.shares import keys_in_token, pending_set, sealed_keys, set_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ops.settings import Settings
    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.views.shares import ShareSetLine

PURPOSE: Final = "activation"
SECRET_BYTES: Final = 32
PIN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to hold a share, and what seals it to that person."""

    actor: Actor
    seal: Callable[[Share], SealedShare]


def current_set(office: Office) -> ShareSetLine:
    """Return the set that opens the keys; Refused when the secret was not split yet."""
    with office.reading() as connection:
        found = set_in_force(connection, PURPOSE)
    if found is None:
        raise Refused("share.no_set")
    return found


def waiting_set(settings: Settings, office: Office, set_id: str = "") -> ShareSetLine:
    """Return the newest set that waits for its token's new PIN, or the one of an id; Refused when there is none.

    Refused("share.confirm_elsewhere") where no token is set: only that can tell which PIN it has.
    """
    with office.reading() as connection:
        found = pending_set(connection, PURPOSE, set_id)
    if found is None:
        raise Refused("share.not_pending")
    if settings.keystore != "pkcs11":
        raise Refused("share.confirm_elsewhere", set=found.set_id)
    return found


def hand_in(
    office: Office,
    actor: Actor,
    passphrase: Callable[[int], str],
    media: Sequence[SealedShare],
    shared: ShareSetLine | None = None,
) -> Share:
    """Let a holder hand in their share, from a medium if one of them is theirs; audited, also when refused.

    Without a medium it is the share of the set that is given, or of the one in force.
    """
    medium = next((one for one in media if one.holder == actor.name), None)
    if medium is not None:
        set_id, number, text = medium.set.id, medium.index, medium.to_text()
    else:
        shared = shared or current_set(office)
        mine = next((one for one in shared.shares if one.account_id == actor.account_id), None)
        if mine is None or mine.sealed is None:
            raise Refused("share.none", login=actor.name)
        set_id, number, text = shared.set_id, mine.number, mine.sealed
    word = passphrase(number)
    command = HandInShare(
        set_id=set_id, number=number, passphrase=word, sealed=text if medium is not None else None
    )
    handle(office, command, actor)
    return open_share(SealedShare.from_text(text), word)


def read_media(paths: Sequence[Path]) -> list[SealedShare]:
    """Read shares from media; Refused for a damaged one, SettingsError for a file that can't be read."""
    found = []
    for path in paths:
        try:
            found.append(SealedShare.from_text(path.read_text(encoding="utf-8")))
        except ShareRefusedError as error:
            raise refusal_of(error) from error
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"--share: the file {path} can't be read") from error
    return found


def combined(shares: Sequence[Share], shared: ShareSetLine) -> bytearray:
    """Return the secret of shares; Refused in the words of their holders."""
    if len(shares) < shared.threshold:
        raise Refused("share.too_few", threshold=shared.threshold, given=len(shares))
    try:
        return combine(list(shares), shared.set_id)
    except ShareRefusedError as error:
        raise refusal_of(error, wanted=shared.set_id) from error


def require_opening(settings: Settings, office: Office, secret: bytearray) -> None:
    """Raise Refused("share.opens_nothing") unless the secret opens the token, or a key that is kept in a row."""
    try:
        _open(settings, office, secret)
    except KeyRefusedError as error:
        raise Refused("share.opens_nothing", detail=error.message) from error


def _open(settings: Settings, office: Office, secret: bytearray) -> None:
    if settings.keystore == "pkcs11":
        token = _token(settings, secret)
        try:
            token.references("-")
        finally:
            token.close()
        return
    with office.reading() as connection:
        keys = sealed_keys(connection)
        in_token = keys_in_token(connection)
    if in_token and not keys:
        # Nothing here could tell a right secret from a wrong one, and the set that makes the PIN would be wiped.
        raise KeyRefusedError("pki.key.elsewhere", "GUANFANG_KEYSTORE=software")
    for _name, sealed in keys[:1]:
        SoftwareSigner.from_pkcs8(sealed, secret)


def _token(settings: Settings, secret: bytearray) -> Token:
    assert settings.pkcs11_module is not None  # noqa: S101 - the settings refuse a keystore without one.
    return Token(settings.pkcs11_module, settings.pkcs11_token, secret.decode)


def first_secret(settings: Settings) -> bytearray:
    """Return what opens the keys before they are shared: the settings' PIN or passphrase."""
    if settings.keystore != "pkcs11":
        return bytearray(settings.key_passphrase.encode())
    if not settings.pkcs11_pin:
        raise SettingsError(
            "GUANFANG_PKCS11_PIN_FILE: the PIN is needed once more to split it; run this command with"
            " GUANFANG_ACTIVATION=automatic"
        )
    return bytearray(settings.pkcs11_pin.encode())


@dataclass(frozen=True, slots=True)
class Splitting:
    """A splitting to be made: what opens the keys now, who is to hold shares, and whether these go to media."""

    opens: bytearray
    threshold: int
    holders: tuple[Holder, ...]
    on_media: bool = False
    replaces: str | None = None
    new_pin: bool = False
    """Whether the token is to get a PIN that nobody has ever seen; software keys always do."""


def share_out(
    settings: Settings,
    office: Office,
    order: Splitting,
    by: tuple[tuple[Hand, ...], Actor],
    keep: Callable[[list[SealedShare]], None],
) -> list[SealedShare]:
    """Split the keys' secret, put its shares in force and return them.

    `keep` puts them on their media, and may fail, before the old secret goes: the new one exists in them alone.

    Keys that are kept in rows are sealed anew, under a secret that nobody has ever seen. A token keeps its PIN, or gets
    another one: then the set waits until the token has it, and `confirm` finishes what was interrupted in between.
    """
    in_token = settings.keystore == "pkcs11"
    pending = in_token and order.new_pin
    secret = bytearray(order.opens) if in_token and not pending else _new_secret(in_token=in_token)
    try:
        require_opening(settings, office, order.opens)
        shares = split(secret, SplitPlan(PURPOSE, order.threshold, len(order.holders)))
        sealed = [holder.seal(share) for holder, share in zip(order.holders, shares, strict=True)]
        keep(sealed)
        hands, actor = by
        command = KeepShares(
            hands=hands,
            set_id=shares[0].set.id,
            purpose=PURPOSE,
            threshold=order.threshold,
            shares=tuple(
                NewShare(one.index, holder.actor.account_id or 0, None if order.on_media else one.to_text())
                for one, holder in zip(sealed, order.holders, strict=True)
            ),
            resealed=() if in_token else _resealed(office, order.opens, secret),
            replaces=order.replaces,
            pending=pending,
        )
        handle(office, command, actor)
        if pending:
            _change_pin(settings, order.opens, secret)
            confirm(settings, office, secret, command.set_id)
    except ShareRefusedError as error:
        raise SettingsError(error.message) from error
    finally:
        wipe(secret)
        wipe(order.opens)
    return sealed


def _new_secret(*, in_token: bool) -> bytearray:
    """Return a secret that nobody has seen; many tokens take no PIN of more than 32 characters."""
    return bytearray(secrets.token_hex(PIN_BYTES if in_token else SECRET_BYTES).encode())


def _change_pin(settings: Settings, old: bytearray, new: bytearray) -> None:
    token = _token(settings, old)
    try:
        token.change_pin(new.decode())
    except KeyRefusedError as error:
        raise Unavailable("share.pin_not_changed", detail=error.message) from error
    finally:
        token.close()


def confirm(settings: Settings, office: Office, secret: bytearray, set_id: str) -> None:
    """Put a pending set in force, if its secret opens the token; Refused where it does not."""
    require_opening(settings, office, secret)
    handle(office, PutSharesInForce(set_id=set_id), SYSTEM)


def _resealed(office: Office, old: bytearray, new: bytearray) -> tuple[Resealed, ...]:
    with office.reading() as connection:
        keys = sealed_keys(connection)
    return tuple(
        Resealed(name, sealed, encrypt_private_key(load_private_key(sealed, bytes(old)), bytes(new)))
        for name, sealed in keys
    )


def holder(settings: Settings, actor: Actor, passphrase: str) -> Holder:
    """Return a holder who seals with a passphrase of their own; a guess of it costs what one of a password does."""
    cost = Cost(settings.hash_memory_kib, settings.hash_time, settings.hash_lanes)
    return Holder(actor, lambda share: seal(share, actor.name, passphrase, cost))
