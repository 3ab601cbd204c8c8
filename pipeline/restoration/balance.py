"""What was dug, given back and is still owed, year by year: the balance of 边开采边治理."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.features import sieve

from pipeline.restoration.progress import Cells


@dataclass(frozen=True, slots=True)
class Account:
    """A year's account of a site, in cells."""

    year: int
    disturbed: int
    """Dug by then."""
    restored: int
    """Of these, as green as the reference by the end of the year."""
    dug_now: int
    """Dug in this year."""

    @property
    def owed(self) -> int:
        return self.disturbed - self.restored

    @property
    def rate(self) -> float | None:
        """治理恢复率; None where nothing was dug."""
        return self.restored / self.disturbed if self.disturbed else None


def dug_ground(seasons: Sequence[Cells], least: int) -> NDArray[np.bool_]:
    """(h, w): ground of a right that was dug: bare against the reference in two seasons, or in the latest; pieces of at least `least` cells.

    One bare season with green ones after it is a field at rest or a slide; the latest has none after it yet.
    """
    bare = np.stack([cells.bare for cells in seasons])
    dug = (bare.sum(axis=0) >= 2) | bare[-1]
    out: NDArray[np.bool_] = sieve(dug.astype(np.uint8), least, connectivity=8).astype(bool) & dug if dug.any() else dug
    return out


def accounts(site: NDArray[np.bool_], seasons: Sequence[Cells], *, whole: bool) -> list[Account]:
    """Account of each season, oldest first. What a season did not see stays as it was last seen.

    site: (h, w). whole: all of it was dug before the archive begins, as a legacy patch was; else each cell from its first bare season on,
    and all of it by the last.
    """
    dug, green = np.zeros(site.shape, bool) | (site & whole), np.zeros(site.shape, bool)
    out = []
    for cells in seasons:
        new = site & ~dug & (cells.bare if cells is not seasons[-1] else True)
        dug |= new
        green = np.where(cells.seen, cells.green, green) & dug
        out.append(Account(cells.year, int(dug.sum()), int(green.sum()), int(new.sum())))
    return out
