"""What do a month and a first fit cost beside decoding the same scenes?

    python bench/bench_speed.py [--side 2048] [--years 3] [--a-year 36] [--month 6] [--threads 2] [--repeat 3]

On one made archive of tiled, deflated GeoTIFFs (10 m bands, 20 m bands and SCL), kept under --folder and made again only when its
size changes: seconds of decoding every pixel once and doing nothing with it, by GDAL (rasterio, tile by tile) and by the reader of this
repository (sources/tiles.py); of one month (survey and watch) on its scenes; of the first fit (year.begin: survey, baselines, first
alerts) on the window's scenes. Rounds take turns and medians are printed, with processor seconds beside them, which say more on a busy
machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from pipeline import compute, survey, year
from pipeline.blocks import BlockMonth, watch_block
from pipeline.grid import Grid
from pipeline.looking import Ground, Sighting
from pipeline.sources import FolderSource, HashCache, scene_sha256, tiff, tiles
from pipeline.sources.scene import Scene

WEST, NORTH = 499_980.0, 3_950_040.0
FINE, COARSE = ("B02", "B03", "B04", "B08"), ("B11", "B12")
BANDS = (*FINE, *COARSE)
SOIL = np.array([0.09, 0.125, 0.165, 0.23, 0.30, 0.26], np.float32)
PLANT = np.array([0.03, 0.06, 0.045, 0.34, 0.19, 0.10], np.float32)
CLOUD = np.array([0.62, 0.60, 0.60, 0.64, 0.45, 0.36], np.float32)
TILE = 512
FIRST_YEAR = 2021
MEMORY_MB = 400

Floats = NDArray[np.float32]


def smooth(rng: np.random.Generator, side: int, *cells: int) -> Floats:
    """(side, side) random field, deviation about 1: coarse grids of so many cells each, drawn out linearly."""
    out = np.zeros((side, side), np.float32)
    for n in cells:
        nodes = rng.standard_normal((n + 1, n + 1), np.float32)
        at = np.linspace(0, n, side, endpoint=False, dtype=np.float32)
        low = at.astype(int)
        part = at - low
        rows = nodes[low] + part[:, None] * (nodes[low + 1] - nodes[low])
        out += rows[:, low] + part * (rows[:, low + 1] - rows[:, low])
    return out / np.float32(len(cells) ** 0.5 * 0.67)


class World:
    """Fields with their seasons, the grain of the ground and of the sensor."""

    def __init__(self, side: int) -> None:
        rng = np.random.default_rng(1)
        self.side = side
        wobble = smooth(rng, side, 40)
        y, x = np.mgrid[:side, :side]
        self.field = (((y + 6 * wobble) // 14).astype(int) * 977 + ((x - 6 * wobble) // 23).astype(int)) % 4096
        self.peak, self.green = rng.uniform(170, 235, 4096).astype(np.float32), rng.uniform(0.05, 0.9, 4096).astype(np.float32)
        self.bright = rng.normal(1, 0.08, 4096).astype(np.float32)
        self.texture = 1 + 0.05 * smooth(rng, side, side // 4, side // 16, 8)
        self.grain = rng.standard_normal(4 * side * side, np.float32)

    def scene(self, number: int, day: date) -> dict[str, NDArray[np.generic]]:
        """Digital numbers of all bands and SCL of one pass."""
        rng = np.random.default_rng([2, number])
        turn = ((day.timetuple().tm_yday - self.peak) / 60) ** 2
        green = (self.green * np.exp(-turn) + 0.02)[self.field]
        dry = (self.bright * (1 - rng.uniform(0, 0.15)))[self.field] * self.texture
        cover = smooth(rng, self.side, 3, 9, 40) > rng.choice([3.0, 1.2, 0.3, -0.8], p=[0.4, 0.25, 0.2, 0.15])
        shade = np.roll(cover, (-14, 18), (0, 1)) & ~cover
        out: dict[str, NDArray[np.generic]] = {}
        for b, band in enumerate(BANDS):
            look = (dry * SOIL[b] * (1 - green) + PLANT[b] * green) * np.float32(rng.normal(1, 0.02)) + np.float32(rng.uniform(0, 0.01))
            look[shade] *= np.float32(0.5)
            look[cover] = CLOUD[b] * self.texture[cover]
            if band in COARSE:
                look = look.reshape(self.side // 2, 2, -1, 2).mean(axis=(1, 3))
            grains = [self.grain[k : k + look.size].reshape(look.shape) for k in rng.integers(0, self.grain.size - look.size, 2)]
            look = look * (1 + 0.01 * grains[0]) + 0.003 * grains[1]
            out[band] = np.clip(np.round((look + 0.1) * 10000), 1, 20000).astype(np.uint16)
        half = (slice(None, None, 2), slice(None, None, 2))
        scl = np.where(green[half] > 0.3, 4, 5).astype(np.uint8)
        scl[rng.random(scl.shape, np.float32) < 0.012] = 7
        scl[shade[half]] = 3
        scl[cover[half]] = rng.choice([8, 9])
        out["SCL"] = scl
        return out


def write_scene(folder: Path, world: World, number: int, day: date) -> None:
    path = folder / f"S2A_MSIL2A_{day:%Y%m%d}T034001_N0510_R061_T48SWE_{day:%Y%m%d}T071234"
    path.mkdir(parents=True)
    for name, array in world.scene(number, day).items():
        step = 10 if name in FINE else 20
        profile = {
            "driver": "GTiff", "width": array.shape[1], "height": array.shape[0], "count": 1, "dtype": array.dtype, "crs": "EPSG:32648",
            "transform": Affine(step, 0, WEST, 0, -step, NORTH), "nodata": 0, "tiled": True, "blockxsize": TILE, "blockysize": TILE,
            "compress": "deflate", "predictor": 2, "zlevel": 6,
        }  # fmt: skip
        with rasterio.open(path / f"T48SWE_{day:%Y%m%d}T034001_{name}_{step}m.tif", "w", **profile) as target:
            target.write(array, 1)


def make_archive(folder: Path, side: int, years: int, a_year: int, month: int, threads: int, months: int = 1) -> None:
    """Scenes of the window's years and of the month(s) after it; left as they are where they are there already."""
    asked = {"version": 2, "months": months, "side": side, "years": years, "a_year": a_year, "month": month}
    note = folder / "made.json"
    if note.exists() and json.loads(note.read_text()) == asked:
        return
    shutil.rmtree(folder, ignore_errors=True)
    days = [date(FIRST_YEAR + k, 1, 1) + timedelta(days=round((i + 0.5) * 365 / a_year)) for k in range(years) for i in range(a_year)]
    days += [date(FIRST_YEAR + years, 1 + m, 1) + timedelta(days=round(i * 27 / month)) for m in range(months) for i in range(month)]
    world = World(side)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda pair: write_scene(folder / "scenes", world, *pair), enumerate(days)))
    note.write_text(json.dumps(asked))


