"""The words of the card stock: places, what befalls a card there, and the states of boxes, moves and accounts."""

from __future__ import annotations

from workflow.vocabulary import Role, Word


class PlaceKind(Word):
    """What a place is for. Cards wait in stores, and are set aside in the others."""

    ARRIVAL = "arrival", "待點收區", "Arrival area"
    VAULT = "vault", "庫房", "Vault"
    LINE = "line", "製卡區", "Manufacturing line"
    DESK = "desk", "櫃檯", "Desk"
    TRANSIT = "transit", "運送中", "On the way"
    SHELF = "shelf", "待寄區", "Shelf of made cards"
    QUARANTINE = "quarantine", "隔離櫃", "Quarantine cabinet"
    RETURNED = "returned", "退件櫃", "Cabinet of returned mail"
    BIN = "bin", "廢卡箱", "Box of spoiled cards"
    MISSING = "missing", "短少", "Missing"


STORES = (PlaceKind.VAULT, PlaceKind.LINE, PlaceKind.DESK)
"""Places between which people carry blank cards; each is counted on every day on which something moved."""
COUNTABLE = (*STORES, PlaceKind.SHELF, PlaceKind.QUARANTINE, PlaceKind.RETURNED, PlaceKind.BIN)
"""Places whose cards can be counted at the end of a day."""

KEEPERS = frozenset({Role.CARD_CENTRE, Role.CONTROLLER})
"""Who counts, receives, witnesses, confirms and settles: the card centre, and who guards the rooms (ROL-01)."""


class EntryKind(Word):
    """Why a card went from one place to another."""

    RECEIVED = "received", "到貨", "Delivered"
    COUNTED_IN = "counted_in", "點收入庫", "Counted in"
    TAKEN_UP = "taken_up", "期初列帳", "Taken up into the books"
    DEMONSTRATION = "demonstration", "示範入帳", "Put there for a demonstration"
    HANDED_OUT = "handed_out", "撥出", "Handed out"
    TAKEN_IN = "taken_in", "撥入", "Taken in"
    MADE = "made", "製成", "Made"
    SPOILED = "spoiled", "報廢", "Spoiled"
    QUARANTINED = "quarantined", "隔離", "Quarantined"
    RELEASED = "released", "解除隔離", "Released from quarantine"
    POSTED = "posted", "寄出", "Posted"
    RETURNED = "returned", "退回", "Returned by the post"
    HANDED_OVER = "handed_over", "交付", "Handed over"
    STAFF = "staff", "作為人員卡片", "Became a staff card"
    MISSING = "missing", "短少", "Missing"
    DESTROYED = "destroyed", "銷毀", "Destroyed"
    FOUND = "found", "尋獲", "Found again"


class BoxState(Word):
    """States of a box that was delivered."""

    WAITING = "waiting", "待點收", "To be counted"
    DIFFERS = "differs", "點收不符", "The count differs"
    COUNTED = "counted", "已點收", "Counted"


class MoveState(Word):
    """States of cards that somebody hands to somebody else."""

    WAITING = "waiting", "待接收", "To be received"
    DIFFERS = "differs", "接收不符", "The count differs"
    RECEIVED = "received", "已接收", "Received"


class AccountState(Word):
    """States of the account of a place at the end of a day."""

    DIFFERS = "differs", "不符，待處理", "Differs: to be settled"
    COUNTED = "counted", "待確認", "To be confirmed"
    CLOSED = "closed", "已結帳", "Closed"
