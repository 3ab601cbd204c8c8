"""Make a sample county: three years of Sentinel-2 scenes, the county's layers, and the truth of what was dug.

    python make.py OUT --seed N [--size 400] [--years 2022 2023 2024] [--months-monitored 12]

All of it is made: no real place, mine or firm. The last year is the monitored one, all before it are history.
The same seed, size and years give the same county. What is in it:

- truth.geojson: `kind` violation (a finding is expected, `code` says which), explained (`code` permitted, approved or
  before_monitoring; null where nothing at all is to be reported: old lawful pits, green legacy patches), lookalike
  (never a violation, `code` null). `start` and `end` are the days its ground was changed.
- truth_first_day.tif and truth_id.tif: per cell the day an item had changed half of it, and the item's place in
  truth.geojson, from 1. They hold lookalikes too, fallow fields included: choose by `kind`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the parts lie beside this file, which is no package

from crops import day_of
from givenback import add_given_back, save_plan
from ground import make_ground
from layers import save_config, save_layers, save_truth
from legacy import add_legacy
from lookalikes import add_lookalikes
from mines import add_mines
from planner import NoRoom, Planner, make_zones
from scenes import World, render, write
from weather import Pass, passes

Progress = Callable[[int, int], None]
UNFINISHED = ".making"
ATTEMPTS = 6


def last_day(years: tuple[int, ...], months: int) -> int:
    """The last day with scenes when only `months` of the last year are made."""
    year = years[-1]
    after = dt.date(year + 1, 1, 1) if months >= 12 else dt.date(year, months + 1, 1)
    return day_of(after) - 1


def plan_county(seed: int, size: int, years: tuple[int, ...], months: int = 12, given_back: bool = False) -> Planner:
    """The ground and all that happens on it."""
    for attempt in range(ATTEMPTS):
        try:
            planner = _plan([seed, attempt], size, years, months)
            if given_back:
                add_given_back(planner, [seed, attempt])
            return planner
        except NoRoom:
            # on small frames the zones or a valley can leave too little room: draw the county again
            continue
    raise NoRoom(f"no room for everything with seed {seed} and size {size}: take a larger size or another seed")


def _plan(seeds: list[int], size: int, years: tuple[int, ...], months: int) -> Planner:
    """One attempt; each stage has a random stream of its own."""
    ground = make_ground(np.random.default_rng([*seeds, 1]), size, years)
    zones = make_zones(np.random.default_rng([*seeds, 2]), ground)
    planner = Planner(np.random.default_rng([*seeds, 3]), ground, zones, years, last_day(years, months))
    add_mines(planner)
    add_legacy(planner)
    add_lookalikes(planner)
    return planner


def make_county(
    out: Path,
    seed: int,
    size: int = 400,
    years: tuple[int, ...] = (2022, 2023, 2024),
    progress: Progress | None = None,
    months_monitored: int = 12,
    given_back: bool = False,
) -> Path:
    """Write a county to `out` and return the path of its config.yaml (written last).

    given_back: with further sites, one of each state of restoration, and a plan (`givenback.py`); all else stays as it is without.
    """
    out, years = Path(out), tuple(years)
    if size < 200 or size % 2:
        raise ValueError(f"size {size}: the frame needs an even number of cells, at least 200")
    if not 1 <= months_monitored <= 12 or len(years) < 2 or list(years) != list(range(years[0], years[-1] + 1)):
        raise ValueError("years must follow each other, two at least; months_monitored is 1 to 12")
    _clear(out)
    planner = plan_county(seed, size, years, months_monitored, given_back)
    save_layers(out, planner)
    save_truth(out, planner)
    world = World(seed, planner.ground, planner.items)
    looks = passes(np.random.default_rng([seed, 4]), years, planner.last)

    def work(look: Pass) -> None:
        write(out / "scenes", planner.ground, look, render(world, look))

    # threads: numpy and GDAL let go of the interpreter's lock, and every pass has its own random stream
    with ThreadPoolExecutor(2) as pool:
        for done, _ in enumerate(pool.map(work, looks), 1):
            if progress:
                progress(done, len(looks))
    (out / UNFINISHED).unlink()
    return save_config(out, save_plan(out, planner) if given_back else "")


def _clear(out: Path) -> None:
    """Begin in an empty folder; only what an interrupted run of ours left is removed."""
    if (out / UNFINISHED).exists():
        shutil.rmtree(out / "scenes", ignore_errors=True)
    elif out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: choose another folder, or empty it first")
    out.mkdir(parents=True, exist_ok=True)
    (out / UNFINISHED).touch()


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make a sample county (see the head of this file).")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=400, help="cells of 10 m on a side (default 400)")
    parser.add_argument("--years", type=int, nargs="+", default=[2022, 2023, 2024])
    parser.add_argument("--months-monitored", type=int, default=12)
    a = parser.parse_args(arguments)

    def progress(done: int, total: int) -> None:
        if done == total or done % 20 == 0:
            print(f"{done}/{total} scenes", flush=True)

    try:
        path = make_county(a.out, a.seed, a.size, tuple(a.years), progress, a.months_monitored)
    except (ValueError, FileExistsError) as problem:
        print(f"make.py: {problem}", file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
