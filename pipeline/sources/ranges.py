"""A file on a web server: each piece is what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pipeline.sources.pieces import PIECE, PieceFile
from pipeline.sources.web import Answer, Denied, Web, WebError, WebStop, bare

MOST = 2_000_000_000
"""Bytes that a band's file may declare."""
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")


class RangeFile(PieceFile):
    """A file on a web server. `link` gives the address, and a fresh one where the last was refused."""

    def __init__(self, web: Web, link: Callable[[bool], str], others: Callable[[], Iterable[str]] = tuple) -> None:
        """others: addresses of a few files beside it, which tell a file that is denied from a service that is."""
        super().__init__()
        self._web, self._link, self._others = web, link, others
        self._etag = ""
        self.name = bare(link(False))
        self.piece(0)

    def fetch(self, first: int, last: int) -> bytes:
        answer = self._ask(first, last)
        self._check(answer, first, last)
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
                raise self._judged(denied) from None
        try:
            return self._web.ask("GET", link, most=PIECE, headers=headers, accept=(206,))
        except Denied as denied:
            raise self._judged(denied) from None

    def _judged(self, denied: Denied) -> WebError:
        """Object storage says 403 of what is not there: where it gives other files, this one is at fault, not the service."""
        if denied.status != 403 or not any(map(self._gives, self._others())):
            return denied
        return WebError(denied.code, f"{denied.message} It gives other files.", "Use another catalogue, if the file stays missing there.")

    def _gives(self, other: str) -> bool:
        try:
            self._web.ask("GET", other, most=1, headers={"Range": "bytes=0-0", "Accept-Encoding": "identity"}, accept=(206,))
        except WebError:
            return False
        return True

    def _check(self, answer: Answer, first: int, last: int) -> None:
        said = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        start, end, size = (int(number) for number in said.groups()) if said else (-1, -1, -1)
        if self.size < 0 and 0 < size <= MOST:
            self.size, self._etag = size, answer.headers.get("ETag", "")
        last = min(last, self.size - 1)
        if size != self.size or (start, end) != (first, last) or len(answer.body) != last - first + 1:
            raise WebError(
                "MW-WEB-RANGE", f"{self._web.service}: {self.name} does not send the bytes that were asked for.",
                "Run again later; if it stays so, use another catalogue.",
            )  # fmt: skip
        if answer.headers.get("ETag", "") != self._etag:
            raise WebError("MW-WEB-CHANGED", f"{self._web.service}: {self.name} was changed while it was read.", "Run again.")
