"""What lines of text among the coordinates say: of the right, and of the coordinate system."""

from __future__ import annotations

import re

from pipeline.layers import aliases
from pipeline.layers.corners.draft import Parcel, Said
from pipeline.layers.corners.figures import plain
from pipeline.layers.corners.frame import datum_in

_WORDS = re.compile("[\u4e00-\u9fff]|CGCS|xian|beijing", re.IGNORECASE)
"""Without any, a line says nothing of a system."""
LICENCE = re.compile(r"(?<![A-Za-z0-9])[CT]\d{22}(?!\d)")
_PAIR = re.compile(r"([\u4e00-\u9fff]{2,10}(?:\([^)]{1,10}\))?)\s*[:=]\s*([^,;。\s][^,;。\t|]{0,80})")
_ELEVATION = re.compile(r"标高\D{0,12}?(-?\d+(?:\.\d+)?)\s*(?:m|米)?\s*(至|到|~|—+|–|--?)\s*\+?(-?\d+(?:\.\d+)?)")
_WIDTH = re.compile(r"([36])\s*(?:度|°)\s*(?:分)?带")
_MERIDIAN = re.compile(r"中央(?:子午线|经线)\D{0,6}?(\d{2,3})")
_ZONE = re.compile(r"(?:带号\D{0,3}?|第\s*)(\d{2})\s*(?:带|(?=\D|$))")
_KNOWN = {name: field for field, names in aliases.ALIASES.items() for name in names}


def of_system(text: str, said: Said) -> None:
    """Take up what a text says of datum, zone and meridian."""
    if not _WORDS.search(text):
        return
    spelled = plain(text)
    said.datum = said.datum or datum_in(spelled)
    for pattern, field in ((_WIDTH, "width"), (_MERIDIAN, "meridian"), (_ZONE, "zone")):
        found = pattern.search(text if pattern is _WIDTH else spelled)
        if found and getattr(said, field) is None:
            setattr(said, field, int(found[1]))


def licence_in(text: str) -> str | None:
    """The licence number in a text, where it holds just one."""
    found = set(LICENCE.findall(plain(text)))
    return found.pop() if len(found) == 1 else None


def of_right(text: str, parcel: Parcel) -> None:
    """Take up what a text says of the right: 'key: value', its licence number, elevations and area."""
    for key, value in _PAIR.findall(plain(text)):
        head = aliases.heading(key)
        if head in aliases.AREA:
            parcel.values.setdefault(key, value.strip(" )"))
        elif head in _KNOWN and _KNOWN[head] not in parcel.values:
            parcel.values[_KNOWN[head]] = (licence_in(value) if _KNOWN[head] == "id" else None) or value.strip(" )")
    number = licence_in(text)
    if number:
        parcel.values.setdefault("id", number)
    heights = _ELEVATION.search(plain(text))
    if heights:
        one, dash, other = heights.groups()
        # Of two signs before the lower end of a range below sea level, the second is its own.
        values = sorted((float(one), float(f"-{other}" if dash == "--" and one.startswith("-") else other)))
        parcel.values.setdefault("bottom", values[0])
        parcel.values.setdefault("top", values[1])
