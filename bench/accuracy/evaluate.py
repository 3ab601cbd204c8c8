"""All measures of one county's finished months: what was found, drawn, flagged falsely, ranked and named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import measures
import numpy as np
import outputs
import truth as ground
from measures import Count, Ranking
from numpy.typing import NDArray
from outputs import Month, Published
from truth import Cells, Dig, Truth

LAG_DAYS = 20
"""Ground dug in a month's last days can't have been seen changed three times."""
CAUSES = {
    "burn": ("burn",), "burnt": ("burn",), "greenhouse": ("greenhouse",), "terrace": ("farmland",), "terraces": ("farmland",),
    "house": ("construction",), "houses": ("construction",), "yard": ("construction",), "construction": ("construction",),
    "first_plough": ("farmland",), "first_ploughing": ("farmland",), "ploughed_grass": ("farmland",), "fallow": ("farmland",),
    "solar": ("solar",), "solar_farm": ("solar",), "road": ("road",), "pond": ("water",), "landslide": ("landslide",),
}  # fmt: skip
"""What a patch on a look-alike should be called."""


@dataclass(frozen=True, slots=True)
class Found:
    """A dig, and what the last month shows of it."""

    area_ha: float
    changed: bool
    """Cells in alert cover it."""
    published: bool
    recognised: bool
    iou: float | None
    """Of the recognised patches on it."""
    days_to_flag: int | None
    """From the day it was half dug to the end of the first month that recognised it; None: never."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One county, or several added up."""

    digs: tuple[Found, ...] = ()
    km2_months: float = 0.0
    """Area times months that the false patches were counted in."""
    false_alerts: int = 0
    """Groups of cells in alert, new in their month, on ground that did not change."""
    false_published: int = 0
    """Patches in patches.geojson, by their first month; those said to be older than monitoring are not among them."""
    false_flagged: int = 0
    lookalikes_flagged: int = 0
    lawful_flagged: int = 0
    flagged: int = 0
    """Patches that were ever flagged."""
    ranking: Ranking = measures.NO_RANKING
    """Of every published patch, month by month."""
    causes: dict[str, Count] = field(default_factory=dict)
    """By kind of look-alike: how many bear the right name, of those that were published as something."""

    def __add__(self, other: Measured) -> Measured:
        causes = {k: self.causes.get(k, Count(0, 0)) + other.causes.get(k, Count(0, 0)) for k in {**self.causes, **other.causes}}
        sums = [getattr(self, name) + getattr(other, name) for name in Measured.__dataclass_fields__ if name != "causes"]
        return Measured(*sums, causes)

    def rate(self, count: int) -> float:
        """Per 100 km² and month."""
        return count / self.km2_months * 100 if self.km2_months else float("nan")

    def recall(self, how: str) -> tuple[Count, ...]:
        """By class of size, of digs that were `changed`, `published` or `recognised`."""
        out = []
        for low, high in measures.SIZES:
            mine = [getattr(dig, how) for dig in self.digs if low <= dig.area_ha + 1e-9 < high]
            out.append(Count(sum(mine), len(mine)))
        return tuple(out)

    def mean_iou(self, large: bool) -> float:
        """Of recognised digs of at least `LARGE_HA`, or of the smaller ones."""
        found = [dig.iou for dig in self.digs if dig.iou is not None and (dig.area_ha >= measures.LARGE_HA) == large]
        return float(np.mean(found)) if found else float("nan")


def measure(county: Path, until: str | None = None) -> tuple[Measured, Truth]:
    """Everything measured on a county's months in `county/out` up to `until`, the month that counts digs."""
    output = county / "out"
    truth = ground.read(county, outputs.frame(output))
    names = outputs.months(output, until)
    done = [outputs.read(output, name) for name in names]
    begin, end = ground.last_day(names[0]) - 30, ground.last_day(names[-1]) - LAG_DAYS
    digs = ground.digs(truth, begin, end)
    flagged = _first_flagged(done)
    kinds = [_kind(cells, truth) for cells in flagged]
    return Measured(
        digs=tuple(_found(digs, done, truth.ids.shape)),
        km2_months=truth.area_km2 * len(done),
        false_alerts=_new_false_alerts(done, truth),
        false_published=sum(p.likelihood is not None and measures.is_false(p.cells, truth) for p in _first_seen(done)),
        false_flagged=kinds.count("false"),
        lookalikes_flagged=kinds.count("lookalike"),
        lawful_flagged=kinds.count("explained"),
        flagged=len(flagged),
        ranking=_ranking(done, truth),
        causes=_causes(done, truth),
    ), truth


