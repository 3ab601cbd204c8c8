"""Licence numbers (许可证号): C (mining) or T (exploration), the issuing office's division code, year, month, and ten more digits."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_NUMBER = re.compile(r"[CT]\d{22}")
_OLD = re.compile(r"\d{13}")
"""Before the numbers became national in 2009."""
_MEANT = re.compile(r"(?=(?:.*\d){10})[A-Za-zСсТ]?[\dOoIl]{11,}")
_LOOKALIKES = str.maketrans({"О": "0", "O": "0", "o": "0", "I": "1", "l": "1"})
ROUNDED = ("was rounded by a spreadsheet: its last digits are lost", "Format the column as text, and copy the numbers from the register again.")
_ROUNDED = re.compile(r"[CT]?\d{15}0{5,}|\d(\.\d+)?E\+\d+", re.IGNORECASE)


def tidy(text: str) -> str:
    """A number without spaces, hyphens and full-width signs, with C or T as capital Latin letters."""
    plain = re.sub(r"[\s\-_]", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"^[cCсС]", "C", re.sub(r"^[tTТ]", "T", plain))


def meant(text: str) -> bool:
    """Whether a text looks as if it were to be a licence number."""
    return _MEANT.fullmatch(tidy(text)) is not None or _ROUNDED.fullmatch(tidy(text)) is not None


def mended(text: str) -> str | None:
    """What a badly spelled number can only have been meant to be; None where it is well spelled, or where a person has to look."""
    if not meant(text):
        return None
    spelled = tidy(text)
    spelled = spelled if objection(spelled) is None else _digits(spelled)
    return spelled if spelled != text and objection(spelled) is None else None


def _digits(spelled: str) -> str:
    """With the digits that letters stand for, after the first sign."""
    return spelled[:1] + spelled[1:].translate(_LOOKALIKES)


def issued(text: str) -> date | None:
    """First day of the month that a licence number says it was given in: a right keeps its number over renewals and changes of holder.

    None where it is no national number, or says no month.
    """
    number = tidy(text)
    return date(*_month(number), 1) if _NUMBER.fullmatch(number) and _dated(number) is None else None


def objection(text: str) -> tuple[str, str] | None:
    """What is wrong with a licence number, and the fix; None where nothing is, or where it is none."""
    if not meant(text):
        return None
    spelled = tidy(text)
    if _NUMBER.fullmatch(spelled) and spelled != text:
        return "is written with spaces, hyphens, small or full-width signs", f"Write it {spelled}, or let 'layers check --fix' do it."
    if _NUMBER.fullmatch(spelled):
        return _dated(spelled)
    if _OLD.fullmatch(spelled):
        return None
    if _ROUNDED.fullmatch(spelled):
        return ROUNDED
    letters = _digits(spelled)
    if _NUMBER.fullmatch(letters):
        offer = ", or let 'layers check --fix' do it" if objection(letters) is None else ""
        return "has a letter where a digit belongs (O for 0, or l for 1)", f"Write it {letters}{offer}."
    if not spelled[0].isalpha():
        return f"has {len(spelled)} digits and no letter before them", "A licence number is C (mining) or T (exploration) and 22 digits."
    return (
        f"has {len(spelled)} characters instead of 23",
        "A licence number is C (mining) or T (exploration) and 22 digits: compare it with the licence.",
    )


def _month(number: str) -> tuple[int, int]:
    return int(number[7:11]), int(number[11:13])


def _dated(number: str) -> tuple[str, str] | None:
    year, month = _month(number)
    if 1980 <= year <= 2100 and 1 <= month <= 12:
        return None
    return f"says year {number[7:11]} and month {number[11:13]} of its issue", "Compare it with the licence: a digit is wrong or missing."
