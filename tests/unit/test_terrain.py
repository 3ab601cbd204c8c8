"""Slope and aspect: what they are of known ground, which surroundings they leave, and a model of heights that can't be used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
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
from pipeline.restoration.bareness import NDVI_BARE, NDVI_FULL, Site, SiteLook, Window, judge_season, on_terrain
from pipeline.restoration.reference import reference_of
from pipeline.restoration.terrain import slope_and_aspect, slopes
from tests.county import GRID, SIDE, SOUTH, WEST

CRS = "EPSG:32648"
AREA = box(WEST, SOUTH, WEST + SIDE * 10, SOUTH + SIDE * 10)
EVERYWHERE = np.ones((SIDE, SIDE), bool)
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
    found = on_terrain(window(slice(70, 80), slice(40, 50)), Known(ridge())).terrain
    assert found is not None
    assert slope_and_aspect(found.slopes[:, 70:80, 40]) == (pytest.approx(16.7, abs=0.3), 180)
    assert slope_and_aspect(found.slopes[:, 20:30, 40]) == (pytest.approx(16.7, abs=0.3), 0)
    like = found.likest(EVERYWHERE, 400)
    assert not like[:48].any()
    assert like[55:97].all()


def test_a_site_on_both_sides_is_compared_with_both() -> None:
    found = on_terrain(window(slice(40, 60), slice(40, 50)), Known(ridge())).terrain
    assert found is not None
    assert found.likest(EVERYWHERE, 400).mean() > 0.8


def test_where_nothing_lies_alike_the_likest_is_taken() -> None:
    gentle = -0.1 * COLS / SIDE * ROWS * 10
    plane = np.where((ROWS > 60) & (COLS < 30), ridge(), gentle).astype(np.float32)
    around = on_terrain(window(slice(65, 95), slice(4, 26)), Known(plane))
    assert around.terrain is not None
    like = around.terrain.likest(around.ring & (COLS > 35), 400)
    assert like.sum() == pytest.approx(400, abs=20)
    assert COLS[like].mean() > 80, "there it falls to the south most"


def test_without_heights_all_surroundings_stay() -> None:
    all_round = window(slice(70, 80), slice(40, 50))
    assert on_terrain(all_round, None) is all_round
    assert on_terrain(all_round, Known(np.full((SIDE, SIDE), np.nan, np.float32))).terrain is None
    assert slope_and_aspect(np.zeros((2, 5))) == (0, None)


def test_green_across_the_ridge_accuses_nobody() -> None:
    """On the sunny side little grows; the shady side is green. Judged against both a restored site there was bare."""
    cover = np.where(ROWS < SIDE / 2, 0.9, 0.3)
    ndvi = (NDVI_BARE + cover * (NDVI_FULL - NDVI_BARE)).astype(np.float32)
    looks = [SiteLook(date(2024, 7, day), ndvi, EVERYWHERE) for day in (3, 13, 23)]
    site = Site(geometry=AREA, deadline=date(2023, 12, 31))
    around = replace(window(slice(60, 70), slice(40, 50)), ring=(np.abs(ROWS - 50) < 40) & ~((ROWS >= 60) & (ROWS < 95) & (COLS > 20)))
    against_both, against_its_own = (judge_season(site, each, looks) for each in (around, on_terrain(around, Known(ridge()))))
    assert against_both is not None
    assert against_its_own is not None
    assert (against_both.unrestored, against_its_own.unrestored) == (True, False)
    assert against_its_own.reference == pytest.approx(0.3, abs=0.01)


def test_reference_plots_lie_like_the_site_and_say_how() -> None:
    cover = np.where(ROWS < SIDE / 2, 90, 30).astype(np.uint8)
    around = window(slice(60, 70), slice(40, 50))
    flat, known = (reference_of(each, [cover] * 3) for each in (around, on_terrain(around, Known(ridge()))))
    assert known.cover == pytest.approx(0.3)
    assert (known.lie, known.alike) == ((pytest.approx(16.7, abs=1), 180), True)
    assert (flat.lie, flat.alike) == (None, None)


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


def test_ground_that_lies_alike_and_bears_nothing_is_the_reference_all_the_same() -> None:
    """A slope of bare rock across from a green one."""
    cover = np.where(ROWS < SIDE / 2, 40, 0).astype(np.uint8)
    found = reference_of(on_terrain(window(slice(60, 75), slice(30, 60)), Known(ridge())), [cover] * 3)
    assert found.plots > 0
    assert found.alike
    assert found.cover == pytest.approx(np.zeros(3))


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
