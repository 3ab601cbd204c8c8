"""What a county gives, and what it leaves out: layers, scenes, months that can't be."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import shapely

from pipeline import months, survey
from pipeline.cli import main
from tests.contract import shortcomings
from tests.pipeline.conftest import BANDS, MONTHS, NEXT, County

HOSTILE = "<script>alert('x')</script>"
FORMULA = "=cmd|' /C calc'!A1"


class _Live(HTMLParser):
    """What of a page is more than text: its scripts, handlers of events, and where its pictures come from."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update(name for name, _ in attrs if name.startswith("on"))
        if tag == "img":
            self.found.update(["picture" if str(dict(attrs)["src"]).startswith("data:image/") else "picture from elsewhere"])
        elif tag in ("script", "iframe", "object", "embed"):
            self.found.update([tag])


def _without_layers(county: County) -> None:
    text = re.sub(r"layers:\n(?:  .*\n)+", "", county.config.read_text("utf-8"))
    assert "layers:" not in text
    county.config.write_text(text, "utf-8")


def test_without_any_layer_the_report_says_which_checks_are_off(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    _without_layers(again)
    assert again.run(NEXT, "--quiet") == 0
    assert "No mining_rights" in capsys.readouterr().err
    folder = again.out / NEXT
    assert shortcomings(folder) == []
    report = (folder / "report.html").read_text("utf-8")
    for off in ("未提供采矿权", "未提供历史遗留图斑", "未提供生态保护红线", "未提供耕地与永久基本农田"):
        assert off in report
    assert {row["finding"] for row in again.rows(NEXT)} == {"unlicensed"}
    assert {row["right_id"] for row in again.rows(NEXT)} == {None}
    assert json.loads((folder / "run.json").read_text("utf-8"))["layers"][1:] == []  # the first is the area
    assert any("No mining_rights" in told for told in json.loads((folder / "run.json").read_text("utf-8"))["warnings"])


def test_hostile_names_stay_text(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    file = again.folder / "layers" / "mining_rights.geojson"
    layer: dict[str, Any] = json.loads(file.read_text("utf-8"))
    for feature in layer["features"]:
        feature["properties"] |= {"name": HOSTILE, "holder": f'{FORMULA}"><img src=x onerror=alert(1)>', "mineral": "{{ 7*7 }}"}
    file.write_text(json.dumps(layer), "utf-8")
    config = again.config.read_text("utf-8")
    again.config.write_text(config.replace("会宁县", "</title><script>x</script>"), "utf-8")
    assert again.run(NEXT, "--quiet") == 0
    assert shortcomings(again.out / NEXT) == []
    named = [row for row in again.rows(NEXT) if row["right_id"]]
    assert named
    assert {(row["right_name"], row["mineral"]) for row in named} == {(HOSTILE, "{{ 7*7 }}")}
    report = (again.out / NEXT / "report.html").read_text("utf-8")
    plain, live = (_Live(text).found for text in ((again.out / MONTHS[-1] / "report.html").read_text("utf-8"), report))
    assert set(plain) == {"script", "picture"}
    assert set(live) == {"script", "picture"}
    assert live["script"] == plain["script"]
    assert "&lt;script&gt;alert(" in report


def test_a_layer_that_is_wrong_stops_the_run_before_it_begins(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    file = again.folder / "layers" / "mining_rights.geojson"
    layer: dict[str, Any] = json.loads(file.read_text("utf-8"))
    layer["features"][0]["properties"]["id"] = layer["features"][1]["properties"]["id"]
    file.write_text(json.dumps(layer), "utf-8")
    assert again.run(NEXT) == 2
    assert "MW-LAYER" in capsys.readouterr().err
    assert not (again.out / NEXT).exists()


def test_a_scene_that_is_cut_off_is_left_out_by_name(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    scene = sorted((again.folder / "scenes").glob("*_202406*"))[0]
    (band,) = scene.glob("*B04*.tif")
    raw = band.read_bytes()
    band.unlink()
    band.write_bytes(raw[: len(raw) // 2])
    assert again.run(NEXT) == 3
    assert scene.name in capsys.readouterr().err
    run = json.loads((again.out / NEXT / "run.json").read_text("utf-8"))
    (left,) = [each for each in run["scenes"] if not each["used"]]
    assert left["id"] == scene.name
    assert left["reason"]
    assert scene.name in (again.out / NEXT / "report.html").read_text("utf-8")
    assert again.run(NEXT, "--quiet") == 0, "running a finished month again"


def test_scenes_without_a_band_of_the_state_are_left_out(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    """Later scenes come without B11: too many of them to be told from an archive that never had it."""
    for scene in (again.folder / "scenes").glob("*_20240*"):
        for file in scene.glob("*B11*.tif"):
            file.unlink()
    again.config.write_text(again.config.read_text("utf-8").replace(f", bands: {BANDS}", ""), "utf-8")
    assert again.run(NEXT) == 3
    assert "No file for B11" in capsys.readouterr().err
    assert shortcomings(again.out / NEXT) == []


def test_a_month_without_scenes_is_not_seen(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    assert again.run("2024-07") == 3
    assert "only 0% of the area was seen clearly" in capsys.readouterr().err
    assert shortcomings(again.out / "2024-07") == []
    assert [row["id"] for row in again.rows("2024-07")] == [row["id"] for row in again.rows(NEXT)]
    assert {row["last_seen"][:7] for row in again.rows("2024-07")} <= {*MONTHS, NEXT}


def test_months_that_can_not_be(again: County, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 6, 30))
    for month, code in ((NEXT, "MW-MONTH-FUTURE"), ("2023-12", "MW-MONTH-EARLY"), ("2024-6", "MW-MONTH-FORMAT")):
        assert again.run(month) == 2
        assert code in capsys.readouterr().err
    assert sorted(each.name for each in again.out.glob("????-??")) == MONTHS


def test_the_month_is_the_last_that_has_ended(again: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 7, 1))
    assert main(["run", str(again.config), "--quiet"]) == 0
    assert (again.out / NEXT / "run.json").is_file()


def test_what_the_state_was_made_for_can_not_change(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    text = again.config.read_text("utf-8")
    for old, new, code in (
        ("resolution: 10", "resolution: 20", "MW-GRID-CHANGED"),
        ("2024-01", "2023-01", "MW-MONITOR-CHANGED"),
        (BANDS, "[B04, B08]", "MW-BANDS-CHANGED"),
    ):
        assert old in text
        again.config.write_text(text.replace(old, new), "utf-8")
        assert again.run(NEXT) == 2
        assert code in capsys.readouterr().err


def test_ground_that_nobody_watches_is_not_added_silently(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    file = next((again.folder / "layers").glob("aoi*.geojson"))
    area = shapely.union_all([shapely.geometry.shape(each["geometry"]) for each in json.loads(file.read_text("utf-8"))["features"]])
    west, south, east, north = area.bounds
    for outline, code in ((shapely.box(west, south, 2 * east - west, north), 2), (shapely.box(west, south, (west + east) / 2, north), 0)):
        feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(outline)}
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
        assert again.run(NEXT, "--quiet") == code
        assert ("MW-GRID-CHANGED" in capsys.readouterr().err) == (code == 2)
        assert (again.out / NEXT).exists() == (code == 0)


def test_a_scene_that_changes_while_it_is_read_is_left_out_until_a_replay(
    again: County, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = sorted((again.folder / "scenes").glob("*_202406*"))[0]
    survey_scenes = survey.survey_scenes

    def replaced(*given: Any) -> Any:
        (red,), (green,) = scene.glob("*B04*.tif"), scene.glob("*B03*.tif")
        red.unlink()  # other counties of the suite have the same file
        shutil.copy(green, red)
        return survey_scenes(*given)

    with monkeypatch.context() as patched:
        patched.setattr(survey, "survey_scenes", replaced)
        assert again.run(NEXT) == 3
    assert f"scene {scene.name} was left out: MW-SCENE-CHANGED" in capsys.readouterr().err
    (left,) = [each for each in again.scenes(NEXT) if each["id"] == scene.name]
    assert (left["used"], left["sha256"]) == (False, None)
    assert again.run(NEXT) == 0
    assert f"{scene.name} (mended)" in capsys.readouterr().err


def test_the_code_under_which_ids_were_given_can_not_change(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    text, before = again.config.read_text("utf-8"), again.everything()
    again.config.write_text(text.replace("620422", "620423"), "utf-8")
    for command in (["run", "--month", NEXT], ["run", "--month", MONTHS[-1], "--replay"], ["repair"]):
        assert main([command[0], str(again.config), *command[1:], "--quiet"]) == 2, command
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("MW-CODE-CHANGED: county.code is 620423, but ids in ")
        assert "620422-" in line
        assert again.everything() == before
    assert main(["status", str(again.config)]) == 0
    assert "MW-CODE-CHANGED" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["empty", "missing", "one month"])
def test_scenes_that_are_not_enough(bare: County, tmp_path: Path, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    county = bare.copy(tmp_path / "county", out=False)
    county.config.write_text(county.config.read_text("utf-8").replace("monitor_from: 2024-01\n", ""), "utf-8")
    kept = {"one month": "_202405"}.get(given, "nothing")
    for scene in (county.folder / "scenes").iterdir():
        if kept not in scene.name:
            for file in scene.iterdir():
                file.unlink()
            scene.rmdir()
    if given == "missing":
        (county.folder / "scenes").rmdir()
    assert county.run(NEXT) == 2
    said = capsys.readouterr().err
    assert re.match(r"MW-(SOURCE-(PATH|EMPTY|UNUSABLE)|MONITOR-HISTORY): .* Fix: ", said), said
    assert said.count("\n") == 1


def test_a_config_that_can_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "broken.yaml").write_bytes(b"county: [\xff")
    for name in ("missing.yaml", "folder.yaml", "broken.yaml"):
        assert main(["run", str(tmp_path / name), "--month", NEXT]) == 2
        assert capsys.readouterr().err.startswith("MW-CONFIG-")
