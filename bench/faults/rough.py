"""Does an office's real archive give what a clean one gives, and is what was left out said?

    python bench/faults/rough.py [--seed 7] [--size 200] [--month 2024-09] [--keep FOLDER]

Makes a county, spoils a copy of its archive (data/samples/roughen.py), runs both and compares the findings: the same codes on the same ground.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely import union_all
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).parents[2]
PLAIN = 0.7
"""Likelihood from which a false alarm is compared too."""


@dataclass(frozen=True)
class Differences:
    """Findings that only one of two archives of a county gave."""

    same: int
    missing: list[str]
    extra: list[str]


def findings(output: Path, month: str) -> list[dict[str, Any]]:
    features = json.loads((output / month / "flagged.geojson").read_text("utf-8"))["features"]
    return [feature["properties"] | {"ground": shape(feature["geometry"])} for feature in features]


def lookalikes_of(county: Path) -> BaseGeometry:
    """Ground of a made county that looks like mining and is none."""
    features = json.loads((county / "truth.geojson").read_text("utf-8"))["features"]
    return union_all([shape(f["geometry"]) for f in features if f["properties"]["kind"] == "lookalike"])


def differences(
    clean: Path, rough: Path, month: str, least_m2: float = 0, confirmed: bool = False, lookalikes: BaseGeometry | None = None
) -> Differences:
    """Two output folders compared: a finding is the same where one of its code overlaps it.

    least_m2: findings smaller than this are not looked for in the other; confirmed: provisional ones of the clean archive neither. lookalikes:
    ground (as in the files) of what is no mining; findings mostly on it that are less likely than `PLAIN` are false alarms, not findings to keep.
    """
    one, two = findings(clean, month), findings(rough, month)

    def weighty(f: dict[str, Any]) -> bool:
        unsure = f["mining_likelihood"] is not None and f["mining_likelihood"] < PLAIN
        false = lookalikes is not None and unsure and f["ground"].intersection(lookalikes).area > 0.5 * f["ground"].area
        return bool(f["area_m2"] >= least_m2 and not false)

    wanted = [f for f in one if weighty(f) and (f["status"] == "confirmed" or not confirmed)]

    def only(some: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> list[str]:
        return [
            f"{f['finding']} of {f['area_m2']:.0f} m2 since {f['first_seen']}, {f['status']}, likelihood {f['mining_likelihood']}"
            for f in some
            if not any(o["finding"] == f["finding"] and o["ground"].intersects(f["ground"]) for o in others)
        ]

    missing = only(wanted, two)
    return Differences(len(wanted) - len(missing), missing, only([f for f in two if weighty(f)], one))


def unsaid(faults: Sequence[dict[str, str]], runs: Sequence[dict[str, Any]], end: str = "99991231") -> list[str]:
    """Spoilt scenes that did not fare as they should, by all run.json. end: YYYYMMDD, the day from which scenes are no part of them."""
    told = {scene["id"]: scene for run in runs for scene in run["scenes"]}
    warned = "\n".join(text for run in runs for text in run["warnings"])
    window = {scene["id"] for run in runs for scene in run["window"]}
    wrong = []
    for fault in (each for each in faults if each["was"][11:19] < end):
        name = fault["scene"]
        used = told[name]["used"] if name in told else name in window
        reason = (told.get(name) or {}).get("reason") or ""
        fares = {
            "used": used,
            "twice": reason.startswith("The same pass"),
            "left out": reason.startswith("MW-"),
            "doubted": reason.startswith("MW-") or f"{name}: its clear ground" in warned,
        }
        if not fares[fault["outcome"]]:
            wrong.append(f"{fault['fault']}: {name} should be {fault['outcome']}, was {'used' if used else 'not used'}: {reason or 'nothing said'}")
    spoilt = {fault["scene"] for fault in faults if fault["outcome"] != "used"}
    return wrong + [f"{name} was left out though sound" for name, scene in told.items() if not scene["used"] and name not in spoilt]


def run_jsons(output: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(output.glob("????-??/run.json"))]


def _run(county: Path, month: str) -> tuple[int, float]:
    began = time.perf_counter()
    command = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
    done = subprocess.run([*command, "run", str(county / "config.yaml"), "--month", month, "--quiet"], cwd=ROOT, capture_output=True)
    return done.returncode, time.perf_counter() - began


def compare(folder: Path, seed: int, size: int, month: str) -> int:
    clean, rough = folder / "clean", folder / "rough"
    samples = ROOT / "data" / "samples"
    subprocess.run([sys.executable, samples / "make.py", clean, "--seed", str(seed), "--size", str(size)], check=True, capture_output=True)
    subprocess.run([sys.executable, samples / "roughen.py", clean, rough], check=True, capture_output=True)
    for county in (clean, rough):
        code, seconds = _run(county, month)
        print(f"{county.name}: exit {code}, {seconds:.0f} s")
    found = differences(clean / "out", rough / "out", month)
    faults = json.loads((rough / "faults.json").read_text("utf-8"))
    last = f"{month[:4]}1231" if month.endswith("-12") else f"{month[:4]}{int(month[5:]) + 1:02d}00"
    wrong = unsaid(faults, run_jsons(rough / "out"), last)
    print("faults: " + ", ".join(f"{number} {name}" for name, number in Counter(f["fault"] for f in faults).items()))
    print(
        f"seed {seed} {month}: {found.same} findings the same, {len(found.missing)} only in the clean, {len(found.extra)} only in the rough archive"
    )
    for line in [*(f"  only clean: {m}" for m in found.missing), *(f"  only rough: {m}" for m in found.extra), *(f"  not said: {w}" for w in wrong)]:
        print(line)
    return int(bool(wrong))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--month", default="2024-09")
    parser.add_argument("--keep", type=Path, help="leave both counties in this new folder")
    options = parser.parse_args()
    if options.keep:
        return compare(options.keep, options.seed, options.size, options.month)
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), options.seed, options.size, options.month)


if __name__ == "__main__":
    raise SystemExit(main())
