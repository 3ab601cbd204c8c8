"""How well is a flight placed, and how true are its volumes and their intervals?

    python bench/bench_drone.py [--cases 200] [--large 20000] [--real FOLDER] [--only volume,coverage,kinds,registration,rim,large,real]

On made terrain with known truth: volumes after a misplacement of 2 m, 0.3 m and 0.5°; how often the stated 95 % interval covers the truth over
cases of mixed size, noise and correlation; outlines; the shift found between a picture and satellite looks at it; a pit measured below its
rim. A large RGBA orthophoto taken in, beside copying it into a COG: time and memory. The real pieces in FOLDER are taken in or refused. Where
the package xdem can be imported, its Nuth and Kääb co-registration is given the same surfaces.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from terrain import Errors, Made, hills, make
from worked import CELL_M as WORKED_CELL_M
from worked import WORKS, worked

from pipeline.drone import rim
from pipeline.drone.align import align, corrected
from pipeline.drone.arrays import coarser, sampled
from pipeline.drone.measure import pieces_of
from pipeline.drone.register import Look, Picture, place
from pipeline.drone.volume import Change, change_between

PARTS = ("volume", "coverage", "kinds", "registration", "rim", "large", "real")
PIXEL_M = 10.0


def measured(made: Made, cell: float) -> tuple[Change, tuple[float, float, float, float]]:
    """The change, and where the new surface was found to lie: east, north, up (m), turn (degrees)."""
    fit = align(made.new, made.before, cell)
    change = change_between(corrected(made.new, fit, cell), made.before, cell, tilted=fit.tilt_east != 0)
    return change, (fit.east, fit.north, fit.up, float(np.degrees(fit.turn)))


def overlap(change: Change, made: Made) -> float:
    """Intersection over union of the outlines of what was dug."""
    found = np.any([region.outline for region in change.regions if region.is_cut], axis=0)
    return float((found & made.dug).sum() / (found | made.dug).sum())


def volume() -> None:
    for cell in (0.10, 0.15, 0.20, 0.25):
        wrong, ious, shifts = [], [], []
        for seed in range(8):
            errors = Errors(east=2 * np.cos(seed), north=2 * np.sin(seed), up=0.3, turn_degrees=0.5)
            made = make(seed, cell, 120 if cell < 0.15 else 160, 24 + seed, 4.0 + 0.3 * seed, errors)
            change, (east, north, up, _) = measured(made, cell)
            wrong.append(abs(change.cut_total.m3 / made.cut_m3 - 1) * 100)
            ious.append(overlap(change, made))
            shifts.append((abs(east - errors.east), abs(north - errors.north), abs(up - errors.up)))
        off = np.max(shifts, axis=0)
        print(
            f"volume, cell {cell:.2f} m: off by {np.median(wrong):.2f} % (median), {max(wrong):.2f} % (worst of 8); "
            f"outline IoU {min(ious):.3f} at least; shift off by {off[0]:.3f} m east, {off[1]:.3f} m north, {off[2]:.3f} m up at most"
        )
    _against_xdem()


def _against_xdem() -> None:
    try:
        import geoutils
        import xdem
    except ImportError:
        print("xdem is not installed: not compared")
        return
    ours, theirs = [], []
    for seed in range(6):
        errors = Errors(east=2 * np.cos(seed), north=2 * np.sin(seed), up=0.3)
        made = make(seed, 0.5, 200, 30, 5.0, errors)
        _, (east, north, up, _) = measured(made, 0.5)
        ours.append((east - errors.east, north - errors.north, up - errors.up))
        grid = {"transform": Affine(0.5, 0, 500_000, 0, -0.5, 3_950_000), "crs": rasterio.crs.CRS.from_epsg(32648), "nodata": -9999}
        new, before = (xdem.DEM.from_array(np.nan_to_num(each, nan=-9999), **grid) for each in (made.new, made.before))
        stable = geoutils.Raster.from_array(~made.dug, **{**grid, "nodata": None})
        found = xdem.coreg.NuthKaab().fit(before, new, inlier_mask=stable, random_state=1).meta["outputs"]["affine"]
        theirs.append((-found["shift_x"] - errors.east, -found["shift_y"] - errors.north, -found["shift_z"] - errors.up))
    for name, off in (("ours, which is not told what was dug", ours), ("xdem's Nuth and Kääb, told", theirs)):
        east, north, up = np.sqrt(np.mean(np.square(off), axis=0))
        print(f"shift, cell 0.5 m, RMS of 6: {east:.3f} m east, {north:.3f} m north, {up:.3f} m up ({name})")


def coverage(cases: int) -> None:
    inside, ratio, ious, wide = 0, [], [], []
    for seed in range(1000, 1000 + cases):
        rng = np.random.default_rng(seed)
        errors = Errors(
            east=rng.uniform(-2, 2), north=rng.uniform(-2, 2), up=rng.uniform(-0.3, 0.3), turn_degrees=rng.uniform(-0.5, 0.5),
            tilt=float(rng.choice([0.0, rng.uniform(-0.008, 0.008)])), white_m=rng.uniform(0.02, 0.08),
            slow_m=float(rng.choice([0.0, rng.uniform(0.01, 0.06)])), length_m=rng.uniform(4, 35),
        )  # fmt: skip
        cell = float(rng.choice([0.2, 0.25, 0.3]))
        made = make(seed, cell, rng.uniform(140, 190), rng.uniform(22, 38), rng.uniform(2.5, 8), errors)
        change, _ = measured(made, cell)
        total = change.cut_total
        inside += total.low <= made.cut_m3 <= total.high
        ratio.append((total.m3 - made.cut_m3) / ((total.high - total.low) / 3.92))
        wide.append((total.high - total.low) / 2 / made.cut_m3 * 100)
        ious.append(overlap(change, made))
    print(
        f"coverage: the 95 % interval holds the truth in {inside / cases:.1%} of {cases} cases; error over stated spread: "
        f"mean {np.mean(ratio):+.2f}, standard deviation {np.std(ratio):.2f}; half an interval is {np.median(wide):.2f} % of the volume (median); "
        f"outline IoU {np.median(ious):.3f} (median), {min(ious):.3f} (least), at least 0.95 in {np.mean(np.array(ious) >= 0.95):.1%}"
    )


def kinds(cases: int = 20) -> None:
    """What changed ground is called, by what was done there: share of the changed area of at least 100 m²."""
    for work in WORKS:
        said: Counter[str] = Counter()
        for seed in range(cases):
            new, before = worked(work, seed)
            change = change_between(new, before, WORKED_CELL_M, tilted=False)
            box = GeoBox(new.shape, Affine(WORKED_CELL_M, 0, 0, 0, -WORKED_CELL_M, 0), "EPSG:32648")
            for piece in pieces_of(change, box, new, before):
                if piece.area_m2 >= 100:
                    said[piece.kind] += piece.area_m2
        total = sum(said.values())
        print(f"kinds, {work}: " + ", ".join(f"{kind} {area / total:.0%}" for kind, area in said.most_common()))


def seen_from_space(ground: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Metre cells as the satellite's 10 m pixels: blurred by its optics, averaged, noisy."""
    rows, cols = (np.fft.fftfreq(side) for side in ground.shape)
    blur = np.exp(-2 * (np.pi * 4.0) ** 2 * (rows[:, None] ** 2 + cols[None, :] ** 2))
    soft = np.fft.ifft2(np.fft.fft2(ground) * blur).real
    return coarser(soft.astype(np.float32), 10).astype(np.float64) + 0.006 * rng.standard_normal((ground.shape[0] // 10, ground.shape[1] // 10))


def registration() -> None:
    from datetime import date

    off, weak = [], 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        side = int(rng.choice([320, 420, 520]))
        y, x = np.mgrid[:side, :side].astype(float)
        seeds, tones = rng.uniform(0, side, (40, 2)), rng.uniform(0.05, 0.25, 40)
        fields = tones[np.argmin((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2, axis=-1)]
        ground = fields + hills((side, side), 1.0, rng, 0.03, 1.3)
        down, right = rng.uniform(-15, 15, 2) * np.sqrt(0.5)
        flown = sampled(ground.astype(np.float32), y - down, x - right).astype(np.float64) + 0.02 * rng.standard_normal(ground.shape)
        for edge in (slice(0, 40), slice(side - 40, side)):
            flown[edge], flown[:, edge] = np.nan, np.nan
        looks = [
            Look(str(k), date(2024, 6, 1), seen_from_space(ground * rng.uniform(0.85, 1.15) + hills((side, side), 1.0, rng, 0.015, 1.5), rng))
            for k in range(4)
        ]
        found = place(Picture(flown, 10), looks, PIXEL_M)
        weak += found.weak is not None
        if found.weak is None:
            off.append(np.hypot(found.east - right, found.north + down) / PIXEL_M)
    print(
        f"registration, shifts up to 15 m: off by {np.median(off):.3f} pixel (median), {np.percentile(off, 95):.3f} (95 %), {max(off):.3f} (worst); "
        f"{weak} of 60 called weak"
    )


def below_rim(cases: int = 30) -> None:
    inside, sure, wrong = 0, 0, []
    for seed in range(cases):
        made = make(seed, 0.4, 240, 18 + seed % 8, 6.0, Errors(slow_m=0.01))
        ground, cell = coarser(made.new, 3), 1.2
        middle = np.hypot(*(np.indices(ground.shape) - ground.shape[0] / 2)) * cell < 45
        dug = (coarser(made.dug.astype(np.float32), 3) > 0.5) & middle
        found = rim.pit_near(ground, dug, cell)
        amount = rim.amount_of(ground, found, cell) if found else None
        if amount is None:
            continue
        inside += amount.low <= made.cut_m3 <= amount.high
        sure += amount.says
        wrong.append(abs(amount.m3 / made.cut_m3 - 1) * 100)
    print(
        f"below the rim, rough hills: off by {np.median(wrong):.0f} % (median of {len(wrong)}); interval holds the truth in {inside}; "
        f"{sure} of {cases} narrow enough to be told"
    )


def county(folder: Path, crs: str, ring: list[list[float]]) -> Path:
    """A county without scenes around some ground."""
    (folder / "scenes").mkdir(parents=True)
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (folder / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), "utf-8")
    config = folder / "config.yaml"
    config.write_text(
        f'county: {{name: bench, code: "620422"}}\narea: area.geojson\ngrid: {{crs: {crs}, resolution: 10}}\n'
        "sources:\n  - {kind: folder, path: scenes}\noutput: out\n", "utf-8",
    )  # fmt: skip
    return config


def around(file: Path, degrees: float = 0.02) -> list[list[float]]:
    with rasterio.open(file) as raster:
        west, south, east, north = rasterio.warp.transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    west, south, east, north = west - degrees, south - degrees, east + degrees, north + degrees
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def large(side: int) -> None:
    with tempfile.TemporaryDirectory() as place_:
        folder = Path(place_)
        file, rng = folder / "large.tif", np.random.default_rng(1)
        tile = (128 + 40 * hills((1024, 1024), 1.0, rng, 1.0, 1.2) + 6 * rng.standard_normal((1024, 1024))).clip(1, 255).astype(np.uint8)
        profile = {"driver": "GTiff", "width": side, "height": side, "count": 4, "dtype": "uint8", "crs": "EPSG:32648", "tiled": True,
                   "blockxsize": 512, "blockysize": 512, "compress": "deflate", "photometric": "RGB", "alpha": "yes", "bigtiff": "if_safer",
                   "transform": Affine(0.05, 0, 500_000, 0, -0.05, 3_950_000)}  # fmt: skip
        with rasterio.open(file, "w", **profile) as target:
            for top in range(0, side, 1024):
                for left in range(0, side, 1024):
                    height, width = min(1024, side - top), min(1024, side - left)
                    part = np.stack([np.roll(tile, (top // 64 + 7 * k, left // 64), (0, 1)) for k in range(3)] + [np.full_like(tile, 255)])
                    target.write(part[:, :height, :width], window=((top, top + height), (left, left + width)))
        config = county(folder / "county", "EPSG:32648", around(file))
        began = time.perf_counter()
        with rasterio.Env(GDAL_CACHEMAX=256, GDAL_NUM_THREADS="2"):
            options = {"COMPRESS": "DEFLATE", "LEVEL": 6, "PREDICTOR": "YES", "BLOCKSIZE": 512, "OVERVIEW_RESAMPLING": "AVERAGE", "NUM_THREADS": "2"}
            rasterio.shutil.copy(file, folder / "copy.tif", driver="COG", BIGTIFF="IF_SAFER", **options)
        copied = time.perf_counter() - began
        began = time.perf_counter()
        program = Path(sys.executable).with_name("minewarden")
        done = subprocess.run([program, "drone", "ingest", config, file, "--captured", "2024-06-01", "--quiet"], capture_output=True, text=True)
        taken = time.perf_counter() - began
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"large: {side} × {side} RGBA, {file.stat().st_size / 1e6:.0f} MB: copied into a COG in {copied:.0f} s, ingested in {taken:.0f} s "
            f"({taken / copied:.2f} ×), at most {most:.0f} MB of memory, exit {done.returncode} {done.stderr.strip()[:200]}"
        )


REAL = (
    ("webodm_orthophoto/orthophoto.tif", "EPSG:32615", ()),
    ("webodm_orthophoto/tiny_drone_image_multispec.tif", "EPSG:32615", ()),
    ("drone_d2spy_dsm/dsm.tif", "EPSG:32616", ()),
    ("webodm_orthophoto/orthophoto.tif", "EPSG:32615", ("--dsm", "codem_dem_pair/dem.tif")),
    ("webodm_orthophoto/orthophoto.tif", "EPSG:32615", ("--gcp", "webodm_orthophoto/gcp_malformed.txt")),
    ("webodm_orthophoto/orthophoto.tif", "EPSG:32615", ("--gcp", "drone_helenenschacht_gcp/gcp_list.txt")),
)


def real(folder: Path) -> None:
    """Real pieces: each ingested, or refused with its reason. A survey of the pair is moved and found again."""
    program = Path(sys.executable).with_name("minewarden")
    for name, crs, more in REAL:
        with tempfile.TemporaryDirectory() as place_:
            config = county(Path(place_) / "county", crs, around(folder / "webodm_orthophoto" / "orthophoto.tif"))
            options = [str(folder / each) if not each.startswith("--") else each for each in more]
            done = subprocess.run(
                [program, "drone", "ingest", config, folder / name, "--captured", "2024-06-01", *options], capture_output=True, text=True
            )
            said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
            print(f"real, {name} {' '.join(more)}: exit {done.returncode}: {said[0 if done.returncode == 0 else -1].replace(str(folder), '')[:220]}")
    _real_pair(folder / "codem_dem_pair")


def _real_pair(folder: Path) -> None:
    """A real survey in metre cells, moved by a known shift, with noise."""
    with rasterio.open(folder / "AOI-DigitalSurfaceModel.tif") as raster:
        before = raster.read(1, masked=True).filled(np.nan).astype(np.float32)
    rows, cols = np.indices(before.shape).astype(float)
    new = sampled(before, rows - 1.7, cols - 2.3) + 0.4 + 0.05 * np.random.default_rng(0).standard_normal(before.shape).astype(np.float32)
    fit = align(new, before, 1.0)
    print(
        f"real, codem_dem_pair's survey moved by +2.30 -1.70 +0.40 m: found {fit.east:+.2f} {fit.north:+.2f} {fit.up:+.2f} m, "
        f"spread {fit.spread:.2f} m, {fit.weak or 'sure'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--large", type=int, default=20_000)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--only", default=",".join(PARTS))
    given = parser.parse_args()
    for part in given.only.split(","):
        if part == "coverage":
            coverage(given.cases)
        elif part == "large":
            large(given.large)
        elif part == "real":
            if given.real:
                real(given.real)
        else:
            {"volume": volume, "registration": registration, "rim": below_rim, "kinds": kinds}[part]()


if __name__ == "__main__":
    main()
