"""One profile, and what it means for a profile to contradict itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pki.keygate import KeyRules
from pki.names import NameAttribute
from pki.profiles.naming import CommonNameForm, NameRules
from pki.profiles.oids import CLASS_3_ASSURANCE, ORGANISATION_VALIDATED
from pki.profiles.parts import (
    AlternativeNames,
    Carrier,
    ExtendedUse,
    Extension,
    HolderRules,
    KeyUse,
    Life,
    Purpose,
)

if TYPE_CHECKING:
    from pki.subject_types import SubjectType

_OID: Final = re.compile(r"[012](\.(0|[1-9][0-9]*))+")
_PLACEHOLDERS: Final = "2.999."
_FEWEST_RSA_BITS: Final = 2048
# Rule CRL-06 says short-lived: a responder's certificate is never checked, so a month is the longest we dare.
_LONGEST_RESPONDER_DAYS: Final = 31
# CA/Browser Forum BR §6.3.2: 200 days for what is issued from 15 March 2026 on.
_LONGEST_VALIDATED_DAYS: Final = 200
_HOLDER_LISTS: Final = 2
_COUNTRY_AND_ORGANISATION: Final = NameRules(frozenset({NameAttribute.COUNTRY, NameAttribute.ORGANISATION}))


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate. `name` is stored with each certificate and never changes its meaning.

    `critical` are the critical extensions, `lists` the number of CRL addresses (the partition's first, then the
    complete list), `origin` the certificate or rule whose shape it follows.
    """

    name: str
    zh: str
    en: str
    purpose: Purpose
    life: Life
    extensions: tuple[Extension, ...]
    subject_type: SubjectType | None = None
    path_length: int | None = None
    policy: str | None = CLASS_3_ASSURANCE
    further_policies: tuple[str, ...] = ()
    extended_uses: tuple[ExtendedUse, ...] = ()
    critical: frozenset[Extension] = frozenset({Extension.KEY_USAGE})
    alternative_names: AlternativeNames = AlternativeNames.NONE
    naming: NameRules = _COUNTRY_AND_ORGANISATION
    holder: HolderRules | None = None
    keys: KeyRules = field(default_factory=KeyRules)
    lists: int = 0
    carrier: Carrier = Carrier.CARD
    origin: str = ""

    @property
    def is_ca(self) -> bool:
        """Whether its certificates certify others."""
        return self.purpose is Purpose.CERTIFICATION

    @property
    def policies(self) -> tuple[str, ...]:
        """Every policy OID, the government's first."""
        return () if self.policy is None else (self.policy, *self.further_policies)

    @property
    def takes_requests(self) -> bool:
        """Whether the subscriber makes the key and sends a certification request (rule CSR-01)."""
        return self.carrier is Carrier.SUBSCRIBER

    def faults(self) -> tuple[str, ...]:
        """Return what contradicts itself in this profile, as sentences; empty when it is sound."""
        rules = (
            *self._extension_rules(),
            *self._use_rules(),
            *self._name_rules(),
            *self._number_rules(),
        )
        return tuple(sentence for holds, sentence in rules if not holds)

    def _extension_rules(self) -> tuple[tuple[bool, str], ...]:
        has = set(self.extensions)
        basics = {Extension.AUTHORITY_KEY_IDENTIFIER, Extension.SUBJECT_KEY_IDENTIFIER, Extension.KEY_USAGE}
        pairs = (
            (self.is_ca, Extension.BASIC_CONSTRAINTS, "CA certificates alone have basicConstraints"),
            (
                self.purpose is Purpose.OCSP_SIGNING,
                Extension.OCSP_NO_CHECK,
                "responders alone have ocsp-nocheck",
            ),
            (
                bool(self.extended_uses),
                Extension.EXTENDED_KEY_USAGE,
                "extended uses and extended key usage go together",
            ),
            (
                self.subject_type is not None,
                Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
                "a subject type and directory attributes go together",
            ),
            (
                self.policy is not None,
                Extension.CERTIFICATE_POLICIES,
                "a policy OID and certificatePolicies go together",
            ),
            (
                self.alternative_names is not AlternativeNames.NONE,
                Extension.SUBJECT_ALTERNATIVE_NAME,
                "alternative names and their extension go together",
            ),
            (
                self.lists > 0,
                Extension.CRL_DISTRIBUTION_POINTS,
                "CRL addresses and their extension go together",
            ),
        )
        return (
            (len(has) == len(self.extensions), "an extension stands twice"),
            (basics <= has, "AKI, SKI and KU are in every certificate"),
            (self.critical <= has, "what is critical is among the extensions"),
            (Extension.KEY_USAGE in self.critical, "key usage is critical"),
            (
                (Extension.BASIC_CONSTRAINTS in self.critical) == self.is_ca,
                "basicConstraints is critical in a CA certificate",
            ),
            *((wanted == (kind in has), sentence) for wanted, kind, sentence in pairs),
        )

    def _use_rules(self) -> tuple[tuple[bool, str], ...]:
        responder, tls = self.purpose is Purpose.OCSP_SIGNING, self.purpose is Purpose.TLS_SERVER
        signs = self.purpose.key_usage_of(elliptic=True)
        return (
            (
                responder == (ExtendedUse.OCSP_SIGNING in self.extended_uses),
                "responders alone sign OCSP answers",
            ),
            (
                tls == (ExtendedUse.SERVER_AUTHENTICATION in self.extended_uses),
                "TLS servers alone authenticate servers",
            ),
            (tls == self.alternative_names.are_domains, "TLS servers alone have domains"),
            (
                tls == (self.naming.common_name is CommonNameForm.DOMAIN),
                "TLS servers alone have a domain as CN",
            ),
            (bool(signs) or not self.keys.curves, "an elliptic curve key enciphers nothing"),
            (
                self.keys.rsa_bits_from <= self.keys.rsa_bits_to
                and self.keys.rsa_bits_from >= _FEWEST_RSA_BITS,
                "RSA keys have 2048 bits or more",
            ),
            (
                self.is_ca or not self.purpose.key_usage & {KeyUse.KEY_CERT_SIGN, KeyUse.CRL_SIGN},
                "leaves sign no certificates",
            ),
        )

    def _name_rules(self) -> tuple[tuple[bool, str], ...]:
        naming, number = self.naming, NameAttribute.SERIAL_NUMBER
        return (
            (NameAttribute.COUNTRY in naming.required, "every name has a country"),
            (
                bool(naming.required & {NameAttribute.ORGANISATION, NameAttribute.COMMON_NAME}),
                "every name has O or CN",
            ),
            (not naming.required & naming.further, "an attribute is required or further, not both"),
            (not naming.numbered or number in naming.allowed, "a numbered name has a serialNumber"),
            ({NameAttribute.COUNTRY, number} <= naming.printable, "C and serialNumber are PrintableString"),
            (
                naming.common_name is CommonNameForm.TEXT or NameAttribute.COMMON_NAME in naming.required,
                "a domain stands in the CN",
            ),
            (
                (self.holder is not None) == (self.subject_type is not None),
                "a subject type and rules for holders go together",
            ),
            (
                self.subject_type is None
                or self.subject_type.oid.startswith(_PLACEHOLDERS) != self.subject_type.confirmed,
                "a confirmed subject type is no placeholder, and the others are",
            ),
        )

    def _number_rules(self) -> tuple[tuple[bool, str], ...]:
        life, policies = self.life, self.policies
        validated = ORGANISATION_VALIDATED in policies
        return (
            (self.path_length is None or self.is_ca, "a path length belongs to a CA certificate"),
            (all(_OID.fullmatch(oid) for oid in policies), "a policy is an OID"),
            (len(set(policies)) == len(policies), "a policy stands twice"),
            (self.policy is not None or not self.further_policies, "further policies follow a first one"),
            (life.years >= 0 and life.days >= 0, "a life is not negative"),
            (life.years + life.days > 0, "a life is at least a day"),
            (
                self.purpose is not Purpose.OCSP_SIGNING or life.most_days <= _LONGEST_RESPONDER_DAYS,
                "a responder's certificate is short-lived",
            ),
            (
                not validated or life.most_days <= _LONGEST_VALIDATED_DAYS,
                "a certificate under CA/Browser Forum rules lives 200 days",
            ),
            (
                self.subject_type is None or self.lists == _HOLDER_LISTS,
                "a holder's certificate names a partition list and the complete list",
            ),
        )
