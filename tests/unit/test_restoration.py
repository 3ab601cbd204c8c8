"""Cover, reference, accounts and document of made sites; the estimator against known cover curves."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box as square

from pipeline.detect.looks import NO_DATA
from pipeline.layers.model import Standing
from pipeline.restoration.balance import Dug, accounts, dug_ground
from pipeline.restoration.bareness import surroundings
from pipeline.restoration.document import County, Told, tell
from pipeline.restoration.grounds import Kind, grounds
from pipeline.restoration.progress import Cells, progress
from pipeline.restoration.reference import reference_of
from pipeline.restoration.season import UNSEEN, Ends, Season, SeasonLook, covers, season_of
from tests.county import GRID, box, layers, legacy, right

ROOT = Path(__file__).parents[2]
PLOT = box(400, 400, 500, 500)
ENDS = Ends(0.1, 0.7, 5000, 4000)
SOIL, PLANT = (2750, 2250), (3400, 600)
"""Near infrared and red of the two ends."""


def mixed(cover: Any) -> np.ndarray[Any, Any]:
    """(3, h, w): reflectance of cells of which `cover` is green."""
    share = np.asarray(cover, float)
    nir, red = (SOIL[k] * (1 - share) + PLANT[k] * share for k in (0, 1))
    return np.stack([nir, red, red]).astype(np.int16)


def a_season(year: int, cover: Any, count: int = 4) -> Season:
    looks = [
        SeasonLook(date(year, 6, 5 + 20 * k) if k < 1 else date(year, 6 + k % 4, 15), mixed(cover), np.ones(np.shape(cover), bool))
        for k in range(count)
    ]
    season = season_of(year, looks)
    assert season is not None
    return season


def site() -> Any:
    known = layers(legacy("YL", PLOT))
    (ground,) = grounds(known, date(2024, 9, 30), square(*PLOT.bounds))
    return ground, surroundings(ground, known, GRID)


def picture(window: Any, own: float, around: float) -> np.ndarray[Any, Any]:
    return np.where(window.inside, own, around)


def test_cover_follows_the_shares_that_were_mixed() -> None:
    """NDVI bends where soil is brighter than plants; cover must not."""
    _, window = site()
    shares = np.linspace(0, 1, window.inside.size).reshape(window.inside.shape)
    (found,) = covers(window, [a_season(2023, shares)], Ends(0.1, 0.7, 5000, 4000))
    assert np.abs(found / 100 - shares).max() < 0.01


def test_bright_rock_has_a_bare_end_of_its_own() -> None:
    _, window = site()
    bare, half = (picture(window, share, 0.5) for share in (0.0, 0.5))
    rock = np.where(window.inside, np.array([4000, 3900, 3900])[:, None, None], mixed(half))
    grown = np.where(window.inside, (rock * 0.5 + mixed(np.ones(bare.shape)) * 0.5), mixed(half)).astype(np.int16)
    seasons = [
        season_of(y, [SeasonLook(date(y, m, 9), p.astype(np.int16), np.ones(bare.shape, bool)) for m in (6, 8)])
        for y, p in ((2022, rock), (2023, grown))
    ]
    planes = covers(window, [each for each in seasons if each is not None], ENDS)
    assert planes[0][window.inside].max() == 0
    assert planes[1][window.inside].mean() / 100 == pytest.approx(0.5, abs=0.02)


def test_a_flush_of_weeds_is_no_cover() -> None:
    shape = (12, 12)
    looks = [SeasonLook(date(2023, 7, 1 + k), mixed(np.full(shape, 0.8 if k == 2 else 0.05)), np.ones(shape, bool)) for k in range(6)]
    season = season_of(2023, looks)
    assert season is not None
    _, window = site()
    window = SimpleNamespace(inside=np.ones(shape, bool))
    (cover,) = covers(window, [season], ENDS)  # type: ignore[arg-type]
    assert cover.max() <= 6


def test_what_is_not_clear_does_not_count() -> None:
    shape = (4, 4)
    clear = np.ones(shape, bool)
    clear[0, 0] = False
    looks = [SeasonLook(date(2023, 7, k), mixed(np.full(shape, 0.4)), clear) for k in (1, 9)]
    looks[0].reflectance[:, 1, 1] = NO_DATA
    season = season_of(2023, looks)
    assert season is not None
    assert season.ndvi[0, 0] == NO_DATA, "never clear"
    assert season.ndvi[1, 1] == NO_DATA, "one look is too few"
    assert season.seen.sum() == 14
    assert season_of(2023, [SeasonLook(date(2023, 7, 1), mixed(np.zeros(shape)), np.zeros(shape, bool))]) is None


def test_reference_is_matched_by_what_the_site_was_before() -> None:
    """West of the site lies poor pasture like its own, east of it rich fields; it is dug in the third year."""
    _, window = site()
    cols = np.arange(window.inside.shape[1])[None] + np.zeros(window.inside.shape)
    around = np.where(cols < window.inside.shape[1] / 2, 0.35, 0.8)
    planes = []
    for own in (0.33, 0.36, 0.0, 0.0):
        cover = np.round(100 * np.where(window.inside, own, around)).astype(np.uint8)
        planes.append(cover)
    found = reference_of(window, planes)
    assert found.matched
    assert found.cover.tolist() == pytest.approx([0.35] * 4, abs=0.01)
    unmatched = reference_of(window, planes[2:])
    assert not unmatched.matched
    assert unmatched.plots >= 4


def test_no_season_is_no_reference() -> None:
    """As where no scene at all can be read: a site is then not seen."""
    _, window = site()
    found = reference_of(window, [])
    assert (found.cover.shape, found.plots, found.matched) == ((0,), 0, False)
    assert progress(window, [], ENDS, None, old=True).verdict is None


def test_fields_in_rotation_are_no_reference() -> None:
    _, window = site()
    rng = np.random.default_rng(5)
    tiles = np.kron(rng.random((15, 15)) < 0.5, np.ones((5, 5), bool))[: window.inside.shape[0], : window.inside.shape[1]]
    planes = []
    for k in range(4):
        crops = np.kron(rng.uniform(0.05, 0.95, (15, 15)), np.ones((5, 5)))[: window.inside.shape[0], : window.inside.shape[1]]
        cover = np.where(tiles, crops, 0.4 - 0.05 * k)
        planes.append(np.round(100 * np.where(window.inside, 0.0, cover)).astype(np.uint8))
    found = reference_of(window, planes)
    assert found.cover == pytest.approx([0.4, 0.35, 0.3, 0.25], abs=0.02)


def test_a_season_seen_for_a_week_does_not_count() -> None:
    _, window = site()
    looks = [SeasonLook(date(2023, 7, k), mixed(picture(window, 0.1, 0.5)), np.ones(window.inside.shape, bool)) for k in (1, 6)]
    season = season_of(2023, looks)
    assert season is not None
    assert progress(window, [season], ENDS, None, old=True).verdict is None


def test_grounds_are_counted_once() -> None:
    records = [
        legacy("YL", box(0, 0, 200, 200), state="未治理"),
        right("shut", box(100, 0, 400, 200), status="关闭", restore_by=date(2023, 1, 1)),
        right("old", box(300, 0, 500, 200), status="有效", valid_to=date(2020, 1, 1)),
        right("work", box(450, 0, 700, 200), status="有效", valid_to=date(2030, 1, 1)),
        right("looking", box(700, 0, 900, 200), status="探矿"),
        right("away", box(5000, 5000, 5100, 5100), status="有效"),
    ]
    found = grounds(layers(*records), date(2024, 9, 30), box(0, 0, 1000, 1000))
    assert [(each.id, each.kind) for each in found] == [("YL", Kind.LEGACY), ("old", Kind.CLOSED), ("shut", Kind.CLOSED), ("work", Kind.WORKING)]
    assert [round(each.geometry.area) for each in found] == [40000, 30000, 20000, 50000]
    assert [each.deadline for each in found] == [None, None, date(2023, 1, 1), None]
    assert records[2].standing(date(2024, 9, 30)) is Standing.EXPIRED


def test_a_valid_right_on_the_ground_of_a_closed_mine_is_counted_first() -> None:
    records = [
        right("1 shut", box(0, 0, 400, 200), status="关闭", restore_by=date(2023, 1, 1)),
        right("2 over", box(500, 0, 600, 200), status="有效", valid_to=date(2020, 1, 1)),
        right("3 new", box(200, 0, 400, 200), status="有效", valid_to=date(2030, 1, 1)),
        right("4 again", box(500, 0, 600, 200), status="有效", valid_to=date(2030, 1, 1)),
        right("5 to come", box(0, 0, 200, 200), status="有效", valid_from=date(2025, 1, 1)),
    ]
    found = grounds(layers(*records), date(2024, 9, 30), box(0, 0, 1000, 1000))
    assert [(each.id, each.kind, round(each.geometry.area)) for each in found] == [
        ("1 shut", Kind.CLOSED, 40000), ("3 new", Kind.WORKING, 40000), ("4 again", Kind.WORKING, 20000),
    ]  # fmt: skip


@pytest.mark.parametrize("said", [{"status": "探矿"}, {"status": "过期", "exploration": True}, {"status": "注销", "exploration": True}])
def test_rights_for_exploration_owe_no_ground_and_take_none(said: dict[str, Any]) -> None:
    looked = right("A looking", box(0, 0, 800, 800), valid_to=date(2020, 1, 1), **said)
    mine = right("B work", box(100, 100, 300, 300), status="有效", valid_to=date(2030, 1, 1))
    found = grounds(layers(looked, mine), date(2024, 9, 30), box(0, 0, 1000, 1000))
    assert [(each.id, round(each.geometry.area)) for each in found] == [("B work", 40000)]


def cells(year: int, bare: list[int], green: list[int], seen: list[int]) -> Cells:
    return Cells(year, *(np.array([plane], bool) for plane in (bare, green, seen)))


def test_accounts_carry_what_a_season_did_not_see() -> None:
    every = [1, 1, 1, 1]
    seasons = [
        cells(2021, [1, 1, 0, 0], [0, 0, 0, 0], every),
        cells(2022, [0, 1, 1, 0], [1, 0, 0, 0], every),
        cells(2023, [0, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1]),
    ]
    found = accounts(np.array([[1, 1, 1, 0]], bool), seasons, np.zeros((1, 4), np.int32))
    assert [(a.disturbed, a.restored, a.dug_now, a.owed) for a in found] == [(2, 0, 0, 2), (3, 1, 1, 2), (3, 1, 0, 2)], "there before"
    assert [a.rate for a in found] == [0, pytest.approx(1 / 3), pytest.approx(1 / 3)]
    whole = accounts(np.array([[1, 1, 1, 0]], bool), seasons, None)
    assert [(a.disturbed, a.dug_now) for a in whole] == [(3, 0)] * 3


def test_dug_is_what_the_month_says_is_dug() -> None:
    """And what was given back before monitoring began. A field at rest is neither, nor what was dug after the year of the last season."""
    none = np.zeros((8, 8), bool)
    field, pit, later, given_back, speck = (none.copy() for _ in range(5))
    field[:2, :3], pit[:3, 4:7], later[4:6, :3], given_back[4:7, 4:7], speck[7, 0] = True, True, True, True, True
    bare = [given_back | field, given_back, none, field | pit]
    seasons = [Cells(2021 + k, each, given_back & (k > 1), ~none) for k, each in enumerate(bare)]
    day = np.where(later, date(2025, 2, 1).toordinal(), np.where(pit, date(2024, 5, 1).toordinal(), 0)).astype(np.int32)
    dug = Dug(pit | later | speck, none, day)
    assert (dug_ground(seasons, dug, ~none, 2024, 4) == (pit | given_back)).all()
    assert (dug_ground(seasons, dug, ~pit, 2024, 4) == given_back).all(), "within the right"
    assert (dug_ground(seasons, replace(dug, closed=field), ~none, 2024, 4) == (pit | given_back | field)).all(), "dug once counts for good"


def test_ground_counts_as_dug_from_its_day_on() -> None:
    every = [1, 1, 1, 1]
    seasons = [cells(2022, [1, 0, 0, 0], [0, 1, 1, 1], every), cells(2023, [0, 1, 0, 0], [1, 0, 1, 1], every)]
    seasons.append(cells(2024, [0, 1, 1, 1], [1, 0, 0, 0], every))
    day = np.array([[date(2023, 11, 5).toordinal(), 0, date(2024, 8, 1).toordinal(), 0]], np.int32)
    found = accounts(np.ones((1, 4), bool), seasons, day)
    assert [(a.disturbed, a.restored, a.dug_now) for a in found] == [(0, 0, 0), (2, 1, 2), (4, 1, 2)]


def test_ground_dug_within_a_season_bears_nothing_at_its_end() -> None:
    """Half of a site was dug in August: most of the season's looks still show its old cover."""
    _, window = site()
    seasons = [a_season(year, picture(window, 0.5, 0.5)) for year in (2022, 2023, 2024)]
    day = np.zeros(window.inside.shape, np.int32)
    rows, cols = np.nonzero(window.inside)
    day[rows[:60], cols[:60]] = date(2024, 8, 10).toordinal()
    found = progress(window, seasons, ENDS, None, old=False, dug=day)
    assert [year.bare for year in found.years] == [0, 0, 0.6]
    assert found.years[-1].cover == pytest.approx(0.2, abs=0.01)
    assert found.verdict is not None
    assert found.verdict.state.value == "未治理"


