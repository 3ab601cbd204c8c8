"""Dates as registers write them (contract section 3)."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

EXCEL_EPOCH = date(1899, 12, 30)
"""Day 0 of spreadsheet serials (its 1900 leap-year error is behind every date that can occur here)."""
EXCEL_FIRST, EXCEL_LAST = 30000, 60000
"""Serials taken as dates: 1982-02-18 to 2064-04-08. Other bare numbers are no dates."""

_TIME = r"(?:[T\s]\s*\d{1,2}(?::?\d{2}){0,2}(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)?|\s*\d{1,2}时(?:\d{1,2}分)?(?:\d{1,2}秒)?)?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE)
    for form in (
        r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})",
        r"(\d{4})()\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日",
        r"((?:19|20)\d{2})()(\d{2})(\d{2})",
    )
)
_RUN_TOGETHER = re.compile(r"((?:19|20)\d{6})\d{6}")
"""A date-time without any separator, 20240630120000."""


def _from_number(number: float) -> date:
    if EXCEL_FIRST <= number <= EXCEL_LAST:
        return EXCEL_EPOCH + timedelta(days=int(number))
    text = f"{number:.0f}"
    if number.is_integer() and re.fullmatch(r"(19|20)\d{6}", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    raise ValueError(f"{number:g} is no date")


def _from_text(text: str) -> date:
    together = _RUN_TOGETHER.fullmatch(text)
    for form in _FORMS:
        found = form.fullmatch(together.group(1) if together else text)
        if found:
            return date(int(found.group(1)), int(found.group(3)), int(found.group(4)))
    if re.fullmatch(r"\d{5}(\.\d+)?|\d{8}\.0+", text):
        return _from_number(float(text))
    raise ValueError(f"{text!r} is no date")


def parse(value: Any) -> date | None:
    """A date in any of the forms registers use; None where nothing is said.

    Raises ValueError for what is no date. The day is the one written: a time zone does not shift it.
    """
    if value is None or value is np.ma.masked:
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else value.astype("datetime64[D]").item()
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        raise ValueError(f"{value} is no date")
    if isinstance(value, (int, float, np.integer, np.floating)):
        return None if math.isnan(value) else _from_number(float(value))
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return None if text in ("", "NaT") else _from_text(text)
