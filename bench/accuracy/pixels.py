"""COLD and S-CCD of `pyxccd` on a sample of cells: all dug ones and as many again that did not change, or more.

They model all bands of a cell at once. COLD has no way to go on from what it knows: a new look means the whole series again. S-CCD is
fitted on the history and updated with the year's looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from observations import Observed
from peers import DELIVERED, Scene, Year, form_of, timed, year_of
from truth import Cells

from pipeline.detect.looks import EPOCH_ORDINAL

GREEN, SWIR = 2, 5
"""Places (from 1) of the bands that screen clouds in the history."""
LAM = 20
"""What the authors advise for reflectance × 10,000."""
SETTINGS = ((0.99, 6, True), (0.99, 4, False), (0.9999, 6, False))
"""p_cg, conse, whether they are the authors'."""
SAMPLE = 2000
"""Unchanged cells that are shown."""
SEEN = 6
"""Dug cells count that were seen clearly so often after digging."""


@dataclass(frozen=True, slots=True)
class CellScore:
    """What a monitor says of a sample of cells."""

    name: str
    authors: bool
    dug: float
    """Share of dug cells (seen `SEEN` times since) that it calls changed in the year."""
    false: float
    """Share of unchanged cells that it calls changed."""
    days: float
    """Median from digging to the look that raised it."""
    cells_per_s: float
    """Cells a processor second for the year's looks."""


def sample(scene: Scene, seed: int = 1) -> tuple[Cells, Cells]:
    """Dug cells, and unchanged cells drawn at random."""
    rng = np.random.default_rng(seed)
    stable = np.flatnonzero(scene.truth.stable)
    return np.concatenate([dig.cells for dig in scene.digs]), np.sort(rng.choice(stable, min(SAMPLE, len(stable)), replace=False))


def score(name: str, day: NDArray[np.int64], scene: Scene, year: Year, cells_per_s: float, authors: bool = False) -> CellScore:
    """Score days of change (0 = none) of the sample, dug cells first."""
    dug, _ = sample(scene)
    on_dug, on_stable, when = day[: len(dug)], day[len(dug) :], scene.truth.days.flat[dug]
    seen = (year.clear.reshape(len(year.days), -1)[:, dug] & (year.days[:, None] >= when)).sum(axis=0) >= SEEN
    late = (on_dug - when)[seen & (on_dug >= when)]
    median = float(np.median(late)) if len(late) else float("nan")
    return CellScore(name, authors, float((on_dug[seen] > 0).mean()), float((on_stable > 0).mean()), median, cells_per_s)


def of_map(name: str, day: NDArray[np.int64], scene: Scene, year: Year, cells_per_s: float) -> CellScore:
    """The same numbers from a map (h, w) of days of change."""
    return score(name, day.flat[np.concatenate(sample(scene))], scene, year, cells_per_s)


def pyxccd(scene: Scene, say: Callable[[str], None]) -> Iterator[CellScore]:
    """COLD and S-CCD with all settings, on the looks as delivered: on those that we prepare their library can end the process."""
    cells = np.concatenate(sample(scene))
    stack, clear = form_of(scene.observed, DELIVERED)
    series = stack.reshape(*stack.shape[:2], -1)[:, :, cells].transpose(2, 0, 1).astype(np.int64)
    seen = clear.reshape(len(clear), -1)[:, cells].T
    for p_cg, conse, authors in SETTINGS:
        for kind, work in (("COLD", _cold), ("S-CCD", _sccd)):
            day, seconds = work(series, seen, scene.observed, p_cg, conse)
            name = f"{kind} (p {p_cg}, {conse} looks)"
            found = score(name, day, scene, year_of(scene.observed, DELIVERED), len(cells) / max(seconds, 1e-9), authors)
            say(f"{found.name}: {found.dug:.0%} of dug cells, {found.false:.1%} of others, {found.cells_per_s:.0f} cells/s")
            yield found


def _raised(records: NDArray[np.void], looks: NDArray[np.int64], january: int, conse: int) -> int:
    """Day since 1970-01-01 of the look that brought the first change of the year: the `conse`-th from the break on; 0 = none.

    looks: (n,) ordinal days of the cell's clear looks, as are the breaks of the records.
    """
    breaks = sorted(int(t) for t in np.atleast_1d(records["t_break"]) if t >= january + EPOCH_ORDINAL)
    if not breaks:
        return 0
    after = looks[looks >= breaks[0]]
    return int(after[min(conse, len(after)) - 1]) - EPOCH_ORDINAL


def _cold(series: NDArray[np.int64], seen: NDArray[np.bool_], observed: Observed, p_cg: float, conse: int) -> tuple[NDArray[np.int64], float]:
    """Days of change by COLD, and processor seconds for it."""
    from pyxccd import cold_detect_flex

    january = int(observed.days[observed.history])
    dates, out, spent = observed.days + EPOCH_ORDINAL, np.zeros(len(series), np.int64), 0.0
    more = {"lam": LAM, "p_cg": p_cg, "conse": conse, "tmask_b1_index": GREEN, "tmask_b2_index": SWIR}
    for k, (cell, clear) in enumerate(zip(series, seen, strict=True)):
        looks, values = dates[clear], np.ascontiguousarray(cell[clear])
        try:
            records, seconds = timed(lambda d=looks, v=values: cold_detect_flex(d, v, np.zeros(len(d), np.int64), **more))
        except RuntimeError:
            continue  # too few clear looks for a model
        spent += seconds
        out[k] = _raised(records[records["change_prob"] == 100], looks, january, conse)
    return out, spent


def _sccd(series: NDArray[np.int64], seen: NDArray[np.bool_], observed: Observed, p_cg: float, conse: int) -> tuple[NDArray[np.int64], float]:
    """Days of change by S-CCD, and processor seconds of the updates alone."""
    from pyxccd import sccd_detect_flex, sccd_update_flex

    january = int(observed.days[observed.history])
    dates, out, spent = observed.days + EPOCH_ORDINAL, np.zeros(len(series), np.int64), 0.0
    more = {"lam": LAM, "p_cg": p_cg, "conse": conse, "tmask_b1_index": GREEN, "tmask_b2_index": SWIR}
    for k, (cell, clear) in enumerate(zip(series, seen, strict=True)):
        looks, values = dates[clear], np.ascontiguousarray(cell[clear])
        quiet, old = np.zeros(len(looks), np.int64), int((looks < january + EPOCH_ORDINAL).sum())
        if old in (0, len(looks)):
            continue
        try:
            pack = sccd_detect_flex(looks[:old], values[:old], quiet[:old], **more)
            pack, seconds = timed(lambda p=pack, o=old, d=looks, v=values, q=quiet: sccd_update_flex(p, d[o:], v[o:], q[o:], **more))
        except RuntimeError:
            continue
        spent += seconds
        out[k] = _raised(pack.rec_cg, looks, january, conse) if len(pack.rec_cg) else 0
    return out, spent
