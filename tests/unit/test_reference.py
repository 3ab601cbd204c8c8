"""docs/fields.md says what the files hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import MultiPolygon

from pipeline.config_findings import FindingsConfig
from pipeline.findings.mines import mines as judge
from pipeline.ledger import Change
from pipeline.publish import changes, mines
from pipeline.publish.fields import CASES, CHANGES, COVERAGE, MINES, PATCHES, RUN, Field, Kind
from pipeline.publish.reference import markdown
from tests import made_month
from tests.contract import CASE, rows
from tests.county import GRID, box, layers, right

DOCS = Path(__file__).parents[2] / "docs"
IS: Mapping[Kind, Callable[[Any], object]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.DATE: lambda value: re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value),
    Kind.MOMENT: lambda value: value.endswith("Z") and datetime.fromisoformat(value),
    Kind.NUMBER: lambda value: isinstance(value, float),
    Kind.INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.OBJECT: lambda value: isinstance(value, dict),
    Kind.LIST: lambda value: isinstance(value, list),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reference")
    made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts())
    return root / "2024-07"


def test_it_is_up_to_date() -> None:
    assert (DOCS / "fields.md").read_text("utf-8") == markdown(), "run 'make reference'"


@pytest.mark.parametrize(("name", "fields"), [("flagged", CASES), ("patches", PATCHES), ("coverage", COVERAGE)])
def test_values_are_of_the_kind_that_it_says(folder: Path, name: str, fields: Sequence[Field]) -> None:
    found = rows(folder, name)
    assert found
    for row in found:
        assert list(row) == [field.name for field in fields]
        for field in fields:
            assert row[field.name] is None or IS[field.kind](row[field.name]), (field.name, row[field.name])


def test_it_names_all_that_the_contract_names(folder: Path) -> None:
    assert {field.name for field in CASES} == CASE
    assert list(json.loads((folder / "run.json").read_text("utf-8"))) == list(RUN)


def test_it_names_what_the_lists_hold() -> None:
    said = mines.rows(judge([], layers(right("C1", box(0, 0, 50, 50))), GRID, MultiPolygon(), [], date(2024, 9, 30), FindingsConfig()), [])
    assert list(said[0]) == list(MINES)
    why = {"because": [], "ground_m2": 1.0, "area_m2_before": 1.0, "area_m2_after": None}
    change = Change(case_id=None, patch_id="P", part="open", before="unlicensed", after=None, why=why)
    assert list(changes.rows([change])[0]) == list(CHANGES)
