"""A cell's alert: how it begins, goes on, begins anew and is withdrawn. Status moves as in OPERA DIST-ALERT:

NONE         anomalous                                    -> FIRST
FIRST        `PROVISIONAL_LOOKS` anomalous, or
             `STARK_LOOKS` starkly so, alike, no winter   -> PROVISIONAL      2 missed in a row   -> NONE
PROVISIONAL  `CONFIRMED_LOOKS` over `CONFIRMED_DAYS`      -> CONFIRMED        3 missed in a row   -> NONE
CONFIRMED                                                    6 missed in a row over 45 days       -> ENDED
ENDED        anomalous                                    -> FIRST
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.looks import SPRING_BEGINS, SPRING_ENDS, STEP, YEAR, to_byte
from pipeline.detect.mask import CLEAR
from pipeline.detect.novelty import LASTING_WET, WET, novelty
from pipeline.detect.spectra import apart, resembles
from pipeline.detect.state import CONFIRMED, ENDED, FIRST, NONE, PROVISIONAL, RING

TURNED, WHITER, FILM_DAYS = 8.0, 0.05, 150
"""Film is gone where ground is this far (mean square, noise floors) from what it was and this much less white (green to red), so soon."""
FAINT = 4.0
"""Changed ground of less novelty than this may yet become something else."""
PROVISIONAL_LOOKS, CONFIRMED_LOOKS, CONFIRMED_DAYS = 3, 6, 15
STARK_LOOKS, STARK_SCORE, STARK_NOVELTY = 2, 20.0, 8.0
"""Two looks are enough where each shows the same ground, so far from its season and so unlike its past: missed clouds do not look alike.
Snow does, so not in winter."""
FIRST_MISSES, PROVISIONAL_MISSES, ENDED_MISSES, ENDED_DAYS = 2, 3, 6, 45
MARKED_LOOKS = 3
GAP, LONGEST_GAP = 4, 63
"""Of looks at ground changed once more `marked` keeps their number, and in fours how many days before the first of them the ground was seen
otherwise; LONGEST_GAP stands for longer, and for not known."""


@njit(nogil=True, cache=True)
def next_status(status, anomalous, missed, days_changed, days_missed, stark):  # type: ignore[no-untyped-def]
    """The table at the head of this module. stark: whether the newest look and those before it are."""
    if status == FIRST or status == PROVISIONAL:
        if missed >= (FIRST_MISSES if status == FIRST else PROVISIONAL_MISSES):
            return NONE
        if anomalous >= CONFIRMED_LOOKS and days_changed >= CONFIRMED_DAYS:
            return CONFIRMED
        return PROVISIONAL if status == PROVISIONAL or anomalous >= (STARK_LOOKS if stark else PROVISIONAL_LOOKS) else FIRST
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
    alert.status[y, x] = next_status(FIRST, alert.anomalous[y, x], 0, when.day - alert.first_day[y, x], 0, False)


@njit(nogil=True, cache=True)
def is_stark(spectrum, evidence, score, year, barest, floor):  # type: ignore[no-untyped-def]
    """Whether a look shows what the looks before it (`evidence`) showed, and that plainly new."""
    if score < np.float32(STARK_SCORE) or not resembles(spectrum, evidence, floor):
        return False
    return novelty(spectrum, year, barest, floor, np.float32(WET), np.float32(STARK_NOVELTY)) >= STARK_NOVELTY


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
def turned(alert, y, x, day, seen, another):  # type: ignore[no-untyped-def]
    """Begin an alert anew where the ground has become something else (`another`), for three looks in a row.

    Without this a pit on ground that was in alert already (a landslip, a field under plastic film) would bear the older date. The look
    at it before (seen: its day) then is the last at the old ground. True when it did.
    """
    if not another:
        alert.marked[y, x] = 0
        return False
    looks, gap = alert.marked[y, x] % GAP, alert.marked[y, x] // GAP
    if looks == 0:
        alert.turn_day[y, x] = day
        gap = min(day - seen, LONGEST_GAP)
    alert.marked[y, x] = gap * GAP + looks + 1
    if looks + 1 < PROVISIONAL_LOOKS:
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
    if 0 < gap < LONGEST_GAP:
        alert.last_normal[y, x] = alert.turn_day[y, x] - gap
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
