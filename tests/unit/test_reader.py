"""Windows of bands on the county's grid, against rasterio's own reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from pipeline.errors import MinewardenError
from pipeline.sources.reader import read_dn, read_planes, read_scl, read_window, scaling
from pipeline.sources.scene import BandFile, Scene

WEST, NORTH, SIDE = 500_000.0, 3_950_000.0, 40
CRS = "EPSG:32648"


def write(path: Path, pixels: NDArray[np.generic], step: float, *, west: float = WEST, north: float = NORTH, crs: str = CRS) -> Path:
    profile = {"driver": "GTiff", "height": pixels.shape[0], "width": pixels.shape[1], "count": 1, "dtype": pixels.dtype, "nodata": 0, "crs": crs}
    with rasterio.open(path, "w", **profile, transform=Affine(step, 0, west, 0, -step, north), tiled=True, blockxsize=16, blockysize=16) as target:
        target.write(pixels, 1)
    return path


def pixels(seed: int, side: int) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(1, 9000, (side, side)).astype(np.uint16)


def box(row: int, col: int, height: int, width: int, resolution: float = 10) -> GeoBox:
    """Cells counted from the corner of the files."""
    affine = Affine(resolution, 0, WEST + col * resolution, 0, -resolution, NORTH - row * resolution)
    return GeoBox((height, width), affine, CRS)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("bands")
    return {span: write(folder / f"{span}.tif", pixels(span, SIDE // span), 10 * span) for span in (1, 2, 4)}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([1, 2, 4]), st.integers(-9, SIDE + 5), st.integers(-9, SIDE + 5), st.integers(1, 25), st.integers(1, 25))
def test_aligned_windows(files: dict[int, Path], span: int, row: int, col: int, height: int, width: int) -> None:
    with rasterio.open(files[span]) as source:
        cells = source.read(1).repeat(span, 0).repeat(span, 1)
    around = np.zeros((SIDE + 80, SIDE + 80), np.uint16)
    around[40 : 40 + SIDE, 40 : 40 + SIDE] = cells
    found = read_window(files[span], box(row, col, height, width), classes=False)
    np.testing.assert_array_equal(found, around[40 + row : 40 + row + height, 40 + col : 40 + col + width])
    assert found.dtype == np.uint16


def test_a_file_whose_corner_lies_between_the_pixels_of_another(tmp_path: Path) -> None:
    """20 m pixels whose corner is one 10 m cell off that of the grid."""
    made = pixels(7, 20)
    path = write(tmp_path / "b.tif", made, 20, west=WEST - 10, north=NORTH + 10)
    found = read_window(path, box(0, 0, 6, 6), classes=False)
    np.testing.assert_array_equal(found, made.repeat(2, 0).repeat(2, 1)[1:7, 1:7])


def neighbour(tmp_path: Path) -> tuple[Path, float, float]:
    """A scene of the neighbouring UTM zone that brightens evenly to the south-east, and its corner."""
    x, y = Transformer.from_crs(CRS, "EPSG:32647", always_xy=True).transform(WEST, NORTH)
    y0, x0 = np.mgrid[:80, :80]
    made, west, north = (2000 + 20 * x0 + 11 * y0).astype(np.uint16), round(x - 200, -1), round(y + 200, -1)
    return write(tmp_path / "z.tif", made, 10, west=west, north=north, crs="EPSG:32647"), west, north


def test_another_zone_is_warped_once(tmp_path: Path) -> None:
    path, west, top = neighbour(tmp_path)
    found = read_window(path, box(0, 0, 30, 30), classes=False)
    centres = [(WEST + 10 * c + 5, NORTH - 10 * r - 5) for r in range(30) for c in range(30)]
    east, north = np.array([Transformer.from_crs(CRS, "EPSG:32647", always_xy=True).transform(*c) for c in centres]).T
    truth = 2000 + 20 * ((east - west) / 10 - 0.5) + 11 * ((top - north) / 10 - 0.5)
    # A fifth of a pixel: GDAL warps by straight pieces that are an eighth of a pixel off at most.
    assert np.abs(found.ravel() - truth).max() <= 0.2 * 20


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("kind", ["another zone", "another grid", "finer"])
def test_a_resampled_cell_does_not_depend_on_the_window_that_is_read(tmp_path: Path, kind: str, classes: bool) -> None:
    """Else results would change with the size of blocks."""
    if kind == "another zone":
        path, _, _ = neighbour(tmp_path)
    else:
        path = write(tmp_path / "b.tif", pixels(4, 80), 10 if kind == "another grid" else 5, west=WEST - 3.3, north=NORTH + 3.3)
    whole = read_window(path, box(-12, -9, 64, 60), classes=classes)
    assert (whole > 0).mean() > 0.3
    windows = [(-12, -9, 7, 60), (-3, 5, 11, 9), (0, 0, 16, 16), (30, 20, 22, 31), (51, 50, 1, 1)]
    for (row, col, height, width), found in zip(windows, read_planes(path, [box(*w) for w in windows], classes=classes), strict=True):
        np.testing.assert_array_equal(found.cells(height, width), whole[12 + row : 12 + row + height, 9 + col : 9 + col + width])


def test_classes_are_never_mixed(tmp_path: Path) -> None:
    path = write(tmp_path / "scl.tif", np.random.default_rng(3).choice(np.array([4, 9], np.uint8), (40, 40)), 20, west=WEST - 7, north=NORTH + 3)
    assert set(np.unique(read_window(path, box(0, 0, 30, 30), classes=True))) == {4, 9}


def test_finer_pixels_are_averaged(tmp_path: Path) -> None:
    made = pixels(5, 40)
    path = write(tmp_path / "fine.tif", made, 5)
    found = read_window(path, box(0, 0, 20, 20), classes=False)
    np.testing.assert_allclose(found, made.reshape(20, 2, 20, 2).mean(axis=(1, 3)), atol=1)


def scene(bands: dict[str, Path], scl: Path | None) -> Scene:
    files = {name: BandFile(path, 0.0001, -0.1) for name, path in bands.items()}
    return Scene(id="s", acquired=datetime(2024, 5, 1, tzinfo=UTC), bands=files, scl=scl, baseline="0510", pass_key="-")


def test_a_scene(files: dict[int, Path], tmp_path: Path) -> None:
    classes = write(tmp_path / "scl.tif", np.full((20, 20), 9, np.uint8), 20)
    found = scene({"B04": files[1], "B11": files[2]}, classes)
    dn = read_dn(found, ("B11", "B04"), box(3, 5, 8, 9))
    assert dn.shape == (2, 8, 9)
    np.testing.assert_array_equal(dn[1], pixels(1, SIDE)[3:11, 5:14])
    scl = read_scl(found, box(-2, -2, 4, 4))
    assert scl.dtype == np.uint8
    assert scl.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 9, 9], [0, 0, 9, 9]]
    gain, offset = scaling(found, ("B04",))
    assert (float(gain[0]), float(offset[0])) == pytest.approx((1, -1000))


def test_without_classes_and_without_blue_or_green_everything_is_clear(files: dict[int, Path]) -> None:
    assert set(read_scl(scene({"B04": files[1]}, None), box(0, 0, 3, 3)).ravel()) == {5}


@pytest.mark.parametrize("name", ["B02", "B03"])
def test_without_classes_clouds_are_told_by_colour(tmp_path: Path, name: str) -> None:
    """Loess, a field, cloud, thin cloud over loess, snow, no data in one band; and all of it clear where the source wants no mask."""
    short = {"B02": [0.11, 0.04, 0.60, 0.24, 0.80, 0.11], "B03": [0.16, 0.07, 0.61, 0.29, 0.80, 0.16]}[name]
    red = [0.21, 0.04, 0.62, 0.30, 0.78, -0.1]
    made = {
        band: write(tmp_path / f"{band}.tif", np.round((np.array([values]) + 0.1) * 1e4).astype(np.uint16), 10)
        for band, values in ((name, short), ("B04", red))
    }
    found = scene(made, None)
    assert read_scl(found, box(0, 0, 1, 6)).tolist() == [[5, 5, 8, 8, 8, 0]]
    assert read_scl(replace(found, masked=False), box(0, 0, 1, 6)).tolist() == [[5] * 6]


def test_a_missing_band_is_named(tmp_path: Path) -> None:
    with pytest.raises(MinewardenError, match=r"gone\.tif"):
        read_window(tmp_path / "gone.tif", box(0, 0, 2, 2), classes=False)
