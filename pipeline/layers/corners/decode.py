"""Bytes of a text as text: in which encoding, told by decoding it."""

from __future__ import annotations

import codecs
from pathlib import Path

from pipeline.layers.table import Refuse

MOST_BYTES = 20_000_000
"""Of a text; a county's register has some hundred thousand."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAVE = "Save it as UTF-8 text (in Notepad: Save as, encoding UTF-8)."


def read_text(file: Path, refuse: Refuse) -> tuple[str, str]:
    """The text, and in a few words which encoding it has and why that was taken."""
    raw = file.read_bytes()
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, encoding, refuse), f"text is {encoding.removesuffix('-sig').upper()} (it begins with the mark of it)"
    if b"\x00" in raw[:4096]:
        raise refuse("MW-LAYER-FORMAT", "is no text: it holds zero bytes", "Give the text file itself, not a document or a database. " + _SAVE)
    try:
        return raw.decode("utf-8"), "text is plain ASCII" if raw.isascii() else "text is UTF-8 (all of it decodes so)"
    except UnicodeDecodeError:
        return _strictly(raw, "gb18030", refuse), "text is GBK (it is no UTF-8, and all of it decodes so)"


def _strictly(raw: bytes, encoding: str, refuse: Refuse) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refuse("MW-LAYER-ENCODING", f"is neither UTF-8 nor GBK (line {line} decodes as neither)", _SAVE) from error
