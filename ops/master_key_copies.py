"""The copy of a master key of cards on a medium, and the shares of the secret that opens it (as those of authorities).

The key is made beside the copy and then put where it is kept, since a token gives out no key that was made in it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from hardware.master_key import KEY_LENGTH
from ops.key_copies import SECRET_BYTES, CopiesError, require_empty, shared_secret, write_all
from ops.secrets_box import SecretsBox
from pki.errors import ShareRefusedError
from pki.shares import SplitPlan, seal, split, wipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ops.key_copies import Copying
    from pki.shares import SealedShare

SUFFIX: Final = ".card-master-key"


def write_copy(label: str, order: Copying) -> bytes:
    """Make a key, write its copy and a share for each holder, and return it; CopiesError when they can't be written."""
    require_empty(order.directory)
    value, secret = secrets.token_bytes(KEY_LENGTH), bytearray(secrets.token_bytes(SECRET_BYTES))
    try:
        shares = split(secret, SplitPlan("card master key copy", order.threshold, len(order.holders)))
        files = {
            f"share-{share.index}-{holder.login}.json": seal(share, holder.login, holder.passphrase)
            .to_text()
            .encode()
            for share, holder in zip(shares, order.holders, strict=True)
        }
        files[label + SUFFIX] = SecretsBox(bytes(secret)).seal(value, _bound(label))
    except ShareRefusedError as error:
        raise CopiesError(f"無法分持。 The secret can't be shared: {error.message}") from error
    finally:
        wipe(secret)
    write_all(order.directory, files)
    return value


def read_copy(label: str, file: Path, shares: Sequence[tuple[SealedShare, str]]) -> bytes:
    """Return the key of a copy that enough shares open; Refused for a share, CopiesError for the copy, says why not."""
    secret = shared_secret(shares)
    try:
        return SecretsBox(bytes(secret)).open(file.read_bytes(), _bound(label))
    except (OSError, ValueError) as error:
        raise CopiesError(
            f"{file} 無法以這些分持開啟，或不是 {label} 的備份。 These shares do not open {file}, or it is no copy of {label}."
        ) from error
    finally:
        wipe(secret)


def _bound(label: str) -> str:
    return f"copy of the card master key {label}"
