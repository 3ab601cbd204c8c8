"""Sites past their deadline: which are judged, by which looks, and what is found."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from pipeline.config_findings import SeverityConfig
from pipeline.findings import unrestored
from pipeline.findings.finding import Code
from pipeline.findings.lookup import Lookup
from pipeline.restoration.bareness import Judgement, Site, SiteLook, Window, cover_of, judge_site, seasons, sites, surroundings
from pipeline.restoration.medians import median_seen
from tests.county import GRID, box, farmland, layers, legacy, redline, right, town

END = date(2024, 9, 30)
DEADLINE = date(2023, 12, 31)
PLOT = box(400, 400, 500, 500)
GREEN, BARE = 0.45, 0.12
DAYS = [date(2024, 6, 5), date(2024, 7, 9), date(2024, 8, 20)]


def ndvi_on(window: Window, site: float = BARE, around: float = GREEN) -> np.ndarray[Any, np.dtype[np.float32]]:
    out = np.full(window.inside.shape, around, np.float32)
    out[window.inside] = site
    return out


class County:
    """One site, and looks at it by day."""

    def __init__(self, ground: Any = PLOT, deadline: date = DEADLINE, **said: Any) -> None:
        self.layers = layers(legacy("YL", ground, deadline=deadline, **said))
        (self.site,) = sites(self.layers, END)
        self.window = surroundings(self.site, self.layers, GRID)
        self.looks: dict[date, SiteLook] = {}

    def see(self, day: date, ndvi: Any = None, clear: Any = None) -> County:
        shape = self.window.inside.shape
        picture = ndvi_on(self.window) if ndvi is None else np.broadcast_to(np.asarray(ndvi, np.float32), shape)
        self.looks[day] = SiteLook(day, picture, np.ones(shape, bool) if clear is None else clear)
        return self

    def judge(self, end: date = END) -> Judgement | None:
        return judge_site(self.site, self.window, list(self.looks), end, self.looks.get)


def bare_county() -> County:
    county = County()
    for day in DAYS:
        county.see(day)
    return county


def test_which_sites_are_due() -> None:
    records = [
        legacy("past", PLOT, deadline=date(2024, 9, 29), state="已治理"),
        legacy("today", PLOT, deadline=END),
        legacy("none", PLOT),
        right("closed", PLOT, status="关闭", restore_by=date(2020, 1, 1)),
        right("closed later", PLOT, status="注销", restore_by=date(2025, 1, 1)),
        right("at work", box(600, 600, 700, 700), status="有效", restore_by=date(2020, 1, 1)),
    ]
    due = sites(layers(*records), END)
    assert [(s.id, s.legacy is not None, s.right is not None) for s in due] == [("past", True, False), ("closed", False, True)]


MINE = right("C1", PLOT, status="关闭", restore_by=DEADLINE)


@pytest.mark.parametrize(
    ("other", "owed_m2"),
    [
        (right("C2", box(450, 300, 900, 900), status="有效", valid_to=date(2030, 1, 1)), 5000),
        (right("C2", box(300, 300, 900, 900), status="有效", valid_to=date(2030, 1, 1)), 0),
        (right("C2", box(450, 300, 900, 900), status="有效", valid_to=date(2024, 1, 1)), 10000),
        (right("C2", box(450, 300, 900, 900), status="有效", valid_from=date(2025, 1, 1)), 10000),
        (right("T2", box(450, 300, 900, 900), status="探矿", valid_to=date(2030, 1, 1)), 10000),
        (right("C2", box(300, 300, 900, 900), status="有效", valid_to=date(2030, 1, 1), method="地下开采"), 10000),
    ],
)
def test_nobody_owes_ground_on_which_another_valid_right_lies(other: Any, owed_m2: int) -> None:
    due = sites(layers(MINE, other), END)
    assert [site.id for site in due] == ["C1"] * bool(owed_m2)
    assert sum(site.geometry.area for site in due) == pytest.approx(owed_m2)


def test_neighbours_whose_edges_overlap_a_little_change_no_site() -> None:
    beside = right("C2", box(499.5, 300, 900, 900), status="有效", valid_to=date(2030, 1, 1))
    (site,) = sites(layers(MINE, beside), END)
    assert site.geometry is PLOT


def test_a_closed_right_for_exploration_is_no_site() -> None:
    assert sites(layers(right("T1", PLOT, status="注销", restore_by=DEADLINE, exploration=True)), END) == []


def test_seasons_lie_after_the_deadline_and_end_with_the_month() -> None:
    days = [
        date(2022, 7, 1),
        date(2023, 5, 31),
        date(2023, 6, 30),
        date(2023, 7, 1),
        date(2023, 9, 30),
        date(2023, 10, 1),
        date(2024, 6, 1),
        date(2024, 7, 1),
    ]
    assert seasons(date(2023, 6, 30), days, date(2024, 6, 30)) == [[date(2024, 6, 1)], [date(2023, 7, 1), date(2023, 9, 30)]]


def test_window_holds_the_site_and_its_ring() -> None:
    window = surroundings(bare_county().site, layers(), GRID)
    assert window.inside.sum() == 100
    assert not (window.inside & window.ring).any()
    assert window.inside.shape == (71, 71)
    area = window.ring.sum() * 100
    assert area == pytest.approx(PLOT.buffer(300).area - PLOT.buffer(30).area, rel=0.01)


def test_ring_leaves_out_other_sites_and_rights() -> None:
    others = layers(legacy("other", box(0, 0, 450, 1000)), right("C1", box(450, 0, 1000, 430)))
    window = surroundings(bare_county().site, others, GRID)
    rows, cols = np.nonzero(window.ring)
    x = window.geobox.affine.c + (cols + 0.5) * 10 - 400_000
    y = window.geobox.affine.f - (rows + 0.5) * 10 - 3_900_000
    assert (x > 450).all()
    assert (y > 430).all()
    assert len(x)


@pytest.mark.parametrize("ground", [box(0, 0, 100, 100), box(950, 950, 1000, 1000), box(-500, -500, -300, -300), box(2000, 400, 2100, 500)])
def test_window_at_the_edge_of_the_grid(ground: Any) -> None:
    county = County(ground)
    assert county.window.inside.shape == tuple(county.window.geobox.shape)
    for day in DAYS:
        county.see(day)
    assert (county.judge() is None) == (not county.window.inside.any())


def test_cover_is_linear_between_bare_and_full() -> None:
    assert cover_of(np.array([0.0, 0.08, 0.4, 0.72, 0.9], np.float32)).tolist() == pytest.approx([0, 0, 0.5, 1, 1])


def test_bare_site() -> None:
    judgement = bare_county().judge()
    assert judgement is not None
    assert judgement.unrestored
    assert judgement.geometry.equals(PLOT)
    assert (judgement.first_look, judgement.last_look) == (DAYS[0], DAYS[-1])
    assert judgement.cover == pytest.approx(0.04 / 0.64)
    assert judgement.reference == pytest.approx(0.37 / 0.64)
    assert (judgement.bare_m2, judgement.restored_m2, judgement.seen_share) == (10000, 0, 1)


@pytest.mark.parametrize(
    ("site", "around", "expected"),
    [(0.45, 0.45, False), (0.30, 0.45, False), (0.31, 0.45, False), (0.25, 0.45, True), (0.08, 0.12, True), (0.08, 0.11, False), (0.08, 0.08, False)],
)
def test_bare_is_meant_against_the_surroundings(site: float, around: float, expected: bool) -> None:
    county = County()
    for day in DAYS:
        county.see(day, ndvi_on(county.window, site, around))
    judgement = county.judge()
    assert judgement is not None
    assert judgement.unrestored is expected


@pytest.mark.parametrize(("rows", "expected"), [(4, False), (5, True)])
def test_half_of_the_site_must_be_bare(rows: int, expected: bool) -> None:
    county = County()
    picture = ndvi_on(county.window, GREEN)
    picture[np.nonzero(county.window.inside.any(axis=1))[0][:rows]] = BARE
    for day in DAYS:
        county.see(day, np.where(county.window.inside, picture, GREEN))
    judgement = county.judge()
    assert judgement is not None
    assert judgement.unrestored is expected
    assert judgement.bare_m2 == rows * 1000


def test_what_is_clearly_restored_is_cut_out() -> None:
    county = County()
    picture = ndvi_on(county.window)
    picture[np.nonzero(county.window.inside.any(axis=1))[0][:3]] = GREEN
    for day in DAYS:
        county.see(day, picture)
    judgement = county.judge()
    assert judgement is not None
    assert judgement.unrestored
    assert judgement.geometry.equals(box(400, 400, 500, 470))


def test_a_few_green_cells_leave_the_outline_alone() -> None:
    county = County()
    picture = ndvi_on(county.window)
    row = np.nonzero(county.window.inside.any(axis=1))[0][0]
    picture[row, np.nonzero(county.window.inside[row])[0][:9]] = GREEN
    for day in DAYS:
        county.see(day, picture)
    judgement = county.judge()
    assert judgement is not None
    assert judgement.geometry.equals(PLOT)


def test_one_green_look_among_three_is_weather() -> None:
    county = bare_county()
    county.see(DAYS[1], GREEN)
    judgement = county.judge()
    assert judgement is not None
    assert judgement.unrestored


def test_one_look_is_too_few() -> None:
    assert County().see(DAYS[0]).judge() is None


def test_clouds_are_no_looks() -> None:
    county = bare_county()
    covered = ~county.window.inside
    for day in DAYS[1:]:
        county.see(day, clear=covered)
    assert county.judge() is None


def test_most_of_the_site_must_be_seen() -> None:
    county = bare_county()
    half = county.window.inside & (np.cumsum(county.window.inside.ravel()).reshape(county.window.inside.shape) > 49)
    for day in DAYS[1:]:
        county.see(day, clear=~half)
    assert county.judge() is None


def test_surroundings_must_be_seen() -> None:
    county = County()
    for day in DAYS:
        county.see(day, clear=county.window.inside)
    assert county.judge() is None


def test_values_under_clouds_do_not_count() -> None:
    county = bare_county()
    picture = ndvi_on(county.window)
    picture[county.window.inside] = np.nan
    county.see(DAYS[0], picture, clear=~county.window.inside)
    judgement = county.judge()
    assert judgement is not None
    assert (judgement.unrestored, judgement.first_look) == (True, DAYS[1])


def test_the_season_before_judges_where_the_latest_does_not_show_the_site() -> None:
    county = County(deadline=date(2022, 12, 31))
    for day in DAYS:
        county.see(day.replace(year=2023))
    county.see(DAYS[0], GREEN)
    judgement = county.judge()
    assert judgement is not None
    assert judgement.unrestored
    assert judgement.last_look == date(2023, 8, 20)


def test_the_latest_season_judges() -> None:
    county = County(deadline=date(2022, 12, 31))
    for day in DAYS:
        county.see(day.replace(year=2023)).see(day, GREEN)
    judgement = county.judge()
    assert judgement is not None
    assert not judgement.unrestored
    in_july = county.judge(date(2024, 6, 30))
    assert in_july is not None
    assert in_july.unrestored


def test_looks_before_the_deadline_judge_nothing() -> None:
    county = County(deadline=date(2024, 9, 1))
    for day in DAYS:
        county.see(day)
    assert county.judge() is None


def test_too_small_a_site() -> None:
    county = County(box(400, 400, 430, 410))
    for day in DAYS:
        county.see(day)
    judgement = county.judge()
    assert judgement is not None
    assert not judgement.unrestored


def test_finding_of_a_legacy_patch() -> None:
    judgement = bare_county().judge()
    assert judgement is not None
    around = layers(*[redline("H", box(0, 0, 420, 1000)), town("甲镇", PLOT), right("C1", box(600, 400, 700, 500))])
    (finding,) = unrestored.findings([judgement], Lookup(around), SeverityConfig())
    assert (finding.code, finding.part, finding.patch) == (Code.UNRESTORED, "legacy:YL", None)
    assert (finding.legacy_id, finding.deadline, finding.right_id) == ("YL", DEADLINE, None)
    assert (finding.mining_likelihood, finding.confidence, finding.cause) == (None, None, None)
    assert (finding.first_seen, finding.last_seen) == (DAYS[0], DAYS[-1])
    assert (finding.restriction, finding.restriction_m2, finding.town, finding.distance_to_right_m) == (("H",), 2000, "甲镇", 100)
    assert (finding.severity, finding.also) == (3, ("prohibited_zone",))
    assert "deadline 2023-12-31" in finding.trace[0]


def test_finding_of_a_closed_mine() -> None:
    mine = right("C1", PLOT, status="关闭", restore_by=DEADLINE, name="东矿", holder="甲")
    judgement = bare_county().judge()
    assert judgement is not None
    small = replace(judgement, site=Site(geometry=PLOT, deadline=DEADLINE, right=mine), geometry=box(400, 400, 450, 500))
    (finding,) = unrestored.findings([small], Lookup(layers(mine, farmland("F", box(0, 0, 402, 1000)))), SeverityConfig())
    assert (finding.part, finding.right_id, finding.right_name, finding.holder) == ("right:C1", "C1", "东矿", "甲")
    assert (finding.legacy_id, finding.deadline, finding.severity, finding.also) == (None, DEADLINE, 2, ())


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(1, 7), (2, 30), (9, 40), (40, 9)])
def test_medians_are_those_of_what_was_seen(shape: tuple[int, int], axis: int) -> None:
    chance = np.random.default_rng(shape[0])
    table = np.where(chance.random(shape) < 0.4, np.nan, chance.normal(size=shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanmedian(table, axis=axis)
    np.testing.assert_array_equal(median_seen(table, axis), expected)
