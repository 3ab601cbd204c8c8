"""What the office did about a confirmed case: dated steps with a person and a document's number, in the order the trade knows them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pipeline.ledger.events import Event, Kind
from pipeline.ledger.judgements import Judgement, judgement_at, judgement_of
from pipeline.ledger.records import Review
from pipeline.ledger.verdicts import Standing


class Step(StrEnum):
    FIELD_CHECKED = "field_checked"
    FILED = "filed"
    HANDLED = "handled"
    NO_ACTION = "no_action"
    RECTIFIED = "rectified"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """The last step that stands was noted by mistake: it no longer holds, and stays in the record."""


AFTER: Mapping[Step | None, tuple[Step, ...]] = {
    None: (Step.FIELD_CHECKED,),
    Step.FIELD_CHECKED: (Step.FILED, Step.HANDLED, Step.NO_ACTION),
    Step.FILED: (Step.RECTIFIED,),
    Step.HANDLED: (Step.RECTIFIED,),
    Step.NO_ACTION: (Step.CLOSED,),
    Step.RECTIFIED: (Step.CLOSED,),
    Step.CLOSED: (),
}
"""Which steps may follow one; None is the confirmed case that nothing has been done about."""

DAYS: Mapping[Step | None, int] = {
    None: 30, Step.FIELD_CHECKED: 30, Step.FILED: 90, Step.HANDLED: 90, Step.NO_ACTION: 30, Step.RECTIFIED: 30,
}  # fmt: skip
"""Days in which the next step is expected where the step names no day of its own. No rule of law, but so that nothing is forgotten."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that stands."""

    step: Step
    day: date
    document: str
    person: str
    due: date | None
    """By when the next is to follow, where the step says so."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a confirmed case stands."""

    taken: tuple[Taken, ...]
    due: date | None
    """By when the next step is expected; None once the case is closed, or where the verdict calls the digging lawful."""

    @property
    def last(self) -> Step | None:
        return self.taken[-1].step if self.taken else None

    @property
    def next(self) -> tuple[Step, ...]:
        return AFTER[self.last]

    def overdue(self, today: date) -> bool:
        return self.due is not None and today > self.due


def progress(standing: Standing, events: Sequence[Event]) -> Progress | None:
    """Where a case stands; None where it is not confirmed."""
    if standing.last is None or standing.last.review is not Review.CONFIRMED:
        return None
    taken: list[Taken] = []
    for event in (each for each in events if each.kind is Kind.STEP):
        said = event.detail
        if said["step"] == Step.WITHDRAWN:
            taken.pop()
        else:
            due = date.fromisoformat(said["due"]) if said.get("due") else None
            taken.append(Taken(Step(said["step"]), date.fromisoformat(said["date"]), said["document"], event.actor, due))
    # The same verdict given again does not put the first step off.
    since = date.fromisoformat(next(v.at for v in standing.verdicts[_run(standing, events) :])[:10])
    last, began = (taken[-1].step, taken[-1].day) if taken else (None, since)
    due = (taken[-1].due if taken else None) or (began + timedelta(days=DAYS[last]) if last in DAYS else None)
    return Progress(tuple(taken), None if judgement_of(standing, events) == Judgement.LAWFUL else due)


def _run(standing: Standing, events: Sequence[Event]) -> int:
    """Index of the first of the verdicts at the end that all say the same; what was called lawful until then begins anew."""
    first = len(standing.verdicts) - 1
    while first and standing.verdicts[first - 1].review is standing.verdicts[-1].review:
        if judgement_at(events, standing.verdicts[first - 1].version + 1) == Judgement.LAWFUL:
            break
        first -= 1
    return first


@dataclass(frozen=True, slots=True)
class Overdue:
    """A confirmed case of which the next step has not been noted in time."""

    case_id: str
    last: Step | None
    due: date


def overdue(standings: Mapping[str, Standing], events: Mapping[str, Sequence[Event]], today: date, merged: Container[str] = ()) -> list[Overdue]:
    """The longest overdue first. merged: cases that have become part of others, under whose ids nothing more is done."""
    found = []
    for case_id, standing in standings.items():
        if case_id in merged:
            continue
        now = progress(standing, events.get(case_id, ()))
        if now is not None and now.due is not None and now.overdue(today):
            found.append(Overdue(case_id, now.last, now.due))
    return sorted(found, key=lambda each: (each.due, each.case_id))
