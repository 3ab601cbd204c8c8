"""Which cells have left their own past? One clear look after the other, forward in time.

A look is anomalous when it is far from the cell's own season, in units of the cell's own spread (squared Mahalanobis distance
per band), and at the same time unlike anything the cell ever looked like (novelty). Its alert then moves as the table in
alerts.py has it.

A look at a cell in alert says 'changed' when it is nearer to the changed ground (median of the kept looks) than to the cell's
season, 'missed' when it is nearer to the season or has greened up, and nothing at all where season and changed ground look alike (snow, winter).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.alerts import begin, film_gone, forget, is_another, is_stark, keep_look, next_status, saw, saw_normal, turned
from pipeline.detect.layout import STRIP
from pipeline.detect.looks import NO_DATA, STEP, TERMS
from pipeline.detect.mask import CLEAR, CLOUD, MISSING
from pipeline.detect.novelty import BRIGHT, WET, to_segment
from pipeline.detect.spectra import When, apart, greenness, open_strip, resembles, ring_median, score_strip, season_of, snowy
from pipeline.detect.state import CONFIRMED, ENDED, FINE, FIRST, NONE, RING

LOOK_SCORE = 3.5
"""Distance from the season, per band, from which a look counts as anomalous."""
NORMAL_SCORE = 3.0
"""Below it a look fits the season."""
LOOK_NOVELTY = 0.8
GREENER = 0.10
"""A look this much greener (NDVI) than the season is no loss."""
GREEN_UP = 0.12
"""Changed ground this much greener (NDVI) than it was has plants on it again."""
ALIKE = 3.0
"""Spectra nearer than this (mean square, noise floors) look alike."""
WINTER_BEGINS, WINTER_ENDS = 227, 42
"""Seasons (1/256 of a year) of 20 November and 1 March."""
SEASONS_A_YEAR = 24


class Workspace(NamedTuple):
    """Room that looks at single cells are worked in."""

    spectrum: NDArray[np.float32]
    """(n_bands,), as are expected, soil and line."""
    expected: NDArray[np.float32]
    soil: NDArray[np.float32]
    line: NDArray[np.float32]
    year: NDArray[np.float32]
    """(24, n_bands)"""
    across: NDArray[np.float32]
    """(5, 24): terms of the seasons, a row each."""
    sums: NDArray[np.float32]
    """(4, 24)"""


@njit(nogil=True, cache=True)
def workspace_for(bands, year_terms):  # type: ignore[no-untyped-def]
    rows, seasons = np.zeros((4, bands), np.float32), year_terms.shape[0]
    year, across, sums = np.empty((seasons, bands), np.float32), year_terms.T.copy(), np.empty((4, seasons), np.float32)
    return Workspace(rows[0], rows[1], rows[2], rows[3], year, across, sums)


@njit(nogil=True, cache=True)
def go_on(alert, y, x, mark, when, score, strange, spectrum, expected, year, barest, optics):  # type: ignore[no-untyped-def]
    """A look at a cell in alert: changed still, old ground again, or no telling."""
    floor = optics.floor
    evidence = np.empty(floor.shape[0], np.float32)
    ring_median(alert.ring, alert.filled[y, x], y, x, evidence)
    if mark != CLEAR and score >= NORMAL_SCORE and not resembles(spectrum, evidence, floor):
        return
    saw(alert, y, x, when.day)
    to_change, to_season = apart(spectrum, evidence, floor), apart(spectrum, expected, floor)
    state, stark, last_changed = alert.status[y, x], False, alert.last_day[y, x]
    if strange or (to_change < to_season and apart(evidence, expected, floor) > ALIKE):
        # Low sun, frost and dead plants tell little: they do not displace what a better season has shown.
        tells = WINTER_ENDS <= when.season < WINTER_BEGINS
        kept = tells or alert.filled[y, x] < RING
        if kept:
            keep_look(alert, alert.filled[y, x] % RING, y, x, spectrum, when.season)
            # The count wraps by whole rings, so that the next slot stays the next.
            alert.filled[y, x] += 1 if alert.filled[y, x] < 250 else 1 - RING
        alert.anomalous[y, x] = min(alert.anomalous[y, x] + 1, 255)
        alert.missed[y, x] = 0
        alert.last_day[y, x] = when.day
        film = film_gone(spectrum, evidence, alert.first_day[y, x], when, optics)
        if kept and turned(alert, y, x, when.day, last_changed, is_another(spectrum, evidence, strange, film, year, barest, floor)):
            state = FIRST
        stark = state == FIRST and strange and tells and mark == CLEAR and is_stark(spectrum, evidence, score, year, barest, optics.floor)
    elif to_season < to_change or greenness(spectrum, optics) > greenness(evidence, optics) + np.float32(GREEN_UP):
        alert.missed[y, x] = min(alert.missed[y, x] + 1, 255)
    days_changed, days_missed = when.day - alert.first_day[y, x], when.day - alert.last_day[y, x]
    alert.status[y, x] = next_status(state, alert.anomalous[y, x], alert.missed[y, x], days_changed, days_missed, stark)
    if alert.status[y, x] == NONE:
        forget(alert, y, x, when.day)
    elif alert.status[y, x] == ENDED:
        alert.last_normal[y, x] = when.day


@njit(nogil=True, cache=True)
def is_novel(spectrum, base, y, x, floor, work):  # type: ignore[no-untyped-def]
    """Whether the `novelty` of a spectrum is at least LOOK_NOVELTY: all seasons in one go, for vector instructions.

    work: Workspace.
    """
    bands = floor.shape[0]
    soil, line, year_terms = work.soil, work.line, work.across
    nearest, along, length, away = work.sums[0], work.sums[1], work.sums[2], work.sums[3]
    for part in range(2):
        for b in range(bands):
            soil[b] = np.float32(base.barest[part, b, y, x]) * np.float32(STEP * WET)
            line[b] = np.float32(base.barest[part, b, y, x]) * np.float32(STEP * (BRIGHT - WET))
        if to_segment(spectrum, soil, line, floor) < np.float32(LOOK_NOVELTY):
            return False
        along[:], length[:], away[:] = 0, np.float32(1e-6), 0
        for b in range(bands):
            bare = np.float32(base.barest[part, b, y, x]) * np.float32(STEP)
            m0, m1, m2 = np.float32(base.mean[b, 0, y, x]), np.float32(base.mean[b, 1, y, x]), np.float32(base.mean[b, 2, y, x])
            f0, f1 = np.float32(FINE) * np.float32(base.fine[b, 0, y, x]), np.float32(FINE) * np.float32(base.fine[b, 1, y, x])
            unit = np.float32(1) / floor[b]
            here = (spectrum[b] - bare) * unit
            for k in range(SEASONS_A_YEAR):
                way = (
                    m0 * year_terms[0, k] + m1 * year_terms[1, k] + m2 * year_terms[2, k] + f0 * year_terms[3, k] + f1 * year_terms[4, k] - bare
                ) * unit
                along[k] += here * way
                length[k] += way * way
                away[k] += here * here
        least = np.float32(1e9)
        for k in range(SEASONS_A_YEAR):
            # Squared distance from the segment: |here|² − 2 t (here · way) + t² |way|².
            t = min(max(along[k] / length[k], np.float32(0)), np.float32(1))
            nearest[k] = away[k] - t * (np.float32(2) * along[k] - t * length[k])
        for k in range(SEASONS_A_YEAR):
            least = min(least, nearest[k])
        if least < np.float32(LOOK_NOVELTY) * np.float32(bands):
            return False
    return True


@njit(nogil=True, cache=True)
def seen_at_all(mark):  # type: ignore[no-untyped-def]
    """Whether any cell of a strip is neither under cloud nor without data."""
    some = np.uint8(0)
    for x in range(STRIP):
        some |= np.uint8(mark[x] != MISSING) & np.uint8(mark[x] != CLOUD)
    return some != 0


@njit(nogil=True, cache=True)
def usual_strip(score, mark, blue, looks, status, day, month_looks, last_clear, last_normal, marked, usual, rest):  # type: ignore[no-untyped-def]
    """The common case: ground that looks as it always did is seen, whatever SCL says of it.

    Rows (≤ s,). Sets `rest` (s,) uint8 where a cell is seen and either unlike its season or in alert, `usual` where it is seen
    otherwise; returns whether any is in `rest`.
    """
    size, some, today = looks.shape[0], np.uint8(0), np.uint16(day)
    # Few arrays in a loop, and numbers in place of choices: the compiler has to see that no arrays overlap and that every cell is written.
    for x in range(size):
        usual[x] = np.uint8(mark[x] != MISSING) & np.uint8(mark[x] != CLOUD) & np.uint8(looks[x] != 0)
    for x in range(size):
        usual[x] &= np.uint8(blue[x] != NO_DATA)
    for x in range(size):
        rest[x] = np.uint8(score[x] < np.float32(LOOK_SCORE))
    for x in range(size):
        rest[x] &= np.uint8(status[x] < FIRST) | np.uint8(status[x] > CONFIRMED)
    for x in range(size):
        rest[x] = usual[x] & (rest[x] ^ np.uint8(1))
        some |= rest[x]
    for x in range(size):
        usual[x] ^= rest[x]
    for x in range(size):
        month_looks[x] += usual[x] & np.uint8(month_looks[x] < 255)
    for x in range(size):
        marked[x] *= np.uint8(1) - usual[x]
    for x in range(size):
        last_clear[x] += (today - last_clear[x]) * usual[x]
    for x in range(size):
        last_normal[x] += (today - last_normal[x]) * usual[x]
    return some != 0


@njit(nogil=True, cache=True)
def unusual_strip(rest, y, left, look, mark, score, when, year_terms, optics, base, alert, work):  # type: ignore[no-untyped-def]
    """Apply a look to those cells of a strip where `rest` (s,) is set. look: (n_bands, s); mark, score: (s,); the rest as in `watch_looks`."""
    bands = look.shape[0]
    spectrum, expected = work.spectrum, work.expected
    for i in range(min(STRIP, base.looks.shape[1] - left)):
        if rest[i] == 0:
            continue
        x = left + i
        for b in range(bands):
            spectrum[b] = look[b, i]
        if snowy(spectrum, optics):
            continue
        season_of(base.mean, base.fine, y, x, when.terms, expected)
        strange = score[i] >= LOOK_SCORE and greenness(spectrum, optics) < greenness(expected, optics) + np.float32(GREENER)
        strange = strange and is_novel(spectrum, base, y, x, optics.floor, work)
        if FIRST <= alert.status[y, x] <= CONFIRMED:
            for k in range(year_terms.shape[0]):
                season_of(base.mean, base.fine, y, x, year_terms[k], work.year[k])
            go_on(alert, y, x, mark[i], when, score[i], strange, spectrum, expected, work.year, base.barest[:, :, y, x], optics)
        elif strange:
            begin(alert, y, x, mark[i], when, spectrum, optics.floor)
        elif mark[i] == CLEAR:
            saw_normal(alert, y, x, when.day)


@njit(nogil=True, cache=True)
def watch_looks(stack, marks, days, seasons, terms, noise, white, year_terms, optics, base, alert):  # type: ignore[no-untyped-def]
    """Apply looks to the alerts of a block, oldest first, in place; strip by strip, so that a strip's state stays in the processor's cache.

    stack: (h, strips, n, n_bands, STRIP) int16, marks: (h, strips, n, STRIP) uint8 (layout.py, mask.py). days, seasons: (n,), terms:
    (n, 5) float32, of `When`. noise: (n, n_bands), white: (6, 6), year_terms: (24, 5) float32. optics: Optics. base, alert: Baseline and
    Alert of the block.
    """
    height, across, n, bands, _ = stack.shape
    coef, steady = np.zeros(bands * TERMS * STRIP, np.float32), np.zeros(bands * STRIP, np.float32)
    z, score = np.zeros(white.shape[0] * STRIP, np.float32), np.zeros(STRIP, np.float32)
    usual, rest = np.zeros(STRIP, np.uint8), np.zeros(STRIP, np.uint8)
    work = workspace_for(bands, year_terms)
    for y in range(height):
        for strip in range(across):
            left = strip * STRIP
            cells = slice(left, min(left + STRIP, base.looks.shape[1]))
            strip_looks, strip_marks = stack[y, strip], marks[y, strip]
            looks, status, month_looks, marked = base.looks[y, cells], alert.status[y, cells], alert.month_looks[y, cells], alert.marked[y, cells]
            last_clear, last_normal = alert.last_clear[y, cells], alert.last_normal[y, cells]
            open_strip(base, y, left, coef, steady)
            for t in range(n):
                look, mark = strip_looks[t], strip_marks[t]
                if not seen_at_all(mark):
                    continue
                score_strip(look, terms[t], coef, steady, noise[t], white, z, score)
                if usual_strip(score, mark, look[0], looks, status, days[t], month_looks, last_clear, last_normal, marked, usual, rest):
                    when = When(days[t], seasons[t], terms[t])
                    unusual_strip(rest, y, left, look, mark, score, when, year_terms, optics, base, alert, work)
