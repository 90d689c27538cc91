"""A revocation list in the database read as a file: only the slices that are sent are ever in memory.

A list may be fifty megabytes; many may be fetching it at once, and some only want its end.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from web.ports import office
from workflow.views import repository

if TYPE_CHECKING:
    from workflow.views.repository import PublishedList

SLICE = 512 * 1024
"""Octets that are asked of the database at once."""


class ListFile(io.RawIOBase):
    """A list's octets, whose number is known. The row never changes, so that each slice may be a reading of its own."""

    def __init__(self, published: PublishedList, size: int) -> None:
        super().__init__()
        # Taken now: when a web server asks for the octets the request may be over already.
        self._office = office()
        self._published = published
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere, as a Range asks."""
        return True

    def tell(self) -> int:
        """Return where the next slice begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an octet, counted from the beginning, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next octets, at most a slice."""
        wanted = min(self._size - self._at, SLICE, size if size >= 0 else SLICE)
        if wanted <= 0:
            return b""
        found = repository.slice_of(self._office, self._published, self._at, wanted)
        self._at += len(found)
        return found
