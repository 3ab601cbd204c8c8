"""The detector's compiled kernels, against slow and obvious references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.detect import alerts as watching
from pipeline.detect import baseline as fitting
from pipeline.detect import monitor, strips
from pipeline.detect.block import watch
from pipeline.detect.evidence import dtype
from pipeline.detect.layout import STRIP, folded, strips_across, unfolded
from pipeline.detect.looks import BARE_NDVI, GREEN_NDVI, NO_DATA, SEASONS, STEP, correct, in_spring, noise_floor, season_byte, season_terms
from pipeline.detect.mask import BAD_CLASSES, CLEAR, CLOUD, GROW, HALO, LONE, LONE_EDGE, LONE_TENTHS, MISSING, NEAR, bad_classes, marks
from pipeline.detect.novelty import BRIGHT, LASTING_WET, WET, novelty
from pipeline.detect.spectra import open_strip, ring_median, score_strip
from pipeline.detect.state import CONFIRMED, ENDED, FINE, FIRST, NONE, PROVISIONAL, RING, SCALES, Baseline
from pipeline.grid import Grid
from pipeline.patches.components import label
from pipeline.patches.outline import LARGEST_HOLE, changed_share, filled, geometry_of
from tests import cells
from tests.county import GRID

Array = NDArray[np.generic]
few = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32 - 1)


def around(y: int, x: int, radius: int) -> tuple[slice, slice]:
    return slice(max(y - radius, 0), y + radius + 1), slice(max(x - radius, 0), x + radius + 1)


def marks_reference(scl: NDArray[np.uint8], halo: int) -> NDArray[np.uint8]:
    bad, known = np.isin(scl, BAD_CLASSES), scl > 1
    opened, grown = np.zeros(scl.shape, bool), np.zeros(scl.shape, bool)
    for y, x in np.ndindex(scl.shape[0] - 1, scl.shape[1] - 1):
        if bad[y : y + 2, x : x + 2].all():
            opened[y : y + 2, x : x + 2] = True
    for y, x in zip(*np.nonzero(opened), strict=True):
        grown[around(y, x, GROW)] = True
    out = np.empty((scl.shape[0] - 2 * halo, scl.shape[1] - 2 * halo), np.uint8)
    for y, x in np.ndindex(out.shape):
        j, i = y + halo, x + halo
        if not known[j, i]:
            out[y, x] = MISSING
        elif not grown[j, i]:
            out[y, x] = CLEAR
        elif grown[around(j, i, NEAR)].sum() < LONE_TENTHS / 10 * known[around(j, i, NEAR)].sum():
            out[y, x] = LONE if opened[j, i] else LONE_EDGE
        else:
            out[y, x] = CLOUD
    return out


@few
@given(seeds, st.integers(1, 12), st.integers(1, 12), st.sampled_from([0, 5, HALO]), st.floats(0, 1), st.booleans())
def test_marks(seed: int, height: int, width: int, halo: int, cloudy: float, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = height + 2 * halo, width + 2 * halo
    scl = rng.choice(np.array([4, 5, 6], np.uint8), shape)
    for _ in range(rng.integers(0, 6)):
        y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        scl[around(y, x, int(cloudy * rng.integers(1, 20)))] = rng.choice([0, 1, *BAD_CLASSES])
    scl[rng.random(shape) < 0.02] = 9
    if coarse:
        scl = np.ascontiguousarray(scl.repeat(2, 0).repeat(2, 1)[1 : shape[0] + 1, 1 : shape[1] + 1])
    out = np.empty((height, width), np.uint8)
    marks(scl, 1, 0, 0, halo, bad_classes(), out)
    np.testing.assert_array_equal(out, marks_reference(scl, halo))


@few
@given(seeds, st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2))
def test_coarse_pixels_are_repeated(seed: int, height: int, width: int, span: int, top: int, left: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.choice(np.array([0, 4, 5, 9], np.uint8), (15, 15), p=[0.1, 0.3, 0.3, 0.3])
    scl = np.ascontiguousarray(pixels.repeat(span, 0).repeat(span, 1)[top : top + height, left : left + width])
    whole, direct = np.empty(scl.shape, np.uint8), np.empty(scl.shape, np.uint8)
    marks(scl, 1, 0, 0, 0, bad_classes(), whole)
    marks(pixels, span, top, left, 0, bad_classes(), direct)
    np.testing.assert_array_equal(whole, direct)
    dn = rng.integers(0, 9000, (6, 15, 15)).astype(np.uint16)
    spans, tops, lefts = np.array([1, span, 1, 1, span, span]), np.array([0, top, 0, 0, top, top]), np.array([0, left, 0, 0, left, left])
    places = list(zip(dn, spans, tops, lefts, strict=True))
    cells_of = [np.ascontiguousarray(p.repeat(s, 0).repeat(s, 1)[t : t + height, x : x + width]) for p, s, t, x in places]
    gain, offset, shift = np.ones(6, np.float32), np.full(6, -1000, np.float32), rng.normal(0, 200, (2, 6)).astype(np.float32)
    looks = np.empty((height, strips_across(width), 2, 6, STRIP), np.int16)
    one, none = np.ones(6, np.int64), np.zeros(6, np.int64)
    correct(tuple(cells_of), one, none, none, gain, offset, shift, 2, 3, width, looks, 0)
    correct(tuple(dn), spans, tops, lefts, gain, offset, shift, 2, 3, width, looks, 1)
    np.testing.assert_array_equal(*unfolded(looks, width))


@few
@given(seeds, st.integers(1, 5), st.integers(1, 150))
def test_correct(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    dn = rng.integers(1, 12000, (6, height, width)).astype(np.uint16)
    dn[rng.random(dn.shape) < 0.03] = 0
    dn[:, 0, 0] = 65535
    gain, offset, shift = np.ones(6), np.full(6, -1000.0), rng.normal(0, 200, (2, 6))
    look = dn * gain[:, None, None] + offset[:, None, None]
    ndvi = (look[3] - look[2]) / np.maximum(look[3] + look[2], 100)
    green = np.clip((ndvi - BARE_NDVI) / (GREEN_NDVI - BARE_NDVI), 0, 1)
    wanted = np.clip(look - shift[0][:, None, None] * (1 - green) - shift[1][:, None, None] * green, -5000, 30000)
    looks = np.empty((height, strips_across(width), 1, 6, STRIP), np.int16)
    one, none = np.ones(6, np.int64), np.zeros(6, np.int64)
    correct(tuple(dn), one, none, none, gain.astype(np.float32), offset.astype(np.float32), shift.astype(np.float32), 2, 3, width, looks, 0)
    out = unfolded(looks, width)[0]
    missing = (dn == 0).any(axis=0)
    assert (out[:, missing] == NO_DATA).all()
    assert np.abs(out[:, ~missing] - wanted[:, ~missing]).max(initial=0) <= 1


@few
@given(seeds, st.integers(1, 40), st.integers(1, 6))
def test_barest_looks_and_of_those_alike_the_earlier(seed: int, n: int, different: int) -> None:
    rng = np.random.default_rng(seed)
    looks = rng.choice(np.arange(500, 500 + 300 * different, 300), (6, n, STRIP)).astype(np.float32)
    weight, spring = rng.choice(np.array([0, 1], np.float32), (n, STRIP), p=[0.2, 0.8]), rng.random(n) < 0.5
    lowest, which = np.empty((strips.BARE_LOOKS + 1) * STRIP, np.float32), np.empty(strips.BARE_LOOKS * STRIP, np.int32)
    ndvi = (looks[3] - looks[2]) / (looks[3] + looks[2])
    hazy = (looks[0] > 0.95 * looks[2]) & (looks[0] > 1200)
    for wanted in (True, False):
        strips.barest_strip(looks.ravel(), weight.ravel(), np.ones(n, np.float32), 6, spring, wanted, 2, 3, lowest, which)
        for x in range(STRIP):
            good = [t for t in range(n) if spring[t] == wanted and weight[t, x] and not hazy[t, x]]
            best = sorted(good, key=lambda t: (ndvi[t, x], t))[: strips.BARE_LOOKS]
            assert which[x::STRIP].tolist() == best + [-1] * (strips.BARE_LOOKS - len(best))


def made_baseline(rng: np.random.Generator, height: int, width: int) -> Baseline:
    base = Baseline.empty(6, height, width)
    base.mean[:] = rng.normal(0, 300, base.mean.shape)
    base.mean[:, 0] = rng.uniform(500, 4000, base.mean[:, 0].shape)
    base.fine[:] = rng.integers(-40, 40, base.fine.shape)
    base.scale[:] = rng.integers(90, 160, base.scale.shape)
    base.barest[:] = rng.integers(10, 90, base.barest.shape)
    base.looks[:] = 50
    return base


def season_reference(base: Baseline, terms: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.tensordot(base.mean.astype(float), terms[:3], (1, 0)) + FINE * np.tensordot(base.fine.astype(float), terms[3:], (1, 0))


@few
@given(seeds, st.integers(1, 3), st.integers(1, 150), st.integers(0, 30000), st.integers(4, 6))
def test_scores(seed: int, height: int, width: int, day: int, bands: int) -> None:
    rng = np.random.default_rng(seed)
    whole, terms = made_baseline(rng, height, width), season_terms(day)
    base = whole._replace(mean=whole.mean[:bands].copy(), fine=whole.fine[:bands].copy(), scale=whole.scale[:bands].copy())
    look = rng.integers(0, 6000, (1, bands, height, width)).astype(np.int16)
    noise, white = rng.uniform(1, 3, bands).astype(np.float32), np.zeros((6, 6), np.float32)
    white[:bands, :bands] = np.tril(rng.normal(0, 1, (bands, bands)))
    z = (look[0] - season_reference(base, terms)) / noise[:, None, None] / SCALES[base.scale]
    wanted = (np.tensordot(white[:bands, :bands].astype(float), z, (1, 0)) ** 2).mean(axis=0)
    looks, out = folded(look, NO_DATA), np.empty((height, strips_across(width), 1, STRIP), np.float32)
    coef, steady, workspace = np.zeros(bands * 5 * STRIP, np.float32), np.zeros(bands * STRIP, np.float32), np.zeros(6 * STRIP, np.float32)
    for y, strip in np.ndindex(looks.shape[:2]):
        open_strip(base, y, strip * STRIP, coef, steady)
        score_strip(looks[y, strip, 0], terms, coef, steady, noise, white, workspace, out[y, strip, 0])
    np.testing.assert_allclose(unfolded(out, width)[0], wanted, rtol=2e-3, atol=1e-3)


def to_segment(spectrum: Array, a: Array, b: Array, floor: Array) -> float:
    """Distance to the nearest point on the way from a to b."""
    p, q, s = a / floor, b / floor, spectrum / floor
    t = np.clip((s - p) @ (q - p) / max((q - p) @ (q - p), 1e-9), 0, 1)
    return float(((s - p - t * (q - p)) ** 2).mean())


@few
@given(seeds, st.floats(0, 5), st.sampled_from([WET, LASTING_WET]))
def test_novelty(seed: int, enough: float, wet: float) -> None:
    rng = np.random.default_rng(seed)
    base = made_baseline(rng, 1, 1)
    floor = noise_floor(cells.BANDS).astype(float)
    year = np.stack([season_reference(base, terms)[:, 0, 0] for terms in SEASONS])
    soils = base.barest[:, :, 0, 0].astype(float) * STEP
    spectrum = year[rng.integers(24)] * rng.uniform(0, 1) + soils[rng.integers(2)] * rng.uniform(0, 1) + rng.normal(0, 150, 6)
    wanted = min(
        [to_segment(spectrum, soil * wet, soil * BRIGHT, floor) for soil in soils]
        + [to_segment(spectrum, soil, season, floor) for soil in soils for season in year]
    )
    args = (
        spectrum.astype(np.float32),
        year.astype(np.float32),
        np.ascontiguousarray(base.barest[:, :, 0, 0]),
        floor.astype(np.float32),
        np.float32(wet),
    )
    assert novelty(*args, np.float32(0)) == pytest.approx(wanted, rel=1e-3, abs=1e-3)
    assume(abs(wanted - enough) > 0.01)
    assert (novelty(*args, np.float32(enough)) >= enough) == (wanted >= enough)


@few
@given(seeds, st.integers(1, 40))
def test_ring_median(seed: int, filled_count: int) -> None:
    ring = np.random.default_rng(seed).integers(0, 256, (RING, 6, 2, 2)).astype(np.uint8)
    out = np.empty(6, np.float32)
    ring_median(ring, filled_count, 1, 0, out)
    np.testing.assert_array_equal(out, np.median(ring[: min(filled_count, RING), :, 1, 0].astype(float) * STEP, axis=0))


def fit_reference(stack: Array, good: Array, terms: Array, prior: Array, floor: Array) -> tuple[Array, Array, Array]:
    """Terms (n_bands, 5), spread (n_bands,) and last weights (n,) of one cell; stack: (n, n_bands)."""
    weight = prior * good
    for _ in range(fitting.ROUNDS):
        normal = (terms * weight[:, None]).T @ terms + np.diag(fitting.RIDGE + 1e-3)
        coef = np.linalg.solve(normal, (terms * weight[:, None]).T @ stack).T
        residual = stack - terms @ coef.T
        spread = np.maximum(np.sqrt((weight[:, None] * residual**2).sum(axis=0) / (weight.sum() + 1e-6)), floor)
        weight = prior * good / (1 + ((residual / spread) ** 2).sum(axis=1) / (4 * stack.shape[1]))
    return coef, spread, weight


def barest_reference(stack: Array, weight: Array, prior: Array, season: Array) -> tuple[Array | None, float]:
    """Median of the least green of the trusted looks, and how near a look was to being (dis)trusted or misordered."""
    hazy = (stack[:, 0] > 0.95 * stack[:, 2]) & (stack[:, 0] > 1200)
    trusted = season & (weight >= strips.TRUSTED * prior) & (weight > 0) & ~hazy
    margin = float(np.abs(weight - strips.TRUSTED * prior)[season & (weight > 0)].min(initial=1))
    if not trusted.any():
        return None, margin
    ndvi = (stack[:, 3] - stack[:, 2]) / np.maximum(stack[:, 3] + stack[:, 2], 100)
    chosen = stack[trusted][np.argsort(ndvi[trusted], kind="stable")[: strips.BARE_LOOKS]]
    return np.sort(chosen, axis=0)[len(chosen) // 2], margin


@few
@given(seeds, st.integers(fitting.MIN_LOOKS - 2, 61), st.sampled_from([1, 3, 70]))
def test_fit(seed: int, n: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.choice(1095, n, replace=False)).astype(np.int64) + 18000
    terms = np.stack([season_terms(day) for day in days.tolist()])
    prior, floor = rng.uniform(0.3, 1, n).astype(np.float32), np.full(6, 30, np.float32)
    course = rng.normal(0, 200, (6, 5, 1, width))
    course[:, 0] = rng.uniform(800, 3000, (6, 1, width))
    stack = np.einsum("nk,bkyx->nbyx", terms, course) + rng.normal(0, 60, (n, 6, 1, width))
    stack[rng.random(n) < 0.08] += 2500
    stack = np.clip(stack, 1, 12000).astype(np.int16)
    mark = rng.choice(np.array([CLEAR, LONE, LONE_EDGE, CLOUD], np.uint8), (n, 1, width), p=[0.7, 0.1, 0.1, 0.1])
    mark[:, :, 0] = rng.choice(np.array([LONE, CLOUD], np.uint8), (n, 1), p=[0.9, 0.1])
    use = rng.random(n) < 0.95
    out = Baseline.empty(6, 1, width)
    fitting.fit(
        folded(stack, NO_DATA), folded(mark, MISSING), use, in_spring(days), terms, prior, floor, 2, 3,
        out.mean, out.fine, out.scale, out.barest, out.looks
    )  # fmt: skip
    for x in {0, width // 2, width - 1}:
        clear, lone = use & (mark[:, 0, x] == CLEAR), use & np.isin(mark[:, 0, x], (LONE, LONE_EDGE))
        good = clear | lone if lone.sum() > strips.LONE_TRUST * (clear.sum() + lone.sum()) else clear
        assert out.looks[0, x] == (good.sum() if good.sum() >= fitting.MIN_LOOKS else 0)
        if not out.looks[0, x]:
            continue
        values = stack[:, :, 0, x].astype(float)
        coef, spread, weight = fit_reference(values, good, terms.astype(float), prior.astype(float), floor.astype(float))
        np.testing.assert_allclose(out.mean[:, :, 0, x], coef[:, :3], atol=2.5)
        np.testing.assert_allclose(out.fine[:, :, 0, x], np.clip(coef[:, 3:] / FINE, -127, 127), atol=0.7)
        spread *= np.sqrt(good.sum() / (good.sum() - fitting.FREE))
        np.testing.assert_allclose(SCALES[out.scale[:, 0, x]], np.maximum(spread, SCALES[0]), rtol=0.03)
        for k, season in enumerate((in_spring(days), ~in_spring(days))):
            barest, margin = barest_reference(values, weight, prior.astype(float), season)
            if margin > 1e-3:
                wanted = coef[:, 0] if barest is None else barest
                assert np.abs(out.barest[k, :, 0, x] - np.clip(wanted / STEP, 0, 255)).max() <= 0.6


class Walk:
    """The table at the head of alerts.py, for one cell whose looks are either of a pit or of its own season."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.status, self.changed, self.missed = NONE, 0, 0
        self.first = self.last = self.normal = self.clear = 0

    def see(self, pit: bool, day: int) -> None:
        self.clear = day
        if self.status in (NONE, ENDED):
            if not pit:
                self.normal = day
                return
            self.status, self.changed, self.missed, self.first, self.last = FIRST, 1, 0, day, day
            return
        if pit:
            self.changed, self.missed, self.last = self.changed + 1, 0, day
        else:
            self.missed += 1
        if self.status == CONFIRMED:
            if self.missed >= watching.ENDED_MISSES and day - self.last >= watching.ENDED_DAYS:
                self.status, self.normal = ENDED, day
            return
        if self.missed >= (watching.FIRST_MISSES if self.status == FIRST else watching.PROVISIONAL_MISSES):
            self.status, self.changed, self.missed, self.first, self.last, self.normal = NONE, 0, 0, 0, 0, day
        elif self.changed >= watching.CONFIRMED_LOOKS and day - self.first >= watching.CONFIRMED_DAYS:
            self.status = CONFIRMED
        elif self.changed >= (self.enough if monitor.WINTER_ENDS <= season_byte(day) < monitor.WINTER_BEGINS else watching.PROVISIONAL_LOOKS):
            self.status = PROVISIONAL


