"""Restoration against made sites whose cover is known on every day (bench/accuracy/made_sites.py).

    python bench/bench_restoration.py [--seeds 101-112] [--hills with|without] [--list]

Says how often the state is right, how far cover is off, and whether a relapse is seen in the season in which it happened.
The rules were made on seeds 1 to 12; the figures of docs/restoration.md are of others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "accuracy"))

from made_sites import STORIES, Made, make

from pipeline.restoration.bareness import on_terrain
from pipeline.restoration.progress import Progress, progress
from pipeline.restoration.season import season_of

WITHIN = 0.08


def judge(site: Made, until: int | None = None, *, heights: bool = True) -> Progress:
    """What the estimator makes of a site, from its looks up to the end of a year. heights: whether it is given those that are known."""
    years = sorted({look.day.year for look in site.looks if until is None or look.day.year <= until})
    seasons = [season_of(year, [look for look in site.looks if look.day.year == year]) for year in years]
    window = on_terrain(site.window, site.relief if heights else None)
    return progress(window, [season for season in seasons if season is not None], site.ends, site.claimed, old=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="101-112", help="first-last; ten sites a seed")
    parser.add_argument("--hills", choices=("with", "without"), help="sites on hills, and whether the estimator is given a model of heights")
    parser.add_argument("--list", action="store_true", help="name the sites that are judged wrongly")
    asked = parser.parse_args()
    first, last = map(int, asked.seeds.split("-"))
    began = time.process_time()
    right, wrong, errors, gaps, seen_at_once, relapses = 0, Counter[str](), [], [], 0, 0
    for seed in range(first, last + 1):
        for story in STORIES:
            site = make(seed, story, asked.hills is not None)
            found = judge(site, heights=asked.hills == "with")
            state = None if found.verdict is None else found.verdict.state.value
            right += state == site.state
            if state != site.state:
                wrong[f"{story}: {site.state} as {state}"] += 1
                if asked.list:
                    rows = " ".join(f"{y.year}:{y.ratio:.2f}/b{y.bare:.1f}g{y.green:.1f}" for y in found.years)
                    print(f"  seed {seed} {story} ({site.claimed}) as {state}: {rows}")
            errors += [year.cover - site.cover[year.year] for year in found.years]
            gaps += [year.reference - site.reference[year.year] for year in found.years]
            if site.fell is not None:
                relapses += 1
                then = judge(site, site.fell, heights=asked.hills == "with").verdict
                seen_at_once += then is not None and then.state.value == "退化"
    count = (last - first + 1) * len(STORIES)
    off, away = np.abs(errors), np.abs(gaps)
    print(f"{count} sites, seeds {asked.seeds}, {time.process_time() - began:.0f} s of processor time")
    print(f"state right: {right} ({right / count:.1%})")
    for name, number in wrong.most_common():
        print(f"  {number} × {name}")
    worst = f"mean error {np.mean(errors):+.3f}, 95th percentile {np.percentile(off, 95):.3f}"
    print(f"cover of {len(off)} seasons: within ±{WITHIN}: {(off <= WITHIN).mean():.1%}; {worst}")
    print(f"reference: within ±{WITHIN}: {(away <= WITHIN).mean():.1%}; mean error {np.mean(gaps):+.3f}")
    print(f"relapse seen in its own season: {seen_at_once} of {relapses}")


if __name__ == "__main__":
    main()
