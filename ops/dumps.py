"""Keeping secrets out of core dumps and debuggers: opened keys, PINs and passphrases lie in the memory of programs."""

from __future__ import annotations

import ctypes
import logging
import resource
from typing import Final

log = logging.getLogger("guanfang.dumps")
_PR_SET_DUMPABLE: Final = 4


def forbid() -> None:
    """Let nobody dump or trace this process, not even its own user (prctl(2), PR_SET_DUMPABLE; rule ROL-08).

    It holds for processes that are forked from now on, and ends where another program is executed.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("this process can be dumped and traced: prctl was refused")
