"""Text that was decoded with the wrong encoding somewhere on its way: what it was, as far as that can be told."""

from __future__ import annotations

import re

_LOST = re.compile("�|锟斤拷|烫烫烫|屯屯屯|\\?{3,}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile("[\u0080-\u00ff]")
_LEAST = 2
"""Of Chinese characters that have to come out: fewer are chance."""


def damaged(text: str) -> bool:
    return _LOST.search(text) is not None or restored(text) is not None


def restored(text: str) -> str | None:
    """What a damaged text was before; None where it is sound or lost.

    GBK read as Latin-1 gives accented letters; UTF-8 read as GBK gives rare characters, which are UTF-8 again when written as GBK:
    three ordinary ones in a row hardly ever are.
    """
    if _LATIN.search(text):
        for encoding in ("utf-8", "gb18030"):
            found = _through(text, "latin-1", encoding) or _through(text, "cp1252", encoding)
            if found and len(_CHINESE.findall(found)) >= _LEAST and not _LATIN.search(found):
                return found
        return None
    if len(_CHINESE.findall(text)) <= _LEAST:
        return None
    found = _through(text, "gb18030", "utf-8")
    return found if found and len(_CHINESE.findall(found)) >= _LEAST else None


def _through(text: str, wrong: str, right: str) -> str | None:
    try:
        return text.encode(wrong).decode(right)
    except UnicodeError:
        return None