runs = st.lists(st.tuples(st.sampled_from(["pit", "field", "cloud"]), st.integers(1, 12), st.integers(1, 25)), min_size=1, max_size=10)


@settings(few, max_examples=60)
@given(runs, st.sampled_from([(cells.PIT, watching.STARK_LOOKS), (cells.BARE * 1.2, watching.PROVISIONAL_LOOKS)]))
def test_status_walks_the_table(steps: list[tuple[str, int, int]], dug: tuple[NDArray[np.float32], int]) -> None:
    pit, enough = dug
    base, state, walk, day = cells.steady(1, 1), cells.alert(1, 1), Walk(enough), cells.EPOCH_2024
    for kind, times, gap in steps:
        for _ in range(times):
            day += gap
            spectrum, mark = (pit, CLEAR) if kind == "pit" else (cells.FIELD, CLEAR if kind == "field" else CLOUD)
            watch(cells.looks([day], [spectrum], [mark]), cells.model(), base, state)
            if kind != "cloud":
                walk.see(kind == "pit", day)
            seen = {
                name: int(getattr(state, name)[0, 0])
                for name in ("status", "anomalous", "missed", "first_day", "last_day", "last_clear", "last_normal")
            }
            assert seen == {
                "status": walk.status, "anomalous": min(walk.changed, 255), "missed": min(walk.missed, 255), "first_day": walk.first,
                "last_day": walk.last, "last_clear": walk.clear, "last_normal": walk.normal,
            }  # fmt: skip


