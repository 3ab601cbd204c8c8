"""What became of a case from month to month, and what people said of it: the ledger's events, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pipeline import months
from pipeline.ledger import Event as Recorded
from pipeline.ledger import Kind as Did
from pipeline.ledger import Ledger, Review
from pipeline.ledger.records import CaseMonth
from pipeline.ledger.verdicts import Standing

MOST_EVENTS = 8
"""Shown of a case: the first, and the latest."""


class Kind(StrEnum):
    """What can happen to a case."""

    LISTED = "listed"
    BACK = "back"
    GREW = "grew"
    CHANGED = "changed"
    CONFIRMED = "confirmed"
    TOOK_IN = "took_in"
    VERDICT = "verdict"
    AUDIT = "audit"
    STEP = "step"
    OUTLINE = "outline"


@dataclass(frozen=True, slots=True)
class Event:
    at: str
    """A month, or the day of what a person did."""
    kind: Kind
    area_m2: float = 0.0
    by_m2: float = 0.0
    """Growth."""
    code: str = ""
    """Finding from then on; what a verdict, an audit or a step says."""
    who: str = ""
    """The person, or the id of the case taken in."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a case."""

    events: tuple[Event, ...]
    left_out: int = 0
    """Events between the first and the others that are not told."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A case of last month's list that is in this one no more."""

    id: str
    into: str | None = None
    """The case that took it in."""
    dismissed_by: str | None = None
    dismissed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Cases by what was last said of them, in all months."""

    confirmed: int = 0
    dismissed: int = 0
    needs_field_check: int = 0

    @property
    def decided(self) -> int:
        return self.confirmed + self.dismissed


@dataclass(frozen=True, slots=True)
class Said:
    """All that people said in this county so far, by case."""

    standings: Mapping[str, Standing]
    events: Mapping[str, Sequence[Recorded]]

    @classmethod
    def of(cls, ledger: Ledger) -> Said:
        return cls(ledger.standings(), ledger.events())


def courses(ledger: Ledger, said: Said, month: str, cell_area_m2: float) -> dict[str, Course]:
    """Of each case that the month recorded, by id."""
    taken_in = _taken_in(ledger, month)

    def of(id: str, rows: Sequence[CaseMonth]) -> Iterator[Event]:
        yield from _of_months(rows, cell_area_m2)
        yield from taken_in.get(id, ())
        yield from _of_verdicts(said.standings.get(id, Standing()))
        yield from _of_people(said.events.get(id, ()))

    return {id: _shortened(sorted(of(id, rows), key=_order)) for id, rows in ledger.course(month).items()}


def decisions(said: Said) -> Decisions:
    last = Counter(standing.last.review for standing in said.standings.values() if standing.last)
    return Decisions(last[Review.CONFIRMED], last[Review.DISMISSED], last[Review.NEEDS_FIELD_CHECK])


def gone(ledger: Ledger, said: Said, before: Sequence[str], now: Iterable[str]) -> list[Gone]:
    """Of last month's ids those that are not listed now, and why."""
    still, merged = set(now), ledger.merged_cases()
    return [_gone(id, merged, said.standings.get(id, Standing())) for id in before if id not in still]


def _gone(id: str, merged: Mapping[str, str], standing: Standing) -> Gone:
    last = standing.last
    if id in merged:
        return Gone(id, into=merged[id])
    if last is not None and last.review is Review.DISMISSED:
        return Gone(id, dismissed_by=last.reviewer, dismissed_at=last.at[:10])
    return Gone(id)


def _order(event: Event) -> str:
    """A month's event is known when the month has ended."""
    return event.at if len(event.at) > len("YYYY-MM") else f"{event.at}-32"


def _of_months(rows: Sequence[CaseMonth], cell_area_m2: float) -> Iterator[Event]:
    first = rows[0]
    yield Event(first.month, Kind.LISTED, first.area_m2, code=first.code)
    for before, row in pairwise(rows):
        if months.previous(row.month) != before.month:
            yield Event(row.month, Kind.BACK, row.area_m2)
        if row.code != before.code:
            yield Event(row.month, Kind.CHANGED, row.area_m2, code=row.code)
        if row.growth_m2 >= cell_area_m2:
            yield Event(row.month, Kind.GREW, row.area_m2, row.growth_m2)
        if row.status == "confirmed" != before.status:
            yield Event(row.month, Kind.CONFIRMED, row.area_m2)


def _taken_in(ledger: Ledger, month: str) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for id, into, at in ledger.mergers(month):
        found.setdefault(into, []).append(Event(at, Kind.TOOK_IN, who=id))
    return found


def _of_verdicts(standing: Standing) -> Iterator[Event]:
    for verdict in standing.verdicts:
        why = " ".join(filter(None, (verdict.reason, verdict.note)))
        yield Event(verdict.at[:10], Kind.VERDICT, code=str(verdict.review), who=verdict.reviewer, why=why)


def _of_people(recorded: Iterable[Recorded]) -> Iterator[Event]:
    """What was done besides verdicts: audits, steps, outlines drawn anew."""
    for each in recorded:
        said = each.detail
        if each.kind is Did.STEP:
            yield Event(said["date"], Kind.STEP, code=said["step"], who=each.actor, why=said["document"] or "")
        elif each.kind is Did.AUDIT:
            yield Event(each.at[:10], Kind.AUDIT, code="agrees" if said["agrees"] else "disagrees", who=each.actor, why=said["note"] or "")
        elif each.kind is Did.OUTLINE and said["area_m2"] is not None:
            yield Event(each.at[:10], Kind.OUTLINE, said["area_m2"], who=each.actor)


def _shortened(events: Sequence[Event]) -> Course:
    if len(events) <= MOST_EVENTS:
        return Course(tuple(events))
    return Course((events[0], *events[1 - MOST_EVENTS :]), len(events) - MOST_EVENTS)
