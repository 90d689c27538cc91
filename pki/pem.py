"""Certificates in and out of the files that people keep them in: PEM or DER."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from pki.certificates import read_certificate
from pki.errors import DerRefusedError

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_LINE: Final = 64


def certificate_der(data: bytes) -> bytes:
    """Return the DER of the first certificate in a file, PEM or DER; DerRefusedError when it holds none."""
    found = _PEM.search(data)
    try:
        encoded = base64.b64decode(b"".join(found[1].split()), validate=True) if found else data
    except binascii.Error as error:
        raise DerRefusedError("pki.pem.base64", "what stands between the PEM lines is not base64") from error
    read_certificate(encoded)
    return encoded


def certificate_pem(der: bytes) -> bytes:
    """Return a certificate as PEM (RFC 7468), 64 characters a line."""
    text = base64.b64encode(der)
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return b"\n".join((b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""))
