"""A site through the years: which of its cells are bare and which restored against the reference, and what state that makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.restoration.bareness import BARE_GAP, BARE_RATIO, RESTORED_RATIO, SEEN_SHARE, Window
from pipeline.restoration.reference import Reference, reference_of
from pipeline.restoration.season import UNSEEN, Ends, Season, covers
from pipeline.restoration.states import Verdict, Year, decide

LEAST_REFERENCE = 0.06
"""Where even undisturbed ground bears less, nothing can be said of a site: a season without rain, or bare all round."""
LEAST_SPAN = timedelta(days=20)
"""Looks of a season nearer together than this show a week's weather, not a season."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a site in one season. Each (h, w); none where the season does not count."""

    year: int
    bare: NDArray[np.bool_]
    green: NDArray[np.bool_]
    seen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Progress:
    """What the archive shows of a site."""

    years: tuple[Year, ...]
    """Seasons that count, oldest first."""
    cells: tuple[Cells, ...]
    """Of the same seasons."""
    reference: Reference
    verdict: Verdict | None
    """None where no season showed enough of the site and of its surroundings."""


def progress(
    window: Window, seasons: Sequence[Season], ends: Ends, claimed: str | None, *, old: bool, dug: NDArray[np.int32] | None = None
) -> Progress:
    """A site's way through its seasons, oldest first. claimed, old: as `states.decide` takes them.

    dug: (h, w), day (`date.toordinal`) since when a cell is known to be dug and open, else 0. What is dug within a season bears nothing at
    its end, whatever it bore for most of it.
    """
    planes = covers(window, seasons, ends)
    if dug is not None:
        planes = [np.where(_fresh(dug, season) & (cover != UNSEEN), 0, cover) for season, cover in zip(seasons, planes, strict=True)]
    reference = reference_of(window, planes)
    found = []
    for season, cover, usual, low, high in zip(seasons, planes, reference.cover, reference.low, reference.high, strict=True):
        cells = _cells(window, season, cover, float(usual))
        if cells is not None:
            found.append((_year(window, season, cover, cells, (float(usual), float(low), float(high))), cells))
    years = tuple(year for year, _ in found)
    return Progress(years, tuple(cells for _, cells in found), reference, decide(years, claimed, old=old))


def _fresh(dug: NDArray[np.int32], season: Season) -> NDArray[np.bool_]:
    """Cells dug between the beginning of a season and its year's end."""
    out: NDArray[np.bool_] = (dug >= season.first.toordinal()) & (dug <= date(season.year, 12, 31).toordinal())
    return out


def _cells(window: Window, season: Season, cover: NDArray[np.uint8], usual: float) -> Cells | None:
    """The site's cells against the reference; None where too little is seen, or undisturbed ground is nearly bare itself."""
    seen = window.inside & (cover != UNSEEN)
    if not seen.any() or seen.sum() < SEEN_SHARE * window.inside.sum():
        return None
    if not usual >= LEAST_REFERENCE or season.last - season.first < LEAST_SPAN:
        return None
    share = cover / 100
    return Cells(season.year, seen & (share < BARE_RATIO * usual) & (usual - share > BARE_GAP), seen & (share >= RESTORED_RATIO * usual), seen)


def _year(window: Window, season: Season, cover: NDArray[np.uint8], cells: Cells, usual: tuple[float, float, float]) -> Year:
    count = int(cells.seen.sum())
    return Year(
        year=season.year,
        first=season.first,
        last=season.last,
        cover=float(cover[cells.seen].mean()) / 100,
        reference=usual[0],
        low=usual[1],
        high=usual[2],
        bare=int(cells.bare.sum()) / count,
        green=int(cells.green.sum()) / count,
        seen=count / int(window.inside.sum()),
    )
