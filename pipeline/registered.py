"""How far a county's scenes lie off its own record, in metres of the grid, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pipeline.grid import Grid
from pipeline.publish.runjson import SceneUse
from pipeline.year import Seen


def shift_m(off: tuple[float, float] | None, grid: Grid) -> tuple[float, float] | None:
    """East and north, metres to a decimetre, of rows and columns."""
    affine = grid.geobox.affine
    return None if off is None else (round(off[1] * affine.a, 1), round(off[0] * affine.e, 1))


def off_record(before: Iterable[SceneUse], good: Seen, grid: Grid) -> dict[date, float]:
    """Of the days of earlier months and of this one, as far as it could be told; of several scenes of a day that of the farthest."""
    uses = [*before, *(SceneUse(s.id, s.day.isoformat(), None, True, shift_m=shift_m(seen.off, grid)) for s, seen in good)]
    found: dict[date, float] = {}
    for use in uses:
        if use.date is not None and use.off_m is not None:
            day = date.fromisoformat(use.date)
            found[day] = max(found.get(day, 0.0), use.off_m)
    return found
