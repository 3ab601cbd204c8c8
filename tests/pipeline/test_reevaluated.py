"""A register that changes between two months: open cases are judged anew, and the ledger says why a finding changed."""

from __future__ import annotations

import json

import openpyxl
import pytest

from pipeline.ledger import Ledger
from tests.contract import shortcomings
from tests.pipeline.conftest import MONTHS, NEXT, SAME, County

LISTS = (*SAME, "changes.json", "mines.json")
TIED = ("expired_permit", "closed_mine", "exploration_as_mining")


def test_a_register_that_changes_is_told_with_its_field_and_version(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    last = MONTHS[-1]
    case = next(row for row in again.rows(last) if row["finding"] in TIED and row["mining_likelihood"] >= 0.7)
    register = again.folder / "layers" / "mining_rights.geojson"
    collection = json.loads(register.read_text("utf-8"))
    held = next(each["properties"] for each in collection["features"] if each["properties"]["id"] == case["right_id"])
    was = held["valid_to"]
    held |= {"status": "有效", "valid_to": "2035-12-31"}
    register.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")

    before = again.everything()
    assert again.run(last) == 0
    assert f"Changed since {last} was done: mining_rights." in capsys.readouterr().out
    assert again.everything() == before, "a finished month is never changed silently"

    assert again.run(NEXT, "--quiet") == 0
    assert shortcomings(again.out / NEXT) == []
    changes = json.loads((again.out / NEXT / "changes.json").read_text("utf-8"))["changes"]
    (change,) = [each for each in changes if each["case_id"] == case["id"]]
    assert change["before"].split("+")[0] == case["finding"]
    assert change["after"] == "permitted"
    (term,) = [cause for cause in change["because"] if cause["field"] == "valid_to"]
    versions = {month: {each["name"]: each["version"] for each in _run(again, month)["layers"]} for month in (last, NEXT)}
    assert (term["layer"], term["record"], term["before"], term["after"]) == ("mining_rights", case["right_id"], was, "2035-12-31")
    assert (term["version_before"], term["version_after"]) == (versions[last]["mining_rights"], versions[NEXT]["mining_rights"])
    assert case["id"] not in {row["id"] for row in again.rows(NEXT)}
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert {each.case_id for each in ledger.changes(NEXT)} == {each["case_id"] for each in changes}

    lines = {each["right_id"]: each for each in json.loads((again.out / NEXT / "mines.json").read_text("utf-8"))["mines"]}
    assert set(lines) == {each["properties"]["id"] for each in collection["features"]}
    assert lines[case["right_id"]]["standing"] == "valid"
    assert lines[case["right_id"]]["dug_ha"] > 0

    book = openpyxl.load_workbook(again.out / NEXT / "ledger.xlsx")
    sheets = {name: list(book[name].iter_rows(values_only=True)) for name in ("矿山月报", "改判")}
    assert ("有效期止", was, "2035-12-31") in {row[6:9] for row in sheets["改判"] if row[0] == case["id"]}
    assert {row[0]: row[4] for row in sheets["矿山月报"][1:]} == {id: line["activity_zh"] for id, line in lines.items()}

    once = again.bytes([NEXT], LISTS)
    assert again.run(NEXT, "--replay", "--quiet") == 0
    assert again.bytes([NEXT], LISTS) == once


def _run(county: County, month: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads((county.out / month / "run.json").read_text("utf-8"))
    return found
