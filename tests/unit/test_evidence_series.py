"""A ground's season, and which scenes are asked of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from shapely.geometry.base import BaseGeometry

from pipeline import store
from pipeline.detect.state import Baseline, arrays
from pipeline.publish.evidence.case import SAMPLE, Subject, subject
from pipeline.publish.evidence.glance import Look
from pipeline.publish.evidence.looks import DayLook
from pipeline.publish.evidence.series import Series, series_of
from pipeline.publish.evidence.sheet import draw
from pipeline.publish.features import Judged
from pipeline.year import Setting
from tests import pictures
from tests.made_month import GRID, layers, site

DAY = date(2024, 6, 18)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return pictures.cases(tmp_path_factory.mktemp("ledger"))[0]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """With a baseline in every block."""
    state = tmp_path_factory.mktemp("state")
    for block in GRID.blocks():
        base = Baseline.empty(2, block.height, block.width)
        base.mean[:, 0], base.scale[:], base.looks[:] = 1800, 130, 60
        store.write(state / "2024" / f"{block.name}.base", arrays(base), "made")
    return Setting(GRID, ("B04", "B08"), layers().area, state, 2, None, 512, lambda *_: None)


def overdue(case: Judged, ground: BaseGeometry) -> Subject:
    return subject(replace(case, patch=None, finding=replace(case.finding, geometry=ground)), GRID)


def series(each: Subject, setting: Setting) -> Series:
    archive: Any = SimpleNamespace(subjects=[each], days=[DAY], at=lambda _, day: DayLook(Look(1, 1, 1, 1500, 2500), (pictures.scene(day),)))
    return series_of(archive, "2024-07", setting)[0]


@pytest.mark.parametrize(("east", "south"), [(8900, 6900), (8900, -100), (-100, 6900), (-100, -100), (4000, 6900), (8900, 3000)])
def test_of_a_site_over_the_countys_edge_what_lies_inside_speaks(case: Judged, setting: Setting, east: float, south: float) -> None:
    each = overdue(case, site(east, south, 200, 200))
    assert len(each.sample) == SAMPLE
    assert (each.cells >= 0).all()
    assert (each.cells < GRID.shape).all()
    assert len(each.cells) == each.inside.sum() in (100, 200)
    found = series(each, setting)
    assert found.season is not None
    assert [day for day, _ in found.looks] == [DAY]


def test_a_site_off_the_county_has_a_sheet_without_a_series(case: Judged, setting: Setting) -> None:
    ground = site(9100, 7100, 200, 200)
    found = series(overdue(case, ground), setting)
    assert (found.looks, found.season, found.cells) == ((), None, 0)
    off = replace(case, patch=None, finding=replace(case.finding, geometry=ground))
    assert pictures.pixels(draw(pictures.sheet(off, layers(), series=found))).any()
