"""Make a demonstration hierarchy: one root, and under it GCA, XCA and MOICA.

The names follow those of the real authorities but say 示範 (demonstration), as the real test authorities say 測試用,
so that no certificate of a demonstration can be taken for a government's. Certificates pass the same preparing,
linting and signing as any other.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pki.certificates import read_certificate
from pki.issuing import new_serial, prepare, sign
from pki.names import EXECUTIVE_YUAN, Subject, read_name
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import CLASS_3_ASSURANCE, LINK_CA, ROOT_CA, SUBORDINATE_CA, TAIPEI, Life

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pki.keys import Signer


class Authority(Enum):
    """A certification authority, by its short name; `zh` is its full name."""

    GCA = "政府憑證管理中心"
    XCA = "組織及團體憑證管理中心"
    MOICA = "內政部憑證管理中心"

    @property
    def zh(self) -> str:
        """The authority's full name."""
        return self.value


_GENERATION: Final = re.compile(r" - G[0-9]+$")
DEMONSTRATION_ROOT: Final = Subject(
    organisation="Government Root Certification Authority (Demonstration 示範)"
)


def demonstration_name(authority: Authority) -> Subject:
    """Return the name of an authority in a demonstration: C=TW, O=行政院, OU=(示範) …."""
    return Subject(organisation=EXECUTIVE_YUAN, units=(f"(示範) {authority.zh}",))


@dataclass(frozen=True, slots=True)
class CeremonyPlan:
    """When, for how long, under which policy OID, and where the root publishes."""

    not_before: datetime
    root_addresses: Addresses
    root_life: Life = ROOT_CA.life
    subordinate_life: Life = SUBORDINATE_CA.life
    policy: str = CLASS_3_ASSURANCE
    root_name: Subject = field(default_factory=lambda: DEMONSTRATION_ROOT)


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """What a ceremony leaves behind: the root's certificate and one for each authority, in DER."""

    root: bytes
    authorities: Mapping[Authority, bytes]


def hold_ceremony(
    plan: CeremonyPlan,
    root_signer: Signer,
    authority_signers: Mapping[Authority, Signer],
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Hierarchy:
    """Return a root certificate and one certificate for each authority, all checked as any certificate is."""
    root = issue_root(plan, root_signer, random_bytes)
    certificates = {
        authority: issue_subordinate(
            plan, (root, root_signer), demonstration_name(authority), signer.spki_der, random_bytes
        )
        for authority, signer in authority_signers.items()
    }
    return Hierarchy(root, certificates)


def issue_root(
    plan: CeremonyPlan, signer: Signer, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> bytes:
    """Return a root certificate that its own key signed."""
    profile = replace(ROOT_CA, life=plan.root_life)
    order = CertificateOrder(
        profile, plan.root_name, signer.spki_der, new_serial(random_bytes), plan.not_before
    )
    return _issue(order, Issuer.of_new_root(plan.root_name, signer.spki_der), signer)


def issue_subordinate(
    plan: CeremonyPlan,
    root: tuple[bytes, Signer],
    name: Subject,
    spki_der: bytes,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the certificate of an authority of a name and a key under a root: its certificate and its signer."""
    certificate, signer = root
    profile = replace(SUBORDINATE_CA, life=plan.subordinate_life, policy=plan.policy)
    order = CertificateOrder(
        profile, name, spki_der, new_serial(random_bytes), plan.not_before, plan.root_addresses
    )
    return _issue(order, Issuer.from_certificate(certificate), signer)


def issue_link(
    linked: bytes,
    signing: tuple[bytes, Signer],
    addresses: Addresses,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return a certificate over the name and key of one root by another: its certificate and its signer (RFC 4210 §4.4).

    It holds while both roots do. RFC 4210 lets the one over the older key begin with that key; ours begins with the newer
    root, before which nobody has that to rely on. `addresses` are the signing root's.
    """
    certificate, signer = signing
    subject, issuer = read_certificate(linked), read_certificate(certificate)
    begin = max(subject.not_before, issuer.not_before)
    days = (
        min(subject.not_after, issuer.not_after).astimezone(TAIPEI).date() - begin.astimezone(TAIPEI).date()
    )
    order = CertificateOrder(
        replace(LINK_CA, life=Life(days=days.days)),
        read_name(subject.subject_name),
        subject.spki_der,
        new_serial(random_bytes),
        begin,
        addresses,
    )
    return _issue(order, Issuer.from_certificate(certificate), signer)


def name_of_generation(earlier: Subject, generation: int) -> Subject:
    """Return the name of a CA's next generation after an earlier one's: C=TW, O=行政院, CN=<CA> - G2 (RV2-09).

    >>> name_of_generation(Subject(organisation="行政院", units=("政府憑證管理中心",)), 2).common_name
    '政府憑證管理中心 - G2'
    """
    own = earlier.common_name or (earlier.units[-1] if earlier.units else earlier.organisation or "")
    return Subject(organisation=EXECUTIVE_YUAN, common_name=f"{_GENERATION.sub('', own)} - G{generation}")


def p7b(certificates: Sequence[bytes]) -> bytes:
    """Return the certificates as a PKCS#7 bundle in DER, as published in IssuedToThisCA.p7b."""
    loaded = [x509.load_der_x509_certificate(certificate) for certificate in certificates]
    return pkcs7.serialize_certificates(loaded, Encoding.DER)


def _issue(order: CertificateOrder, issuer: Issuer, signer: Signer) -> bytes:
    prepared = prepare(order, issuer)
    return sign(prepared.tbs_der, prepared.tbs_sha256, issuer, signer)
