"""What the ledger is told, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shapely.geometry.base import BaseGeometry


class Review(StrEnum):
    """What a person has said of a case so far."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    NEEDS_FIELD_CHECK = "needs_field_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDraft:
    """A case as this month's rules see it, before it is known whether it is an old one."""

    patch_id: str | None
    """None for a site without changed ground (`unrestored`), which its `part` alone identifies."""
    part: str
    code: str
    geometry: BaseGeometry
    """In the grid's CRS."""
    area_m2: float
    """As it will be published: growth is the difference of two published areas."""
    first_seen: str
    """ISO date; with `lat` and `lon` it gives the order in which new ids are handed out."""
    lon: float
    lat: float
    status: str = "confirmed"
    severity: int = 2
    also: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Anything else worth remembering of the month, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case's identity, its growth and its verdict so far."""

    case_id: str
    patch_id: str | None
    first_month: str
    new_this_month: bool
    area_m2: float
    growth_m2: float
    previous_area_m2: float | None
    """Area it had when last recorded, with that of younger cases it took in; None for a new case."""
    version: int
    """Number of verdicts so far + 1: a verdict must name it, so nobody overwrites what they have not seen."""
    review: Review
    review_reason: str | None
    review_note: str | None
    reviewer: str | None
    reviewed_at: str | None
    """Of the latest verdict; kept when a dismissed case is reopened, so that people see what was said."""
    reopened: bool
    """It grew after it was dismissed."""

    @property
    def listed(self) -> bool:
        """Whether staff should see it: dismissed cases stay away until they grow."""
        return self.review is not Review.DISMISSED


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """A case of a finished month."""

    record: CaseRecord
    draft: CaseDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """A case as a month left it."""

    case_id: str
    code: str
    first_month: str
    first_seen: str
    status: str
    area_m2: float
    lon: float
    lat: float
    geometry: BaseGeometry
    """In the grid's CRS."""


@dataclass(frozen=True, slots=True)
class CaseMonth:
    """What a month recorded of a case."""

    month: str
    code: str
    status: str
    area_m2: float
    growth_m2: float


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What was noted when a month was finished."""

    month: str
    facts: Mapping[str, Any]
    scenes: tuple[Mapping[str, Any], ...]
    """Scenes used: id and sha256."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A case with its latest verdict, and what it stood on."""

    case_id: str
    patch_id: str
    code: str
    """Its finding in the last of the months."""
    review: Review
    reason: str | None
    at: str
    months: tuple[str, ...]
    """Finished months that listed it up to the verdict, oldest first."""
