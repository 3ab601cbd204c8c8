"""What is remembered of a county from its first run on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import config
from pipeline.config import Project
from pipeline.errors import Exit, MinewardenError
from pipeline.grid import Grid
from pipeline.memory import FILE, HISTORY_MONTHS, Memory, default_start, remember
from pipeline.sources.scene import Scene
from tests.county import GRID

BANDS = ("B03", "B04", "B08")


def days(first: date, months: int, step: int = 1) -> list[date]:
    """The 10th of every `step`-th month."""
    numbers = [first.year * 12 + first.month - 1 + k * step for k in range(months)]
    return [date(n // 12, n % 12 + 1, 10) for n in numbers]


@pytest.mark.parametrize(
    ("taken", "start"),
    [
        ([], None),
        ([date(2024, 5, 1)], None),
        (days(date(2022, 1, 1), HISTORY_MONTHS), "2024-01"),
        (days(date(2022, 7, 1), HISTORY_MONTHS), "2024-01"),
        (days(date(2022, 8, 1), HISTORY_MONTHS), "2025-01"),
        (days(date(2021, 1, 1), HISTORY_MONTHS - 1) * 3, None),
        (days(date(2019, 1, 1), 60), "2021-01"),
        (days(date(2019, 1, 1), HISTORY_MONTHS, step=2), "2022-01"),
        (list(reversed(days(date(2022, 7, 1), 30))), "2024-01"),
    ],
)
def test_default_start(taken: list[date], start: str | None) -> None:
    assert default_start(taken) == start


def scenes(taken: list[date]) -> list[Scene]:
    return [Scene(id=str(d), acquired=datetime(d.year, d.month, d.day, tzinfo=UTC), bands={}, scl=None, baseline="", pass_key=str(d)) for d in taken]


Make = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path, config_text: str) -> Make:
    """A project with other lines in its config, and further ones."""

    def make(**changes: str) -> Project:
        lines = {"crs": "EPSG:32648", "resolution": "10"} | changes
        text = config_text.replace("grid: {crs: EPSG:32648, resolution: 10}", f"grid: {{crs: {lines['crs']}, resolution: {lines['resolution']}}}")
        if "bands" in changes:
            text = text.replace("path: scenes}", f"path: scenes, bands: [{changes['bands']}]}}")
        (tmp_path / "county.yaml").write_text(text + (f"monitor_from: {changes['monitor_from']}\n" if "monitor_from" in changes else ""), "utf-8")
        return config.load(tmp_path / "county.yaml")

    return make


def first_run(project: Project) -> Memory:
    return remember(project, scenes(days(date(2022, 1, 1), 24)), BANDS, lambda: GRID)


def no_grid() -> Grid:
    raise AssertionError("the grid is made once")


def test_later_runs_remember_the_first(project: Make) -> None:
    made = first_run(project())
    assert (made.grid, made.bands, made.monitor_from) == (GRID, BANDS, "2024-01")
    more = scenes(days(date(2015, 1, 1), 120))
    assert remember(project(), more, ("B04",), no_grid) == made


def test_too_short_an_archive(project: Make) -> None:
    with pytest.raises(MinewardenError, match="3 calendar months") as caught:
        remember(project(), scenes(days(date(2024, 1, 1), 3)), BANDS, lambda: GRID)
    assert caught.value.code == "MW-MONITOR-HISTORY"
    assert not (project().state / FILE).exists()


def test_the_config_may_begin_sooner(project: Make) -> None:
    found = remember(project(monitor_from="2023-01"), scenes(days(date(2022, 9, 1), 3)), BANDS, lambda: GRID)
    assert found.monitor_from == "2023-01"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"monitor_from": "2025-01"}, "MW-MONITOR-CHANGED"),
        ({"crs": "EPSG:32647"}, "MW-GRID-CHANGED"),
        ({"resolution": "20"}, "MW-GRID-CHANGED"),
        ({"bands": "B04, B08"}, "MW-BANDS-CHANGED"),
        ({"bands": "B03, B04, B08, B11"}, "MW-BANDS-CHANGED"),
    ],
)
def test_a_config_that_does_not_fit_any_more(project: Make, changes: dict[str, str], code: str) -> None:
    first_run(project())
    with pytest.raises(MinewardenError) as caught:
        first_run(project(**changes))
    assert (caught.value.code, caught.value.exit_code) == (code, Exit.BAD_INPUT)


def test_what_means_the_same_is_no_change(project: Make) -> None:
    made = first_run(project())
    assert first_run(project(crs="epsg:32648", resolution="10.0", monitor_from="2024-01")) == made
    assert first_run(project(bands="B08, B04, B03")) == made


def test_grids_off_round_numbers_come_back_exactly(project: Make) -> None:
    odd = Grid(GRID.geobox.pad(3), 256)
    made = remember(project(), scenes(days(date(2022, 1, 1), 24)), BANDS, lambda: odd)
    assert remember(project(), [], BANDS, no_grid) == replace(made, grid=odd)


@pytest.mark.parametrize("damage", ["cut", "changed", "list", "binary"])
def test_a_damaged_file_is_named(project: Make, damage: str) -> None:
    first_run(project())
    file = project().state / FILE
    known = file.read_text("utf-8")
    text = {"cut": known[:50], "changed": known.replace('"2024-01"', '"2023-01"'), "list": "[1]", "binary": "\0\1"}[damage]
    file.write_text(text, "utf-8")
    with pytest.raises(MinewardenError) as caught:
        first_run(project())
    assert (caught.value.code, caught.value.exit_code) == ("MW-STATE-DAMAGED", Exit.DAMAGED)
    assert str(file) in caught.value.message


def test_a_file_that_is_gone_is_not_made_from_another_archive(project: Make) -> None:
    first_run(project())
    (project().state / FILE).unlink()
    month = project().output / "2024-01"
    month.mkdir()
    (month / "run.json").write_text("{}", "utf-8")
    with pytest.raises(MinewardenError) as caught:
        first_run(project())
    assert (caught.value.code, caught.value.exit_code) == ("MW-STATE-MISSING", Exit.DAMAGED)
    assert "minewarden repair" in caught.value.fix
    assert not (project().state / FILE).exists()


def test_the_file_is_for_people_too(project: Make) -> None:
    first_run(project())
    known = json.loads((project().state / FILE).read_text("utf-8"))
    assert known["monitor_from"] == "2024-01"
    assert known["bands"] == list(BANDS)
    assert known["shape"] == list(GRID.shape)
