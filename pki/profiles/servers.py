"""Profiles of servers: TLS with one or several domains, and proprietary server applications (rules CSR-05, CSR-06)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pki.names import NameAttribute
from pki.profiles.holders import ENCIPHERING_REQUEST_KEYS, SIGNING_REQUEST_KEYS
from pki.profiles.naming import CommonNameForm, NameRules
from pki.profiles.oids import ORGANISATION_VALIDATED
from pki.profiles.parts import (
    AlternativeNames,
    Carrier,
    ExtendedUse,
    Extension,
    HolderRules,
    Life,
    Purpose,
)
from pki.profiles.profile import Profile
from pki.subject_types import SERVER

_C, _L, _O, _OU, _CN, _NUMBER = NameAttribute
_NO_RANK: Final = HolderRules(frozenset({None}))
# The order seen in a GCA TLS certificate of 2017.
_TLS_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.AUTHORITY_INFORMATION_ACCESS,
    Extension.KEY_USAGE,
    Extension.CERTIFICATE_POLICIES,
    Extension.SUBJECT_ALTERNATIVE_NAME,
    Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
    Extension.CRL_DISTRIBUTION_POINTS,
    Extension.EXTENDED_KEY_USAGE,
)
_SERVER_NAMES: Final = NameRules(frozenset({_C, _O, _CN}), frozenset({_L, _OU, _NUMBER}), numbered=True)

TLS_SINGLE_DOMAIN: Final = Profile(
    "tls_single_domain",
    "TLS 伺服器憑證（單網域）",
    "TLS server, single domain",
    Purpose.TLS_SERVER,
    # It names a policy of the CA/Browser Forum, whose rules cap its life at 200 days.
    Life(days=199),
    _TLS_EXTENSIONS,
    SERVER,
    further_policies=(ORGANISATION_VALIDATED,),
    extended_uses=(ExtendedUse.SERVER_AUTHENTICATION, ExtendedUse.CLIENT_AUTHENTICATION),
    # The extended key usage of the certificate seen is critical.
    critical=frozenset({Extension.KEY_USAGE, Extension.EXTENDED_KEY_USAGE}),
    alternative_names=AlternativeNames.ONE_DOMAIN,
    naming=replace(_SERVER_NAMES, common_name=CommonNameForm.DOMAIN, printable=frozenset({_C, _CN, _NUMBER})),
    holder=_NO_RANK,
    keys=SIGNING_REQUEST_KEYS,
    lists=2,
    carrier=Carrier.SUBSCRIBER,
    origin="GCA TLS server certificate, 2017",
)
TLS_MULTI_DOMAIN: Final = replace(
    TLS_SINGLE_DOMAIN,
    name="tls_multi_domain",
    zh="TLS 伺服器憑證（多網域）",
    en="TLS server, several domains",
    alternative_names=AlternativeNames.DOMAINS,
)
SERVER_APPLICATION: Final = Profile(
    "server_application",
    "專屬類伺服應用軟體憑證",
    "proprietary server application",
    Purpose.SERVER_APPLICATION,
    Life(years=5),
    tuple(
        kind
        for kind in _TLS_EXTENSIONS
        if kind not in {Extension.EXTENDED_KEY_USAGE, Extension.SUBJECT_ALTERNATIVE_NAME}
    ),
    SERVER,
    naming=_SERVER_NAMES,
    holder=_NO_RANK,
    # It enciphers as well as signs, which an elliptic curve key cannot.
    keys=ENCIPHERING_REQUEST_KEYS,
    lists=2,
    carrier=Carrier.SUBSCRIBER,
    origin="CSR-05; extensions as in the GCA TLS certificate, 2017",
)
