"""Can a place be seen from another, over the ground between them?"""

from __future__ import annotations

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline.drone.arrays import Surface, sampled

EYE_M = 1.6
"""A person's camera above the ground."""
TARGETS = 12
"""Points of an outline of which one must be seen."""
NEAR_M = 3.0
"""Ground so near to either end hides nothing: who stands on an edge, or photographs one, sees over it."""
SPARE_M = 0.5
"""Surfaces err; what rises above the line by less hides nothing."""


def hidden(surface: Surface, box: GeoBox, here: shapely.Point, target: BaseGeometry, above_m: float) -> bool | None:
    """Whether the ground hides all of an outline from a camera `above_m` over it; None where the surface does not show enough of the way.

    here and target in the surface's CRS.
    """
    outline = target.boundary
    ends = [shapely.shortest_line(here, target).coords[1], *(outline.interpolate(k / TARGETS, normalized=True).coords[0] for k in range(TARGETS))]
    told = [each for each in (_hides(surface, box, (here.x, here.y), end, above_m) for end in ends) if each is not None]
    return all(told) if told else None


def _hides(surface: Surface, box: GeoBox, here: tuple[float, float], there: tuple[float, ...], above_m: float) -> bool | None:
    away = float(np.hypot(there[0] - here[0], there[1] - here[1]))
    if away <= 2 * NEAR_M:
        return False
    steps = max(int(away / float(box.resolution.x)), 8)
    share = np.linspace(0, 1, steps + 1)
    cols, rows = ~box.affine @ (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
    ground = sampled(surface, np.asarray(rows) - 0.5, np.asarray(cols) - 0.5).astype(np.float64)
    if not np.isfinite(ground[[0, -1]]).all() or np.isfinite(ground).mean() < 0.8:
        return None
    line = ground[0] + above_m + share * (ground[-1] - ground[0] - above_m)
    between = (share * away > NEAR_M) & ((1 - share) * away > NEAR_M)
    with np.errstate(invalid="ignore"):
        return bool((ground > line + SPARE_M)[between].any())
