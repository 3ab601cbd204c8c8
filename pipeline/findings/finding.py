"""What a finding is: one patch, or part of one, held against the county's layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shapely.geometry.base import BaseGeometry


class Code(StrEnum):
    """Findings of contract section 7, in the order in which they are tried; explained ones last."""

    LEGACY_REMINED = "legacy_remined"
    CLOSED_MINE = "closed_mine"
    EXPIRED_PERMIT = "expired_permit"
    EXPLORATION_AS_MINING = "exploration_as_mining"
    CROSS_BOUNDARY = "cross_boundary"
    PROHIBITED_ZONE = "prohibited_zone"
    UNDERGROUND_AS_OPEN = "underground_as_open"
    MINERAL_MISMATCH = "mineral_mismatch"
    OVER_EXTRACTION = "over_extraction"
    UNLICENSED = "unlicensed"
    FARMLAND_CLAY = "farmland_clay"
    UNRESTORED = "unrestored"
    RESTORATION_REGRESSED = "restoration_regressed"
    PERMITTED = "permitted"
    APPROVED = "approved"
    NOT_MINING = "not_mining"
    BEFORE_MONITORING = "before_monitoring"


EXPLAINED = frozenset({Code.PERMITTED, Code.APPROVED, Code.NOT_MINING, Code.BEFORE_MONITORING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A part of a patch (or, for `unrestored`, a site) with the rule that it breaks or that explains it.

    Fields are those of contract section 6; geometry is the part that breaks the rule, in the grid's CRS.
    """

    patch: int | None
    """Index into the month's list of patches; None for `unrestored` and `over_extraction`."""
    part: str
    """What tells this part from the patch's other parts over the months: `right:<id>`, `legacy:<id>`, `open`."""
    code: Code
    geometry: BaseGeometry
    first_seen: date
    last_seen: date
    status: str
    also: tuple[str, ...] = ()
    severity: int = 2
    severity_regrown: int = 3
    """Once it has grown after it was dismissed."""
    confidence: float | None = None
    mining_likelihood: float | None = None
    cause: str | None = None
    before_date: date | None = None
    """Last clear look before the change, of most of its cells."""
    right_id: str | None = None
    right_name: str | None = None
    holder: str | None = None
    mineral: str | None = None
    valid_to: date | None = None
    distance_to_right_m: float | None = None
    overshoot_m2: float | None = None
    overshoot_max_m: float | None = None
    position_error_m: float | None = None
    overshoot_certain_m2: float | None = None
    legacy_id: str | None = None
    legacy_state: str | None = None
    deadline: date | None = None
    restriction: tuple[str, ...] = ()
    restriction_m2: float | None = None
    town: str | None = None
    cover: float | None = None
    """Of an overdue site: share under vegetation, 0–1."""
    reference_cover: float | None = None
    """And of its surroundings."""
    trace: tuple[str, ...] = field(default=())
    """Why this code and no other: the ground, each test that was made with its numbers, the layers that were asked."""
