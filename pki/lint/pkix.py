"""Lint pkix: what pkilint's RFC 5280 rules find at severity WARNING or worse.

Source: RFC 5280 as coded by pkilint, an independent linter. In force since 2026-11-21.
The rules are built once per process, since building them takes far longer than running them, and sorted by what they look
at (`pki.lint.indexed`), since pkilint asks each of them about every node.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

NAME: Final = "pkix"


def findings(certificate_der: bytes) -> tuple[str, ...]:
    """Return pkilint's findings as `code @ place`; a certificate it cannot decode is a finding as well."""
    from pkilint import loader
    from pkilint.validation import ValidationFindingSeverity

    try:
        document = loader.load_certificate(certificate_der, "certificate")
    except ValueError as error:
        return (f"undecodable: {error}",)
    return tuple(
        f"{description.finding.code} @ {result.node.path}"
        for result in _rules().validate(document.root)
        for description in result.finding_descriptions
        if description.finding.severity <= ValidationFindingSeverity.WARNING
    )


def load() -> None:
    """Build the rules now, so that no certificate waits for them; takes most of a second once in a process."""
    _rules()


@lru_cache
def _rules() -> Any:
    """Return all RFC 5280 certificate rules, as they are run."""
    from pki.lint.indexed import IndexedContainer

    return IndexedContainer(plain_rules())


def plain_rules() -> Any:
    """Return pkilint's container of all RFC 5280 certificate rules; the package has no types of its own."""
    from pkilint.pkix import certificate, extension, name

    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
