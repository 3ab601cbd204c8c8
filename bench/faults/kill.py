"""Kills runs at random moments and starts them again: python bench/faults/kill.py [KILLS] [SEED]

A small made county is run once undisturbed. Then again, killed (SIGKILL, nothing can be tidied up) at moments drawn over all it does:
reading, fitting, writing state, the ledger, publishing, replaying, repairing. After each kill every folder that calls itself finished must keep
the contract; at the end all months must have the same bytes. Prints where each kill hit; exit 1 when anything differs.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "data" / "samples")]

from make import make_county  # noqa: E402
from tests.contract import shortcomings  # noqa: E402

MONTHS = [f"2024-{number:02d}" for number in range(1, 6)]
SAME = ("flagged.geojson", "patches.geojson", "coverage.geojson", "disturbance.tif")
SHARE = 1.1
"""Kills come within this share of the time that an undisturbed run takes."""
PROGRAM = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*PROGRAM, *arguments, "--log-format", "json"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(*arguments: str) -> None:
    process = start(*arguments)
    _, said = process.communicate()
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(arguments)}: exit {process.returncode}\n{said[-2000:]}")


def results(out: Path) -> dict[str, bytes]:
    return {f"{month}/{name}": (out / month / name).read_bytes() for month in MONTHS for name in SAME}


def broken(out: Path) -> list[str]:
    return [f"{folder.name}: {each}" for folder in sorted(out.glob("????-??")) if (folder / "run.json").exists() for each in shortcomings(folder)]


def prepare(folder: Path) -> Path:
    """A county whose history is thin, so that fitting does not take all the time."""
    config = Path(make_county(folder, 7, 200, months_monitored=5))
    for number, scene in enumerate(sorted((folder / "scenes").iterdir(), key=lambda each: each.name[11:19])):
        if scene.name[11:19] < "20230101" or (scene.name[11:19] < "20240101" and number % 2):
            shutil.rmtree(scene)
    config.write_text(config.read_text("utf-8") + "monitor_from: 2024-01\ncompute: {block: 128}\n", "utf-8")
    return config


def main() -> int:
    kills, seed = int((sys.argv[1:2] or ["60"])[0]), int((sys.argv[2:3] or ["1"])[0])
    chance, hits, wrong = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as place:
        config = prepare(Path(place) / "county")
        out = config.parent / "out"
        run = ("run", str(config), "--month", MONTHS[-1])
        began = time.monotonic()
        finish(*run)
        whole = time.monotonic() - began
        expected = results(out)
        jobs = {"run": run, "replay": ("run", str(config), "--month", MONTHS[0], "--replay"), "repair": ("repair", str(config))}
        done = 0
        while done < kills:
            job = chance.choices(list(jobs), [4, 1, 1])[0]
            if job == "run":
                shutil.rmtree(out)
            elif job == "repair":
                shutil.rmtree(out / "state")
            while done < kills:  # the same job, killed and started again until it is through
                process = start(*jobs[job])
                try:
                    process.wait(timeout=chance.uniform(0, SHARE * whole))
                    break
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                done += 1
                months = sum((folder / "run.json").exists() for folder in out.glob("????-??")) if out.exists() else 0
                hits[f"{job}, {months} months done{', one half made' if list(out.glob('*.partial')) else ''}"] += 1
                wrong += broken(out)
            finish(*jobs[job])
            finish(*run)
            wrong += [f"{name} differs after a killed {job}" for name, data in results(out).items() if data != expected[name]]
            print(f"{done} kills, {len(wrong)} things wrong", flush=True)
    for where, count in sorted(hits.items()):
        print(f"{count:4}  {where}")
    print("\n".join(wrong) or f"{kills} kills in {len(hits)} kinds of moment: nothing lost, the same bytes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
