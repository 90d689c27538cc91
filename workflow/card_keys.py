"""What opens a card to the registry: management key and PUK, derived from a master key or, on older cards, stored.

A card's row names the master key that its secrets are derived from and counts how often its PUK was changed, so the
database alone yields neither. Rows of cards made before there was a master key hold their secrets sealed; those cards
go on working with them. Rows of holders' cards and of the staff's are alike in this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hardware.master_key import KeysOfCard
from hardware.piv import Algorithm
from hardware.scripts.set_secrets import CardSecrets
from hardware.scripts.unlock import PukChange
from hardware.scripts.with_the_holder import CardKeys
from hardware.secrets_of_card import ManagementKey, new_puk
from workflow.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

FORGOTTEN: Mapping[str, None] = dict.fromkeys(
    (
        "pin_sealed",
        "puk_sealed",
        "next_puk_sealed",
        "management_key_sealed",
        "master_key",
        "next_puk_generation",
    )
)
"""What a row holds of its card's secrets when the card is out of use for good."""


def current_master(office: Office) -> str:
    """Return the name of the master key that new cards get their secrets from; Refused when it can't be used."""
    if office.master_keys is None:
        raise Refused("card.no_master_key", name="—")
    return office.master_keys.current().name


def has_keys(row: Any) -> bool:
    """Whether a card was given secrets of ours, or was about to be."""
    return row.master_key is not None or row.management_key_sealed is not None


def management_key(office: Office, row: Any) -> ManagementKey:
    """Return the management key of a card that `has_keys`; Refused when its master key can't be used."""
    if row.master_key is not None:
        return _derived(office, row).management_key()
    return ManagementKey(Algorithm.AES_192, office.sealer.open(bytes(row.management_key_sealed), row.csn))


def first_secrets(office: Office, row: Any) -> CardSecrets:
    """Return what a card that is being made gets; its PIN is random, and stored until the card is made."""
    pin = office.sealer.open(bytes(row.pin_sealed), row.csn).decode()
    return CardSecrets(pin, _puk(office, row), management_key(office, row))


def keys_while_changing(office: Office, row: Any) -> CardKeys | None:
    """Return a card's keys with the PUK that holds and the one that follows; None unless a change was begun."""
    if row.master_key is not None:
        if row.next_puk_generation is None:
            return None
        derived = _derived(office, row)
        return CardKeys(derived.management_key(), derived.puk_change(row.puk_generation))
    if row.management_key_sealed is None or row.puk_sealed is None or row.next_puk_sealed is None:
        return None
    following = office.sealer.open(bytes(row.next_puk_sealed), row.csn).decode()
    return CardKeys(management_key(office, row), PukChange(_puk(office, row), following))


def begin_puk_change(work: UnitOfWork, table: sa.Table, row: Any, randbelow: Callable[[int], int]) -> None:
    """Note that the card may hold the next PUK from now on, unless a change that was cut off noted it before."""
    if row.next_puk_sealed is not None or row.next_puk_generation is not None:
        return
    values: dict[str, Any] = {"next_puk_generation": row.puk_generation + 1}
    if row.master_key is None:
        values = {"next_puk_sealed": work.office.sealer.seal(new_puk(randbelow).encode(), row.csn)}
    work.connection.execute(sa.update(table).where(table.c.id == row.id).values(**values))


def is_changing(table: sa.Table) -> sa.ColumnElement[bool]:
    """Tell the rows whose PUK is being changed."""
    return table.c.next_puk_sealed.is_not(None) | table.c.next_puk_generation.is_not(None)


def with_next_puk(table: sa.Table) -> dict[str, Any]:
    """Return the values of a row whose card took the next PUK."""
    return {
        "puk_sealed": table.c.next_puk_sealed,
        "next_puk_sealed": None,
        "puk_generation": sa.func.coalesce(table.c.next_puk_generation, table.c.puk_generation),
        "next_puk_generation": None,
    }


def _puk(office: Office, row: Any) -> str:
    if row.master_key is not None:
        return _derived(office, row).puk(row.puk_generation)
    return office.sealer.open(bytes(row.puk_sealed), row.csn).decode()


def _derived(office: Office, row: Any) -> KeysOfCard:
    if office.master_keys is None:
        raise Refused("card.no_master_key", name=row.master_key)
    return KeysOfCard(office.master_keys.named(row.master_key), row.csn)
