"""What a growing season shows of a window: NDVI and colours of each cell, and what share of the ground is under plants.

Cover is the two-end (dimidiate) pixel model: a cell is part soil, part full growth, and its NDVI tells in which shares (Gutman & Ignatov 1998,
Int. J. Remote Sensing 19, 1533–1543). NDVI itself does not mix in those shares where soil is brighter than plants; the ends' brightness is
therefore part of the formula, as in Valor & Caselles 1996 (Remote Sensing of Environment 57, 167–184). The ends are the county's own, since
soils differ by more than a tenth of NDVI (Montandon & Small 2008, Remote Sensing of Environment 112, 1835–1845); a site that was seen
barer than the county's soil, as rock is, has its own bare end. They are the same for all years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import NO_DATA, SEASONS, STEP
from pipeline.detect.model import Model
from pipeline.detect.shift import season
from pipeline.restoration.bareness import FEWEST_LOOKS, GROWING_MONTHS, NDVI_BARE, NDVI_FULL, Window

UNSEEN = 255
"""Cover of a cell that was not seen often enough."""
BARE_RANGE, FULL_RANGE = (0.05, 0.20), (0.62, 0.82)
"""What a county's sample may say of the two ends: beyond lies no soil, and no closed growth."""
BARE_SUM, FULL_SUM = 4800.0, 3900.0
"""Red and near infrared together of loess and of full growth, 1e-4, where the sample can't tell."""
FULL_PERCENTILE = 95
SUMMER = slice(11, 17)
"""Of SEASONS: mid-June to the beginning of September."""
LEAST_SAMPLE = 60
LOWEST_BARE = 0.0
SEASON_DAYS = 122
LONGEST = 20
"""Days to either side that a look may stand for."""


@dataclass(frozen=True, slots=True)
class Ends:
    """NDVI of bare and of fully covered ground, and red and near infrared of each together (1e-4)."""

    bare: float = NDVI_BARE
    full: float = NDVI_FULL
    bare_sum: float = BARE_SUM
    full_sum: float = FULL_SUM


@dataclass(frozen=True, slots=True)
class SeasonLook:
    """One acquisition over a window."""

    day: date
    reflectance: NDArray[np.int16]
    """(3, h, w), 1e-4: near infrared, red, and a third band for pictures; NO_DATA where there is none."""
    clear: NDArray[np.bool_]
    """(h, w)"""


@dataclass(frozen=True, slots=True)
class Season:
    """The growing season of a year over a window."""

    year: int
    first: date
    last: date
    """Looks that it rests on lie between."""
    ndvi: NDArray[np.int16]
    """(h, w): median, 1e-4; NO_DATA where there were fewer than FEWEST_LOOKS clear looks."""
    colours: NDArray[np.uint8]
    """(3, h, w): median near infrared, red and third band in steps of 0.004; 0 where unseen."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = self.ndvi != NO_DATA
        return out


def ends_of(model: Model) -> Ends:
    """The two ends, from the county's sample: the median of its barest looks, and the greenest twentieth of its summer."""
    red, nir = model.red, model.nir
    soil = model.soil[1].astype(float)
    known = model.sample.looks[0] > 0
    if known.sum() < LEAST_SAMPLE or not soil.any():
        return Ends()
    summer = np.median(np.stack([season(model.sample, terms)[:, 0, known] for terms in SEASONS[SUMMER]]), axis=0).astype(float)
    total = np.maximum(summer[nir] + summer[red], 100)
    ndvi = (summer[nir] - summer[red]) / total
    full = float(np.percentile(ndvi, FULL_PERCENTILE))
    bare_sum = max(float(soil[nir] + soil[red]), 100.0)
    return Ends(
        round(float(np.clip((soil[nir] - soil[red]) / bare_sum, *BARE_RANGE)), 3),
        round(float(np.clip(full, *FULL_RANGE)), 3),
        round(bare_sum),
        round(float(np.median(total[ndvi >= full]))),
    )


def grows(day: date) -> bool:
    """Whether a day lies in the growing season."""
    return day.month in GROWING_MONTHS


