"""Text as other programs may be given it: whatever attribute tables and notes hold, nothing that nobody sees."""

from __future__ import annotations

import re

from pipeline.unseen import HALVES, HIDDEN

_UNSEEN = re.compile(f"[{HIDDEN}]")
_LINE = re.compile("\r\n?|[\u2028\u2029\x85]")
_HALF = re.compile(f"[{HALVES}]")


def plain(text: str, *, lines: bool = False) -> str:
    """The text without signs that are not seen; on one line unless `lines` may stay."""
    seen = _UNSEEN.sub("", _HALF.sub("\ufffd", _LINE.sub("\n", text))).replace("\t", " ")
    return seen.strip() if lines else " ".join(seen.split("\n")).strip()