def test_two_looks_are_enough_only_where_both_show_the_same_new_ground() -> None:
    def after(spectra: list[NDArray[np.float32]], marks: list[int] | None = None, day: int = 150) -> int:
        state, days = cells.alert(1, 1), [cells.EPOCH_2024 + day + 5 * k for k in range(len(spectra))]
        watch(cells.looks(days, spectra, marks), cells.model(), cells.steady(1, 1), state)
        return int(state.status[0, 0])

    assert after([cells.PIT] * 2) == PROVISIONAL
    assert after([cells.PIT, cells.PIT * 1.6]) == FIRST, "clouds that were missed do not look alike"
    assert after([cells.PIT] * 2, [CLEAR, LONE]) == FIRST, "a look that SCL doubts is no second one"
    assert after([cells.PIT] * 2, day=10) == FIRST, "snow that was missed looks alike"
    assert after([cells.BARE * 1.2] * 2) == FIRST, "soil that is brighter than ever may be dry"


def test_winter_looks_do_not_displace_what_summer_showed() -> None:
    base, state = cells.steady(1, 1), cells.alert(1, 1)
    june, december = cells.EPOCH_2024 + 160, cells.EPOCH_2024 + 345
    watch(cells.looks([june + 5 * k for k in range(RING)], [cells.PIT] * RING), cells.model(), base, state)
    summer = state.ring.copy()
    watch(cells.looks([december + 5 * k for k in range(RING)], [cells.PIT * 1.1] * RING), cells.model(), base, state)
    np.testing.assert_array_equal(state.ring, summer)
    assert (state.anomalous[0, 0], state.last_day[0, 0]) == (2 * RING, december + 5 * (RING - 1))
    fresh = cells.alert(1, 1)
    watch(cells.looks([december, december + 5], [cells.PIT] * 2), cells.model(), base, fresh)
    assert fresh.filled[0, 0] == 2


