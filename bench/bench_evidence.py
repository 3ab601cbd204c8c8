"""What do a month's evidence pictures cost beside decoding what they show?

    python bench/bench_evidence.py [--cases 500] [--side 2048] [--a-year 60] [--threads 2] [--repeat 3]

Cases of 25 to 120 m radius strewn over a made archive of 15 months (tiled, deflated GeoTIFFs, as bench_speed.py makes them), with the layers
of a county that is full of them: seconds of making all pictures, and of decoding once, and doing nothing with, the tiles that they are made
from: both bands and the classification of the time series in all scenes, and all bands of the scenes pictured. Rounds take turns and
medians are printed, with processor seconds beside them, which say more on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import rasterio
from bench_speed import BANDS, MEMORY_MB, NORTH, WEST, World, fresh_sha256, timed, write_scene
from odc.geo.geobox import GeoBox
from rasterio.transform import Affine
from shapely.geometry import Point, box

from pipeline import store, year
from pipeline.detect.state import Baseline, arrays
from pipeline.findings.finding import Code, Finding
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet, LegacyPatch, Right, Zone, ZoneKind
from pipeline.ledger.records import CaseRecord, Review
from pipeline.patches.outline import geometry_of
from pipeline.patches.patch import Cause, Patch, Status
from pipeline.publish import evidence
from pipeline.publish.evidence import Photographer
from pipeline.publish.features import Judged
from pipeline.publish.wgs84 import Projector
from pipeline.sources import FolderSource
from pipeline.sources.scene import Scene

MONTH, LAST = "2024-09", date(2024, 9, 30)
DUG = date(2024, 5, 12)
SERIES = ("B04", "B08", "SCL")


def make_archive(folder: Path, side: int, a_year: int, threads: int) -> None:
    """Scenes of 15 months; left as they are where they are there already."""
    asked, note = {"side": side, "a_year": a_year}, folder / "made.json"
    if note.exists() and json.loads(note.read_text()) == asked:
        return
    shutil.rmtree(folder, ignore_errors=True)
    first = year.series_start(MONTH)
    count = round(a_year * 15 / 12)
    days = [first + timedelta(days=round((k + 0.5) * (LAST - first).days / count)) for k in range(count)]
    world = World(side)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda pair: write_scene(folder / "scenes", world, *pair), enumerate(days)))
    note.write_text(json.dumps(asked))


def make_state(setting: year.Setting) -> None:
    """A baseline that says something, in every block."""
    for block in setting.grid.blocks():
        base = Baseline.empty(len(BANDS), block.height, block.width)
        base.mean[:, 0], base.mean[:, 1], base.scale[:], base.looks[:], base.fitted[:] = 1800, -300, 130, 60, 24
        store.write(setting.state / MONTH[:4] / f"{block.name}.base", arrays(base), "bench")


def case(number: int, rng: np.random.Generator, grid: Grid, projector: Projector) -> Judged:
    """A pit somewhere in the county."""
    side = grid.shape[0] * 10
    x, y = WEST + rng.uniform(200, side - 200), NORTH - rng.uniform(200, side - 200)
    rows, cols = np.nonzero(grid.mask(Point(x, y).buffer(rng.uniform(25, 120))))
    ground = geometry_of(rows, cols, grid)
    cells = np.stack([rows, cols], axis=1).astype(np.int32)
    name = f"620422-2024-{number:06d}"
    patch = Patch(
        cells=cells, first_day=np.full(len(cells), DUG.toordinal() - 719163, np.int32), geometry=ground, status=Status.CONFIRMED, first_seen=DUG,
        last_seen=LAST, before_date=DUG - timedelta(days=5), after_date=LAST, looks_before=60, looks_after=12, confidence=0.98,
        mining_likelihood=0.9, cause=Cause.MINING, clay_like=True, before_monitoring=False, features={},
    )  # fmt: skip
    finding = Finding(
        patch=number, part="open", code=Code.UNLICENSED, geometry=ground, first_seen=DUG, last_seen=LAST, status="confirmed", confidence=0.98,
        mining_likelihood=0.9, cause="mining", before_date=patch.before_date, distance_to_right_m=120.0, town="河畔镇",
    )  # fmt: skip
    record = CaseRecord(
        case_id=name, patch_id=name, first_month=MONTH, new_this_month=True, area_m2=ground.area, growth_m2=ground.area, previous_area_m2=None,
        version=1, review=Review.PENDING, review_reason=None, review_note=None, reviewer=None, reviewed_at=None, reopened=False,
    )  # fmt: skip
    return Judged(finding=finding, written=projector.write(ground), patch_id=name, case=record, patch=patch)


def layers(grid: Grid, rng: np.random.Generator) -> LayerSet:
    """Rights, legacy patches and zones, some in every picture."""
    side = grid.shape[0] * 10

    def ground(least: float, most: float) -> object:
        x, y = WEST + rng.uniform(0, side), NORTH - rng.uniform(0, side)
        return Point(x, y).buffer(rng.uniform(least, most), quad_segs=4)

    return LayerSet(
        area=box(*grid.geobox.boundingbox),
        rights=tuple(Right(id=f"C62042220{k:014d}", geometry=ground(100, 500), name=f"会宁县第{k}砖瓦用粘土矿") for k in range(300)),
        legacy=tuple(LegacyPatch(id=f"620422-LS-{k:04d}", geometry=ground(30, 150)) for k in range(300)),
        zones=tuple(
            Zone(id=f"JBNT{k:06d}", geometry=ground(50, 400), kind=ZoneKind.FARMLAND, layer="farmland", type="永久基本农田") for k in range(2000)
        ),
    )


def decode(scenes: Sequence[Scene], shown: Sequence[Scene], threads: int) -> None:
    """Every tile of the time series in all scenes, and of the other bands in those pictured, once."""

    def paths(scene: Scene) -> list[Path]:
        own = {**{band: file.path for band, file in scene.bands.items()}, "SCL": scene.scl}
        return [path for band, path in own.items() if band in SERIES or scene in shown]

    def one(path: Path) -> None:
        with rasterio.open(path) as source:
            for _, window in source.block_windows(1):
                source.read(1, window=window)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, [path for scene in scenes for path in paths(scene)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--side", type=int, default=2048, help="cells a side, a multiple of 4")
    parser.add_argument("--a-year", type=int, default=60, help="scenes a year")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench-evidence"))
    options = parser.parse_args()
    make_archive(options.folder, options.side, options.a_year, options.threads)
    scenes, _ = FolderSource(options.folder / "scenes").scenes()
    grid = Grid(GeoBox((options.side, options.side), Affine(10, 0, WEST, 0, -10, NORTH), "EPSG:32648"))
    rng, projector = np.random.default_rng(5), Projector("EPSG:32648")
    known, stages = layers(grid, rng), dict[str, float]()
    setting = year.Setting(grid, BANDS, known.area, options.folder / "state", options.threads, None, MEMORY_MB, lambda *_: None)
    make_state(setting)
    judged = [case(k + 1, rng, grid, projector) for k in range(options.cases)]
    by = Photographer("会宁县", MONTH, scenes, fresh_sha256(), known, setting)
    out, made = options.folder / "pictures", SimpleNamespace(shown=())

    def pictures() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        found, _ = evidence.make(out, judged, by)
        ids = {id for each in found.values() for id in (*each.scenes_before, *each.scenes_after)}
        made.shown = [scene for scene in scenes if scene.id in ids]

    steps: dict[str, Callable[[], object]] = {"pictures": pictures, "decoding": lambda: decode(scenes, made.shown, options.threads)}
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for turn in range(options.repeat + 1):
        for name, step in steps.items():
            seconds = timed(step)
            # The first round compiles kernels, hashes scenes and fills the disk's cache.
            if turn or not options.repeat:
                rounds[name].append(seconds)
    size = sum(file.stat().st_size for file in out.rglob("*.png")) / max(options.cases, 1) / 1e3
    print(
        f"{options.cases} pictures of {size:.0f} kB; {len(scenes)} scenes of {options.side} × {options.side} cells, {len(made.shown)} of them shown"
    )
    for name, found in rounds.items():
        wall, cpu = (statistics.median(each[k] for each in found) for k in (0, 1))
        stages[name] = wall
        print(f"{name:10} {wall:8.2f} s   {cpu:8.2f} processor seconds")
    print(f"{1000 * stages['pictures'] / options.cases:.0f} ms a picture; {stages['pictures'] / stages['decoding']:.2f} times decoding by the clock")


if __name__ == "__main__":
    main()
