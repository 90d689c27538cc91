"""The CA agencies as they stand on paper: who receives letters, answers the telephone and sends the cards."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.vocabulary import Ca


@dataclass(frozen=True)
class Agency:
    """A CA agency's name and address (APP-01); `code` is its agency code in the exchange of letters."""

    name: str
    code: str
    postal_code: str
    address: str
    phone: str
    hours: str = "08:00–18:00，國定假日休息"
    unit: str = "憑證IC卡卡管中心"


_MINISTRY = Agency("數位發展部", "A17000000J", "100", "臺北市中正區延平南路143號", "02-2192-7111")

AGENCIES = {
    Ca.GCA: _MINISTRY,
    Ca.XCA: _MINISTRY,
    Ca.MOICA: Agency("內政部", "301000000A", "100", "臺北市中正區徐州路5號", "0800-080-117"),
}