def _found(digs: Sequence[Dig], done: Sequence[Month], shape: tuple[int, int]) -> Iterable[Found]:
    last = done[-1]
    alive = [p for p in last.patches if not p.ended]
    recognised = [p.cells for p in alive if p.recognised]
    grounds = (last.changed, measures.united((p.cells for p in alive), shape), measures.united(recognised, shape))
    hits = [measures.found(digs, ground_) for ground_ in grounds]
    by_month = [measures.found(digs, measures.united((p.cells for p in month.patches if p.recognised), shape)) for month in done]
    for k, dig in enumerate(digs):
        first = next((ground.last_day(m.name) for m, hit in zip(done, by_month, strict=True) if hit[k]), None)
        iou = measures.overlap(dig, recognised) if hits[2][k] else None
        yield Found(dig.area_ha, *(bool(h[k]) for h in hits), iou, None if first is None else first - dig.half_day)


def _new_false_alerts(done: Sequence[Month], truth: Truth) -> int:
    """Groups of cells in alert on ground that did not change, none of which was in alert the month before."""
    count, before = 0, np.zeros(truth.ids.shape, bool)
    for month in done:
        count += sum(measures.is_false(cells, truth) and not before.flat[cells].any() for cells in ground.groups(month.changed & truth.inside))
        before = month.changed
    return count


def _first_seen(done: Sequence[Month]) -> list[Published]:
    """Each patch in the first month that published it."""
    first: dict[str, Published] = {}
    for month in done:
        for patch in month.patches:
            first.setdefault(patch.id, patch)
    return list(first.values())


def _first_flagged(done: Sequence[Month]) -> list[Cells]:
    """What was flagged of each patch that ever was, in the first month that did so."""
    first: dict[str, Cells] = {}
    for month in done:
        first = {**month.flagged, **first}
    return list(first.values())


def _kind(cells: Cells, truth: Truth) -> str:
    """What flagged ground is: violation, explained, lookalike, or false where it is none of them for `TOUCHING`."""
    shares = {kind: float(truth.where(kind=kind).flat[cells].mean()) for kind in ("violation", "explained", "lookalike")}
    rested = float(_of(truth, ground.RESTED).flat[cells].mean())
    shares["lookalike"] -= rested
    if shares["violation"] >= measures.TOUCHING:
        return "violation"
    best = max(shares, key=lambda kind: shares[kind])
    return best if shares[best] >= measures.TOUCHING else "false"


def _of(truth: Truth, kinds: Sequence[str]) -> NDArray[np.bool_]:
    return np.logical_or.reduce([truth.where(what=what) for what in kinds])


def _ranking(done: Sequence[Month], truth: Truth) -> Ranking:
    """Every published patch of every month that is not ended and has a likelihood."""
    said, labels = [], []
    for patch in (p for month in done for p in month.patches if not p.ended and p.likelihood is not None):
        mining = measures.label(patch.cells, truth)
        if mining is not None:
            said.append(patch.likelihood)
            labels.append(mining)
    return Ranking(np.array(said, float), np.array(labels, bool))


def _causes(done: Sequence[Month], truth: Truth) -> dict[str, Count]:
    """For each look-alike, the name borne by the largest patch on it in the last month that published one."""
    named: dict[int, str | None] = {}
    for month in done:
        largest: dict[int, int] = {}
        for patch in month.patches:
            number = int(np.bincount(truth.ids.flat[patch.cells]).argmax())
            share = float((truth.ids.flat[patch.cells] == number).mean())
            if number and patch.likelihood is not None and share > measures.MINING_SHARE and largest.get(number, 0) < len(patch.cells):
                largest[number], named[number] = len(patch.cells), patch.cause
    counts: dict[str, Count] = {}
    for number, cause in named.items():
        what = truth.items[number - 1]["what"]
        if what in CAUSES:
            counts[what] = counts.get(what, Count(0, 0)) + Count(int(cause in CAUSES[what]), 1)
    return counts
