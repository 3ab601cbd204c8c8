"""What a cell may hold: real numbers and dates, and text that no spreadsheet runs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from pipeline.publish.plain import plain

LONGEST = 32_767
"""Characters of a cell, counted as Excel does: in units of UTF-16."""
CUT = "…（截断）"
FIRST_DATE = date(1900, 3, 1)
"""Spreadsheets disagree on days before it, or have none."""
_STARTS_A_FORMULA = tuple("=+-@＝＋－＠")
"""Full-width signs too: spreadsheets of a Chinese or Japanese system take them for the others."""
_RICH = "<r>"
"""XlsxWriter would pass on as XML what stands between this and its end."""
_PICTURE = re.compile(r"evidence/[0-9A-Za-z-]+\.png")


class Kind(StrEnum):
    """How a column's values are written and shown."""

    TEXT = "text"
    SEVERITY = "severity"
    PICTURE = "picture"
    DATE = "date"
    MOMENT = "moment"
    COUNT = "count"
    METRES = "metres"
    AREA = "area"
    SHARE = "share"
    DEGREES = "degrees"


NUMBER_FORMATS: Mapping[Kind, str] = {
    Kind.TEXT: "@",
    Kind.DATE: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
    Kind.COUNT: "0",
    Kind.METRES: "#,##0.0",
    Kind.AREA: "#,##0.00",
    Kind.SHARE: "0.0%",
    Kind.DEGREES: "0.0000000",
}


def safe(value: object) -> str:
    """Text for a cell. An apostrophe goes before what would begin a formula, once the sheet is saved as CSV and opened again."""
    text = plain(str(value), lines=True)
    if text.startswith((*_STARTS_A_FORMULA, _RICH)):
        text = f"'{text}"
    return _short(text)


def _short(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT


def number(value: Any) -> float | int | None:
    """A number that a spreadsheet has; None for the rest."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def day(value: date | str | None) -> date | str | None:
    """A date; as text where spreadsheets have no such day."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return found if found is None or found >= FIRST_DATE else found.isoformat()


def moment(value: str | None) -> datetime | str | None:
    """A time, in UTC and without its zone, which cells don't have."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (found.astimezone(UTC) if found.tzinfo else found).replace(tzinfo=None)


def picture(value: str | None) -> str | None:
    """The picture's path, where it is one of ours: nothing else becomes a link."""
    return value if value is not None and _PICTURE.fullmatch(value) else None
