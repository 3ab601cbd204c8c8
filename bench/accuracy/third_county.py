"""A third made county, built apart from the other two: terraced loess hills as a monthly Sentinel-2 archive, with the truth.

    python bench/accuracy/third_county.py OUT --seed N [--size 400] [--years 2022 2023 2024] [--months-monitored 12]

Three layers of make-believe (see the modules in third/), which share nothing with the monitor they are to test:
* the ground: hills whose fields change crop every year, as a mixture of green, dry stalks, film, soil and hard surfaces;
* the items: whatever changes the ground once (pits, houses, roads, ...), on a grid of 2.5 m, each sub-cell with its own day;
* the sensor: sun, view, relief, wet soil, snow, cloud, haze, blur, shifts, noise, and a scene classification with real habits.

In the truth, `start` and `end` are the first and last day of the item's own change. For `unrestored` they are the day after the
deadline and the last day of the archive; for fallow fields the season missed. Ground dug before the archive has its days in
`truth_first_day.tif` all the same. Tracks into pits are under half a cell wide and not part of the truth.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from third.county import County
from third.plan import fill
from third.sensor import passes
from third.write import write_land, write_scene


def make_county(
    out: Path, seed: int, size: int = 400, years: tuple[int, ...] = (2022, 2023, 2024), months_monitored: int = 12, workers: int = 2
) -> tuple[County, list[float]]:
    """Write a whole county to a folder; the same seed gives the same bytes. Also gives the share of each scene seen clearly."""
    county = County(seed, size, list(years), months_monitored)
    fill(county)
    write_land(county, out)
    with ThreadPoolExecutor(workers) as pool:
        clear = list(pool.map(lambda p: write_scene(county, p, out / "scenes"), passes(county)))
    return county, [v for v in clear if v is not None]


def main() -> None:
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out", type=Path)
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--size", type=int, default=400, help="cells of 10 m on a side (even, at least 200)")
    p.add_argument("--years", type=int, nargs="+", default=[2022, 2023, 2024], help="consecutive; the last is monitored")
    p.add_argument("--months-monitored", type=int, default=12)
    a = p.parse_args()
    if a.size % 2 or a.size < 200 or not 1 <= a.months_monitored <= 12 or sorted(a.years) != list(range(min(a.years), max(a.years) + 1)):
        p.error("size must be even and at least 200, months 1-12, years consecutive")
    if (a.out / "scenes").exists():
        p.error(f"{a.out} holds scenes already")
    county, clear = make_county(a.out, a.seed, a.size, tuple(a.years), a.months_monitored)
    print(f"{a.out}: {len(clear)} scenes, {sum(v > 0.9 for v in clear)} nearly all clear")
    for (kind, code, what), count in sorted(Counter((f["kind"], f["code"], f["what"]) for f in county.features).items(), key=str):
        print(f"  {kind:10} {code or '-':22} {what:15} {count}")
    if county.skipped:
        print("  no room for:", ", ".join(county.skipped))


if __name__ == "__main__":
    main()
