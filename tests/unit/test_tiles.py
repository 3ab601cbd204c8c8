"""Tiles decoded without GDAL, against GDAL."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline.errors import MinewardenError
from pipeline.sources import reader, tiff, tiles
from pipeline.sources.tiles import Place, Wanted
from tests.made import ORIGIN

HEIGHT, WIDTH = 70, 90
WHERE = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
LAYOUTS: list[dict[str, Any]] = [
    {},
    {"predictor": 2},
    {"interleave": "band"},
    {"dtype": "uint8", "predictor": 2},
    {"dtype": "uint8"},
    {"BIGTIFF": "YES", "blockxsize": 48},
    {"tiled": False, "blockxsize": None, "blockysize": 16},
    {"tiled": False, "blockxsize": None, "blockysize": HEIGHT, "predictor": 2, "dtype": "uint8"},
]


def values(dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(3).integers(0, 256 if dtype == "uint8" else 65536, (HEIGHT, WIDTH)).astype(dtype)


def write(path: Path, **more: Any) -> Path:
    profile = {
        "driver": "GTiff",
        "height": HEIGHT,
        "width": WIDTH,
        "count": 1,
        "dtype": "uint16",
        "nodata": 0,
        "crs": "EPSG:32648",
        "transform": WHERE,
    }
    profile |= {"tiled": True, "blockxsize": 32, "blockysize": 16, "compress": "deflate"} | more
    profile = {name: value for name, value in profile.items() if value is not None or name == "compress"}
    with rasterio.open(path, "w", **profile) as target:
        target.write(values(profile["dtype"]), 1)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tiles")
    return [write(folder / f"{k}.tif", **layout) for k, layout in enumerate(LAYOUTS)]


def decoded(path: Path, place: Place, *, brief: bool = False) -> NDArray[Any]:
    layout = tiff.tiles(path)
    assert layout is not None
    out = np.full((place.height, place.width), 7, layout.dtype)
    tiles.read(path, layout, [Wanted(place, lambda _: True, out)], brief)
    return out


def cells(top: int, left: int, height: int, width: int) -> GeoBox:
    return GeoBox((height, width), WHERE @ Affine.translation(left, top), "EPSG:32648")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, len(LAYOUTS) - 1), st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_every_window(files: list[Path], which: int, top: int, left: int, height: int, width: int, brief: bool) -> None:
    place = Place(top, left, min(height, HEIGHT - top), min(width, WIDTH - left))
    with rasterio.open(files[which]) as source:
        told = source.read(1)[top : top + place.height, left : left + place.width]
    np.testing.assert_array_equal(decoded(files[which], place, brief=brief), told)


@pytest.mark.parametrize(
    "settings",
    [{"compress": "lzw"}, {"compress": "zstd"}, {"compress": None}, {"dtype": "int16"}, {"ENDIANNESS": "BIG"}, {"nbits": 12}],
)
def test_other_files_are_left_to_gdal(tmp_path: Path, settings: dict[str, Any]) -> None:
    made = values("uint16") % 4096
    path = write(tmp_path / "B04.tif", **settings)
    with rasterio.open(path, "r+") as target:
        target.write(made.astype(target.dtypes[0]), 1)
    layout = tiff.tiles(path)
    assert layout is None or layout.dtype.name != settings.get("dtype", "uint16")
    found = reader.read_window(path, cells(5, 5, 40, 40), classes=False)
    np.testing.assert_array_equal(found, made[5:45, 5:45])


def test_windows_that_share_tiles_decode_each_once(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    decoded_tiles: list[int] = []
    tile = tiles._tile
    monkeypatch.setattr(tiles, "_tile", lambda file, layout, number, rows: decoded_tiles.append(number) or tile(file, layout, number, rows))
    boxes = [cells(*box) for box in ((0, 0, 20, 40), (10, 20, 20, 40), (-5, 30, 12, 9), (17, 1, 3, 3))]
    found = reader.read_planes(files[1], boxes, classes=False)
    assert sorted(decoded_tiles) == sorted(set(decoded_tiles))
    whole = np.pad(values(), 64)
    for box, plane in zip(boxes, found, strict=True):
        top, left = round((box.affine.f - WHERE.f) / WHERE.e) + 64, round((box.affine.c - WHERE.c) / WHERE.a) + 64
        np.testing.assert_array_equal(plane.cells(*box.shape), whole[top : top + box.shape.y, left : left + box.shape.x])


def test_nothing_is_decoded_where_nothing_is_needed(tmp_path: Path) -> None:
    """A tile under cloud may even be damaged."""
    path = write(tmp_path / "B04.tif")
    spoil(path, 0, b"\xff" * 40)
    needed = np.zeros((40, 60), bool)
    needed[20, 40] = True
    plane = reader.read_planes(path, [cells(0, 0, 40, 60)], classes=False, needed=needed)[0]
    expected = np.zeros((40, 60), np.uint16)
    expected[16:32, 32:60] = values()[16:32, 32:60]
    np.testing.assert_array_equal(plane.pixels, expected)


def spoil(path: Path, place: int, content: bytes, number: int = 0) -> None:
    """Write over a tile's bytes, counted from its begin, or from its end where `place` is negative."""
    layout = tiff.tiles(path)
    assert layout is not None
    start, size = int(layout.offset[number]), int(layout.size[number])
    raw = bytearray(path.read_bytes())
    at = start + place if place >= 0 else start + size + place
    raw[at : at + len(content)] = content
    path.write_bytes(raw)


