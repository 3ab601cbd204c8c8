"""Our detector and its peers on one scene: the same looks, the same truth, one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import outputs
import truth as ground
from delay import replay
from evaluate import LAG_DAYS
from numpy.typing import NDArray
from observations import County, Observed, observe, open_county
from peers import PREPARED, REPEATS, Scene, Scored, nrt, score, timed, year_of
from pixels import CellScore, of_map, pyxccd

from pipeline.detect.block import begin_year, watch

OURS = "minewarden"


@dataclass(frozen=True, slots=True)
class Compared:
    """One scene's results."""

    name: str
    km2: float
    months: int
    looks: int
    """Of the monitored year."""
    ours: tuple[Scored, ...]
    """In alert at any time; in alert at the end; recognised as mining."""
    peers: tuple[Scored, ...]
    our_cells: CellScore
    peer_cells: tuple[CellScore, ...]


def _seconds(county: County, seen: Observed) -> tuple[float, float]:
    """Processor seconds of our first fit and of our year, on one thread."""
    window, year = seen.looks.part(slice(None, seen.history)), seen.looks.part(slice(seen.history, None))
    _, fit_s = timed(lambda: begin_year(window, county.model, county.january, None))
    spent = []
    for _ in range(REPEATS):
        baseline, alert = county.started()
        spent.append(timed(lambda b=baseline, a=alert: watch(year, county.model, b, a))[1])
    return fit_s, min(spent)


def _map_of(patches: list[NDArray[np.int64]], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """A map of days of change with the ground of patches alone; cells that were drawn without having been in alert bear day 1."""
    out = np.zeros(day.shape, np.int64)
    for cells in patches:
        out.flat[cells] = np.maximum(day.flat[cells], 1)
    return out


def compare(folder: Path, name: str, until: str | None, say: Callable[[str], None]) -> Compared:
    """Run everything on a county whose months are done, up to `until`."""
    output = folder / "out"
    months = outputs.months(output, until)
    truth = ground.read(folder, outputs.frame(output))
    county = open_county(folder, until)
    seen = observe(county)
    scene = Scene(truth, ground.digs(truth, county.january, ground.last_day(months[-1]) - LAG_DAYS), seen)
    watched, last = replay(county, truth, seen), outputs.read(output, months[-1])
    if (np.where(watched.status < 5, watched.status, 0) != np.where(last.status < 5, last.status, 0))[truth.inside].any():
        raise SystemExit(f"{folder}: the replay does not end as the months did")
    year, seconds = year_of(seen, PREPARED), _seconds(county, seen)
    recognised = _map_of([p.cells for p in last.patches if p.recognised], watched.day)
    ours = (
        score(f"{OURS}, in alert at any time", OURS, watched.day, scene, year, seconds),
        score(f"{OURS}, in alert at the end", OURS, np.where(last.changed, watched.day, 0), scene, year, seconds),
        score(f"{OURS}, mining at the end", OURS, recognised, scene, year, seconds),
    )
    for each in ours:
        say(f"{each.name}: {each.found} found, {each.false} false")
    cells = of_map(f"{OURS}, in alert at any time", watched.day, scene, year, truth.ids.size / seconds[1])
    return Compared(
        name, truth.area_km2, len(months), len(year.days), ours, tuple(nrt(scene, say)), cells, tuple(pyxccd(scene, say))
    )  # fmt: skip
