"""What the ministry's filing asks of a patch beside the verdict, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pipeline.ledger.events import Event, Kind
from pipeline.ledger.verdicts import Standing


class Judgement(StrEnum):
    """Lawful, unlawful, or no change at all."""

    LAWFUL = "合法"
    UNLAWFUL = "违法"
    FALSE_CHANGE = "伪变化"


def judgement_of(standing: Standing, events: Sequence[Event]) -> str | None:
    """What was said with the verdict that stands; None where nothing was, or it came another way."""
    return judgement_at(events, standing.version)


def judgement_at(events: Sequence[Event], version: int) -> str | None:
    """What was said with the verdict that made `version` of a case."""
    return next((e.detail["judgement"] for e in reversed(events) if e.kind is Kind.VERDICT and e.version == version), None)