@pytest.mark.parametrize(("place", "content"), [(0, b"\xff" * 40), (300, b"\xff" * 40), (-4, bytes(4))])
def test_a_damaged_tile_is_named(tmp_path: Path, place: int, content: bytes) -> None:
    """Its head, its pixels, its checksum."""
    path = write(tmp_path / "B04.tif")
    spoil(path, place, content)
    with pytest.raises(MinewardenError, match=r"B04\.tif is damaged"):
        reader.read_window(path, cells(0, 0, 40, 40), classes=False)


@pytest.mark.parametrize("layout", [{}, {"tiled": False, "blockxsize": None}], ids=["tiles", "strips"])
def test_every_flipped_bit_is_found(tmp_path: Path, layout: dict[str, Any]) -> None:
    """GDAL alone hands out other pixels for most of them."""
    path = write(tmp_path / "B04.tif", **layout)
    found = tiff.tiles(path)
    assert found is not None
    whole, chance, first, many = path.read_bytes(), np.random.default_rng(5), int(found.offset[0]), int(found.size[0])
    for _ in range(60):
        raw = bytearray(whole)
        raw[first + chance.integers(many)] ^= 1 << chance.integers(8)
        path.write_bytes(raw)
        with suppress(MinewardenError):  # or the flip was in the two bytes before the stream, which say nothing of its pixels
            np.testing.assert_array_equal(reader.read_window(path, cells(0, 0, 16, 32), classes=False), values()[:16, :32])


def test_damage_is_found_before_pixels_are_resampled(tmp_path: Path) -> None:
    path = write(tmp_path / "B04.tif")
    other = GeoBox((20, 20), WHERE @ Affine.translation(2.5, 2.5), "EPSG:32648")
    assert reader.read_window(path, other, classes=False).any()
    spoil(path, -4, b"\x01\x02\x03\x04", number=14)
    with pytest.raises(MinewardenError, match="MW-BAND-READ"):
        reader.read_window(path, other, classes=False)


@pytest.mark.parametrize("content", [bytes(10), bytes(32 * 16 * 2 + 1), bytes(10**7)])
def test_a_tile_that_holds_more_or_less_than_its_head_says(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "B04.tif")
    spoil(path, 0, zlib.compress(content))
    with pytest.raises(tiles.DamagedError):
        decoded(path, Place(0, 0, 8, 8))


@pytest.mark.parametrize(("offset", "size"), [(0, 0), (2**62, 500), (2**64 - 1, 500), (8, 2**40)])
def test_tables_that_lead_nowhere(tmp_path: Path, offset: int, size: int) -> None:
    path = write(tmp_path / "B04.tif")
    layout = tiff.tiles(path)
    assert layout is not None
    layout.offset[0], layout.size[0] = offset, size
    with pytest.raises((tiles.UnusualError, tiles.DamagedError)):
        tiles.read(path, layout, [Wanted(Place(0, 0, 8, 8), lambda _: True, np.empty((8, 8), np.uint16))], False)


def test_a_tile_that_was_never_written_reads_as_gdal_has_it(tmp_path: Path) -> None:
    path = tmp_path / "B04.tif"
    write(path, SPARSE_OK=True, nodata=9)
    with rasterio.open(path, "w", **{**rasterio.open(path).profile, "SPARSE_OK": True}) as target:
        target.write(values()[:16, :32], 1, window=rasterio.windows.Window(0, 0, 32, 16))
    with rasterio.open(path) as source:
        told = source.read(1)
    np.testing.assert_array_equal(reader.read_window(path, cells(0, 0, HEIGHT, WIDTH), classes=False), told)
