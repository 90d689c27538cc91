"""From the bytes of a file to the one DER request in it: PEM of any editor and mailer, or DER."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from typing import Final

from pki import der
from pki.csr.findings import Verdict
from pki.errors import DerRefusedError

LARGEST_FILE: Final = 64 * 1024
_REQUEST_LABELS: Final = frozenset({"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})
_BLOCK: Final = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----(?P<body>[^-]*(?:-(?!----)[^-]*)*)-----END (?P=label)-----"
)
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY")
# RFC 1421 headers, which some tools write between BEGIN and the first line of base64.
_HEADER: Final = re.compile(r"^[A-Za-z0-9-]+:.*$", re.MULTILINE)
_FIELDS_OF_PKCS8: Final = 3
_FEWEST_FIELDS_OF_RSA_KEY: Final = 9
_FEWEST_FIELDS_OF_EC_KEY: Final = 2
_MOST_CERTIFICATE_FIELDS: Final = 10
_LEAST_CERTIFICATE_FIELDS: Final = 6


class NoRequestError(Exception):
    """The file holds no single request; `verdict` says what it holds instead."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.code)
        self.verdict = verdict


def request_der(data: bytes) -> bytes:
    """Return the DER of the one request in a file; raises NoRequestError.

    Text before and after the PEM block, CRLF, a byte order mark and UTF-16, as editors leave them, do no harm.
    """
    if not data.strip():
        raise NoRequestError(Verdict.EMPTY)
    if len(data) > LARGEST_FILE:
        raise NoRequestError(Verdict.TOO_LARGE)
    text = _text(data)
    if _PRIVATE_KEY.search(text):
        raise NoRequestError(Verdict.PRIVATE_KEY)
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        return _known_der(data)
    requests = [block for block in blocks if block["label"] in _REQUEST_LABELS]
    if not requests:
        certificate = any("CERTIFICATE" in block["label"] for block in blocks)
        raise NoRequestError(Verdict.CERTIFICATE if certificate else Verdict.UNREADABLE)
    if len(requests) > 1:
        raise NoRequestError(Verdict.SEVERAL)
    return _known_der(_decoded(requests[0]["body"]))


def _text(data: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    # What is not ASCII stands outside the block or breaks it; either way no byte may stop the reading.
    return data.decode("ascii", errors="replace")


def _decoded(body: str) -> bytes:
    joined = "".join(_HEADER.sub("", body).split())
    try:
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoRequestError(Verdict.UNREADABLE) from error


def _known_der(data: bytes) -> bytes:
    """Return the bytes if they look like a request, and say what else they are if they do not."""
    try:
        parts = der.read(data).expect(der.SEQUENCE).children()
        tags = [part.tag for part in parts]
        if _is_private_key(tags):
            raise NoRequestError(Verdict.PRIVATE_KEY)
        if tags != [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING]:
            raise NoRequestError(Verdict.UNREADABLE)
        if _is_certificate(parts[0]):
            raise NoRequestError(Verdict.CERTIFICATE)
    except DerRefusedError as error:
        raise NoRequestError(Verdict.UNREADABLE) from error
    return data


def _is_private_key(tags: list[int]) -> bool:
    pkcs8 = tags[:_FIELDS_OF_PKCS8] == [der.INTEGER, der.SEQUENCE, der.OCTET_STRING]
    encrypted = tags == [der.SEQUENCE, der.OCTET_STRING]
    rsa = len(tags) >= _FEWEST_FIELDS_OF_RSA_KEY and set(tags[:_FEWEST_FIELDS_OF_RSA_KEY]) == {der.INTEGER}
    elliptic = tags[:_FEWEST_FIELDS_OF_EC_KEY] == [der.INTEGER, der.OCTET_STRING]
    return pkcs8 or encrypted or rsa or elliptic


def _is_certificate(signed: der.Element) -> bool:
    count = len(signed.children())
    return _LEAST_CERTIFICATE_FIELDS <= count <= _MOST_CERTIFICATE_FIELDS