def test_document_adds_up() -> None:
    ground, window = site()
    seasons = [a_season(year, picture(window, own, 0.5)) for year, own in ((2021, 0.0), (2022, 0.0), (2023, 0.48), (2024, 0.5))]
    found = progress(window, seasons, ENDS, "已治理", old=True)
    told = Told(ground, found, accounts(window.inside, found.cells, None), int(window.inside.sum()), None, (105.0, 35.0))
    document = tell(County("会宁县", "2024-09", date(2024, 9, 30), 100.0, ENDS, ("B08", "B04", "B03")), [told])
    (row,) = document["sites"]
    assert (row["state"], row["area_ha"], row["restored_ha"], row["bare_ha"], row["overdue"]) == ("已治理", 1.0, 1.0, 0.0, False)
    assert [year["restored_ha"] for year in document["county_years"]] == [0, 0, 1, 1]
    assert [year["owed_ha"] for year in document["county_years"]] == [1, 1, 0, 0]
    assert {each["state"]: each["sites"] for each in document["states"]}["已治理"] == 1
    assert UNSEEN not in [row["cover"], row["reference_cover"]]


@pytest.fixture
def made_sites(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench" / "accuracy"))
    import made_sites

    yield made_sites
    sys.modules.pop("made_sites", None)


def test_made_sites_of_every_story(made_sites: Any) -> None:
    """One seed of the benchmark, which nothing was tuned on; the benchmark itself takes hundreds (docs/restoration.md)."""
    right_states, errors = 0, []
    for story in made_sites.STORIES:
        made = made_sites.make(301, story)
        found_years = sorted({look.day.year for look in made.looks})
        seasons = [season_of(year, [look for look in made.looks if look.day.year == year]) for year in found_years]
        found = progress(made.window, [each for each in seasons if each is not None], made.ends, made.claimed, old=True)
        right_states += found.verdict is not None and found.verdict.state.value == made.state
        errors += [abs(year.cover - made.cover[year.year]) for year in found.years]
    assert right_states >= len(made_sites.STORIES) - 1
    assert np.mean(np.array(errors) <= 0.08) >= 0.9


def test_a_season_is_the_median_of_its_days_not_of_its_looks() -> None:
    """Five clear looks in a fortnight of weeds, four in the rest of the season: the weeds lasted a fortnight."""
    days = [date(2023, 6, 10), date(2023, 6, 30), *(date(2023, 7, day) for day in (10, 13, 16, 19, 22)), date(2023, 8, 10), date(2023, 9, 5)]
    looks = [SeasonLook(day, mixed(np.full((3, 3), 0.8 if day.month == 7 else 0.1)), np.ones((3, 3), bool)) for day in days]
    for order in (looks, looks[::-1]):
        season = season_of(2023, order)
        assert season is not None
        bare = mixed(np.full((3, 3), 0.1)).astype(float)
        assert season.ndvi / 1e4 == pytest.approx((bare[0] - bare[1]) / (bare[0] + bare[1]), abs=0.01)


def test_a_cell_that_a_look_did_not_show_is_filled_by_none() -> None:
    """Cloud over one cell leaves it the looks that are left; two of equal weight are averaged."""
    clear = np.ones((2, 2), bool)
    looks = [SeasonLook(date(2023, 6, 21), mixed(np.full((2, 2), 0.2)), clear), SeasonLook(date(2023, 9, 10), mixed(np.full((2, 2), 0.6)), clear)]
    looks.append(SeasonLook(date(2023, 8, 1), mixed(np.full((2, 2), 0.9)), np.array([[True, False], [False, False]])))
    season = season_of(2023, looks)
    assert season is not None
    (with_third, *rest) = season.ndvi.ravel().tolist()
    assert len(set(rest)) == 1
    ends = [(each[0] - each[1]) / (each[0] + each[1]) for each in (mixed(0.2).astype(float), mixed(0.6).astype(float))]
    assert rest[0] / 1e4 == pytest.approx(np.mean(ends), abs=0.01)
    assert with_third > rest[0]
