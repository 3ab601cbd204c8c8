"""Numbers as people write coordinates: full-width digits, degrees with minutes and seconds, metres."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from pipeline.layers.table import Order

_SIGNS = str.maketrans({"º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "`": "'", "″": '"', "”": '"', "“": '"'})
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_SECONDS = r"(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|'{1,2}|秒)?"
_SIGNED = rf"(?P<d>\d{{1,3}})\s*[°度]\s*(?P<m>\d{{1,2}}(?:\.\d+)?)\s*(?:['分]\s*(?:{_SECONDS})?)?"
_HYPHENED = r"(?P<hd>\d{2,3})-(?P<hm>\d{1,2})-(?P<hs>\d{1,2}(?:\.\d+)?)\"?"
_DECIMAL = r"(?P<v>\d{2,3}\.\d{4,}|\d{6,8}(?:\.\d+)?)\s*°?"
_COORDINATE = re.compile(
    r"(?:(?P<before>东经|北纬|经度|纬度|[NE])\s*[:=]?\s*)?(?<![\dA-DF-MO-Za-z.-])"
    rf"(?:{_SIGNED}|{_HYPHENED}|{_DECIMAL})(?![\d.A-DF-MO-Za-z-])\s*(?P<after>[NE](?![A-Za-z]))?"
)
"""In text, degrees have at least four decimals and metres six digits before the point: other numbers are something else."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A coordinate found in a text."""

    value: float
    """Degrees or metres."""
    whole: bool
    """Digits alone, without a point: may be a number of another kind."""
    spelled: bool
    """Written with minutes and seconds."""
    way: str | None
    """'N' or 'E' where it says so."""
    start: int
    end: int


def plain(text: str) -> str:
    """Full-width signs as ordinary ones, and one sign each of the many for degrees, minutes and seconds."""
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def number(value: object) -> float | None:
    """A number in a cell, or degrees with minutes and seconds; None for anything else. ValueError where minutes or seconds reach 60."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    text = plain(str(value)).strip().rstrip("米mM").strip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        value = float(text)
        return value if math.isfinite(value) else None
    except ValueError:
        found = _COORDINATE.fullmatch(text)
    return _value(found) if found else None


def spelled(value: object) -> bool:
    """Whether a coordinate's cell is written with minutes and seconds."""
    found = _COORDINATE.fullmatch(plain(str(value)).strip())
    return found is not None and not found["v"]


def figures(text: str) -> list[Figure]:
    """Coordinates in a line of text that was made `plain`. ValueError where minutes or seconds reach 60."""
    found = []
    for match in _COORDINATE.finditer(text):
        sign = (match["before"] or match["after"] or "").upper()
        way = "E" if sign in ("E", "东经", "经度") else "N" if sign else None
        found.append(Figure(_value(match), bool(match["v"]) and "." not in match["v"], not match["v"], way, *match.span()))
    return found


def _value(match: re.Match[str]) -> float:
    if match["v"]:
        return float(match["v"])
    parts = (match["d"], match["m"], match["s"] or "0") if match["d"] else (match["hd"], match["hm"], match["hs"])
    degrees, minutes, seconds = map(float, parts)
    if minutes >= 60 or seconds >= 60:
        raise ValueError(f"{match[0].strip()!r}: minutes and seconds end at 60")
    return degrees + minutes / 60 + seconds / 3600


def order_of(first: Figure, second: Figure) -> Order | None:
    """Which of two coordinates is the north one, where one of them says so."""
    if first.way == second.way:
        return None
    return "north_east" if first.way == "N" or second.way == "E" else "east_north"
