"""The names that certificates carry, from the register and never from what was typed (RV2-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pki.names import Subject, agency, organisation
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Mapping


def subject_of(ca: Ca, name: str, register: Mapping[str, Any]) -> Subject:
    """Return the name in the certificate: agencies under 行政院, organisations by their county and town (RV2-08)."""
    if ca is Ca.GCA:
        return agency(name)
    places = (str(register.get(part) or "") for part in ("county", "town"))
    return organisation(name, *(place for place in places if place))
