"""A file elsewhere, read piece by piece: only what is asked for is sent."""

from __future__ import annotations

import io
from collections import OrderedDict

PIECE = 1 << 19
"""Bytes asked for at once: about a tile of 512 pixels, so that neighbours come with it."""
KEPT = 16


class PieceFile(io.RawIOBase):
    """Read-only and seekable. What it is read from gives it a size, and pieces by `fetch`."""

    def __init__(self, size: int = -1, length: int = PIECE) -> None:
        """size: bytes of the whole; −1 where the first piece tells. length: bytes of a piece."""
        self.size, self.length = size, length
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0
        self._failed: Exception | None = None

    def fetch(self, first: int, last: int) -> bytes:
        """Bytes from first to last, both included."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self._at + size, self.size)
        out = bytearray()
        while self._at < end:
            number, start = divmod(self._at, self.length)
            part = self.piece(number)[start : start + end - self._at]
            out += part
            self._at += len(part)
        return bytes(out)

    def raise_failed(self) -> None:
        """Raise what went wrong on the way, if anything did: through GDAL it comes as a damaged file."""
        if self._failed is not None:
            raise self._failed

    def piece(self, number: int) -> bytes:
        try:
            return self._had(number)
        except Exception as error:
            self._failed = error
            raise

    def _had(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        first = number * self.length
        last = first + self.length - 1 if self.size < 0 else min(first + self.length, self.size) - 1
        self._kept[number] = self.fetch(first, last)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[number]
