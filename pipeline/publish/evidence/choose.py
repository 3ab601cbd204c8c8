"""Which two dates a picture shows: the last clear look at the old ground, and the latest clear look there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.publish.evidence.case import Subject
from pipeline.publish.evidence.looks import Archive, DayLook
from pipeline.sources.scene import Scene

CLEAR = 0.9
"""Share of the ground that has to be seen clearly."""
AROUND = 0.5
"""And of the whole picture, where another date of the next SEARCH days has it."""
SEARCH = timedelta(days=45)
TRIED = 40
"""Dates that are tried; then the clearest of them is taken."""
GROWING_MONTHS = range(6, 10)
"""Cover of overdue sites is judged in June to September, and so pictured."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A date that is pictured."""

    day: date
    scenes: tuple[Scene, ...]


def choose(case: int, archive: Archive) -> tuple[Shown | None, Shown | None]:
    """Before and after of a case; None where the archive shows neither."""
    subject = archive.subjects[case]
    before, after = _days(subject, archive.days)
    earlier = _first_clear(case, before, archive)
    later = _first_clear(case, (day for day in after if earlier is None or day > earlier.day), archive)
    return earlier, later


def _days(subject: Subject, days: Sequence[date]) -> tuple[list[date], list[date]]:
    """Dates that may be pictured, the best first."""
    finding = subject.judged.finding
    if subject.changed is not None:
        # The last normal look of most cells may lie after the first cells changed: nothing of the ground may be changed before.
        latest = min(finding.before_date or subject.changed, subject.changed - timedelta(days=1))
        return [d for d in reversed(days) if d <= latest], [d for d in reversed(days) if d >= subject.changed]
    growing = [d for d in days if d.month in GROWING_MONTHS and d <= finding.last_seen]
    until = finding.before_date or finding.deadline
    due = [d for d in growing if until is not None and d <= until]
    return due[::-1] or growing, growing[::-1]


def _first_clear(case: int, days: Iterable[date], archive: Archive) -> Shown | None:
    clear: date | None = None
    best: tuple[float, date, DayLook] | None = None
    for tried, day in enumerate(days):
        if tried >= TRIED or (clear is not None and abs(day - clear) > SEARCH):
            break
        found = archive.at(case, day)
        if found is None:
            continue
        if found.look.clear >= CLEAR:
            clear = clear or day
            if found.look.around >= AROUND:
                return _shown(day, found)
        # Of dates with the ground clear the first counts, whatever lies around it.
        worth = min(found.look.clear, CLEAR)
        if best is None or worth > best[0]:
            best = worth, day, found
    return _shown(best[1], best[2]) if best is not None and best[0] > 0 else None


def _shown(day: date, found: DayLook) -> Shown:
    """One scene where it covers the ground, else all of the day's that cover some of it."""
    return Shown(day, found.scenes[:1] if found.look.seen >= 1 else found.scenes)
