"""Verdicts by an edited GeoJSON: what is clear is taken, the rest is refused row by row, and nothing is applied twice."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pyogrio.raw
import pyproj
import pytest
import shapely

from pipeline.cli import main
from pipeline.ledger import Ledger, Review
from pipeline.publish import evidence
from tests.pipeline.conftest import MONTHS, NEXT, County

LAST = MONTHS[-1]
Rows = list[dict[str, Any]]
Edit = Callable[[Rows], object]


def exported(county: County) -> Path:
    assert main(["review", "export", str(county.config), "--quiet"]) == 0
    return county.out / "review" / f"{LAST}.geojson"


def edited(file: Path, edit: Edit) -> Path:
    """The file with its rows (feature dicts) changed in place."""
    collection = json.loads(file.read_text("utf-8"))
    edit(collection["features"])
    out = file.with_name("edited.geojson")
    out.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
    return out


def apply(county: County, file: Path, *options: str) -> int:
    return main(["review", "apply", str(county.config), str(file), "--reviewer", "王核查", *options])


def sheet(file: Path) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in openpyxl.load_workbook(file)["线索"].iter_rows(values_only=True)]


def decide(row: dict[str, Any], review: str, reason: str | None = None, note: str | None = None) -> None:
    row["properties"] |= {"review": review, "review_reason": reason, "review_note": note}


def standing(county: County) -> dict[str, tuple[str, str | None, str | None, int]]:
    with Ledger(county.out / "ledger.sqlite", "620422") as ledger:
        assert ledger.verify_audit() == []
        records = (case.record for case in ledger.open_cases(LAST))
        return {r.case_id: (str(r.review), r.review_reason, r.reviewer, r.version) for r in records}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: "".join(capsys.readouterr())


def test_verdicts_come_back_and_are_applied_once(again: County, said: Callable[[], str]) -> None:
    results = again.bytes(MONTHS)
    file = exported(again)
    ids = [row["id"] for row in again.rows(LAST)]
    assert len(ids) >= 3

    def edit(rows: Rows) -> None:
        decide(rows[0], "confirmed", note="现场已核实")
        decide(rows[1], "dismissed", "耕作")

    verdicts = edited(file, edit)
    assert apply(again, verdicts) == 0
    assert f"2 applied, {len(ids) - 2} unchanged, 0 refused" in said()
    now = standing(again)
    assert now[ids[0]] == ("confirmed", None, "王核查", 2)
    assert now[ids[1]] == ("dismissed", "耕作", "王核查", 2)
    assert apply(again, verdicts) == 0
    assert f"0 applied, {len(ids)} unchanged, 0 refused" in said()
    assert standing(again) == now
    assert again.bytes(MONTHS) == results
    given = [row["properties"] for row in json.loads(exported(again).read_text("utf-8"))["features"]]
    assert [row["id"] for row in given] == ids
    assert (given[0]["review"], given[0]["review_note"], given[0]["version"]) == ("confirmed", "现场已核实", 2)
    assert main(["report", str(again.config), "--quiet"]) == 0
    assert "现场已核实" in json.dumps(sheet(again.out / LAST / "ledger.xlsx"), ensure_ascii=False)
    assert "已排除" in (again.out / LAST / "report.html").read_text("utf-8")
    assert again.bytes(MONTHS) == results
    assert again.run(NEXT, "--quiet") in (0, 3)
    left = {row["id"]: row["review"] for row in again.rows(NEXT)}
    assert ids[1] not in left
    assert left[ids[0]] == "confirmed"


def test_other_programs_rewrite_the_file_as_they_like(again: County, tmp_path: Path) -> None:
    meta, _, wkb, columns = pyogrio.raw.read(exported(again))
    table = dict(zip(meta["fields"].tolist(), columns, strict=True))
    table["version"] = table["version"].astype(float)
    table["review"][0] = " needs_field_check "
    for name in ("reviewer", "reviewed_at", "also"):
        del table[name]
    backwards = {name: values[::-1] for name, values in sorted(table.items(), reverse=True)}
    to_utm = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32648", always_xy=True)
    moved = shapely.transform(shapely.from_wkb(wkb[::-1]), lambda c: np.column_stack(to_utm.transform(c[:, 0], c[:, 1])))
    for name, driver in (("a.geojson", "GeoJSON"), ("a.gpkg", "GPKG")):
        fields, data = list(backwards), list(backwards.values())
        pyogrio.raw.write(tmp_path / name, shapely.to_wkb(moved), data, fields, driver=driver, geometry_type="Unknown", crs="EPSG:32648")
    first = again.rows(LAST)[0]["id"]
    assert apply(again, tmp_path / "a.geojson") == 0
    assert standing(again)[first][0] == "needs_field_check"
    assert apply(again, tmp_path / "a.gpkg") == 0
    assert standing(again)[first][3] == 2


def test_what_is_not_clear_is_refused_row_by_row(again: County, said: Callable[[], str]) -> None:
    file = exported(again)
    ids = [row["id"] for row in again.rows(LAST)]
    assert apply(again, edited(file, lambda rows: decide(rows[0], "confirmed"))) == 0
    said()

    def edit(rows: Rows) -> None:
        decide(rows[0], "dismissed", "其他")  # somebody has confirmed it meanwhile
        decide(rows[1], "maybe")
        decide(rows[2], "confirmed")
        rows.append({**rows[1], "properties": rows[1]["properties"] | {"id": "620422-2024-999999", "review": "confirmed"}})
        far = {"type": "Polygon", "coordinates": [[[1, 1], [1, 2], [2, 2], [1, 1]]]}
        rows.append({"type": "Feature", "geometry": far, "properties": rows[1]["properties"] | {"id": "x", "review": "confirmed"}})
        rows.append({**rows[1], "properties": rows[1]["properties"] | {"id": None, "review": "confirmed"}})
        rows.append({**rows[1], "properties": rows[1]["properties"] | {"id": "y", "review": "confirmed", "version": "two"}})
        rows.append({**rows[1], "properties": rows[1]["properties"] | {"id": "z", "review": "confirmed", "review_note": "长" * 2001}})

    wrong = edited(file, edit)
    before = standing(again)
    assert apply(again, wrong, "--strict") == 2
    assert "MW-REVIEW-STRICT" in said()
    assert standing(again) == before
    assert apply(again, wrong, "--json") == 3
    answer = json.loads(said())
    assert answer["applied"] == 1
    reasons = {each["id"]: each["reason"] for each in answer["refused"]}
    assert "王核查 said confirmed" in reasons[ids[0]]
    assert "review is 'maybe'" in reasons[ids[1]]
    assert "no such case" in reasons["620422-2024-999999"]
    assert "outside the county" in reasons["x"]
    assert "version is 'two'" in reasons["y"]
    assert "2001 signs" in reasons["z"]
    assert len(reasons) == 7
    assert standing(again)[ids[2]][0] == "confirmed"
    assert standing(again)[ids[0]][0] == "confirmed"


def test_rows_that_their_editor_left_alone_are_no_verdict(again: County) -> None:
    """An old export in which only one row was edited must not undo what others decided since."""
    old = exported(again)
    assert apply(again, edited(old, lambda rows: decide(rows[0], "dismissed", "大棚"))) == 0
    assert apply(again, edited(old, lambda rows: decide(rows[1], "confirmed"))) == 0
    assert [each[0] for each in list(standing(again).values())[:2]] == ["dismissed", "confirmed"]


def test_two_answers_to_one_case_are_none(again: County) -> None:
    def edit(rows: Rows) -> None:
        rows.append(json.loads(json.dumps(rows[0])))
        decide(rows[0], "confirmed")
        decide(rows[-1], "dismissed")

    assert apply(again, edited(exported(again), edit)) == 3
    assert {each[0] for each in standing(again).values()} == {str(Review.PENDING)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "MW-REVIEW-FORMAT"),
        ('{"type": "FeatureCollection", "features": []}', "MW-REVIEW-COLUMNS"),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "a"}, "geometry": null}]}', "MW-REVIEW-"),
    ],
)
def test_a_file_that_is_no_list_of_cases_is_one_message(again: County, tmp_path: Path, said: Callable[[], str], text: str, code: str) -> None:
    (tmp_path / "wrong.geojson").write_text(text, "utf-8")
    assert apply(again, tmp_path / "wrong.geojson") == 2
    assert code in said()


def test_files_and_names_that_can_not_be(again: County, tmp_path: Path, said: Callable[[], str]) -> None:
    assert apply(again, tmp_path / "missing.geojson") == 2
    assert "MW-REVIEW-FILE" in said()
    assert apply(again, Path("/vsicurl/http://example.org/a.geojson")) == 2
    assert "MW-REVIEW-REMOTE" in said()
    file = exported(again)
    assert main(["review", "apply", str(again.config), str(file), "--reviewer", " "]) == 2
    assert "MW-REVIEW-NAME" in said()
    assert main(["review", "export", str(again.config), "--out", str(again.out / LAST / "flagged.geojson")]) == 2
    assert "MW-REVIEW-OUT" in said()
    for out in (again.out / "ledger.sqlite", again.out / MONTHS[0] / "x.geojson", tmp_path, again.config / "x.geojson"):
        assert main(["review", "export", str(again.config), "--out", str(out)]) == 2
        assert "MW-REVIEW-OUT" in said()
    assert main(["review", "export", str(again.config), "--month", NEXT]) == 2
    assert "MW-MONTH-MISSING" in said()


def test_what_grew_since_it_was_dismissed_is_not_dismissed_again_by_a_row_nobody_edited(again: County, said: Callable[[], str]) -> None:
    assert apply(again, edited(exported(again), lambda rows: decide(rows[0], "dismissed", "耕作"))) == 0
    dismissed = exported(again)
    first = again.rows(LAST)[0]["id"]
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger, ledger.month(NEXT) as writer:
        (case,) = (each for each in ledger.open_cases(LAST) if each.record.case_id == first)
        (grown,) = writer.identify_cases([replace(case.draft, area_m2=case.draft.area_m2 * 2 + 1000)])
        assert (grown.case_id, str(grown.review)) == (first, "pending")
        writer.finish({}, [])
    said()
    assert apply(again, edited(dismissed, lambda rows: decide(rows[1], "confirmed"))) == 0
    assert "1 applied" in said()
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert [str(each.record.review) for each in ledger.open_cases(NEXT) if each.record.case_id == first] == ["pending"]


def test_a_ledger_that_is_gone_is_not_made_anew(again: County, said: Callable[[], str]) -> None:
    (again.out / "ledger.sqlite").unlink()
    for command in (["review", "export"], ["report"], ["train"]):
        assert main([*command, str(again.config)]) == 5
        assert "MW-LEDGER-MONTH" in said()
    assert not (again.out / "ledger.sqlite").exists()


def test_a_list_that_was_edited_where_it_stands_is_not_given_out(again: County, said: Callable[[], str]) -> None:
    file = again.out / LAST / "flagged.geojson"
    file.write_text(file.read_text("utf-8").replace("pending", "confirmed", 1), "utf-8")
    assert main(["review", "export", str(again.config)]) == 5
    assert "MW-RESULT-DAMAGED" in said()


def test_verdicts_wait_for_no_pictures(again: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are recorded while a month's pictures are drawn, and the month heeds them."""
    ids, drawn = [row["id"] for row in again.rows(LAST)], list[set[str]]()

    def make(folder: Path, *given: Any) -> Any:
        made = evidence.make(folder, *given)
        drawn.append(pictures(folder))
        if len(drawn) == 1:
            with Ledger(again.out / "ledger.sqlite", "620422", busy_seconds=0) as ledger:
                ledger.record_verdict(ids[0], "dismissed", version=1, reviewer="王核查", reason="耕作")
        return made

    def pictures(folder: Path) -> set[str]:
        return {file.stem for file in (folder / "evidence").glob("*.png")}

    monkeypatch.setattr("pipeline.month.evidence", SimpleNamespace(make=make))
    assert again.run(NEXT, "--quiet") in (0, 3)
    listed = {row["id"] for row in again.rows(NEXT)}
    assert drawn == [listed | {ids[0]}, listed]
    assert ids[0] not in listed
    assert pictures(again.out / NEXT) == listed
    assert standing(again)[ids[0]][:2] == ("dismissed", "耕作")


def test_the_month_s_geopackage_is_edited_and_applied(again: County, tmp_path: Path) -> None:
    """As QGIS leaves a copy of flagged.gpkg: one layer of many changed."""
    copy = tmp_path / "flagged.gpkg"
    shutil.copy(again.out / LAST / "flagged.gpkg", copy)
    (id, *_) = [row["id"] for row in again.rows(LAST)]
    with contextlib.closing(sqlite3.connect(copy)) as package, package:
        for name, arguments in (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MaxX", 1), ("ST_MinY", 1), ("ST_MaxY", 1)):
            package.create_function(name, arguments, lambda _: 0)  # the spatial index's triggers name them
        package.execute("UPDATE cases SET review = 'confirmed', review_note = '属实' WHERE id = ?", (id,))
    assert apply(again, copy) == 0
    assert {case: each[0] for case, each in standing(again).items() if each[3] > 1} == {id: "confirmed"}