def test_a_pit_on_a_field_under_film_bears_the_later_day_and_any_other_the_first() -> None:
    film = np.array([1900, 2200, 2400, 3050, 3300, 2800], np.float32)
    base, state, april = cells.steady(1, 1), cells.alert(1, 1), cells.EPOCH_2024 + 100
    watch(cells.looks([april + 5 * k for k in range(8)], [film] * 8), cells.model(), base, state)
    assert (state.status[0, 0], state.first_day[0, 0]) == (CONFIRMED, april)
    dug = cells.PIT * np.array([0.6, 0.65, 0.7, 0.75, 0.7, 0.65], np.float32)
    watch(cells.looks([april + 60, april + 65], [dug] * 2), cells.model(), base, state)
    assert state.first_day[0, 0] == april
    watch(cells.looks([april + 70], [dug]), cells.model(), base, state)
    assert (state.status[0, 0], state.first_day[0, 0], state.anomalous[0, 0]) == (PROVISIONAL, april + 60, 3)
    assert (state.last_normal[0, 0], state.marked[0, 0]) == (april + 35, 0), "the film was the last that was seen before it"
    np.testing.assert_allclose(state.ring[:3, :, 0, 0].astype(float) * STEP, np.stack([dug] * 3), atol=STEP)
    late = cells.alert(1, 1)
    watch(cells.looks([april - 5], [cells.FIELD]), cells.model(), base, late)
    watch(cells.looks([april + 5 * k for k in range(8)], [film] * 8), cells.model(), base, late)
    watch(cells.looks([april + 100 + 5 * k for k in range(3)], [dug] * 3), cells.model(), base, late)
    assert (late.first_day[0, 0], late.last_normal[0, 0]) == (april + 100, april - 5), "not seen for too long to say when it was otherwise"
    autumn, rock = cells.EPOCH_2024 + 250, cells.alert(1, 1)
    watch(cells.looks([autumn + 5 * k for k in range(8)], [film] * 8), cells.model(), base, rock)
    watch(cells.looks([autumn + 60 + 5 * k for k in range(4)], [dug] * 4), cells.model(), base, rock)
    assert rock.first_day[0, 0] == autumn


