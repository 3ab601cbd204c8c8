"""Makes counties nobody tuned to, runs their months, scores them, and writes the table of docs/accuracy.md.

    python bench/accuracy/table.py WORK [--months 2024-06 2024-09 2024-11] [--write docs/accuracy.md]

WORK keeps the counties (about 250 MB each); those that are there already are not made again, and their months are run again only
with --again. Seeds 8–10 of the sample county's simulator, 18–20 and 24–26 of two others, each built by another hand.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from score import Score, score

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


@dataclass(frozen=True, slots=True)
class Simulator:
    """A way to make counties."""

    name: str
    script: Path
    seeds: tuple[int, ...]


SIMULATORS = (
    Simulator("sample", ROOT / "data/samples/make.py", (8, 9, 10)),
    Simulator("second", ROOT / "bench/accuracy/other_county.py", (18, 19, 20)),
    Simulator("third", ROOT / "bench/accuracy/third_county.py", (24, 25, 26)),
)


def prepare(simulator: Simulator, seed: int, work: Path, month: str, again: bool) -> Path:
    """A county made and run up to a month."""
    county = work / f"{simulator.name}-{seed}"
    if not (county / "truth_id.tif").exists() or not (county / "config.yaml").exists():
        shutil.rmtree(county, ignore_errors=True)
        subprocess.run([sys.executable, str(simulator.script), str(county), "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)
    if again:
        shutil.rmtree(county / "out", ignore_errors=True)
    minewarden = Path(sys.executable).with_name("minewarden")
    run = subprocess.run(
        [str(minewarden), "run", str(county / "config.yaml"), "--month", month, "--quiet"], capture_output=True, text=True, check=False
    )
    if run.returncode not in (0, 3):
        raise SystemExit(f"{county}: exit {run.returncode}\n{run.stderr}")
    return county


def row(name: str, s: Score) -> str:
    wanted = len(s.found) + len(s.codes) + len(s.missed)
    return f"| {name} | {len(s.found)} of {wanted} | {len(s.codes)} | {s.mean_iou:.2f} | {len(s.wrong)} | {len(s.lookalikes)} | {len(s.false)} |"


def summary(month: str, scores: Sequence[Score]) -> str:
    """One line over all counties of a month."""
    found = sum(len(s.found) for s in scores)
    wanted = found + sum(len(s.codes) + len(s.missed) for s in scores)
    iou = np.mean([iou for s in scores for iou in s.found.values()])
    other = sum(len(s.codes) for s in scores)
    false = [sum(len(getattr(s, kind)) for s in scores) for kind in ("wrong", "lookalikes", "false")]
    return (
        f"{month}: {found} of {wanted} violations ({found / wanted:.0%}) under the right code, {other} more under another; mean IoU {iou:.2f}; "
        f"flagged wrongly in {len(scores)} counties of 16 km²: {false[0]} lawful or restored, {false[1]} look-alikes, {false[2]} other."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--months", nargs="+", default=["2024-06", "2024-09", "2024-11"])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    lines = [
        "| county, month | found | other code | mean IoU | lawful flagged | look-alikes flagged | other false |",
        "|---|---|---|---|---|---|---|",
    ]
    by_month: dict[str, list[Score]] = {month: [] for month in options.months}
    for simulator in SIMULATORS:
        for seed in simulator.seeds:
            county = prepare(simulator, seed, options.work, max(options.months), options.again)
            for month in options.months:
                by_month[month].append(score(county, month))
                lines.append(row(f"{simulator.name} {seed}, {month}", by_month[month][-1]))
                print(lines[-1], flush=True)
    said = [summary(month, scores) for month, scores in by_month.items()]
    print("\n".join(said))
    if options.write:
        text = options.write.read_text("utf-8")
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        options.write.write_text(
            head + BEGIN + "\n" + "\n".join(lines) + "\n\n" + "\n".join(f"- {line}" for line in said) + "\n" + END + tail, "utf-8"
        )


if __name__ == "__main__":
    main()
