"""Makes counties nobody tuned to, runs their months, measures them, and writes the tables of docs/accuracy.md.

    python bench/accuracy/table.py WORK [--months 2024-06 2024-09 2024-11] [--real SCENES] [--peers] [--write docs/accuracy.md]

WORK keeps the counties (about 250 MB each); those that are there already are not made again, and their months are run again only
with --again. Seeds 8–10 of the sample county's simulator, 18–20 and 24–26 of two others, each built by another hand. --real: the folder
of a real series of scenes, into which pits are implanted. --peers: other monitors on one made county and one real series; they
need `nrt` and `pyxccd`, which are not in the lock file.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import strewn
from delay import Delays, delays, replay
from evaluate import LAG_DAYS, Measured, measure
from observations import open_county
from real_series import fresh
from score import Score, score
from truth import digs, last_day

ROOT = Path(__file__).resolve().parents[2]
MADE, STREWN, REAL = "made, all", "made, strewn", "real pixels"
SECTIONS = ("table", "measures", "peers")
LAYOUTS = (1, 2, 3, 4, 5, 6)
REAL_LAST = "2020-12"


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
    run(county, month, again)
    return county


def run(county: Path, month: str, again: bool) -> None:
    """Do a county's months that are not done yet."""
    if again:
        shutil.rmtree(county / "out", ignore_errors=True)
    if (county / "out" / month / "run.json").exists():
        return
    minewarden = Path(sys.executable).with_name("minewarden")
    done = subprocess.run(
        [str(minewarden), "run", str(county / "config.yaml"), "--month", month, "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 3):
        raise SystemExit(f"{county}: exit {done.returncode}\n{done.stderr}")


def real_series(scenes: Path, work: Path, again: bool) -> list[Path]:
    """Real series with pits, made and run."""
    series = [work / f"real-{seed}" for seed in LAYOUTS]
    for seed, folder in zip(LAYOUTS, series, strict=True):
        fresh(scenes, folder, seed)
        run(folder, REAL_LAST, again)
    return series


def strewn_counties(counties: Mapping[str, Sequence[Path]], month: str, again: bool) -> list[Path]:
    """The first county of each simulator with small pits strewn over it, made and run."""
    out = []
    for group in counties.values():
        county = group[0].with_name(f"strewn-{group[0].name}")
        strewn.fresh(group[0], county, int(group[0].name.rpartition("-")[2]))
        run(county, month, again)
        out.append(county)
    return out


def measured(county: Path, until: str) -> tuple[Measured, Delays]:
    """All measures of a county whose months are done up to `until`."""
    found, truth = measure(county, until)
    opened = open_county(county, until)
    return found, delays(replay(opened, truth), truth, digs(truth, opened.january, last_day(until) - LAG_DAYS))


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


def write(file: Path, name: str, lines: Sequence[str]) -> None:
    """Put lines between a document's markers of that name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = file.read_text("utf-8")
    head, tail = text.split(begin)[0], text.split(end)[1]
    file.write_text(head + begin + "\n" + "\n".join(lines).rstrip() + "\n" + end + tail, "utf-8")


def score_section(counties: Mapping[str, Sequence[Path]], months: Sequence[str]) -> list[str]:
    """Violations under their code, county by county."""
    lines = [
        "| county, month | found | other code | mean IoU | lawful flagged | look-alikes flagged | other false |",
        "|---|---|---|---|---|---|---|",
    ]
    by_month: dict[str, list[Score]] = {month: [] for month in months}
    for county in (county for group in counties.values() for county in group):
        for month in months:
            by_month[month].append(score(county, month))
            lines.append(row(f"{county.name.replace('-', ' ')}, {month}", by_month[month][-1]))
    return [*lines, "", *(f"- {summary(month, scores)}" for month, scores in by_month.items())]


def all_measures(counties: Mapping[str, Sequence[Path]], until: str) -> tuple[dict[str, Measured], dict[str, Delays]]:
    """Measures of each group of counties, and of all that are made."""
    data: dict[str, Measured] = {}
    late: dict[str, Delays] = {}
    for name, group in counties.items():
        for county in group:
            found, delay = measured(county, REAL_LAST if name == REAL else until)
            for key in (name,) if name in (STREWN, REAL) else (name, MADE):
                data[key] = data[key] + found if key in data else found
                late[key] = late[key] + delay if key in late else delay
    order = [*(name for name in counties if name not in (STREWN, REAL)), MADE, *(name for name in (STREWN, REAL) if name in data)]
    return {key: data[key] for key in order}, {key: late[key] for key in order}


def peers_lines(counties: Mapping[str, Sequence[Path]], until: str) -> list[str] | None:
    """Other monitors on a made county and, where there is one, a real series; None where their packages are missing."""
    from peers import missing

    if absent := missing():
        print(f"peers are left out: {', '.join(absent)} not installed (pip install nrt==0.0.5 pyxccd)", file=sys.stderr)
        return None
    from report import peers_section
    from versus import compare

    scenes = [(counties[STREWN][0], "A made county with crop rotation and more small pits", until)]
    scenes += [(group[0], "Real pixels with pits", REAL_LAST) for name, group in counties.items() if name == REAL]
    return peers_section([compare(folder, f"{title} ({folder.name})", last, lambda line: print(line, flush=True)) for folder, title, last in scenes])


def main() -> None:
    from report import measures_section, reliability_svg

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--months", nargs="+", default=["2024-06", "2024-09", "2024-11"])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--real", type=Path, metavar="SCENES")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections to make anew")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    last = max(options.months)
    counties = {s.name: [prepare(s, seed, options.work, last, options.again) for seed in s.seeds] for s in SIMULATORS}
    counties[STREWN] = strewn_counties(counties, last, options.again)
    if options.real:
        counties[REAL] = real_series(options.real, options.work, options.again)

    def done(name: str, lines: Sequence[str]) -> None:
        print("\n".join(lines), flush=True)
        if options.write:
            write(options.write, name, lines)

    if "table" in options.only:
        made = {name: group for name, group in counties.items() if name not in (STREWN, REAL)}
        done("table", score_section(made, options.months))
    if "measures" in options.only:
        data, late = all_measures(counties, last)
        done("measures", measures_section(data, late, MADE, STREWN))
        if options.write:
            drawn = reliability_svg({name: m.ranking for name, m in data.items() if name != STREWN})
            (options.write.parent / "reliability.svg").write_text(drawn, "utf-8")
    if options.peers and "peers" in options.only and (lines := peers_lines(counties, last)) is not None:
        done("peers", lines)


if __name__ == "__main__":
    main()