@few
@given(runs)
def test_looks_may_come_in_any_number_of_months(steps: list[tuple[str, int, int]]) -> None:
    day, days, spectra, marked = cells.EPOCH_2024, [], [], []
    for kind, times, gap in steps:
        for _ in range(times):
            day += gap
            days.append(day)
            spectra.append(cells.PIT if kind == "pit" else cells.FIELD)
            marked.append(CLOUD if kind == "cloud" else CLEAR)
    everything = cells.looks(days, spectra, marked)
    at_once, by_parts = cells.alert(1, 1), cells.alert(1, 1)
    watch(everything, cells.model(), cells.steady(1, 1), at_once)
    for start in range(0, len(days), 4):
        watch(everything.part(slice(start, start + 4)), cells.model(), cells.steady(1, 1), by_parts)
    for one, other in zip(at_once, by_parts, strict=True):
        np.testing.assert_array_equal(one, other)


@st.composite
def scattered(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of a small raster, by row, then column."""
    chosen = sorted(draw(st.sets(st.tuples(st.integers(3, 12), st.integers(4, 14)), max_size=70)))
    return np.array([c[0] for c in chosen], np.int64), np.array([c[1] for c in chosen], np.int64)


def flood(rows: Array, cols: Array, reach: int, days: Array, apart: tuple[int, ...]) -> list[int]:
    out = [-1] * len(rows)
    for start in range(len(rows)):
        if out[start] >= 0:
            continue
        group, todo = max(out) + 1, [start]
        while todo:
            i = todo.pop()
            out[i] = group
            away = np.maximum(np.abs(rows - rows[i]), np.abs(cols - cols[i]))
            near = (away <= reach) & (np.abs(days - days[i]) <= np.array(apart)[np.minimum(away, reach)])
            todo += [j for j in np.flatnonzero(near).tolist() if out[j] < 0]
    return out


@settings(few, max_examples=50)
@given(scattered(), st.integers(1, 3), seeds)
def test_label(where: tuple[NDArray[np.int64], NDArray[np.int64]], reach: int, seed: int) -> None:
    rows, cols = where
    days = np.random.default_rng(seed).integers(0, 60, rows.size)
    assert label(rows, cols, reach).tolist() == flood(rows, cols, reach, np.zeros(rows.size), (0,) * (reach + 1))
    apart = (0, 20, 10, 5)[: reach + 1]
    assert label(rows, cols, reach, days, apart).tolist() == flood(rows, cols, reach, days, apart)


@settings(few, max_examples=40)
@given(scattered())
def test_filled_and_outlined(where: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
    rows, cols = where
    assume(rows.size > 0)
    given = set(zip(rows.tolist(), cols.tolist(), strict=True))
    frame = [(r, c) for r in range(int(rows.min()) - 2, int(rows.max()) + 3) for c in range(int(cols.min()) - 2, int(cols.max()) + 3)]
    nine = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    grown = {(r, c) for r, c in frame if any((r + y, c + x) in given for y, x in nine)}
    own = given | {(r, c) for r, c in frame if all((r + y, c + x) in grown for y, x in nine)}
    empty = np.array([cell for cell in frame if cell not in own])
    groups = np.array(flood(empty[:, 0], empty[:, 1], 1, np.zeros(len(empty)), (0, 0)))
    wanted = set(own)
    for group in range(1, groups.max() + 1):
        hole = empty[groups == group]
        if len(hole) <= LARGEST_HOLE:
            wanted |= {(r, c) for r, c in hole.tolist()}
    full_rows, full_cols = filled(rows, cols)
    assert list(zip(full_rows.tolist(), full_cols.tolist(), strict=True)) == sorted(wanted)
    grid = Grid(GRID.geobox)
    geometry = geometry_of(full_rows, full_cols, grid)
    assert geometry.is_valid
    assert geometry.area == pytest.approx(len(wanted) * grid.cell_area_m2)
    np.testing.assert_array_equal(np.argwhere(grid.mask(geometry)), sorted(wanted))


@few
@given(seeds, st.integers(2, 5), st.floats(0.5, 2))
def test_changed_share_of_mixtures(seed: int, radius: int, contrast: float) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-9:10, -9:10]
    share = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1)
    rows, cols = np.nonzero(share > 0.05)
    table = np.zeros(rows.size, dtype(6))
    table["row"], table["col"], table["score"] = rows, cols, 40 * share[rows, cols]
    table["expected"] = cells.FIELD + rng.normal(0, 60, (rows.size, 6))
    way = contrast * (cells.PIT - cells.FIELD)
    table["spectrum"] = table["expected"] + share[rows, cols][:, None] * (cells.FIELD + way - table["expected"])
    assert np.abs(changed_share(table, cells.BANDS) - share[rows, cols]).max() <= 0.05