def decode(scenes: Sequence[Scene], threads: int) -> None:
    """Every tile of every band once, into the same buffers."""

    def one(scene: Scene) -> None:
        for path in [*(band.path for band in scene.bands.values()), *([scene.scl] if scene.scl else [])]:
            with rasterio.open(path) as source:
                buffer = np.empty(source.block_shapes[0], source.dtypes[0])
                for _, window in source.block_windows(1):
                    source.read(1, window=window, out=buffer[: window.height, : window.width])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, scenes))


def decode_by_own_reader(scenes: Sequence[Scene], threads: int) -> None:
    """The same, by the decoder that a run uses: each row of tiles into the same buffer."""

    def one(scene: Scene) -> None:
        for path in [*(band.path for band in scene.bands.values()), *([scene.scl] if scene.scl else [])]:
            layout = tiff.tiles(path)
            assert layout, path
            (height, width), tall = layout.shape, layout.tile[0]
            buffer = np.empty((tall, width), layout.dtype)
            for top in range(0, height, tall):
                rows = min(tall, height - top)
                tiles.read(path, layout, [tiles.Wanted(tiles.Place(top, 0, rows, width), lambda _: True, buffer[:rows])], False)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, scenes))


@dataclass(frozen=True)
class Bench:
    """What is measured, on what."""

    window: list[Scene]
    month: list[Scene]
    setting: year.Setting
    this_year: int
    threads: int

    def first_fit(self) -> None:
        shutil.rmtree(self.setting.state, ignore_errors=True)
        year.begin(self.this_year, self.window, fresh_sha256(), None, self.setting)

    def one_month(self) -> list[BlockMonth]:
        """As month.py does it, from the model and the alerts of the first fit."""
        setting, base = self.setting, self.setting.state / f"{self.this_year}"
        out = setting.state / f"{self.this_year}-01"
        shutil.rmtree(out, ignore_errors=True)
        model = survey.load(year.model_file(setting.state, self.this_year), setting.bands)
        sha256 = fresh_sha256()
        good, _ = year.usable(self.month, setting, "survey", model)
        hashes = year.hashes([scene for scene, _ in good], sha256, setting.workers)
        parts = survey.survey_scenes(good, model, setting.workers)
        sightings = [Sighting(scene, part, own) for (scene, _), part, own in zip(good, parts, hashes, strict=True)]
        ground = Ground(setting.grid, setting.bands, model, setting.area)
        return compute.each_block(
            watch_block, list(setting.grid.blocks()), sightings, ground, base, base / "start", out, "bench", year.january(self.this_year),
            workers=setting.workers, scheduler=None, say=lambda _: None,
        )  # fmt: skip


