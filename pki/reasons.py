"""The reasons of RFC 5280 §5.3.1 for which a certificate is revoked, each named once."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class RevocationReason(IntEnum):
    """A CRLReason; the number is the one on the wire. `zh` and `en` are for people."""

    UNSPECIFIED = 0, "未指明", "unspecified"
    KEY_COMPROMISE = 1, "金鑰遭破解", "key compromise"
    CA_COMPROMISE = 2, "憑證機構金鑰遭破解", "CA compromise"
    AFFILIATION_CHANGED = 3, "隸屬關係變更", "affiliation changed"
    SUPERSEDED = 4, "已由新憑證取代", "superseded"
    CESSATION_OF_OPERATION = 5, "停止使用", "cessation of operation"
    # Policy question P-16: a suspension (停用) is a hold; resuming takes the entry off the list again.
    CERTIFICATE_HOLD = 6, "停用", "suspended (certificate hold)"
    PRIVILEGE_WITHDRAWN = 9, "授權撤回", "privilege withdrawn"
    AA_COMPROMISE = 10, "屬性憑證機構金鑰遭破解", "AA compromise"

    zh: str
    en: str

    def __new__(cls, number: int, zh: str, en: str) -> Self:
        """Make the member an integer that also carries its words."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.zh = zh
        member.en = en
        return member
