"""The refusals of the pki room: one tree, each with a code and facts for the log.

Codes are stable and dotted (`pki.crl.stale`); the room that called decides what a person gets to read.
No error carries key material or a passphrase.
"""

from __future__ import annotations


class PkiError(Exception):
    """Something the pki room refuses to do; `code` names the refusal, `facts` what it was about."""

    def __init__(self, code: str, message: str, **facts: str | int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.facts = facts


class DerRefusedError(PkiError):
    """Bytes that are not the DER we expected."""


class NameRefusedError(PkiError):
    """A distinguished name that X.520 or the GPKI naming rules do not allow."""


class AttributesRefusedError(PkiError):
    """Subject directory attributes that cannot be encoded or read."""


class KeyRefusedError(PkiError):
    """A key that cannot be loaded or may not be used for this."""


class ShareRefusedError(PkiError):
    """A share of a secret that is damaged, foreign or repeated, or too few of them."""


class ProfileRefusedError(PkiError):
    """A certificate profile that contradicts itself, or an order that does not fit its profile."""


class IssuingRefusedError(PkiError):
    """A certificate that must not be prepared or signed as asked."""


class LintRefusedError(IssuingRefusedError):
    """A certificate whose linted form has findings; `findings` holds them as sentences."""

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__("pki.lint.findings", "; ".join(findings), count=len(findings))
        self.findings = findings


class ChainRefusedError(PkiError):
    """A certificate that does not chain to the issuers given."""


class CrlRefusedError(PkiError):
    """A certificate revocation list that must not be published."""


class OcspMalformedError(PkiError):
    """An OCSP request that cannot be read; the answer is `malformedRequest`."""


class StatementRefusedError(PkiError):
    """A signed statement whose signature does not hold."""


class ResponderRefusedError(PkiError):
    """An OCSP responder whose key or certificate does not let it answer."""
