"""Years on end: lawful digging that has settled gets a new baseline, an open case keeps its old one, and what is dug later is seen again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer

from pipeline import store
from tests.pipeline.conftest import County

SIDE, WEST, NORTH = 48, 500_000.0, 3_950_000.0
BANDS = ("B03", "B04", "B08", "B11")
SOIL, GRASS = np.array([0.11, 0.14, 0.20, 0.28]), np.array([0.06, 0.05, 0.36, 0.20])
SUBSOIL, ROCK = np.array([0.17, 0.21, 0.26, 0.33]), np.array([0.30, 0.33, 0.37, 0.42])
FIRST_DIG, LATER_DIG = date(2023, 5, 10), date(2025, 5, 3)
LAWFUL, WILD = (14, 14), (14, 34)
LAST = "2025-07"


def disc(middle: tuple[int, int], radius: float) -> NDArray[np.bool_]:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot(rows - middle[0], cols - middle[1]) <= radius)


def write(file: Path, pixels: NDArray[np.generic]) -> None:
    settings = {
        "width": SIDE,
        "height": SIDE,
        "count": 1,
        "dtype": pixels.dtype,
        "crs": "EPSG:32648",
        "transform": Affine(10, 0, WEST, 0, -10, NORTH),
    }
    with rasterio.open(file, "w", driver="GTiff", nodata=0, **settings) as out:
        out.write(pixels, 1)


def ring(top: int, left: int, bottom: int, right: int) -> list[tuple[float, float]]:
    to_degrees = Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
    corners = ((top, left), (bottom, left), (bottom, right), (top, right), (top, left))
    return [to_degrees.transform(WEST + 10 * col, NORTH - 10 * row) for row, col in corners]


def layer(file: Path, ground: list[tuple[float, float]], **properties: str) -> None:
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ground]}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Grassland from 2021 to July 2025. In May 2023 two pits are dug, one in a right; in May 2025, when the right has ended, its floor again."""
    county = County(tmp_path_factory.mktemp("years") / "county")
    (county.folder / "layers").mkdir(parents=True)
    rng, day = np.random.default_rng(3), date(2021, 1, 4)
    texture = rng.normal(1, 0.04, (SIDE, SIDE))
    while day < date(2025, 8, 1):
        green = max(np.sin((day.timetuple().tm_yday - 100) / 180 * np.pi), 0)
        ground = np.broadcast_to((SOIL * (1 - green) + GRASS * green)[:, None, None], (len(BANDS), SIDE, SIDE)).copy()
        for middle, radius, since, material in ((LAWFUL, 5, FIRST_DIG, SUBSOIL), (WILD, 5, FIRST_DIG, SUBSOIL), (LAWFUL, 4, LATER_DIG, ROCK)):
            if day >= since:
                ground[:, disc(middle, radius)] = material[:, None]
        folder = county.folder / "scenes" / f"S2A_MSIL2A_{day:%Y%m%d}T034001_N0510_R047_T48SWE_{day:%Y%m%d}T080000"
        folder.mkdir(parents=True)
        for band, pixels in zip(BANDS, ground * texture * rng.normal(1, 0.015, ground.shape), strict=True):
            write(folder / f"{band}.tif", (pixels * 1e4 + 1000).astype(np.uint16))
        write(folder / "SCL.tif", np.full((SIDE, SIDE), 5, np.uint8))
        day += timedelta(days=10)
    layer(county.folder / "layers" / "aoi.geojson", ring(0, 0, SIDE, SIDE), id="aoi")
    right = {"id": "R1", "status": "有效", "method": "露天", "valid_from": "2020-01-01", "valid_to": "2025-02-28"}
    layer(county.folder / "layers" / "rights.geojson", ring(4, 4, 24, 24), **right)
    county.config.touch()
    county.add(
        'county: {name: 会宁县, code: "620422"}\narea: layers/aoi.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
        "sources: [{kind: folder, path: scenes}]\nlayers: {mining_rights: {path: layers/rights.geojson}}\noutput: out\nmonitor_from: 2023-01\n"
    )
    assert county.run(LAST, "--quiet") == 0
    return county


def fitted(county: County, year: int, middle: tuple[int, int]) -> int:
    return 2000 + int(store.read(county.out / "state" / f"{year}" / "r000c000.base")["fitted"][middle])


def test_only_lawful_change_that_has_settled_gets_a_new_baseline(years: County) -> None:
    assert [(fitted(years, year, LAWFUL), fitted(years, year, WILD)) for year in (2023, 2024, 2025)] == [(2023, 2023), (2023, 2023), (2025, 2023)]
    assert {row["finding"] for row in years.rows("2024-12", "patches")} == {"permitted", "unlicensed"}
    assert {row["finding"] for row in years.rows("2025-02", "patches")} == {"unlicensed"}


def test_later_digging_on_settled_ground_is_seen_again(years: County) -> None:
    found = {row["finding"]: row for row in years.rows(LAST)}
    assert set(found) == {"unlicensed", "expired_permit"}
    assert found["expired_permit"]["right_id"] == "R1"
    assert found["expired_permit"]["first_seen"] == LATER_DIG.isoformat()
    (first,) = years.rows("2023-07")
    assert (found["unlicensed"]["id"], found["unlicensed"]["first_seen"]) == (first["id"], first["first_seen"])


def test_state_of_three_months_and_each_january_is_kept(years: County) -> None:
    kept = sorted(folder.name for folder in (years.out / "state").iterdir() if folder.is_dir())
    assert kept == ["2023", "2023-01", "2024", "2024-01", "2025", "2025-01", "2025-05", "2025-06", "2025-07", "restoration"]
