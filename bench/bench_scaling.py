"""What does a month cost as the county and its history grow, and how much memory does it take?

    python bench/bench_scaling.py [--sides 1024 2048 4096 8192] [--years 2 4 6] [--folder DIR]

One made archive of 1024 × 1024 cells (that of bench_speed.py, two scenes a month) is repeated over the ground and back in time, and
`minewarden run` is timed as a user would run it: the first month (with the first fit) and the second. Processor seconds and peak memory are
those of the process, two workers. The largest county takes about 15 GB of disk and half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from affine import Affine
from bench_speed import FIRST_YEAR, NORTH, WEST, make_archive

BASE = 1024
A_YEAR, MONTH = 24, 6
WORKERS = 2
REPEAT = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command."""

    wall: float
    cpu: float
    peak_mb: float


def command(*arguments: str) -> Cost:
    """Run minewarden; seconds by the clock and of processors, and the peak of its memory."""
    minewarden = Path(sys.executable).with_name("minewarden")
    began = time.perf_counter()
    with subprocess.Popen([str(minewarden), *arguments, "--quiet"], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"minewarden {' '.join(arguments)}: exit {process.returncode}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def widened(source: Path, target: Path, times: int) -> None:
    """A band file repeated over `times` × `times` its ground."""
    with rasterio.open(source) as file:
        array, profile = file.read(1), file.profile
    side = array.shape[0] * times
    profile |= {"width": side, "height": side, "zlevel": 1, "BIGTIFF": "IF_SAFER"}
    with rasterio.open(target, "w", **profile) as out:
        out.write(np.tile(array, (times, times)), 1)


def spread(base: Path, folder: Path, times: int) -> None:
    """The base archive on more ground; its own files where it is the same."""
    for scene in sorted((base / "scenes").iterdir()):
        place = folder / "scenes" / scene.name
        place.mkdir(parents=True)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda f, p=place: os.link(f, p / f.name) if times == 1 else widened(f, p / f.name, times), scene.glob("*.tif")))


def lengthen(folder: Path, years: int) -> None:
    """Copies of the first year's scenes before it, until the history is `years` long."""
    first = [scene for scene in (folder / "scenes").iterdir() if f"_{FIRST_YEAR}" in scene.name]
    for back in range(1, years - 1):
        for scene in first:
            place = folder / "scenes" / re.sub(rf"_{FIRST_YEAR}(\d{{4}})", rf"_{FIRST_YEAR - back}\1", scene.name)
            place.mkdir()
            for file in scene.iterdir():
                os.link(file, place / file.name.replace(f"_{FIRST_YEAR}", f"_{FIRST_YEAR - back}"))


def configure(folder: Path, side: int) -> Path:
    """A county that covers all of it."""
    to_degrees = pyproj.Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
    corner = Affine(10, 0, WEST, 0, -10, NORTH)
    ring = [to_degrees.transform(*(corner @ at)) for at in ((2, 2), (2, side - 2), (side - 2, side - 2), (side - 2, 2), (2, 2))]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (folder / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (folder / "config.yaml").write_text(
        'county: {name: 大县, code: "620422"}\narea: area.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
        f"sources:\n  - {{kind: folder, path: scenes}}\noutput: out\nmonitor_from: {FIRST_YEAR + 2}-01\n"
    )
    return folder / "config.yaml"


def measure(base: Path, folder: Path, side: int, years: int, repeat: int) -> tuple[Cost, Cost]:
    """The first month and the second."""
    shutil.rmtree(folder, ignore_errors=True)
    spread(base, folder, side // BASE)
    lengthen(folder, years)
    config, begin = configure(folder, side), FIRST_YEAR + 2
    first = command("run", str(config), "--month", f"{begin}-01", "--workers", str(WORKERS))
    costs = [command("run", str(config), "--month", f"{begin}-02", "--workers", str(WORKERS), "--replay") for _ in range(repeat)]
    shutil.rmtree(folder)
    return first, Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "peak_mb")))


def told(title: str, first: Cost, second: Cost, mpx: float) -> str:
    return (
        f"{title:22} first month {first.cpu:8.1f} s ({first.cpu / mpx:6.2f} s/Mpx), {first.peak_mb:6.0f} MB   "
        f"second {second.cpu:7.1f} s ({second.cpu / mpx:5.2f} s/Mpx), {second.wall:6.1f} s by the clock, {second.peak_mb:6.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="*", default=[1024, 2048, 4096, 8192], help=f"cells a side, multiples of {BASE}")
    parser.add_argument("--years", type=int, nargs="*", default=[2, 4, 6])
    parser.add_argument("--repeat", type=int, default=REPEAT)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-scaling"))
    options = parser.parse_args()
    base = options.folder / "base"
    base.mkdir(parents=True, exist_ok=True)
    make_archive(base, BASE, 2, A_YEAR, MONTH, WORKERS, months=2)
    for years in options.years:
        print(told(f"{years} years of history", *measure(base, options.folder / "county", BASE, years, options.repeat), BASE**2 / 1e6), flush=True)
    for side in options.sides:
        mpx = side**2 / 1e6
        print(told(f"{mpx:.0f} Mpx", *measure(base, options.folder / "county", side, 2, options.repeat), mpx), flush=True)


if __name__ == "__main__":
    main()
