"""Slope and aspect: what they are of known ground, which surroundings they leave, and a model of heights that can't be used."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from pipeline import heights
from pipeline.config import Config
from pipeline.errors import MinewardenError
from pipeline.restoration.bareness import Window
from pipeline.restoration.terrain import on_like_ground, slopes
from tests.county import GRID, SIDE, SOUTH, WEST

CRS = "EPSG:32648"
AREA = box(WEST, SOUTH, WEST + SIDE * 10, SOUTH + SIDE * 10)
ROWS, COLS = np.mgrid[:SIDE, :SIDE].astype(np.float32)


def ridge() -> np.ndarray[Any, Any]:
    """Heights: a ridge from west to east in the middle; 17 degrees on either side, facing north and south."""
    return 2000 - 0.3 * np.abs(ROWS - SIDE / 2) * 10


class Known:
    sha256 = ""

    def __init__(self, plane: np.ndarray[Any, Any]) -> None:
        self.plane = plane

    def slopes(self, _: GeoBox) -> Any:
        return slopes(self.plane, 10)


def window(rows: slice, cols: slice) -> Window:
    inside = np.zeros((SIDE, SIDE), bool)
    inside[rows, cols] = True
    return Window(GRID.geobox, inside, ~inside)


def test_slopes_of_a_tilted_plane() -> None:
    east, north = slopes((1000 + 0.2 * 10 * COLS - 0.1 * 10 * (SIDE - ROWS)).astype(np.float32), 10)
    assert east[10:-10, 10:-10] == pytest.approx(0.2, abs=1e-4)
    assert north[10:-10, 10:-10] == pytest.approx(-0.1, abs=1e-4)
    hole = ridge()
    hole[20, 20] = np.nan
    assert np.isnan(slopes(hole, 10)[:, 18:23, 18:23]).all()
    assert np.isfinite(slopes(hole, 10)[:, 30:, 30:]).all()


def test_a_site_is_compared_with_its_own_side_of_the_ridge() -> None:
    found = on_like_ground(window(slice(70, 80), slice(40, 50)), Known(ridge()))
    assert found.terrain is not None
    assert (found.terrain.slope, found.terrain.aspect) == (pytest.approx(16.7, abs=0.3), 180)
    assert (found.terrain.reference_slope, found.terrain.reference_aspect, found.terrain.matched) == (pytest.approx(16.7, abs=0.5), 180, True)
    assert not found.ring[:48].any()
    assert found.ring[55:69].all()


def test_a_site_on_both_sides_is_compared_with_both() -> None:
    found = on_like_ground(window(slice(40, 60), slice(40, 50)), Known(ridge()))
    assert found.ring[:40].any()
    assert found.ring[60:].any()


def test_where_nothing_lies_alike_the_likest_is_taken_and_said() -> None:
    gentle = -0.1 * COLS / SIDE * ROWS * 10
    found = on_like_ground(window(slice(65, 95), slice(4, 26)), Known(np.where((ROWS > 60) & (COLS < 30), ridge(), gentle).astype(np.float32)))
    assert found.terrain is not None
    assert not found.terrain.matched
    assert 400 <= found.ring.sum() < 600
    flat = on_like_ground(window(slice(0, 9), slice(0, 9)), Known(np.full((SIDE, SIDE), 7, np.float32)))
    assert flat.terrain is not None
    assert (flat.terrain.slope, flat.terrain.aspect, flat.terrain.matched) == (0, None, True)


def test_without_heights_all_surroundings_stay() -> None:
    all_round = window(slice(70, 80), slice(40, 50))
    assert on_like_ground(all_round, None) is all_round
    nothing = on_like_ground(all_round, Known(np.full((SIDE, SIDE), np.nan, np.float32)))
    assert nothing is all_round


def write(file: Path, plane: np.ndarray[Any, Any], west: float = WEST, **said: Any) -> Path:
    profile = {"driver": "GTiff", "width": plane.shape[1], "height": plane.shape[0], "count": 1, "dtype": plane.dtype.name, "crs": CRS}
    profile |= {"transform": Affine(30, 0, west - 600, 0, -30, SOUTH + SIDE * 10 + 600)} | said
    with rasterio.open(file, "w", **profile) as out:
        out.write(plane, 1)
    return file


def sparse(file: Path) -> None:
    """A few bytes that declare 200,000 × 200,000 cells."""
    profile = {"driver": "GTiff", "width": 200_000, "height": 200_000, "count": 1, "dtype": "uint8", "crs": CRS, "BIGTIFF": "YES"}
    with rasterio.open(file, "w", transform=Affine(1, 0, WEST, 0, -1, SOUTH), SPARSE_OK=True, tiled=True, **profile):
        pass


def loaded(file: Path) -> heights.Heights | None:
    config = Config.model_construct(dem=file)
    project: Any = SimpleNamespace(config=config, path=lambda path: path)
    return heights.load(project, AREA, CRS)


def test_a_model_of_thirty_metres_is_read_between_its_cells(tmp_path: Path) -> None:
    rows = np.arange(80, dtype=np.float32)[:, None] + np.zeros((80, 80), np.float32)
    known = loaded(write(tmp_path / "dem.tif", (2000 - 0.25 * 30 * rows).astype(np.float32), nodata=-32768))
    assert known is not None
    found = known.slopes(GRID.geobox)
    assert found is not None
    assert found.shape == (2, SIDE, SIDE)
    assert found[0] == pytest.approx(0, abs=1e-3)
    assert found[1] == pytest.approx(0.25, abs=1e-3)
    far = GeoBox((20, 20), Affine(10, 0, WEST + 50_000, 0, -10, SOUTH), CRS)
    assert known.slopes(far) is None


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda file: None, "MW-DEM-FILE"),
        (lambda file: file.write_text('<VRTDataset rasterXSize="9" rasterYSize="9"/>'), "MW-DEM-OPEN"),
        (lambda file: write(file, np.ones((9, 9), np.float32), crs=None), "MW-DEM-CRS"),
        (lambda file: write(file, np.ones((9, 9), np.float32), west=WEST + 90_000), "MW-DEM-PLACE"),
        (lambda file: write(file, np.ones((9, 9), np.complex64)), "MW-DEM-TYPE"),
        (lambda file: write(file, np.ones((9, 9), np.float32), crs="EPSG:2261"), "MW-DEM-FEET"),
        (lambda file: sparse(file), "MW-DEM-SIZE"),
    ],
)
def test_models_of_heights_that_can_not_be_used(tmp_path: Path, make: Any, code: str) -> None:
    file = tmp_path / "dem.tif"
    make(file)
    with pytest.raises(MinewardenError) as error:
        loaded(file)
    assert (error.value.code, error.value.exit_code) == (code, 2)
    assert str(file) in error.value.message
    assert "'dem'" in error.value.fix
    assert "flight" not in str(error.value)


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "dem.tif", np.random.default_rng(1).normal(2000, 50, (80, 80)).astype(np.float32), compress="deflate", blockysize=8)
    known = loaded(file)
    assert known is not None
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 400] = bytes(400)
    file.write_bytes(raw)
    with pytest.raises(MinewardenError, match="MW-DEM-READ"):
        known.slopes(GRID.geobox)
