"""Pairing: the holder copies a code from the agent's window into the page, once for each origin.

So a page on the list that somebody else has taken over still needs the person at this machine. A code is eight digits,
lives five minutes and bears three tries; after a void one the next is refused for ten seconds, which leaves a guesser
some 2,600 tries a day among a hundred million.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.agent.refusals import AgentRefusal

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES: Final = 3
CODE_SECONDS: Final = 300.0
PAUSE_SECONDS: Final = 10.0
TOKEN_SECONDS: Final = 12 * 3600.0
CODE_DIGITS: Final = 8
TOKENS_KEPT: Final = 64


@dataclass(slots=True)
class _Code:
    value: str = field(repr=False)
    until: float
    left: int = TRIES


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    origin: str
    until: float


class Pairings:
    """The codes that wait to be typed and the tokens that were given for them.

    `tell` shows the holder an origin and its new code. `monotonic` gives seconds that never run backwards.
    """

    def __init__(
        self, tell: Callable[[str, str], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._not_before: dict[str, float] = {}
        self._tokens: list[_Token] = []

    def begin(self, origin: str) -> None:
        """Show a code for an origin; one that still waits stays as it is, so that its tries can't be renewed."""
        now = self._monotonic()
        with self._lock:
            waiting = self._codes.get(origin)
            if waiting is not None and waiting.until > now:
                return
            if self._not_before.get(origin, now) > now:
                raise AgentRefusal("agent.code_spent")
            code = "".join(str(secrets.randbelow(10)) for _ in range(CODE_DIGITS))
            self._codes[origin] = _Code(code, now + CODE_SECONDS)
        self._tell(origin, code)

    def redeem(self, origin: str, typed: str) -> str:
        """Return a token for a right code; AgentRefusal for a wrong one, and at the third the code is void."""
        now = self._monotonic()
        digits = "".join(sign for sign in typed if sign.isdigit() and sign.isascii())
        with self._lock:
            code = self._codes.get(origin)
            if code is None or code.until <= now:
                raise AgentRefusal("agent.code_spent")
            code.left -= 1
            right = hmac.compare_digest(digits, code.value)
            if right or not code.left:
                del self._codes[origin]
            if right:
                return self._new_token(origin, now)
            if code.left:
                raise AgentRefusal("agent.code_wrong")
            self._not_before[origin] = now + PAUSE_SECONDS
        raise AgentRefusal("agent.code_spent")

    def _new_token(self, origin: str, now: float) -> str:
        token = _Token(secrets.token_urlsafe(32), origin, now + TOKEN_SECONDS)
        self._tokens = [*self._tokens[-TOKENS_KEPT + 1 :], token]
        return token.value

    def require(self, origin: str, token: str) -> None:
        """Raise AgentRefusal unless the token was given to this origin and is still good."""
        now = self._monotonic()
        with self._lock:
            good = [one for one in self._tokens if one.origin == origin and one.until > now]
        # Every token is compared, so that the time taken says nothing of which came close.
        found = [hmac.compare_digest(one.value.encode(), token.encode()) for one in good]
        if not any(found):
            raise AgentRefusal("agent.unpaired")
