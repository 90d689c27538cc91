"""What a request asks for beside its key: of all attributes, only the alternative names are looked at."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pki import der
from pki.csr.findings import Finding, Verdict
from pki.errors import DerRefusedError
from pki.profiles import Extension

if TYPE_CHECKING:
    from pki.csr.request import CertificationRequest

# RFC 2985 §5.4, and the same under Microsoft's own number.
_EXTENSION_REQUESTS: Final = frozenset({"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"})
_CHALLENGE_PASSWORD: Final = "1.2.840.113549.1.9.7"  # noqa: S105 - the number of an attribute, not a password
_TRUE: Final = der.boolean(value=True)
_EMAIL, _DOMAIN, _URI, _ADDRESS = 0x81, 0x82, 0x86, 0x87
_KINDS: Final = {_EMAIL: "e-mail", _URI: "URI"}
_LABELS: Final = {kind.value: kind.name.lower() for kind in Extension} | {
    "2.5.29.30": "name_constraints",
    "2.5.29.36": "policy_constraints",
    "1.3.6.1.5.5.7.1.24": "tls_feature",
}


@dataclass(slots=True)
class Wishes:
    """What was gathered from the attributes: domains and addresses as texts, remarks, and whether some was unreadable."""

    domains: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    unreadable: bool = False


def read_wishes(request: CertificationRequest) -> Wishes:
    """Return what the attributes of a request ask for; never raises, since nothing of it binds us."""
    wishes = Wishes()
    for oid, values in request.attributes:
        if oid == _CHALLENGE_PASSWORD:
            # The value is never shown or kept: people do put passwords there that they use elsewhere.
            wishes.remarks.append(Verdict.CHALLENGE.at())
        elif oid not in _EXTENSION_REQUESTS:
            wishes.remarks.append(Verdict.ATTRIBUTE_IGNORED.at(oid))
        else:
            for value in values:
                _read_extensions(value, wishes)
    wishes.remarks = list(dict.fromkeys(wishes.remarks))
    return wishes


def _read_extensions(value: der.Element, wishes: Wishes) -> None:
    try:
        for extension in value.expect(der.SEQUENCE).children():
            parts = extension.fields(2, 3)
            oid, content = parts[0].as_oid(), parts[-1].expect(der.OCTET_STRING).content
            if oid == Extension.SUBJECT_ALTERNATIVE_NAME.value:
                for name in der.read(content).expect(der.SEQUENCE).children():
                    _read_name(name, wishes)
            elif oid == Extension.BASIC_CONSTRAINTS.value and _TRUE in content:
                wishes.remarks.append(Verdict.CA_IGNORED.at())
            else:
                wishes.remarks.append(Verdict.EXTENSION_IGNORED.at(_LABELS.get(oid, oid)))
    except DerRefusedError:
        wishes.unreadable = True


def _read_name(name: der.Element, wishes: Wishes) -> None:
    if name.tag == _DOMAIN:
        # IA5String by the book; some tools write a U-label in UTF-8, which we convert if it can be read.
        wishes.domains.append(name.content.decode("utf-8", errors="replace"))
    elif name.tag == _ADDRESS:
        wishes.addresses.append(_address(name.content))
    else:
        wishes.remarks.append(Verdict.ALTERNATIVE_IGNORED.at(_KINDS.get(name.tag, f"[{name.tag & 0x1F}]")))


def _address(content: bytes) -> str:
    try:
        return str(ipaddress.ip_address(content))
    except ValueError:
        return content.hex()
