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
from pipeline.detect.state import CONFIRMED, ENDED, FINE, FIRST, NONE, PROVISIONAL, RING, SCALES

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
GAIN_ERROR = 0.1
"""What haze, sun and view leave of bright ground's brightness uncertain, as a share."""
PROVISIONAL_LOOKS, CONFIRMED_LOOKS, CONFIRMED_DAYS = 3, 6, 15
FIRST_MISSES, PROVISIONAL_MISSES, ENDED_MISSES, ENDED_DAYS = 2, 3, 6, 45
MARKED_LOOKS = 3
SNOW_NDSI, SNOW_GREEN = 0.2, 2500.0
"""Snow missed by SCL: normalised difference snow index with a bright green band (Dozier 1989)."""


@njit(nogil=True, cache=True)
def scores(look, terms, mean, fine, scale, noise, white, out):  # type: ignore[no-untyped-def]
    """Squared Mahalanobis distance, per band, of a look from each cell's season.

    look: (n_bands, h, w) int16, 1e-4. terms: (5,) float32 of the look's day. mean, fine, scale: as in Baseline.
    noise: (n_bands,) float32 ≥ 1, how much noisier this scene is than others. white: (n_bands, n_bands) float32, lower
    triangle that whitens standardised residuals. out: (h, w) float32.
    """
    bands, height, width = look.shape
    z = np.empty((bands, width), np.float32)
    for y in range(height):
        for b in range(bands):
            inverse = np.float32(1) / noise[b]
            for x in range(width):
                season = (
                    mean[b, 0, y, x] * terms[0]
                    + mean[b, 1, y, x] * terms[1]
                    + mean[b, 2, y, x] * terms[2]
                    + np.float32(FINE) * (fine[b, 0, y, x] * terms[3] + fine[b, 1, y, x] * terms[4])
                )
                z[b, x] = (look[b, y, x] - season) * inverse / SCALES[scale[b, y, x]]
        for x in range(width):
            out[y, x] = np.float32(0)
        for i in range(bands):
            for x in range(width):
                whitened = np.float32(0)
                for j in range(i + 1):
                    whitened += white[i, j] * z[j, x]
                out[y, x] += whitened * whitened / np.float32(bands)


@njit(nogil=True, cache=True)
def season_of(mean, fine, y, x, terms, out):  # type: ignore[no-untyped-def]
    """Spectrum of a cell's season into `out` (n_bands,) float32, 1e-4."""
    for b in range(out.shape[0]):
        out[b] = (
            mean[b, 0, y, x] * terms[0]
            + mean[b, 1, y, x] * terms[1]
            + mean[b, 2, y, x] * terms[2]
            + np.float32(FINE) * (fine[b, 0, y, x] * terms[3] + fine[b, 1, y, x] * terms[4])
        )


@njit(nogil=True, cache=True)
def ndvi_of(spectrum, red, nir):  # type: ignore[no-untyped-def]
    """NDVI of a spectrum in 1e-4, kept finite on dark ground."""
    return (spectrum[nir] - spectrum[red]) / max(spectrum[nir] + spectrum[red], np.float32(100))


