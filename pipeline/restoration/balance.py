"""What was dug, given back and is still owed, year by year: the balance of 边开采边治理."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rasterio.features import sieve

from pipeline.restoration.progress import Cells
from pipeline.restoration.states import HELD


@dataclass(frozen=True, slots=True)
class Dug:
    """Ground of a right as the month's account has it (`mines.json`), on a window: what is dug is found there alone. Each (h, w)."""

    open: NDArray[np.bool_]
    """Open at the month's end, dug since monitoring began or bare before."""
    closed: NDArray[np.bool_]
    """Dug since monitoring began, and as it was again."""
    day: NDArray[np.int32]
    """Day (`date.toordinal`) of the first look that showed it dug; 0 where it was bare before monitoring, or is not open."""

    def by(self, year: int) -> NDArray[np.bool_]:
        """What was dug by a year's end."""
        return (self.open | self.closed) & (self.day <= date(year, 12, 31).toordinal())


@dataclass(frozen=True, slots=True)
class Account:
    """A year's account of a site, in cells."""

    year: int
    disturbed: int
    """Dug by then."""
    restored: int
    """Of these, as green as the reference by the end of the year."""
    dug_now: int
    """Dug in this year; what was bare when the archive begins was dug before."""

    @property
    def owed(self) -> int:
        return self.disturbed - self.restored

    @property
    def rate(self) -> float | None:
        """治理恢复率; None where nothing was dug."""
        return self.restored / self.disturbed if self.disturbed else None


def dug_ground(seasons: Sequence[Cells], dug: Dug, inside: NDArray[np.bool_], first: int, least: int) -> NDArray[np.bool_]:
    """(h, w): ground of a right that was dug by the end of the last season's year; pieces of at least `least` cells. inside: the right.

    first: year in which monitoring began. From then on the month's account tells digging from fields at rest; before it, ground counts that was
    bare in two seasons running and restored in the last two: what is not restored stands in that account as bare before monitoring.
    """
    found = dug.by(seasons[-1].year)
    for one, other in pairwise(cells.bare for cells in seasons[:-HELD] if cells.year < first):
        found |= one & other & np.all([cells.green for cells in seasons[-HELD:]], axis=0)
    found &= inside
    out: NDArray[np.bool_] = sieve(found.astype(np.uint8), least, connectivity=8).astype(bool) & found if found.any() else found
    return out


def accounts(site: NDArray[np.bool_], seasons: Sequence[Cells], day: NDArray[np.int32] | None) -> list[Account]:
    """Account of each season, oldest first. What a season did not see stays as it was last seen.

    site: (h, w). day: (h, w), as in `Dug`: a cell without one counts from its first bare season on, and by the last all of it.
    None: all of the site was dug before the archive begins, as a legacy patch was.
    """
    dug, green = np.zeros(site.shape, bool) | (site & (day is None)), np.zeros(site.shape, bool)
    out = []
    for cells in seasons:
        new = site & ~dug
        if day is not None and cells is not seasons[-1]:
            new &= np.where(day > 0, day <= date(cells.year, 12, 31).toordinal(), cells.bare)
        dug |= new
        green = np.where(cells.seen, cells.green, green) & dug
        if day is not None and cells is seasons[0]:
            new &= day > 0
        out.append(Account(cells.year, int(dug.sum()), int(green.sum()), int(new.sum())))
    return out
