"""What a list covers: which statuses stand on it, in which partition, and which reason it gives.

OCSP says the same reason, so that the two never differ (P-16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pki.crl import partition_of
from pki.reasons import RevocationReason as CrlReason
from workflow.vocabulary import AuthorityRevocationReason, CertificateStatus, RevocationReason

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTITIONS: Final = 4
"""Partitions of each CA's list; a certificate's serial says which it belongs to."""
COMPLETE: Final = 0
"""The number that stands for the complete list where a partition is named."""
LISTED: Final = (str(CertificateStatus.SUSPENDED), str(CertificateStatus.REVOKED))

_CODES: Final[Mapping[str, CrlReason]] = {
    AuthorityRevocationReason.CA_COMPROMISE: CrlReason.CA_COMPROMISE,
    AuthorityRevocationReason.SUPERSEDED: CrlReason.SUPERSEDED,
    AuthorityRevocationReason.CESSATION_OF_OPERATION: CrlReason.CESSATION_OF_OPERATION,
    RevocationReason.UNSPECIFIED: CrlReason.UNSPECIFIED,
    RevocationReason.KEY_COMPROMISE: CrlReason.KEY_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED: CrlReason.AFFILIATION_CHANGED,
    RevocationReason.SUPERSEDED: CrlReason.SUPERSEDED,
    RevocationReason.CESSATION_OF_OPERATION: CrlReason.CESSATION_OF_OPERATION,
    RevocationReason.CERTIFICATE_HOLD: CrlReason.CERTIFICATE_HOLD,
    RevocationReason.NOT_ACTIVATED: CrlReason.CESSATION_OF_OPERATION,
}


def crl_reason(reason: str | None) -> CrlReason:
    """Return the code on the wire of a stored reason; OCSP and CRL both say this one (P-16)."""
    return _CODES[reason] if reason else CrlReason.UNSPECIFIED


def partition_number(serial: int) -> int:
    """Return the partition, from 1, whose list a certificate with this serial belongs to for ever."""
    return partition_of(serial, PARTITIONS) + 1
