"""The pictures of a month."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.contract import shortcomings
from tests.pipeline.conftest import NEXT, YEAR, County


@pytest.mark.parametrize("month", [YEAR[4], YEAR[-1]])
def test_every_case_has_a_picture_that_run_json_lists(county: County, month: str) -> None:
    folder = county.out / month
    rows = county.rows(month)
    assert len(rows) >= 5
    listed = {each["path"] for each in json.loads((folder / "run.json").read_text("utf-8"))["outputs"]}
    assert {row["evidence"] for row in rows} == {path for path in listed if path.startswith("evidence/")}
    assert sorted(f"evidence/{file.name}" for file in (folder / "evidence").iterdir()) == sorted(row["evidence"] for row in rows)
    for row in rows:
        with Image.open(folder / row["evidence"]) as image:
            assert (image.format, image.size, image.info) == ("PNG", (1480, 1062), {})
            seen = np.asarray(image)
        assert seen[100:500, 16:496].std() > 10, "something is seen before"
        assert seen[100:500, 504:984].std() > 10, "and after"


def test_dates_pictured_are_of_scenes_before_and_after_the_change(county: County) -> None:
    scenes = {each.name for each in (county.folder / "scenes").iterdir()}
    for month in YEAR:
        for row in county.rows(month):
            assert row["before_date"] < row["after_date"] <= f"{month}-31"
            for day, ids in ((row["before_date"], row["scenes_before"]), (row["after_date"], row["scenes_after"])):
                assert set(ids.split(";")) <= scenes
                assert all(day.replace("-", "") in id for id in ids.split(";"))
            if row["finding"] == "unrestored":
                assert row["before_date"][5:7] in ("06", "07", "08", "09")
                assert row["before_date"] <= row["deadline"] or row["before_date"] >= "2022"
            else:
                assert row["before_date"] < row["first_seen"] <= row["after_date"]


def test_the_timing_of_pictures_is_told(county: County) -> None:
    assert "evidence" in json.loads((county.out / YEAR[-1] / "run.json").read_text("utf-8"))["timings"]


def test_the_report_links_the_pictures(county: County) -> None:
    said = (county.out / YEAR[-1] / "report.html").read_text("utf-8")
    assert all(f'href="{row["evidence"]}"' in said for row in county.rows(YEAR[-1]))


def test_a_scene_that_is_gone_does_not_lose_the_month(again: County) -> None:
    """An old scene whose band has been damaged since: the month is done, the picture and run.json say so."""
    pictured = {row["scenes_before"] for row in again.rows("2024-05") if row["scenes_before"] and row["before_date"] < "2024-01"}
    assert pictured
    for id in pictured:
        band = next((again.folder / "scenes" / id).glob("*B11*.tif"))
        band.unlink()  # a link to the county that all tests share
        band.write_bytes(b"x")
    assert again.run(NEXT, "--quiet") in (0, 3)
    assert shortcomings(again.out / NEXT) == []
    warnings = json.loads((again.out / NEXT / "run.json").read_text("utf-8"))["warnings"]
    named = {id for id in pictured for warning in warnings if warning.startswith(f"evidence: scene {id} could not be used")}
    assert named
    assert {row["evidence"] is not None for row in again.rows(NEXT)} == {True}
