"""Profiles of the house itself: roots, authorities under them, OCSP responders, registration authorities."""

from __future__ import annotations

from typing import Final

from pki.keygate import P256, P384, P521, KeyRules
from pki.names import NameAttribute
from pki.profiles.naming import NameRules
from pki.profiles.oids import ANY_POLICY
from pki.profiles.parts import Carrier, ExtendedUse, Extension, Life, Purpose
from pki.profiles.profile import Profile

_C, _O = NameAttribute.COUNTRY, NameAttribute.ORGANISATION
_L, _OU, _CN = NameAttribute.LOCALITY, NameAttribute.UNIT, NameAttribute.COMMON_NAME
# Rule RV2-09: new authorities have a CN, old ones an OU.
_AUTHORITY_NAMES: Final = NameRules(frozenset({_C, _O}), frozenset({_OU, _CN}))
_SERVICE_NAMES: Final = NameRules(frozenset({_C, _O}), frozenset({_L, _OU, _CN}))
_AUTHORITY_KEYS: Final = KeyRules(rsa_bits_to=8192, curves=frozenset({P256, P384, P521}))
_CA_CRITICAL: Final = frozenset({Extension.KEY_USAGE, Extension.BASIC_CONSTRAINTS})

_ROOT_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.BASIC_CONSTRAINTS,
)
# The order seen in MOICA's own certificate under the third generation root, 2024.
_SUBORDINATE_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.CRL_DISTRIBUTION_POINTS,
    Extension.AUTHORITY_INFORMATION_ACCESS,
    Extension.BASIC_CONSTRAINTS,
    Extension.CERTIFICATE_POLICIES,
)
_RESPONDER_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.EXTENDED_KEY_USAGE,
    Extension.OCSP_NO_CHECK,
)
_REGISTRATION_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.AUTHORITY_INFORMATION_ACCESS,
    Extension.KEY_USAGE,
    Extension.CERTIFICATE_POLICIES,
    Extension.CRL_DISTRIBUTION_POINTS,
)

ROOT_CA: Final = Profile(
    "root_ca",
    "根憑證",
    "root CA",
    Purpose.CERTIFICATION,
    Life(years=30),
    _ROOT_EXTENSIONS,
    policy=None,
    critical=_CA_CRITICAL,
    naming=_AUTHORITY_NAMES,
    keys=_AUTHORITY_KEYS,
    carrier=Carrier.AUTHORITY,
    origin="RFC 5280 §4.2.1.9",
)
SUBORDINATE_CA: Final = Profile(
    "subordinate_ca",
    "下屬憑證機構憑證",
    "subordinate CA",
    Purpose.CERTIFICATION,
    Life(years=20),
    _SUBORDINATE_EXTENSIONS,
    path_length=0,
    critical=_CA_CRITICAL,
    naming=_AUTHORITY_NAMES,
    keys=_AUTHORITY_KEYS,
    lists=1,
    carrier=Carrier.AUTHORITY,
    origin="MOICA CA certificate, 2024",
)
# Two generations of a root certify each other, so that relying parties who have either accept what is under both. There
# is no path length, for CAs stand under it, and every policy goes through it.
LINK_CA: Final = Profile(
    "link_ca",
    "根憑證連結憑證",
    "link certificate between roots",
    Purpose.CERTIFICATION,
    Life(years=30),
    _SUBORDINATE_EXTENSIONS,
    policy=ANY_POLICY,
    critical=_CA_CRITICAL,
    naming=_AUTHORITY_NAMES,
    keys=_AUTHORITY_KEYS,
    lists=1,
    carrier=Carrier.AUTHORITY,
    origin="RFC 4210 §4.4",
)
# Rule CRL-06: short-lived, renewed regularly, with id-pkix-ocsp-nocheck.
OCSP_RESPONDER: Final = Profile(
    "ocsp_responder",
    "線上憑證狀態回應伺服器憑證",
    "OCSP responder",
    Purpose.OCSP_SIGNING,
    Life(days=7),
    _RESPONDER_EXTENSIONS,
    policy=None,
    extended_uses=(ExtendedUse.OCSP_SIGNING,),
    naming=_SERVICE_NAMES,
    carrier=Carrier.AUTHORITY,
    origin="CRL-06, MOICA CPS §7.3.3",
)
# Rule RV2-04: the registration authority signs its requests to the CA with a key of its own, used for nothing else.
REGISTRATION_AUTHORITY: Final = Profile(
    "registration_authority",
    "註冊中心憑證",
    "registration authority",
    Purpose.SIGNATURE,
    Life(years=3),
    _REGISTRATION_EXTENSIONS,
    naming=NameRules(frozenset({_C, _O, _CN}), frozenset({_L, _OU})),
    lists=2,
    carrier=Carrier.AUTHORITY,
    origin="RV2-04, MOICA CPS §1.3.2",
)