def season_of(year: int, looks: Sequence[SeasonLook]) -> Season | None:
    """The season of a year from its looks; None where there is none.

    The median of the season's days, not its highest: a week of weeds after rain is no cover, and a missed cloud no loss of it. Of its days,
    not of its looks: those come in spells of fair weather, and each stands for the time around it.
    """
    looks = sorted((look for look in looks if look.clear.any()), key=lambda look: look.day)
    if not looks:
        return None
    clear = np.stack([look.clear & (look.reflectance[0] != NO_DATA) for look in looks])
    count = clear.sum(axis=0)
    seen = count >= FEWEST_LOOKS
    ndvi, colours = np.full(seen.shape, NO_DATA, np.int16), np.zeros((len(looks[0].reflectance), *seen.shape), np.uint8)
    if seen.any():
        known = clear[:, seen]
        weight = _days(np.array([(look.day - date(year, GROWING_MONTHS[0], 1)).days for look in looks]), known)
        bands = [np.stack([look.reflectance[band][seen] for look in looks]).astype(np.float32) for band in range(len(colours))]
        nir, red = bands[0], bands[1]
        ndvi[seen] = np.round(1e4 * np.clip(_median((nir - red) / np.maximum(nir + red, 100), weight), -1, 1))
        for plane, band in zip(colours, bands, strict=True):
            plane[seen] = np.clip(np.round(_median(band, weight) / STEP), 1, 255)
    days = [look.day for look in looks]
    return Season(year, min(days), max(days), ndvi, colours)


def _days(days: NDArray[np.int64], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(n, p): days that each look stands for: half way to the clear looks before and after it, no further than LONGEST; 0 where it is not clear.

    days: (n,), rising, counted from the first of the season. known: (n, p). The first and the last look of a cell reach to the season's ends.
    """
    out = known.astype(np.float32)
    for order, end in ((range(len(days)), 0), (range(len(days) - 1, -1, -1), SEASON_DAYS - 1)):
        last = np.full(known.shape[1], np.nan, np.float32)
        for k in order:
            reach = np.where(np.isnan(last), abs(days[k] - end), np.abs(days[k] - last) / 2)
            out[k] += known[k] * np.minimum(reach, LONGEST)
            last = np.where(known[k], np.float32(days[k]), last)
    return out


def _median(values: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """(p,): weighted median over the first axis. values, weight: (n, p), some weight in each column."""
    order = np.argsort(np.where(weight > 0, values, np.float32(np.inf)), axis=0, kind="stable")
    ranked = np.take_along_axis(values, order, axis=0)
    reached = np.cumsum(np.take_along_axis(weight, order, axis=0), axis=0)
    half, at = reached[-1] / 2, np.arange(values.shape[1])
    # Where a value ends just at the half, it shares the middle with the next.
    lower, upper = (reached >= half - 1e-3).argmax(axis=0), (reached > half + 1e-3).argmax(axis=0)
    out: NDArray[np.float32] = (ranked[lower, at] + ranked[upper, at]) / 2
    return out


def covers(window: Window, seasons: Sequence[Season], ends: Ends) -> list[NDArray[np.uint8]]:
    """Of each season (h, w): cover in per cent, UNSEEN where unseen. The site may have a bare end of its own."""
    own = _own(window, seasons, ends)
    out = []
    for each in seasons:
        cover = _cover(each, ends)
        inside = window.inside
        cover[inside] = _cover(each, own)[inside]
        out.append(cover)
    return out


def _own(window: Window, seasons: Sequence[Season], ends: Ends) -> Ends:
    """The ends with the bare one of the site's barest season, where it was barer than the county's soil."""
    found = [(float(np.median(each.ndvi[window.inside & each.seen])) / 1e4, each) for each in seasons if (window.inside & each.seen).any()]
    bare, barest = min(found, key=lambda pair: pair[0], default=(ends.bare, None))
    if barest is None or bare >= ends.bare:
        return ends
    nir, red = barest.colours[:2, window.inside & barest.seen].astype(float) * STEP
    return Ends(max(bare, LOWEST_BARE), ends.full, float(np.median(nir + red)), ends.full_sum)


def _cover(of: Season, ends: Ends) -> NDArray[np.uint8]:
    ndvi = of.ndvi / 1e4
    green = np.maximum(ndvi - ends.bare, 0) * ends.bare_sum
    share = green / (green + np.maximum(ends.full - ndvi, 0) * ends.full_sum + 1e-9)
    return np.where(of.seen, np.round(100 * share), UNSEEN).astype(np.uint8)
