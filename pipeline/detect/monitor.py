"""Which cells have left their own past? One clear look after the other, forward in time.

A look is anomalous when it is far from the cell's own season, in units of the cell's own spread (squared Mahalanobis distance
per band), and at the same time unlike anything the cell ever looked like (novelty). Its alert then moves as the table in
alerts.py has it.

A look at a cell in alert says 'changed' when it is nearer to the changed ground (median of the kept looks) than to the cell's
season, 'missed' when it is nearer to the season or has greened up, and nothing at all where season and changed ground look alike (snow, winter).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.alerts import begin, film_gone, forget, is_another, keep_look, next_status, saw, saw_normal, turned
from pipeline.detect.looks import NO_DATA, STEP
from pipeline.detect.mask import CLEAR, CLOUD, MISSING
from pipeline.detect.novelty import BRIGHT, WET, to_segment
from pipeline.detect.spectra import When, apart, greenness, open_row, resembles, ring_median, score_row, season_of, snowy
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
    state = alert.status[y, x]
    if strange or (to_change < to_season and apart(evidence, expected, floor) > ALIKE):
        # Low sun, frost and dead plants tell little: they do not displace what a better season has shown.
        kept = alert.filled[y, x] < RING or WINTER_ENDS <= when.season < WINTER_BEGINS
        if kept:
            keep_look(alert, alert.filled[y, x] % RING, y, x, spectrum, when.season)
            # The count wraps by whole rings, so that the next slot stays the next.
            alert.filled[y, x] += 1 if alert.filled[y, x] < 250 else 1 - RING
        alert.anomalous[y, x] = min(alert.anomalous[y, x] + 1, 255)
        alert.missed[y, x] = 0
        alert.last_day[y, x] = when.day
        film = film_gone(spectrum, evidence, alert.first_day[y, x], when, optics)
        if kept and turned(alert, y, x, when.day, is_another(spectrum, evidence, strange, film, year, barest, floor)):
            state = FIRST
    elif to_season < to_change or greenness(spectrum, optics) > greenness(evidence, optics) + np.float32(GREEN_UP):
        alert.missed[y, x] = min(alert.missed[y, x] + 1, 255)
    days_changed, days_missed = when.day - alert.first_day[y, x], when.day - alert.last_day[y, x]
    alert.status[y, x] = next_status(state, alert.anomalous[y, x], alert.missed[y, x], days_changed, days_missed)
    if alert.status[y, x] == NONE:
        forget(alert, y, x, when.day)
    elif alert.status[y, x] == ENDED:
        alert.last_normal[y, x] = when.day


@njit(nogil=True, cache=True)
def is_novel(spectrum, base, y, x, year_terms, floor, work):  # type: ignore[no-untyped-def]
    """Whether the `novelty` of a spectrum is at least LOOK_NOVELTY: all seasons in one go, for vector instructions.

    year_terms: (24, 5) float32. work: (4, 24) float32, workspace.
    """
    bands = floor.shape[0]
    soil, line = np.empty(bands, np.float32), np.empty(bands, np.float32)
    year, along, length, away = work[0], work[1], work[2], work[3]
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
            year[k] = away[k] - t * (np.float32(2) * along[k] - t * length[k])
        for k in range(SEASONS_A_YEAR):
            least = min(least, year[k])
        if least < np.float32(LOOK_NOVELTY) * np.float32(bands):
            return False
    return True


@njit(nogil=True, cache=True)
def usual_row(score, mark, blue, looks, status, day, month_looks, last_clear, last_normal, marked, rest):  # type: ignore[no-untyped-def]
    """The common case: ground that looks as it always did is seen, whatever SCL says of it.

    Rows (w,). Sets `rest` (w,) uint8 where a cell is seen and either unlike its season or in alert; returns how many those are.
    """
    count = 0
    today = np.uint16(day)
    for x in range(score.shape[0]):
        seen = (mark[x] != MISSING) & (mark[x] != CLOUD) & (looks[x] != 0) & (blue[x] != NO_DATA)
        calm = (score[x] < np.float32(LOOK_SCORE)) & ((status[x] < FIRST) | (status[x] > CONFIRMED))
        usual = seen & calm
        month_looks[x] = np.uint8(month_looks[x] + np.uint8(usual & (month_looks[x] < 255)))
        last_clear[x] = today if usual else last_clear[x]
        last_normal[x] = today if usual else last_normal[x]
        marked[x] = np.uint8(0) if usual else marked[x]
        rest[x] = np.uint8(seen & (not calm))
    for x in range(score.shape[0]):
        count += rest[x]
    return count


@njit(nogil=True, cache=True)
def unusual_row(rest, y, look, mark, score, when, year_terms, optics, base, alert):  # type: ignore[no-untyped-def]
    """Apply a look to those cells of a row where `rest` (w,) is set. score: (w,) float32; the rest as in `watch_looks`."""
    bands = look.shape[0]
    spectrum, expected = np.empty(bands, np.float32), np.empty(bands, np.float32)
    across, work = year_terms.T.copy(), np.empty((4, SEASONS_A_YEAR), np.float32)
    year = np.empty((year_terms.shape[0], bands), np.float32)
    for x in range(rest.shape[0]):
        if rest[x] == 0:
            continue
        for b in range(bands):
            spectrum[b] = look[b, y, x]
        if snowy(spectrum, optics):
            continue
        season_of(base.mean, base.fine, y, x, when.terms, expected)
        strange = score[x] >= LOOK_SCORE and greenness(spectrum, optics) < greenness(expected, optics) + np.float32(GREENER)
        strange = strange and is_novel(spectrum, base, y, x, across, optics.floor, work)
        if FIRST <= alert.status[y, x] <= CONFIRMED:
            for k in range(year_terms.shape[0]):
                season_of(base.mean, base.fine, y, x, year_terms[k], year[k])
            go_on(alert, y, x, mark[y, x], when, score[x], strange, spectrum, expected, year, base.barest[:, :, y, x], optics)
        elif strange:
            begin(alert, y, x, mark[y, x], when, spectrum, optics.floor)
        elif mark[y, x] == CLEAR:
            saw_normal(alert, y, x, when.day)


@njit(nogil=True, cache=True)
def watch_looks(stack, marks, days, seasons, terms, noise, white, year_terms, optics, base, alert):  # type: ignore[no-untyped-def]
    """Apply looks to the alerts of a block, oldest first, in place; row by row, so that a row's state stays in the processor's cache.

    stack: (n, n_bands, h, w) int16. marks: (n, h, w) uint8 (mask.py). days, seasons: (n,), terms: (n, 5) float32, of `When`.
    noise: (n, n_bands), white: (n_bands, n_bands), year_terms: (24, 5) float32. optics: Optics. base, alert: Baseline and Alert of the block.
    """
    n, bands, height, width = stack.shape
    coef, steady = np.empty((bands, 5, width), np.float32), np.empty((bands, width), np.float32)
    z, score, rest = np.empty((bands + 1, width), np.float32), np.empty(width, np.float32), np.empty(width, np.uint8)
    for y in range(height):
        open_row(base, y, coef, steady)
        for t in range(n):
            score_row(stack[t], y, terms[t], coef, steady, noise[t], white, z, score)
            unusual = usual_row(
                score, marks[t, y], stack[t, 0, y], base.looks[y], alert.status[y], days[t],
                alert.month_looks[y], alert.last_clear[y], alert.last_normal[y], alert.marked[y], rest,
            )  # fmt: skip
            if unusual:
                when = When(days[t], seasons[t], terms[t])
                unusual_row(rest, y, stack[t], marks[t], score, when, year_terms, optics, base, alert)
