"""What a patch of changed ground is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


class Status(StrEnum):
    """Alert status of a patch, as OPERA DIST-ALERT names them."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Cause(StrEnum):
    """What most likely changed the ground."""

    MINING = "mining"
    CONSTRUCTION = "construction"
    ROAD = "road"
    SOLAR = "solar"
    GREENHOUSE = "greenhouse"
    FARMLAND = "farmland"
    LOGGING = "logging"
    WATER = "water"
    BURN = "burn"
    LANDSLIDE = "landslide"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One connected piece of changed ground at the end of a month."""

    cells: NDArray[np.int32]
    """(n, 2): row and column in the county's grid, sorted by row, then column."""
    first_day: NDArray[np.int32]
    """(n,): day (since 1970-01-01) of each cell's first anomalous look, cleaned of single late cells."""
    changed_day: NDArray[np.int32] | None = None
    """(n,): likeliest day of each cell's change, half-way from the last look at the old ground to the first at the new: which
    permit stood is asked of this day. None: as `first_day`."""
    geometry: BaseGeometry
    """Outline in the grid's CRS: union of the cells, slivers and pin-holes treated."""
    status: Status
    first_seen: date
    last_seen: date
    """First and last anomalous look of any cell."""
    before_date: date | None
    """Last clear look before the change, of most of its cells."""
    after_date: date
    """Last clear look of the change."""
    looks_before: int
    looks_after: int
    """Clear looks of the baseline, and since the change (median over cells)."""
    confidence: float
    """That the ground changed, 0–1."""
    mining_likelihood: float | None
    """That the change is mining, 0–1; None for ground that changed before monitoring, which is not judged."""
    cause: Cause
    clay_like: bool
    """The ground's spectrum is that of dug loess or clay."""
    before_monitoring: bool
    """It changed inside the baseline window, before monitoring began."""
    features: dict[str, float]
    """What the likelihood was judged from, by name."""
