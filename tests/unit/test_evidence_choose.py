"""Which dates are pictured."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.publish.evidence.case import SAMPLE, subject
from pipeline.publish.evidence.choose import choose
from pipeline.publish.evidence.glance import Look
from pipeline.publish.evidence.looks import DayLook
from pipeline.publish.features import Judged
from tests import pictures
from tests.made_month import GRID
from tests.pictures import scene

CLEAR, CLOUDED, HALF, ALONE = Look(1, 1, 1), Look(1, 0, 0.2), Look(1, 0.6, 0.6), Look(1, 1, 0.2)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Ground that changed on 12 May."""
    return pictures.cases(tmp_path_factory.mktemp("ledger"))[0]


def chosen(judged: Judged, looks: dict[str, Look | None], **finding: Any) -> tuple[str | None, str | None]:
    days = {date.fromisoformat(day): look for day, look in looks.items()}
    each = subject(replace(judged, finding=replace(judged.finding, **finding)), GRID)

    def at(_: int, day: date) -> DayLook | None:
        look = days[day]
        return None if look is None else DayLook(look, (scene(day), scene(day)))

    archive: Any = SimpleNamespace(subjects=[each], days=sorted(days), at=at)
    before, after = choose(0, archive)
    return before and before.day.isoformat(), after and after.day.isoformat()


def test_the_last_clear_look_before_and_the_latest_after(case: Judged) -> None:
    looks = {"2024-03-01": CLEAR, "2024-04-10": CLEAR, "2024-04-27": CLOUDED, "2024-05-12": CLEAR, "2024-07-03": CLEAR, "2024-07-28": CLOUDED}
    assert chosen(case, looks) == ("2024-04-10", "2024-07-03")


def test_nothing_of_the_ground_has_changed_before(case: Judged) -> None:
    looks = {"2024-04-20": CLEAR, "2024-05-02": CLEAR, "2024-05-11": CLEAR, "2024-07-03": CLEAR}
    assert chosen(case, looks, before_date=date(2024, 5, 5))[0] == "2024-05-02"
    assert chosen(case, looks, before_date=date(2024, 6, 20))[0] == "2024-05-11", "cells that changed later do not count"
    assert chosen(case, looks, before_date=None)[0] == "2024-05-11"


def test_surroundings_count_where_another_date_is_near(case: Judged) -> None:
    assert chosen(case, {"2024-04-10": CLEAR, "2024-04-27": ALONE, "2024-06-01": CLEAR})[0] == "2024-04-10"
    assert chosen(case, {"2024-01-10": CLEAR, "2024-04-27": ALONE, "2024-06-01": CLEAR})[0] == "2024-04-27"


def test_the_clearest_where_none_is_clear(case: Judged) -> None:
    looks: dict[str, Look | None] = {"2024-03-01": HALF, "2024-04-01": CLOUDED, "2024-04-10": None, "2024-05-20": CLOUDED}
    assert chosen(case, looks) == ("2024-03-01", None)
    assert chosen(case, {}) == (None, None)


def test_overdue_sites_are_pictured_in_the_growing_season(case: Judged) -> None:
    site = replace(case, patch=None)
    looks = {
        "2022-07-01": CLEAR, "2023-07-01": CLEAR, "2023-12-01": CLEAR, "2024-06-20": CLEAR, "2024-08-30": CLEAR, "2024-09-20": CLEAR,
    }  # fmt: skip
    said = {"first_seen": date(2024, 6, 20), "last_seen": date(2024, 8, 30), "before_date": None}
    assert chosen(site, looks, deadline=date(2023, 12, 31), **said) == ("2023-07-01", "2024-08-30")
    assert chosen(site, looks, deadline=date(2021, 12, 31), **said) == ("2022-07-01", "2024-08-30"), "the earliest where the archive is younger"


def test_one_scene_unless_it_covers_only_a_part(case: Judged) -> None:
    each = subject(case, GRID)
    for look, many in ((CLEAR, 1), (Look(0.95, 0.95, 0.9), 2)):
        archive: Any = SimpleNamespace(
            subjects=[each], days=[date(2024, 4, 1)], at=lambda _, day, look=look: DayLook(look, (scene(day), scene(day)))
        )  # fmt: skip
        before, _ = choose(0, archive)
        assert before is not None
        assert len(before.scenes) == many


def test_cells_that_changed_first_speak_for_the_ground(case: Judged) -> None:
    rows, cols = np.nonzero(GRID.mask(case.finding.geometry))
    cells = np.stack([rows, cols], axis=1).astype(np.int32)
    days = (rows - rows.min()).astype(np.int32)
    assert case.patch is not None
    each = subject(replace(case, patch=replace(case.patch, cells=cells, first_day=days)), GRID)
    assert len(each.sample) == SAMPLE
    assert each.sample[:, 0].max() < np.median(rows), "the north changed first"
    assert each.inside.sum() == len(each.cells) == len(rows)


def test_a_sliver_without_a_cell_has_one(case: Judged, tmp_path: Path) -> None:
    from shapely.geometry import box

    sliver = box(501_001, 3_948_001, 501_003, 3_948_020)
    each = subject(replace(case, patch=None, finding=replace(case.finding, geometry=sliver)), GRID)
    assert len(each.cells) == len(each.sample) == 1
