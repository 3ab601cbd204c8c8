"""Text as other programs may be given it: whatever attribute tables and notes hold, nothing that nobody sees."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]")
"""What XML can't hold, and marks that turn or hide what follows them."""
_LINE = re.compile("\r\n?|[\u2028\u2029\x85]")
_HALF = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no encoding can write."""


def plain(text: str, *, lines: bool = False) -> str:
    """The text without signs that are not seen; on one line unless `lines` may stay."""
    seen = _UNSEEN.sub("", _HALF.sub("\ufffd", _LINE.sub("\n", text))).replace("\t", " ")
    return seen.strip() if lines else " ".join(seen.split("\n")).strip()
