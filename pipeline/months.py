"""Months as `YYYY-MM`, and the day it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from pipeline.errors import MinewardenError

BEIJING = timezone(timedelta(hours=8))


def today() -> date:
    """The UTC day: scenes are dated in it."""
    return datetime.now(UTC).date()


def office_day() -> date:
    """The day in China, on whatever zone the computer is set: people date flights, visits, layers and steps in it, eight hours ahead of UTC."""
    return datetime.now(BEIJING).date()


def iso(day: date | None) -> str | None:
    """A day as files have it."""
    return None if day is None else day.isoformat()


def last_day(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def span(first: str, last: str) -> list[str]:
    """Months from `first` to `last`, both included."""
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{k // 12:04d}-{k % 12 + 1:02d}" for k in range(start, end + 1)]


def finished(output: Path) -> list[str]:
    """Months with a whole folder in an output folder, in order: `run.json` is written last."""
    return sorted(file.parent.name for file in output.glob("????-??/run.json"))


def previous(month: str) -> str:
    return of(date(int(month[:4]), int(month[5:]), 1) - timedelta(days=1))


def earlier(month: str, count: int) -> str:
    """The month so many before another."""
    serial = int(month[:4]) * 12 + int(month[5:]) - 1 - count
    return f"{serial // 12:04d}-{serial % 12 + 1:02d}"


def of(day: date) -> str:
    return f"{day:%Y-%m}"


def last_ended(now: date) -> str:
    return of(now.replace(day=1) - timedelta(days=1))


def check(text: str | None, now: date) -> str:
    """The month asked for, or the last that has ended where none is.

    Raises MinewardenError `MW-MONTH-FORMAT` or `MW-MONTH-FUTURE`.
    """
    if text is None:
        return last_ended(now)
    if not re.fullmatch(r"(19|20)\d{2}-(0[1-9]|1[0-2])", text):
        raise MinewardenError("MW-MONTH-FORMAT", f"{text!r} is not a month.", "Write it as YYYY-MM, e.g. 2024-09.")
    if last_day(text) >= now:
        raise MinewardenError(
            "MW-MONTH-FUTURE", f"{text} has not ended (today is {now}, UTC).", f"Run {last_ended(now)}, or wait for the month's end."
        )
    return text
