"""Turn a made county into one whose archive looks like an office's: every fault that real folders of scenes have.

    python roughen.py CLEAN ROUGH

Ground, layers and truth stay those of CLEAN; only the scenes are spoilt, a few of each kind, always the same ones.
`faults.json` says of every spoilt folder what was done to it and what a run should make of it:

- used: the fault costs nothing, or only the ground it hides
- twice: another delivery of a pass that is used
- left out: by name, with a reason
- doubted: left out for its scaling, or used and said to be unlike the archive's own record
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import Resampling, reproject, transform_bounds

OFFSET = 1000
"""What processing baseline 04.00 and later adds to every number."""
OTHER_ZONE = "EPSG:32647"
USED, TWICE, LEFT_OUT, DOUBTED = "used", "twice", "left out", "doubted"


@dataclass(frozen=True, slots=True)
class Raster:
    """One band's file."""

    pixels: np.ndarray
    profile: dict[str, Any]


def read(file: Path) -> Raster:
    with rasterio.open(file) as source:
        return Raster(source.read(1), dict(source.profile))


def write(file: Path, pixels: np.ndarray, profile: dict[str, Any], **settings: Any) -> None:
    """Files are links to those of the clean county: a new one takes their place."""
    file.unlink(missing_ok=True)
    height, width = pixels.shape
    with rasterio.open(file, "w", **(profile | {"height": height, "width": width, "dtype": pixels.dtype} | settings)) as target:
        target.write(pixels, 1)


def bands(folder: Path, *names: str) -> list[Path]:
    """Files of some bands, or of all."""
    wanted = "|".join(names) or "B02|B03|B04|B08|B11|B12|SCL"
    return sorted(f for f in folder.iterdir() if re.search(rf"({wanted})(_\d+m)?\.tif$", f.name))


def reflective(folder: Path) -> list[Path]:
    return bands(folder, "B02", "B03", "B04", "B08", "B11", "B12")


def hide(folder: Path, outside: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """No data where `outside` (of row and column, each 0–1 over the frame) says so."""
    for file in bands(folder):
        raster = read(file)
        rows, cols = np.mgrid[: raster.pixels.shape[0], : raster.pixels.shape[1]]
        gone = outside((rows + 0.5) / len(rows), (cols + 0.5) / len(rows))
        write(file, np.where(gone, 0, raster.pixels).astype(raster.pixels.dtype), raster.profile)


def half_swath(folder: Path) -> Path:
    hide(folder, lambda row, col: col + 0.2 * row > 0.6)
    return folder


def sliver(folder: Path) -> Path:
    hide(folder, lambda row, col: col + 0.05 * row > 0.1)
    return folder


def rename(folder: Path, pattern: str, into: str) -> Path:
    return folder.rename(folder.with_name(re.sub(pattern, into, folder.name)))


def without_offset(folder: Path) -> None:
    """Numbers as before baseline 04.00."""
    for file in reflective(folder):
        raster = read(file)
        lower = np.clip(raster.pixels.astype(np.int32) - OFFSET, 1, None)
        write(file, np.where(raster.pixels == 0, 0, lower).astype(np.uint16), raster.profile)


def without_item(folder: Path) -> None:
    (folder / "item.json").unlink(missing_ok=True)


def old_baseline(folder: Path) -> Path:
    without_item(folder)
    without_offset(folder)
    return rename(folder, r"_N\d{4}_", "_N0301_")


def baseline_not_said(folder: Path) -> Path:
    without_item(folder)
    return rename(folder, r"S2(.)_MSIL2A_(\d+T\d+)_.*", r"S2\1_T48SWE_\2")


def too_dark(folder: Path) -> Path:
    """The offset is said, but the numbers hold none."""
    without_item(folder)
    without_offset(folder)
    return folder


def too_bright(folder: Path) -> Path:
    """The numbers hold the offset, but the baseline says that they do not."""
    without_item(folder)
    return rename(folder, r"_N\d{4}_", "_N0301_")


def copy_of(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name), copy_function=os.link))


def delivered_twice(folder: Path) -> Path:
    """The older delivery beside the newer one."""
    return old_baseline(copy_of(folder, f"{folder.name[:-6]}000000"))


def newer_is_cut_off(folder: Path) -> Path:
    """A reprocessed delivery of which one file broke off: the older one still serves."""
    without_item(newer := copy_of(folder, re.sub(r"_N\d{4}_", "_N0599_", folder.name)))
    cut(bands(newer, "B08")[0])
    return newer