@njit(nogil=True, cache=True)
def ring_median(ring, filled, y, x, out):  # type: ignore[no-untyped-def]
    """Median of the kept looks of a cell into `out` (n_bands,) float32, 1e-4. filled must be ≥ 1."""
    n = min(filled, RING)
    values = np.empty(RING, np.float32)
    for b in range(out.shape[0]):
        for k in range(n):
            values[k] = np.float32(ring[k, b, y, x]) * np.float32(STEP)
        for k in range(1, n):
            value = values[k]
            j = k
            while j > 0 and values[j - 1] > value:
                values[j] = values[j - 1]
                j -= 1
            values[j] = value
        out[b] = values[n // 2] if n % 2 else np.float32(0.5) * (values[n // 2 - 1] + values[n // 2])


@njit(nogil=True, cache=True)
def apart(a, b, floor):  # type: ignore[no-untyped-def]
    """Mean squared difference of two spectra in units of the noise floor."""
    total = np.float32(0)
    for k in range(floor.shape[0]):
        z = (a[k] - b[k]) / floor[k]
        total += z * z
    return total / np.float32(floor.shape[0])


@njit(nogil=True, cache=True)
def resembles(a, b, floor):  # type: ignore[no-untyped-def]
    """Whether two looks may be of the same ground: apart by no more than noise and a tenth of their brightness."""
    total = np.float32(0)
    for k in range(floor.shape[0]):
        z = (a[k] - b[k]) / (floor[k] + np.float32(GAIN_ERROR / 2) * abs(a[k] + b[k]))
        total += z * z
    return total < np.float32(floor.shape[0])


@njit(nogil=True, cache=True)
def turned(y, x, day, spectrum, evidence, year, barest, floor, filled, marked, turn_day, first_day, anomalous, ring, season):  # type: ignore[no-untyped-def]
    """Begin an alert anew where faintly changed ground has become something else altogether, for three looks in a row.

    Without this a pit on ground that was in alert already (a landslip, a cleared slope) would bear the older date.
    """
    bands = floor.shape[0]
    faint = novelty(evidence, year, barest[:, :, y, x], floor, np.float32(FAINT))
    if faint >= FAINT or resembles(spectrum, evidence, floor):
        marked[y, x] = 0
        return
    if novelty(spectrum, year, barest[:, :, y, x], floor, np.float32(2 * FAINT)) < 2 * FAINT:
        marked[y, x] = 0
        return
    if marked[y, x] == 0:
        turn_day[y, x] = day
    marked[y, x] += 1
    if marked[y, x] < PROVISIONAL_LOOKS:
        return
    kept = np.empty((PROVISIONAL_LOOKS, bands), np.uint8)
    when = np.empty(PROVISIONAL_LOOKS, np.uint8)
    for k in range(PROVISIONAL_LOOKS):
        slot = (filled[y, x] - PROVISIONAL_LOOKS + k) % RING
        when[k] = season[slot, y, x]
        for b in range(bands):
            kept[k, b] = ring[slot, b, y, x]
    for k in range(PROVISIONAL_LOOKS):
        season[k, y, x] = when[k]
        for b in range(bands):
            ring[k, b, y, x] = kept[k, b]
    filled[y, x] = PROVISIONAL_LOOKS
    anomalous[y, x] = PROVISIONAL_LOOKS
    first_day[y, x] = turn_day[y, x]
    marked[y, x] = 0


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
def monitor(look, mark, score, day, season, terms, year_terms, floor, red, nir, green, swir, mean, fine, barest, looks,
            status, anomalous, missed, first_day, last_day, last_clear, last_normal, month_looks, marked, turn_day, filled, ring, ring_season):  # type: ignore[no-untyped-def]  # fmt: skip
    """Apply one look to the alerts of a block, in place.

    look: (n_bands, h, w) int16. mark: (h, w) uint8 (mask.py). score: (h, w) float32 (scores). day: days since 1970-01-01.
    season: the day's byte. terms: (5,), year_terms: (24, 5) float32. floor: (n_bands,) float32, 1e-4. red, nir, green, swir:
    band indices (green and swir −1 where missing). The rest: arrays of Baseline and Alert.
    """
    bands, height, width = look.shape
    spectrum = np.empty(bands, np.float32)
    expected = np.empty(bands, np.float32)
    evidence = np.empty(bands, np.float32)
    year = np.empty((year_terms.shape[0], bands), np.float32)
    for y in range(height):
        for x in range(width):
            m = mark[y, x]
            if m == MISSING or m == CLOUD or looks[y, x] == 0 or look[0, y, x] == NO_DATA:
                continue
            state = status[y, x]
            in_alert = FIRST <= state <= CONFIRMED
            s = score[y, x]
            if s < LOOK_SCORE and not in_alert:
                # The common case. Ground that looks as it always did is seen, whatever SCL says of it.
                month_looks[y, x] = min(month_looks[y, x] + 1, 255)
                last_clear[y, x] = day
                last_normal[y, x] = day
                marked[y, x] = 0
                continue
            for b in range(bands):
                spectrum[b] = look[b, y, x]
            if green >= 0 and swir >= 0 and spectrum[green] > SNOW_GREEN:
                if (spectrum[green] - spectrum[swir]) > SNOW_NDSI * (spectrum[green] + spectrum[swir]):
                    continue
            season_of(mean, fine, y, x, terms, expected)
            for k in range(year_terms.shape[0]):
                season_of(mean, fine, y, x, year_terms[k], year[k])
            loss = ndvi_of(spectrum, red, nir) < ndvi_of(expected, red, nir) + np.float32(GREENER)
            strange = s >= LOOK_SCORE and loss and novelty(spectrum, year, barest[:, :, y, x], floor, np.float32(LOOK_NOVELTY)) >= LOOK_NOVELTY
            if not in_alert:
                if m != CLEAR:
                    # A lone mark on strange ground: believed only from the third that looks the same.
                    if not strange:
                        continue
                    for b in range(bands):
                        evidence[b] = np.float32(ring[0, b, y, x]) * np.float32(STEP)
                    if marked[y, x] == 0 or not resembles(spectrum, evidence, floor):
                        marked[y, x] = 0
                        first_day[y, x] = day
                    marked[y, x] += 1
                    for b in range(bands):
                        ring[0, b, y, x] = to_byte(spectrum[b])
                    ring_season[0, y, x] = season
                    if marked[y, x] < MARKED_LOOKS:
                        continue
                    filled[y, x] = 1
                    anomalous[y, x] = marked[y, x]
                elif strange:
                    if marked[y, x] > 0:
                        for b in range(bands):
                            evidence[b] = np.float32(ring[0, b, y, x]) * np.float32(STEP)
                    if marked[y, x] == 0 or not resembles(spectrum, evidence, floor):
                        first_day[y, x] = day
                        marked[y, x] = 0
                    filled[y, x] = 1
                    anomalous[y, x] = 1 + marked[y, x]
                    for b in range(bands):
                        ring[0, b, y, x] = to_byte(spectrum[b])
                    ring_season[0, y, x] = season
                else:
                    month_looks[y, x] = min(month_looks[y, x] + 1, 255)
                    last_clear[y, x] = day
                    last_normal[y, x] = day
                    marked[y, x] = 0
                    continue
                month_looks[y, x] = min(month_looks[y, x] + 1, 255)
                last_clear[y, x] = day
                last_day[y, x] = day
                missed[y, x] = 0
                marked[y, x] = 0
                status[y, x] = next_status(FIRST, anomalous[y, x], 0, day - first_day[y, x], 0)
                continue
            ring_median(ring, filled[y, x], y, x, evidence)
            like_change = apart(spectrum, evidence, floor)
            like_season = apart(spectrum, expected, floor)
            if m != CLEAR and s >= NORMAL_SCORE and not resembles(spectrum, evidence, floor):
                continue
            month_looks[y, x] = min(month_looks[y, x] + 1, 255)
            last_clear[y, x] = day
            if strange or (like_change < like_season and apart(evidence, expected, floor) > ALIKE):
                slot = filled[y, x] % RING
                for b in range(bands):
                    ring[slot, b, y, x] = to_byte(spectrum[b])
                ring_season[slot, y, x] = season
                filled[y, x] = filled[y, x] + 1 if filled[y, x] < 250 else filled[y, x] - RING + 1
                anomalous[y, x] = min(anomalous[y, x] + 1, 255)
                missed[y, x] = 0
                last_day[y, x] = day
                turned(y, x, day, spectrum, evidence, year, barest, floor, filled, marked, turn_day, first_day, anomalous, ring, ring_season)
            elif like_season < like_change or ndvi_of(spectrum, red, nir) > ndvi_of(evidence, red, nir) + np.float32(GREEN_UP):
                missed[y, x] = min(missed[y, x] + 1, 255)
            if turn_day[y, x] == first_day[y, x] and anomalous[y, x] == PROVISIONAL_LOOKS:
                state = FIRST
            status[y, x] = next_status(state, anomalous[y, x], missed[y, x], day - first_day[y, x], day - last_day[y, x])
            if status[y, x] == NONE:
                first_day[y, x] = last_day[y, x] = anomalous[y, x] = missed[y, x] = filled[y, x] = 0
                last_normal[y, x] = day
                for k in range(RING):
                    ring_season[k, y, x] = 0
                    for b in range(bands):
                        ring[k, b, y, x] = 0
            elif status[y, x] == ENDED:
                last_normal[y, x] = day
