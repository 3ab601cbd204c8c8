"""Cases on which people disagree, until somebody decides who has seen what each of them said."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.ledger.events import Event, Kind
from pipeline.ledger.records import Review
from pipeline.ledger.verdicts import Standing


def last_audit(standing: Standing, events: Sequence[Event]) -> Event | None:
    """Of the verdict that stands."""
    return next((event for event in reversed(events) if event.kind is Kind.AUDIT and event.version == standing.version), None)


def is_disputed(standing: Standing, events: Sequence[Event]) -> bool:
    """Whether the last audit of the verdict that stands disagrees, or somebody who decided at the same time said something else."""
    audit, last = last_audit(standing, events), standing.last
    if audit is not None and not audit.detail["agrees"]:
        return True
    said = (str(last.review), last.reason) if last is not None else (str(Review.PENDING), None)
    beside = (event.detail for event in events if event.kind is Kind.LATE and event.version == standing.version)
    return any((each["review"], each["reason"]) != said for each in beside)