def cut(file: Path) -> None:
    raw = file.read_bytes()
    file.unlink()
    file.write_bytes(raw[: len(raw) * 3 // 5])


def tiled(file: Path, side: int = 64) -> None:
    """The same pixels in small tiles, their places in the file's head."""
    raster = read(file)
    write(file, raster.pixels, raster.profile, blockxsize=side, blockysize=side)


def cut_band(folder: Path) -> Path:
    cut(bands(folder, "B04")[0])
    return folder


def cut_classes(folder: Path) -> Path:
    file = bands(folder, "SCL")[0]
    tiled(file, 32)
    cut(file)
    return folder


def entry(raw: bytes, wanted: int) -> tuple[int, int]:
    """Where the values of a tag of a little-endian TIFF lie, and how many there are."""
    (start,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, start)
    for k in range(count):
        tag, _, number, place = struct.unpack_from("<HHII", raw, start + 2 + 12 * k)
        if tag == wanted:
            return place, number
    raise ValueError(f"no tag {wanted}")


def killed_writer(folder: Path) -> Path:
    """A program that was killed before it had written all of a band: the later tiles have no place and read as zeros."""
    file = bands(folder, "B03")[0]
    tiled(file)
    raw = bytearray(file.read_bytes())
    for tag in (324, 325):  # TileOffsets, TileByteCounts
        place, number = entry(raw, tag)
        half = number // 2
        raw[place + 4 * half : place + 4 * number] = bytes(4 * (number - half))
    file.write_bytes(raw)
    return folder


def bad_sector(folder: Path) -> Path:
    """A few bytes of one strip are wrong, a third of the way down: between the windows that a survey of a larger county looks at."""
    file = bands(folder, "B08")[0]
    raster = read(file)
    profile = {k: v for k, v in raster.profile.items() if not k.startswith("block")}
    write(file, raster.pixels, profile, tiled=False, blockysize=4)
    raw = bytearray(file.read_bytes())
    place, number = entry(raw, 273)  # StripOffsets
    (strip,) = struct.unpack_from("<I", raw, place + 4 * (number // 3))
    for k in range(20, 60):
        raw[strip + k] ^= 0x5A
    file.write_bytes(raw)
    return folder


def no_swir(folder: Path) -> Path:
    without_item(folder)
    bands(folder, "B12")[0].unlink()
    return folder


def no_classes(folder: Path) -> Path:
    without_item(folder)
    bands(folder, "SCL")[0].unlink()
    return folder


def warped(file: Path, crs: str, transform: Affine, shape: tuple[int, int]) -> None:
    raster = read(file)
    out = np.zeros(shape, raster.pixels.dtype)
    method = Resampling.nearest if "SCL" in file.name else Resampling.cubic
    reproject(
        raster.pixels, out, src_transform=raster.profile["transform"], src_crs=raster.profile["crs"], dst_transform=transform, dst_crs=crs,
        src_nodata=0, dst_nodata=0, resampling=method,
    )  # fmt: skip
    write(file, out, raster.profile, crs=crs, transform=transform)


def other_zone(folder: Path) -> Path:
    """As the neighbouring UTM zone delivers it."""
    for file in bands(folder):
        profile = read(file).profile
        step, old = profile["transform"].a, profile["transform"]
        west, south, east, north = transform_bounds(
            profile["crs"], OTHER_ZONE, old.c, old.f - step * profile["height"], old.c + step * profile["width"], old.f
        )
        left, top = west // 20 * 20, north // 20 * 20 + 20
        shape = int((top - south) // step) + 1, int((east - left) // step) + 1
        warped(file, OTHER_ZONE, Affine(step, 0, left, 0, -step, top), shape)
    without_item(folder)
    return rename(folder, "T48SWE", "T47SRV")


def other_grid(folder: Path) -> Path:
    """Resampled by somebody onto a grid of his own, a third of a cell off."""
    for file in bands(folder):
        profile = read(file).profile
        t = profile["transform"]
        warped(file, str(profile["crs"]), Affine(t.a, 0, t.c + 3.4, 0, t.e, t.f - 3.4), (profile["height"], profile["width"]))
    return folder


def finer(folder: Path) -> Path:
    """Bands at 5 m."""
    for file in bands(folder, "B02", "B03", "B04", "B08"):
        raster = read(file)
        write(file, raster.pixels.repeat(2, 0).repeat(2, 1), raster.profile, transform=raster.profile["transform"] @ Affine.scale(0.5))
    return folder


def named_by_hand(folder: Path) -> Path:
    without_item(folder)
    for file in bands(folder):
        file.rename(file.with_name(file.name.replace(".tif", ".TIF")))
    return folder.rename(folder.with_name(f"会宁县 {re.sub(r'.*MSIL2A_([0-9]{8}).*', chr(92) + '1', folder.name)} 夏季 (原始)"))


def foreign_files(folder: Path) -> Path:
    band = bands(folder, "B04")[0]
    for name in ("Thumbs.db", "desktop.ini", "quicklook.jpg", "说明.pdf", "._B04.tif", f"{band.name}.aux.xml", f"{band.name}.ovr"):
        (folder / name).write_bytes(b"not a band")
    (folder / "预览").mkdir()
    return folder


def two_dates(folder: Path) -> Path:
    without_item(folder)
    return folder.rename(folder.with_name(re.sub(r".*MSIL2A_(\d{8}).*", r"huining_\1_made_20250102", folder.name)))


def download_failed(folder: Path) -> Path:
    for file in folder.iterdir():
        file.unlink()
    return folder


def in_future(folder: Path) -> Path:
    return rename(folder, r"_(\d{4})(\d{4}T\d{6})_N", r"_2034\2_N")


Fault = Callable[[Path], Path]
FAULTS: tuple[tuple[Fault, str, int], ...] = (
    (half_swath, USED, 6),
    (sliver, USED, 4),
    (old_baseline, USED, 12),
    (baseline_not_said, USED, 6),
    (other_zone, USED, 6),
    (other_grid, USED, 4),
    (finer, USED, 2),
    (named_by_hand, USED, 2),
    (foreign_files, USED, 2),
    (delivered_twice, TWICE, 4),
    (newer_is_cut_off, LEFT_OUT, 2),
    (too_dark, DOUBTED, 2),
    (too_bright, DOUBTED, 3),
    (cut_band, LEFT_OUT, 2),
    (cut_classes, LEFT_OUT, 2),
    (killed_writer, LEFT_OUT, 2),
    (bad_sector, LEFT_OUT, 2),
    (no_swir, LEFT_OUT, 2),
    (no_classes, LEFT_OUT, 2),
    (two_dates, LEFT_OUT, 1),
    (download_failed, LEFT_OUT, 1),
    (in_future, LEFT_OUT, 1),
)
"""What is done, what a run should make of it, and to how many of 200 scenes."""
CLEAR = 0.6
"""Scaling is not judged, and damage is not met, where nothing is seen."""


def clear_share(folder: Path) -> float:
    return float(np.isin(read(bands(folder, "SCL")[0]).pixels, (4, 5, 6, 7)).mean())


def choose(scenes: Sequence[Path], seed: int) -> Iterator[tuple[Fault, str, Path]]:
    """Which scene gets which fault; no scene gets two."""
    rng = np.random.default_rng(seed)
    clear = [scenes[k] for k in rng.permutation(len(scenes)) if clear_share(scenes[k]) > CLEAR]
    for fault, outcome, of_200 in FAULTS:
        for _ in range(max(of_200 * len(scenes) // 200, 1)):
            yield fault, outcome, clear.pop()


def roughen(clean: Path, rough: Path, seed: int = 1) -> list[dict[str, str]]:
    """Make the rough county beside the clean one; what `faults.json` says."""
    rough.mkdir(parents=True)
    shutil.copytree(clean / "scenes", rough / "scenes", copy_function=os.link)
    shutil.copytree(clean / "layers", rough / "layers")
    for file in (f for f in clean.iterdir() if f.is_file()):
        shutil.copy(file, rough)
    said = []
    for fault, outcome, folder in list(choose(sorted((rough / "scenes").iterdir()), seed)):
        named = folder.name
        said.append({"scene": fault(folder).name, "was": named, "fault": fault.__name__, "outcome": outcome})
    (rough / "faults.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description="Make a rough archive of a made county (see the head of this file).")
    parser.add_argument("clean", type=Path)
    parser.add_argument("rough", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="which scenes are spoilt")
    options = parser.parse_args()
    if options.rough.exists():
        print(f"roughen.py: {options.rough} is there already: choose another folder", file=sys.stderr)
        return 2
    for each in roughen(options.clean, options.rough, options.seed):
        print(f"{each['fault']:18} {each['outcome']:9} {each['scene']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
