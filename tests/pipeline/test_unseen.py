"""Months and seasons without a clear look: 'not seen' is never 'no change', and nothing is made of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import shape
from shapely.ops import unary_union

from tests.contract import shortcomings
from tests.pipeline.conftest import MONTHS, NEXT, County, day_of

CLOUD_HIGH, NOT_SEEN = 9, 5
SPRING = ("2024-03", "2024-04", "2024-05")


def cover(scene: Path) -> None:
    """Call all of a scene cloud. Its files are links: others read the same ones."""
    (file,) = scene.glob("*SCL*")
    with rasterio.open(file) as source:
        profile, size = source.profile, source.shape
    file.unlink()
    with rasterio.open(file, "w", **profile) as out:
        out.write(np.full(size, CLOUD_HIGH, np.uint8), 1)


def month_of(scene: Path) -> str:
    return f"{day_of(scene)[:4]}-{day_of(scene)[4:6]}"


def run_json(county: County, month: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((county.out / month / "run.json").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def dark(bare: County, tmp_path_factory: pytest.TempPathFactory) -> County:
    """The thin county without a clear look in spring: clouds in March and May, no scene at all in April."""
    county = bare.copy(tmp_path_factory.mktemp("dark") / "county", out=False)
    for scene in sorted((county.folder / "scenes").iterdir()):
        if month_of(scene) == SPRING[1]:
            shutil.rmtree(scene)
        elif month_of(scene) in SPRING:
            cover(scene)
    assert county.run(MONTHS[1], "--quiet") in (0, 3)
    for month in SPRING:
        assert county.run(month, "--quiet") == 3
    assert county.run(NEXT, "--quiet") in (0, 3)
    return county


@pytest.mark.parametrize("month", [*SPRING, NEXT])
def test_such_months_keep_the_contract(dark: County, month: str) -> None:
    assert shortcomings(dark.out / month) == []


@pytest.mark.parametrize("month", SPRING)
def test_nothing_is_seen_and_nothing_is_made_of_it(dark: County, month: str) -> None:
    assert run_json(dark, month)["coverage"]["observed_fraction"] == 0
    with rasterio.open(dark.out / month / "disturbance.tif") as file:
        status, looks = file.read(1), file.read(4)
    inside = status != file.nodata
    assert (looks[inside] == 0).all()
    assert not (status[inside] == 0).any()
    unseen = json.loads((dark.out / month / "coverage.geojson").read_text("utf-8"))["features"]
    area = unary_union([shape(f["geometry"]) for f in json.loads((dark.folder / "layers/aoi.geojson").read_text("utf-8"))["features"]])
    assert unary_union([shape(f["geometry"]) for f in unseen]).intersection(area).area > 0.99 * area.area
    assert all((f["properties"]["last_seen"] or "") < "2024-03-01" for f in unseen)


def test_cases_stay_as_they_were(dark: County) -> None:
    """No look confirms, ends or lets grow what was open before."""
    before = {row["id"]: (row["status"], row["area_m2"], row["last_seen"]) for row in dark.rows(MONTHS[1])}
    for month in SPRING:
        assert {row["id"]: (row["status"], row["area_m2"], row["last_seen"]) for row in dark.rows(month)} == before
        assert all(row["growth_m2"] == 0 for row in dark.rows(month))


def test_what_changed_meanwhile_is_dated_between_the_looks(dark: County) -> None:
    new = [row for row in dark.rows(NEXT, "patches") if row["finding"] not in ("before_monitoring", "unrestored")]
    assert new
    assert not [row for row in new if "2024-03-01" <= row["first_seen"] < "2024-06-01"]


def test_a_history_without_summers_accuses_no_fields(made: County, tmp_path: Path) -> None:
    """What was never seen in summer is not new for being as it is in summer."""
    without = made.copy(tmp_path / "county", out=False)
    without.add("monitor_from: 2024-01\n")
    for scene in (without.folder / "scenes").iterdir():
        if month_of(scene)[:4] < "2024" and month_of(scene)[5:] in ("06", "07", "08"):
            shutil.rmtree(scene)
    assert without.run(NEXT, "--quiet") in (0, 3)
    assert shortcomings(without.out / NEXT) == []
    truth = json.loads((made.folder / "truth.geojson").read_text("utf-8"))["features"]
    dug = unary_union([shape(f["geometry"]) for f in truth if f["properties"]["what"] == "pit"])
    flagged = json.loads((without.out / NEXT / "flagged.geojson").read_text("utf-8"))["features"]
    assert len(flagged) >= 8
    assert [f["properties"]["id"] for f in flagged if not shape(f["geometry"]).intersects(dug) and f["properties"]["finding"] != "unrestored"] == []
