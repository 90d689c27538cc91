"""A relying party that fetches from the pages without a network, and hands that tamper with what comes."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ops import wiring
from ops.monitor.fetching import Asked, Fetched

Tamper = Callable[[Fetched], Fetched]


@dataclass
class Pages:
    """Fetches from a house's own pages; `tampering` maps the end of an address to what happens to its answer."""

    house: Any
    tampering: dict[str, Tamper] = field(default_factory=dict)
    kept: dict[str, Fetched] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client = wiring.build_web(self.house.settings, self.house.office).test_client()

    def __call__(self, asked: Asked, host: str = "") -> Fetched:
        del host
        said = self._client.open(
            urlsplit(asked.url).path,
            method="POST" if asked.body else "GET",
            data=asked.body,
            content_type=asked.media_type,
        )
        fetched = Fetched(
            said.status_code, said.mimetype, said.data, location=said.headers.get("Location", "")
        )
        self.kept.setdefault(asked.url, fetched)
        for end, tamper in self.tampering.items():
            if asked.url.endswith(end):
                return tamper(fetched)
        return fetched


def as_pem(fetched: Fetched) -> Fetched:
    return replace(fetched, body=ssl.DER_cert_to_PEM_cert(fetched.body).encode())


def redirected(fetched: Fetched) -> Fetched:
    return replace(fetched, status=301, body=b"", location="https://elsewhere.example/")


def with_a_flipped_bit(fetched: Fetched) -> Fetched:
    return replace(fetched, body=fetched.body[:-1] + bytes([fetched.body[-1] ^ 1]))
