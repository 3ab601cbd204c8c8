"""What is seen on a sheet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.publish.evidence import chart, text
from pipeline.publish.evidence.canvas import Canvas
from pipeline.publish.evidence.composite import NO_DATA, STRETCHED, Composite, composites, shades, shown_bands, stretch
from pipeline.publish.evidence.sheet import CAPTION, COLUMN, FINE, GAP, HEADER, MARGIN, SHEET_HEIGHT, SHEET_WIDTH, Date, draw
from pipeline.publish.evidence.window import HEIGHT, WIDTH
from pipeline.publish.features import Judged
from tests import pictures
from tests.made_month import layers
from tests.pictures import around, pixels, sheet

HOSTILE = "<img src=x onerror=alert(1)>\u202e\u0000" + "𠮷مرحبا" + "很长的矿山名称" * 40
TOP, LEFT = HEADER + GAP + CAPTION, MARGIN
SECOND = LEFT + WIDTH + GAP


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    return pictures.cases(tmp_path_factory.mktemp("ledger"))


def picture(page: NDArray[np.uint8], x: int, y: int) -> NDArray[np.uint8]:
    return page[y : y + HEIGHT, x : x + WIDTH]


def test_every_kind_of_case_has_a_sheet(cases: list[Judged]) -> None:
    for each in cases:
        page = pixels(draw(sheet(each, layers())))
        assert page.shape == (SHEET_HEIGHT, SHEET_WIDTH, 3)
        assert (picture(page, LEFT, TOP) == (255, 26, 26)).all(axis=2).sum() > 50, "the outline of the case"


def test_the_same_values_look_the_same_at_both_dates(cases: list[Judged]) -> None:
    made = sheet(cases[0], layers())
    page = pixels(draw(made))
    middle = slice(70, HEIGHT - 40)
    assert np.array_equal(picture(page, LEFT, TOP)[middle], picture(page, SECOND, TOP)[middle])
    before, after = made.dates
    assert before.spectrum is not None
    assert after.spectrum is not None
    brighter = after.spectrum + 1500
    changed = pixels(draw(sheet(cases[0], layers(), dates=(before, Date(after.name, after.shown, brighter, "", after.sha256)))))
    dark, bright = picture(changed, LEFT, TOP)[middle].astype(float), picture(changed, SECOND, TOP)[middle].astype(float)
    assert dark.mean() < bright.mean() - 30, "one stretch for both: what is brighter is seen to be"


def test_a_stretch_is_of_both_dates_and_keeps_the_ground_from_white(cases: list[Judged]) -> None:
    true_colour, _ = composites(pictures.BANDS)
    low, high = (np.full((5, 10, 10), value, np.int16) for value in (1000, 2000))
    pit = np.zeros((10, 10), bool)
    pit[0, 0] = True
    high[:, 0, 0] = 6000
    by = stretch(true_colour, pictures.BANDS, [low, high], pit)
    assert by.low == (1000, 1000, 1000)
    assert by.high[0] > 5000
    assert stretch(true_colour, pictures.BANDS, [None, None], pit).high == (3000, 3000, 3000)
    even = stretch(true_colour, pictures.BANDS, [low], ~pit)
    assert even.high[0] - even.low[0] == 300, "noise is not blown up"
    clouded = low.copy()
    clouded[:, 5:] = 8000
    assert stretch(true_colour, pictures.BANDS, [low, clouded], ~pit).high[0] > 5000, "the ground is not to be white, whatever it is"
    assert stretch(true_colour, pictures.BANDS, [low, clouded], pit).high[0] < 2000, "clouds around it do not darken it"
    low[:, 5:] = NO_DATA
    seen = shades(true_colour, pictures.BANDS, low, by)
    assert set(np.unique(seen[5:])) == {214, 236}, "hatched"
    assert (seen[:5] == 0).all()


def test_a_sheet_says_how_it_was_stretched(cases: list[Judged]) -> None:
    """Clause by clause, for the red band."""
    assert STRETCHED == (
        "拉伸：每个波段两期相同，黑为所示影像合并的 2% 分位，白为其 98% 分位与线索范围 90% 分位之较大者，相距不足 0.03 时向两端放宽；"
        "2%、98% 分位不计红光反射率 ≥0.45 的像元（云、雪等；别无像元时取 0 和 0.3）"
    )
    assert text.width(STRETCHED, FINE) <= SHEET_WIDTH - 2 * MARGIN, "all of it is read"
    grey = Composite("", ("B04", "B04", "B04"))
    none, pit = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    pit[:2] = True
    before, after = np.arange(1000, 1100, dtype=np.int16).reshape(1, 10, 10) * 2, np.full((1, 10, 10), 2500, np.int16)
    both = np.concatenate([before.ravel(), after.ravel()])

    def edges(*spectra: NDArray[np.int16], ground: NDArray[np.bool_]) -> tuple[float, float]:
        by = stretch(grey, ("B04",), spectra, ground)
        return by.low[0], by.high[0]

    assert edges(before, after, ground=none) == tuple(np.percentile(both, (2, 98)))
    cloud = np.full((1, 10, 10), 4500, np.int16)
    assert edges(before, after, cloud, ground=none) == edges(before, after, ground=none)
    bright = after.copy()
    bright[:, :2] = 6000
    own = np.concatenate([before[0][pit], bright[0][pit]])
    assert edges(before, bright, ground=pit)[1] == np.percentile(own, 90), "of the ground bright cells count too"
    assert edges(after, ground=none) == (2350, 2650)
    assert edges(cloud, ground=none) == (0, 3000)


@pytest.mark.parametrize(
    ("bands", "named"),
    [
        (("B02", "B03", "B04", "B08", "B11", "B12"), ("真彩色 B04 B03 B02", "短波红外 B12 B08 B04")),
        (("B02", "B03", "B04", "B08", "B11"), ("真彩色 B04 B03 B02", "短波红外 B11 B08 B04")),
        (("B02", "B03", "B04", "B08"), ("真彩色 B04 B03 B02", "近红外（无短波红外） B08 B04 B03")),
        (("B03", "B04", "B08"), ("近似真彩色（无蓝波段） B04 B03 B03", "近红外（无短波红外） B08 B04 B03")),
        (("B04", "B08"), ("红波段灰度 B04 B04 B04", "近红外（无短波红外） B08 B04 B04")),
    ],
)
def test_what_a_set_of_bands_can_show(cases: list[Judged], bands: tuple[str, ...], named: tuple[str, str]) -> None:
    assert tuple(each.label for each in composites(bands)) == named
    used = shown_bands(bands)
    assert set(used) <= set(bands)
    assert pixels(draw(sheet(cases[0], layers(), bands=used))).shape == (SHEET_HEIGHT, SHEET_WIDTH, 3)


def test_a_date_that_can_not_be_shown_says_so(cases: list[Judged]) -> None:
    whole = sheet(cases[0], layers())
    gone = sheet(cases[0], layers(), dates=(Date("前时相", None, None, "档案中没有", ()), whole.dates[1]))
    page, other = pixels(draw(gone)), pixels(draw(whole))
    assert (picture(page, LEFT, TOP) == (0xF3, 0xF5, 0xF8)).all(axis=2).mean() > 0.8
    assert not np.array_equal(page, other)


def test_hostile_text_is_text_and_stays_where_it_belongs(cases: list[Judged]) -> None:
    """Names of layers and fields of the row change nothing but the places that are theirs."""
    each = cases[0]
    texts = dict.fromkeys(("town", "right_id", "right_name", "holder", "mineral", "restriction", "legacy_id", "legacy_state"), HOSTILE)
    calm = pixels(draw(sheet(each, around(each, "矿"), row=dict.fromkeys(texts, "矿"))))
    hostile = pixels(draw(sheet(each, around(each, HOSTILE), row=texts, county=HOSTILE)))
    differs = (calm != hostile).any(axis=2)
    assert differs.any()
    assert not differs[:, SHEET_WIDTH - MARGIN + 1 :].any(), "nothing runs over the right margin"
    assert not differs[:HEADER, SHEET_WIDTH - 225 :].any(), "the number stands"
    assert not differs[TOP + HEIGHT + GAP : TOP + 2 * HEIGHT + GAP + CAPTION, :COLUMN].any(), "the pictures without names stay as they were"
    assert not differs[620:930, COLUMN:].any(), "so does the time series"


def test_a_long_name_is_clipped_on_the_map(cases: list[Judged]) -> None:
    each = cases[0]
    short, long = (sheet(each, around(each, name)).overlay.labels for name in ("砖瓦粘土矿", "砖瓦粘土矿" * 40))
    assert [label.text for label in short] == ["砖瓦粘土矿"]
    assert [label.text.endswith("…") for label in long] == [True]
    assert 0 < long[0].y < HEIGHT - 10


def test_what_the_whole_picture_lies_in_is_said(cases: list[Judged]) -> None:
    each = cases[0]
    west, south, east, north = each.finding.geometry.bounds
    wide = around(each, "大矿")
    right = wide.rights[0]
    from dataclasses import replace

    from shapely.geometry import box

    inside = replace(wide, rights=(replace(right, geometry=box(west - 2500, south - 2500, east + 2500, north + 2500)),))
    seen = sheet(each, inside).overlay
    assert (seen.within, "right" in seen.kinds) == (("大矿",), False)
    assert sheet(each, wide).overlay.within == ()


def test_the_same_sheet_has_the_same_bytes(cases: list[Judged]) -> None:
    assert draw(sheet(cases[1], layers())) == draw(sheet(cases[1], layers()))


def test_a_series_without_looks_or_baseline_is_drawn(cases: list[Judged]) -> None:
    from pipeline.publish.evidence.series import Series

    empty = Series(date(2023, 5, 1), date(2024, 7, 31), (), None, 4)
    assert pixels(draw(sheet(cases[0], layers(), series=empty))).shape == (SHEET_HEIGHT, SHEET_WIDTH, 3)


@pytest.mark.parametrize("values", [[-0.6, -0.55], [1.2, 1.3], [0.3], [-0.39], [1.04], [-2.0, 2.0], []])
def test_a_plot_has_room_whatever_the_values(values: list[float]) -> None:
    low, high = chart._range(values, None)
    assert low >= -0.4
    assert low + 0.11 < high <= 1.05


def test_what_lies_beyond_the_edge_is_cut_off(tmp_path: Path) -> None:
    canvas = Canvas.blank(40, 30)
    canvas.text(-8, -8, "矿山矿山矿山", 20)
    canvas.fill(35, 25, 50, 50, (0, 0, 0))
    canvas.lay(30, 20, np.full((30, 30, 4), 255, np.uint8))
    assert pixels(canvas.png()).shape == (30, 40, 3)
