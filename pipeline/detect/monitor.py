"""Which cells have left their own past? One clear look after the other, forward in time.

A look is anomalous when it is far from the cell's own season, in units of the cell's own spread (squared Mahalanobis distance
per band), and at the same time unlike anything the cell ever looked like (novelty). Status moves as in OPERA DIST-ALERT:

    NONE         anomalous                                    -> FIRST
    FIRST        `PROVISIONAL_LOOKS` anomalous                -> PROVISIONAL      2 missed in a row   -> NONE
    PROVISIONAL  `CONFIRMED_LOOKS` over `CONFIRMED_DAYS`      -> CONFIRMED        3 missed in a row   -> NONE
    CONFIRMED                                                    6 missed in a row over 45 days       -> ENDED
    ENDED        anomalous                                    -> FIRST

A look at a cell in alert says 'changed' when it is nearer to the changed ground (median of the kept looks) than to the cell's
season, 'missed' when it is nearer to the season or has greened up, and nothing at all where season and changed ground look alike (snow, winter).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.looks import NO_DATA, SPRING_BEGINS, SPRING_ENDS, STEP, YEAR, to_byte
from pipeline.detect.mask import CLEAR, CLOUD, MISSING
from pipeline.detect.novelty import BRIGHT, LASTING_WET, WET, novelty, to_segment
from pipeline.detect.spectra import When, apart, greenness, open_row, resembles, ring_median, score_row, season_of, snowy
from pipeline.detect.state import CONFIRMED, ENDED, FINE, FIRST, NONE, PROVISIONAL, RING

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
TURNED, WHITER, FILM_DAYS = 8.0, 0.05, 150
"""Film is gone where ground is this far (mean square, noise floors) from what it was and this much less white (green to red), so soon."""
FAINT = 4.0
"""Changed ground of less novelty than this may yet become something else."""
PROVISIONAL_LOOKS, CONFIRMED_LOOKS, CONFIRMED_DAYS = 3, 6, 15
FIRST_MISSES, PROVISIONAL_MISSES, ENDED_MISSES, ENDED_DAYS = 2, 3, 6, 45
MARKED_LOOKS = 3
WINTER_BEGINS, WINTER_ENDS = 227, 42
"""Seasons (1/256 of a year) of 20 November and 1 March."""
SEASONS_A_YEAR = 24


@njit(nogil=True, cache=True)
def next_status(status, anomalous, missed, days_changed, days_missed):  # type: ignore[no-untyped-def]
    """The table at the head of this module."""
    if status == FIRST or status == PROVISIONAL:
        if missed >= (FIRST_MISSES if status == FIRST else PROVISIONAL_MISSES):
            return NONE
        if anomalous >= CONFIRMED_LOOKS and days_changed >= CONFIRMED_DAYS:
            return CONFIRMED
        return PROVISIONAL if anomalous >= PROVISIONAL_LOOKS else FIRST
    if status == CONFIRMED and missed >= ENDED_MISSES and days_missed >= ENDED_DAYS:
        return ENDED
    return status


@njit(nogil=True, cache=True)
def keep_look(alert, slot, y, x, spectrum, season):  # type: ignore[no-untyped-def]
    """Write a look into a slot of a cell's ring."""
    for b in range(spectrum.shape[0]):
        alert.ring[slot, b, y, x] = to_byte(spectrum[b])
    alert.season[slot, y, x] = season


@njit(nogil=True, cache=True)
def saw(alert, y, x, day):  # type: ignore[no-untyped-def]
    """Count a clear look."""
    alert.month_looks[y, x] = min(alert.month_looks[y, x] + 1, 255)
    alert.last_clear[y, x] = day


@njit(nogil=True, cache=True)
def saw_normal(alert, y, x, day):  # type: ignore[no-untyped-def]
    """Count a look at ground as it always was."""
    saw(alert, y, x, day)
    alert.last_normal[y, x] = day
    alert.marked[y, x] = 0


