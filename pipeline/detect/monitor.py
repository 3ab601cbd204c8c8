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

from pipeline.detect.looks import NO_DATA, STEP, to_byte
from pipeline.detect.mask import CLEAR, CLOUD, MISSING
from pipeline.detect.novelty import novelty
from pipeline.detect.spectra import apart, greenness, resembles, ring_median, season_of, snowy
from pipeline.detect.state import CONFIRMED, ENDED, FIRST, NONE, PROVISIONAL, RING

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
FAINT = 4.0
"""Changed ground of less novelty than this may yet become something else."""
PROVISIONAL_LOOKS, CONFIRMED_LOOKS, CONFIRMED_DAYS = 3, 6, 15
FIRST_MISSES, PROVISIONAL_MISSES, ENDED_MISSES, ENDED_DAYS = 2, 3, 6, 45
MARKED_LOOKS = 3


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
def turned(alert, y, x, day, spectrum, evidence, year, barest, floor):  # type: ignore[no-untyped-def]
    """Begin an alert anew where faintly changed ground has become something else altogether, for three looks in a row.

    Without this a pit on ground that was in alert already (a landslip, a cleared slope) would bear the older date. True when it did.
    """
    faint = novelty(evidence, year, barest, floor, np.float32(FAINT))
    stark = faint < FAINT and not resembles(spectrum, evidence, floor)
    if not stark or novelty(spectrum, year, barest, floor, np.float32(2 * FAINT)) < 2 * FAINT:
        alert.marked[y, x] = 0
        return False
    if alert.marked[y, x] == 0:
        alert.turn_day[y, x] = day
    alert.marked[y, x] += 1
    if alert.marked[y, x] < PROVISIONAL_LOOKS:
        return False
    kept = np.empty((PROVISIONAL_LOOKS, floor.shape[0]), np.uint8)
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
        keep_look(alert, alert.filled[y, x] % RING, y, x, spectrum, when.season)
        # The count wraps by whole rings, so that the next slot stays the next.
        alert.filled[y, x] += 1 if alert.filled[y, x] < 250 else 1 - RING
        alert.anomalous[y, x] = min(alert.anomalous[y, x] + 1, 255)
        alert.missed[y, x] = 0
        alert.last_day[y, x] = when.day
        if turned(alert, y, x, when.day, spectrum, evidence, year, barest, floor):
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
def monitor(look, mark, score, when, year_terms, optics, base, alert):  # type: ignore[no-untyped-def]
    """Apply one look to the alerts of a block, in place.

    look: (n_bands, h, w) int16. mark: (h, w) uint8 (mask.py). score: (h, w) float32 (`scores`). when: When. year_terms: (24, 5)
    float32. optics: Optics. base, alert: Baseline and Alert of the block.
    """
    bands, height, width = look.shape
    spectrum, expected = np.empty(bands, np.float32), np.empty(bands, np.float32)
    year = np.empty((year_terms.shape[0], bands), np.float32)
    for y in range(height):
        for x in range(width):
            m = mark[y, x]
            if m == MISSING or m == CLOUD or base.looks[y, x] == 0 or look[0, y, x] == NO_DATA:
                continue
            in_alert = FIRST <= alert.status[y, x] <= CONFIRMED
            s = score[y, x]
            if s < LOOK_SCORE and not in_alert:
                # The common case. Ground that looks as it always did is seen, whatever SCL says of it.
                saw_normal(alert, y, x, when.day)
                continue
            for b in range(bands):
                spectrum[b] = look[b, y, x]
            if snowy(spectrum, optics):
                continue
            season_of(base.mean, base.fine, y, x, when.terms, expected)
            for k in range(year_terms.shape[0]):
                season_of(base.mean, base.fine, y, x, year_terms[k], year[k])
            barest = base.barest[:, :, y, x]
            strange = s >= LOOK_SCORE and greenness(spectrum, optics) < greenness(expected, optics) + np.float32(GREENER)
            strange = strange and novelty(spectrum, year, barest, optics.floor, np.float32(LOOK_NOVELTY)) >= LOOK_NOVELTY
            if in_alert:
                go_on(alert, y, x, m, when, s, strange, spectrum, expected, year, barest, optics)
            elif strange:
                begin(alert, y, x, m, when, spectrum, optics.floor)
            elif m == CLEAR:
                saw_normal(alert, y, x, when.day)
