"""How soon after a cell was dug is it in alert? The detector of a finished run replayed look by look.

Months tell a status only at their ends; the replay shows the year's looks one at a time to the same baseline, and must end with the
same status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from observations import County, Observed, observe
from truth import Dig, Truth

from pipeline.detect.block import watch
from pipeline.detect.looks import NO_DATA
from pipeline.detect.state import CONFIRMED, PROVISIONAL

PROVISIONAL_BY, CONFIRMED_BY, CONFIRMED_NOT_BEFORE = 3, 6, 15
"""Wanted: provisional by the 3rd clear look after the cell changed, confirmed by the 6th and not before so many days."""
NEVER = -1


@dataclass(frozen=True, slots=True)
class Reached:
    """When cells dug in the year reached a status. Arrays (h, w); NEVER where they did not."""

    days: NDArray[np.int64]
    """Days from the day half of the cell was dug."""
    looks: NDArray[np.int64]
    """Clear looks, the one that brought the status included."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A year watched look by look."""

    provisional: Reached
    confirmed: Reached
    first_to_confirmed: NDArray[np.int64]
    """(h, w): days from the first anomalous look to the confirming one, NEVER where there was none."""
    day: NDArray[np.int64]
    """(h, w): day since 1970-01-01 of the look that last made the cell provisional; 0 = it never was."""
    after: NDArray[np.int64]
    """(h, w): clear looks after the cell was dug."""
    status: NDArray[np.uint8]
    """(h, w): status in the end."""


def replay(county: County, truth: Truth, observed: Observed | None = None) -> Replay:
    """Show the year's looks, one at a time, to the baseline and alerts as monitoring began."""
    seen = observed or observe(county)
    baseline, alert = county.started()
    shape = truth.days.shape
    dug = truth.where(what="pit") & (truth.days >= county.january)
    after, raised, before = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, bool)
    first_to_confirmed = np.full(shape, NEVER)
    reached = {s: Reached(np.full(shape, NEVER), np.full(shape, NEVER)) for s in (PROVISIONAL, CONFIRMED)}
    clear = seen.clear
    for k in range(seen.history, len(seen.days)):
        watch(seen.looks.part(slice(k, k + 1)), county.model, baseline, alert)
        day = int(seen.days[k])
        new = dug & (truth.days <= day)
        after += new & clear[k] & (seen.raw[k, 0] != NO_DATA)
        for status, when in reached.items():
            now = new & (alert.status >= status) & (alert.status <= CONFIRMED) & (when.days == NEVER)
            when.days[now], when.looks[now] = (day - truth.days)[now], after[now]
            if status == CONFIRMED:
                first_to_confirmed[now] = day - alert.first_day[now].astype(np.int64)
        open_ = (alert.status >= PROVISIONAL) & (alert.status <= CONFIRMED)
        raised[open_ & ~before] = day
        before = open_
    return Replay(reached[PROVISIONAL], reached[CONFIRMED], first_to_confirmed, raised, after, alert.status)


@dataclass(frozen=True, slots=True)
class Delays:
    """Delays of a county's digs and their cells, or of several counties added up."""

    pit_days: dict[int, tuple[int, ...]]
    """By status: days from the day a dig was half dug until half of it had the status, of digs that got so far."""
    pit_looks: dict[int, tuple[int, ...]]
    """The same in clear looks (median over its cells)."""
    pits: int
    """Digs that were seen clearly `CONFIRMED_BY` times after half of them was dug."""
    in_time: dict[int, tuple[int, int]]
    """By status: cells that had it by the look that is wanted, of the cells that were seen that often."""
    soonest_confirmed: int
    """Days from the first anomalous look to the confirming one, the least of all dug cells."""

    def __add__(self, other: Delays) -> Delays:
        return Delays(
            {s: self.pit_days[s] + other.pit_days[s] for s in self.pit_days},
            {s: self.pit_looks[s] + other.pit_looks[s] for s in self.pit_looks},
            self.pits + other.pits,
            {s: (self.in_time[s][0] + other.in_time[s][0], self.in_time[s][1] + other.in_time[s][1]) for s in self.in_time},
            min(self.soonest_confirmed, other.soonest_confirmed),
        )


def delays(found: Replay, truth: Truth, digs: Sequence[Dig]) -> Delays:
    """Delays of digs."""
    cells = np.concatenate([dig.cells for dig in digs]) if digs else np.zeros(0, np.int64)
    wanted = {PROVISIONAL: (found.provisional, PROVISIONAL_BY), CONFIRMED: (found.confirmed, CONFIRMED_BY)}
    in_time, pit_days, pit_looks = {}, {}, {}
    for status, (when, by) in wanted.items():
        often = cells[found.after.flat[cells] >= by]
        looks = when.looks.flat[often]
        in_time[status] = int(((looks != NEVER) & (looks <= by)).sum()), len(often)
        reached = [_half(dig, when, truth) for dig in digs]
        pit_days[status] = tuple(days for days, _ in filter(None, reached))
        pit_looks[status] = tuple(looks for _, looks in filter(None, reached))
    soonest = found.first_to_confirmed.flat[cells]
    soonest = soonest[soonest != NEVER]
    often_seen = sum(np.median(found.after.flat[dig.cells]) >= CONFIRMED_BY for dig in digs)
    return Delays(pit_days, pit_looks, int(often_seen), in_time, int(soonest.min()) if len(soonest) else 1 << 30)


def _half(dig: Dig, when: Reached, truth: Truth) -> tuple[int, int] | None:
    """Days from half dug until half of the dig had a status, and clear looks its median cell took; None where it never had."""
    days = when.days.flat[dig.cells]
    on = np.sort((days + truth.days.flat[dig.cells])[days != NEVER])
    half = (len(dig.cells) + 1) // 2
    if len(on) < half:
        return None
    looks = when.looks.flat[dig.cells]
    return int(on[half - 1]) - dig.half_day, int(np.median(looks[looks != NEVER]))