def fresh_sha256() -> Callable[[Scene], str]:
    """As in a real run, every file is hashed when it is first used."""
    cache = HashCache(None)
    return lambda scene: scene_sha256(scene, cache)


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - wall, time.process_time() - cpu


def prepare(options: argparse.Namespace) -> Bench:
    side, folder = options.side, options.folder
    began = time.perf_counter()
    make_archive(folder, side, options.years, options.a_year, options.month, options.threads)
    print(f"archive: {side} × {side} cells, {options.years} × {options.a_year} + {options.month} scenes, {time.perf_counter() - began:.0f} s to make")
    scenes, refused = FolderSource(folder / "scenes").scenes()
    assert not refused, refused
    grid = Grid(GeoBox((side, side), Affine(10, 0, WEST, 0, -10, NORTH), "EPSG:32648"), options.block)
    area = box(*grid.geobox.boundingbox)
    setting = year.Setting(grid, BANDS, area, folder / "state", options.threads, None, MEMORY_MB, lambda *_: None)
    this_year = FIRST_YEAR + options.years
    january = datetime(this_year, 1, 1).date()
    return Bench([s for s in scenes if s.day < january], [s for s in scenes if s.day >= january], setting, this_year, options.threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2048, help="cells a side, a multiple of 4")
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--a-year", type=int, default=36, help="scenes a year")
    parser.add_argument("--month", type=int, default=6, help="scenes of the month")
    parser.add_argument("--block", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench"))
    bench = prepare(parser.parse_args())
    repeat, threads = parser.parse_args().repeat, bench.threads
    decode(bench.month, threads)
    bench.setting.state.mkdir(parents=True, exist_ok=True)
    steps: dict[str, Callable[[], object]] = {
        "month, GDAL": lambda: decode(bench.month, threads),
        "month, own reader": lambda: decode_by_own_reader(bench.month, threads),
        "window, GDAL": lambda: decode(bench.window, threads),
        "window, own reader": lambda: decode_by_own_reader(bench.window, threads),
        "first fit": bench.first_fit,
        "one month": bench.one_month,
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for turn in range(repeat + 1):
        for name, step in steps.items():
            seconds = timed(step)
            # The first round compiles kernels and fills the disk's cache.
            if turn:
                found[name].append(seconds)
    medians = {name: tuple(statistics.median(s[k] for s in rounds) for k in (0, 1)) for name, rounds in found.items()}
    for name, (wall, cpu) in medians.items():
        print(f"{name:22} {wall:8.2f} s   {cpu:8.2f} processor seconds")
    for name, pixels in (("one month", "month"), ("first fit", "window")):
        for reader in ("GDAL", "own reader"):
            # Of each round its own ratio: what else the machine does changes from round to round.
            pairs = list(zip(found[name], found[f"{pixels}, {reader}"], strict=True))
            wall, cpu = (statistics.median(own[k] / base[k] for own, base in pairs) for k in (0, 1))
            print(f"{name} / decoding by {reader:10}: {wall:.2f} by the clock, {cpu:.2f} by processor seconds")


if __name__ == "__main__":
    main()
