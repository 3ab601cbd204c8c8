"""A file on a web server, read piece by piece: only what GDAL asks for is sent, and each piece is what was asked for."""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Callable

from pipeline.sources.web import Answer, Denied, Web, WebError, WebStop, bare

PIECE = 1 << 19
"""Bytes asked for at once: about a tile of 512 pixels, so that neighbours come with it."""
KEPT = 16
MOST = 2_000_000_000
"""Bytes that a band's file may declare."""
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")


class RangeFile(io.RawIOBase):
    """Read-only and seekable. `link` gives the address, and a fresh one where the last was refused."""

    def __init__(self, web: Web, link: Callable[[bool], str]) -> None:
        self._web, self._link = web, link
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._etag = ""
        self._size = -1
        self._at = 0
        self._failed: Exception | None = None
        self.name = bare(link(False))
        self._piece(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        out = bytearray()
        while self._at < end:
            number, start = divmod(self._at, PIECE)
            part = self._piece(number)[start : start + end - self._at]
            out += part
            self._at += len(part)
        return bytes(out)

    def raise_failed(self) -> None:
        """Raise what went wrong on the web, if anything did: through GDAL it comes as a damaged file."""
        if self._failed is not None:
            raise self._failed

    def _piece(self, number: int) -> bytes:
        try:
            return self._had(number)
        except Exception as error:
            self._failed = error
            raise

    def _had(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        first = number * PIECE
        last = first + PIECE - 1 if self._size < 0 else min(first + PIECE, self._size) - 1
        answer = self._ask(first, last)
        self._check(answer, first, last)
        self._kept[number] = answer.body
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer.body

    def _ask(self, first: int, last: int) -> Answer:
        """A range; a link that has run out is renewed once."""
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        try:
            return self._web.ask("GET", self._link(False), most=PIECE, headers=headers, accept=(206,))
        except Denied as denied:
            try:
                link = self._link(True)
            except WebStop:
                raise
            except WebError:
                raise denied from None
            return self._web.ask("GET", link, most=PIECE, headers=headers, accept=(206,))

    def _check(self, answer: Answer, first: int, last: int) -> None:
        said = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        start, end, size = (int(number) for number in said.groups()) if said else (-1, -1, -1)
        if self._size < 0 and 0 < size <= MOST:
            self._size, self._etag = size, answer.headers.get("ETag", "")
        last = min(last, self._size - 1)
        if size != self._size or (start, end) != (first, last) or len(answer.body) != last - first + 1:
            raise WebError(
                "MW-WEB-RANGE", f"{self._web.service}: {self.name} does not send the bytes that were asked for.",
                "Run again later; if it stays so, use another catalogue.",
            )  # fmt: skip
        if answer.headers.get("ETag", "") != self._etag:
            raise WebError("MW-WEB-CHANGED", f"{self._web.service}: {self.name} was changed while it was read.", "Run again.")