@njit(nogil=True, cache=True)
def begin(alert, y, x, mark, when, spectrum, floor):  # type: ignore[no-untyped-def]
    """A strange look at a cell without an open alert: begin one, or remember a doubtful mark.

    A lone mark on strange ground is believed only from the `MARKED_LOOKS`-th that looks the same, and then from the first of them.
    """
    if mark != CLEAR and alert.status[y, x] == ENDED:
        return
    before = np.empty(floor.shape[0], np.float32)
    for b in range(floor.shape[0]):
        before[b] = np.float32(alert.ring[0, b, y, x]) * np.float32(STEP)
    if alert.marked[y, x] == 0 or not resembles(spectrum, before, floor):
        alert.marked[y, x] = 0
        alert.first_day[y, x] = when.day
    alert.marked[y, x] += 1
    keep_look(alert, 0, y, x, spectrum, when.season)
    if mark != CLEAR and alert.marked[y, x] < MARKED_LOOKS:
        return
    saw(alert, y, x, when.day)
    alert.filled[y, x] = 1
    alert.anomalous[y, x] = alert.marked[y, x]
    alert.last_day[y, x] = when.day
    alert.missed[y, x] = 0
    alert.marked[y, x] = 0
    alert.status[y, x] = next_status(FIRST, alert.anomalous[y, x], 0, when.day - alert.first_day[y, x], 0)


@njit(nogil=True, cache=True)
def film_gone(spectrum, evidence, first_day, when, optics):  # type: ignore[no-untyped-def]
    """Whether whitish ground that changed in spring, as fields under plastic film do, is white no more."""
    begun = first_day % YEAR
    if optics.green < 0 or not (SPRING_BEGINS <= begun < SPRING_ENDS) or when.day - first_day > FILM_DAYS:
        return False
    now = spectrum[optics.green] / max(spectrum[optics.red], np.float32(100))
    before = evidence[optics.green] / max(evidence[optics.red], np.float32(100))
    return before - now > np.float32(WHITER)


@njit(nogil=True, cache=True)
def is_another(spectrum, evidence, strange, film, year, barest, floor):  # type: ignore[no-untyped-def]
    """Whether a look at changed ground shows something else than its alert has seen: soil where `film` was, or stark where it was faint."""
    if resembles(spectrum, evidence, floor):
        return False
    if film and strange and apart(spectrum, evidence, floor) >= TURNED:
        return True
    if novelty(evidence, year, barest, floor, np.float32(LASTING_WET), np.float32(FAINT)) >= FAINT:
        return False
    return novelty(spectrum, year, barest, floor, np.float32(WET), np.float32(2 * FAINT)) >= 2 * FAINT


@njit(nogil=True, cache=True)
def turned(alert, y, x, day, another):  # type: ignore[no-untyped-def]
    """Begin an alert anew where the ground has become something else (`another`), for three looks in a row.

    Without this a pit on ground that was in alert already (a landslip, a field under plastic film) would bear the older date. True
    when it did.
    """
    if not another:
        alert.marked[y, x] = 0
        return False
    if alert.marked[y, x] == 0:
        alert.turn_day[y, x] = day
    alert.marked[y, x] += 1
    if alert.marked[y, x] < PROVISIONAL_LOOKS:
        return False
    kept = np.empty((PROVISIONAL_LOOKS, alert.ring.shape[1]), np.uint8)
    seasons = np.empty(PROVISIONAL_LOOKS, np.uint8)
    for k in range(PROVISIONAL_LOOKS):
        slot = (alert.filled[y, x] - PROVISIONAL_LOOKS + k) % RING
        kept[k], seasons[k] = alert.ring[slot, :, y, x], alert.season[slot, y, x]
    for k in range(PROVISIONAL_LOOKS):
        alert.ring[k, :, y, x], alert.season[k, y, x] = kept[k], seasons[k]
    alert.filled[y, x] = PROVISIONAL_LOOKS
    alert.anomalous[y, x] = PROVISIONAL_LOOKS
    alert.first_day[y, x] = alert.turn_day[y, x]
    alert.marked[y, x] = 0
    return True


@njit(nogil=True, cache=True)
def forget(alert, y, x, day):  # type: ignore[no-untyped-def]
    """Withdraw an alert that did not last."""
    alert.first_day[y, x] = alert.last_day[y, x] = alert.anomalous[y, x] = alert.missed[y, x] = alert.filled[y, x] = 0
    alert.marked[y, x] = alert.turn_day[y, x] = 0
    alert.last_normal[y, x] = day
    alert.ring[:, :, y, x] = 0
    alert.season[:, y, x] = 0


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
