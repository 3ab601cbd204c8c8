"""What the ledger knows of the cases, held in memory so that a page need not wait for a month that is being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.ledger import Event, Kind, Ledger
from pipeline.ledger.disputes import is_disputed, last_audit
from pipeline.ledger.judgements import judgement_of
from pipeline.ledger.steps import progress
from pipeline.ledger.verdicts import Standing
from pipeline.review.decide import undone_next

SEEN = "seen"
"""The action under which the audit trail holds who opened which cases."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that people said so far."""

    standings: Mapping[str, Standing]
    events: Mapping[str, tuple[Event, ...]]
    seen: Mapping[str, frozenset[str]]
    """Cases by reviewer."""
    months: tuple[str, ...]
    mark: tuple[int, int]
    """Another one after somebody else has written."""


def read(ledger: Ledger) -> Told:
    with ledger.reading():
        seen: dict[str, set[str]] = {}
        for _, said in ledger.last_audit(SEEN):
            seen.setdefault(said["reviewer"], set()).update(said["cases"])
        mine = {name: frozenset(cases) for name, cases in seen.items()}
        return Told(ledger.standings(), ledger.events(), mine, tuple(ledger.months()), ledger.foreign_changes())


@dataclass(slots=True)
class Known:
    """What was read last, and which cases changed when."""

    standings: dict[str, Standing] = field(default_factory=dict)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)
    months: tuple[str, ...] = ()
    mark: tuple[int, int] | None = None
    serial: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    """Serial number of each case's last change."""

    def take(self, told: Told) -> None:
        """Take over all that was read."""
        self.serial += 1
        for case_id in {*told.standings, *told.events, *self.standings, *self.events}:
            if told.standings.get(case_id) != self.standings.get(case_id) or told.events.get(case_id) != self.events.get(case_id):
                self.changed[case_id] = self.serial
        self.standings, self.events = dict(told.standings), dict(told.events)
        self.seen = {name: set(cases) for name, cases in told.seen.items()}
        self.months, self.mark = told.months, told.mark

    def take_case(self, case_id: str, standing: Standing, events: tuple[Event, ...]) -> None:
        """Take over what is known of one case after a write of our own."""
        self.serial += 1
        self.standings[case_id], self.events[case_id] = standing, events
        self.changed[case_id] = self.serial

    def state(self, case_id: str, reopened: int | None, today: date) -> dict[str, Any]:
        """What is said of a case now; short, for there may be thousands. reopened: version of the dismissal that it outgrew."""
        standing, events = self.standings.get(case_id, Standing()), self.events.get(case_id, ())
        last = standing.last
        found: dict[str, Any] = {"version": standing.version, "review": str(standing.review(reopened))}
        if last is not None:
            said = {"reason": last.reason, "note": last.note, "by": last.reviewer, "at": last.at, "judgement": judgement_of(standing, events)}
            found |= {name: value for name, value in said.items() if value is not None}
        undo = undone_next(standing, events)
        if undo is not None:
            found["undo"] = undo.reviewer
        found |= _beside(standing, events)
        follow = progress(standing, events)
        if follow is not None:
            found |= {"step": follow.last, "due": follow.due.isoformat() if follow.due else None, "overdue": follow.overdue(today)}
        return found

    def history(self, case_id: str) -> list[dict[str, Any]]:
        """All that was said of a case, oldest first."""
        standing, events = self.standings.get(case_id, Standing()), self.events.get(case_id, ())
        beyond = {event.version: event.detail for event in events if event.kind is Kind.VERDICT}
        rows = [
            {"at": v.at, "by": v.reviewer, "kind": "verdict", "version": v.version + 1, "review": str(v.review), "reason": v.reason, "note": v.note}
            | {name: value for name, value in beyond.get(v.version + 1, {}).items() if value is not None}
            for v in standing.verdicts
        ]
        rows += [
            {"at": e.at, "by": e.actor, "kind": str(e.kind), "version": e.version} | {k: v for k, v in e.detail.items() if k != "geometry"}
            for e in events
            if e.kind is not Kind.VERDICT
        ]
        return sorted(rows, key=lambda row: str(row["at"]))

    def drawn(self, case_id: str) -> Event | None:
        """The outline that a person drew last; None where the machine's holds."""
        last = next((event for event in reversed(self.events.get(case_id, ())) if event.kind is Kind.OUTLINE), None)
        return last if last is not None and last.detail["geometry"] is not None else None


def _beside(standing: Standing, events: tuple[Event, ...]) -> dict[str, Any]:
    """What others say of the verdict that stands, and whether an outline was drawn."""
    found: dict[str, Any] = {}
    audit = last_audit(standing, events)
    if audit is not None:
        found |= {"audit": "agrees" if audit.detail["agrees"] else "disagrees", "auditor": audit.actor}
    if is_disputed(standing, events):
        found["disputed"] = True
    outlines = [event for event in events if event.kind is Kind.OUTLINE]
    if outlines and outlines[-1].detail["geometry"] is not None:
        found["drawn"] = True
    return found
