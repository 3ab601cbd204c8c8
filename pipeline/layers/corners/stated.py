"""Areas as registers write them, with or without their unit."""

from __future__ import annotations

import re

from pipeline.layers.corners.draft import StatedArea
from pipeline.layers.corners.figures import plain

_UNITS = {"公顷": 1e4, "ha": 1e4, "hm2": 1e4, "平方千米": 1e6, "平方公里": 1e6, "km2": 1e6, "亩": 10_000 / 15, "平方米": 1.0, "m2": 1.0}
_IN_TEXT = re.compile(r"公顷|平方千米|平方公里|平方米|亩|km2|hm2|ha|m2", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.(\d+))?")


def unit_in(text: str) -> str | None:
    """The unit of area that a text (a value or a column's heading) names."""
    found = _IN_TEXT.search(plain(text).replace("㎡", "m2"))
    return found[0].lower() if found else None


def area(value: object, unit: str) -> StatedArea | None:
    """A stated area; `unit` is meant where the value names none. None where there is no number, or 0."""
    text = plain(str(value if value is not None else "")).strip()
    found = _NUMBER.match(text)
    if not found or not float(found[0]):
        return None
    named = unit_in(text)
    size = _UNITS[named or unit.lower()]
    step = 10.0 ** -len(found[1] or "")
    return StatedArea(float(found[0]) * size, step * size, f"{found[0]} {named or unit}")
