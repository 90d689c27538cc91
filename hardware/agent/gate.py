"""Decides which pages the agent acts for, by the Origin and Host that a browser puts on each request.

A browser sends a foreign page's request even where it will withhold the answer, so both are looked at before anything
is done. A Host that is not this agent's own address means a name that was made to point here (DNS rebinding).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hardware.agent.refusals import AgentRefusal

LOOPBACK: Final = "127.0.0.1"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def canonical_origin(text: str) -> str:
    """Return an origin as browsers write it (RFC 6454 §6.2); ValueError for anything that is none."""
    parts = urlsplit(text)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError(f"{text!r} is not an origin such as https://registry.example.tw")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{text!r} names more than an origin")
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


@dataclass(frozen=True, slots=True)
class Gate:
    """The origins that are let in, and the port at which this agent listens."""

    origins: frozenset[str]
    port: int

    @property
    def own(self) -> str:
        """The agent's own origin, from which only its own window comes."""
        return f"http://{LOOPBACK}:{self.port}"

    def require_host(self, host: str) -> None:
        """Raise AgentRefusal unless the request was addressed to this agent by its number or as localhost."""
        if host not in {f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"}:
            raise AgentRefusal("agent.stranger")

    def page(self, origin: str | None, on_behalf: str | None) -> str:
        """Return the origin of the page that asks; AgentRefusal for one that is not on the list.

        The agent's own window speaks for the page that opened it, which it names; no other page can, since only
        the agent's own scripts run at the agent's origin.
        """
        asking = on_behalf if origin == self.own else origin
        if asking is None or asking not in self.origins:
            raise AgentRefusal("agent.stranger")
        return asking

    def listed(self, origin: str) -> bool:
        """Tell whether an origin is on the list."""
        return origin in self.origins
