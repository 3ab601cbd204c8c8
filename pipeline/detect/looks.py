"""One clear look at the ground: bands, units, and the correction of what a whole scene shares.

Reflectance is int16 in units of 1e-4 throughout this room; `NO_DATA` marks cells without a value. Spectra that are kept
for long are uint8 in steps of `STEP` (0.004): its rounding error, 0.0012, is a tenth of the noise of a look.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.layout import STRIP

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
NOISE_FLOOR = {"B02": 0.010, "B03": 0.011, "B04": 0.013, "B08": 0.018, "B11": 0.022, "B12": 0.020}
"""Look-to-look noise of unchanged ground by band, reflectance: the unit of novelty."""
NO_DATA = -32768
UNIT = 1e-4
STEP = 40
"""Step of an 8-bit spectrum, in units of 1e-4."""
YEAR = 365.25
EPOCH_ORDINAL = 719163
"""date(1970, 1, 1).toordinal(): days are counted from there."""
SPRING_BEGINS, SPRING_ENDS = 74, 181
"""Days of the year: mid-March to June, when fields are bare, or under plastic film."""
TERMS = 5
BARE_NDVI, GREEN_NDVI = 0.20, 0.50
"""Between them a cell counts partly as bare, partly as green, for the shift that a scene's bare and green ground share."""


def season_terms(day: float) -> NDArray[np.float32]:
    """Terms of a harmonic year of two orders on `day` (days since 1970-01-01): 1, cos, sin, cos 2, sin 2."""
    angle = 2 * math.pi * (day % YEAR) / YEAR
    return np.array([1, math.cos(angle), math.sin(angle), math.cos(2 * angle), math.sin(2 * angle)], np.float32)


SEASONS = np.stack([season_terms(k * YEAR / 24) for k in range(24)])
"""(24, 5) float32: the year at 24 seasons."""
SEASON_BYTES = np.stack([season_terms(k * YEAR / 256) for k in range(256)])
"""(256, 5) float32: terms of a season kept in one byte."""


def in_spring(days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which days lie between mid-March and June, when fields are bare, or under plastic film."""
    phase = days % YEAR
    out: NDArray[np.bool_] = (phase >= SPRING_BEGINS) & (phase < SPRING_ENDS)
    return out


def season_byte(day: int) -> int:
    """Season of a day in 1/256 of a year."""
    return int((day % YEAR) * 256 / YEAR) & 255


def noise_floor(bands: tuple[str, ...]) -> NDArray[np.float32]:
    """(n_bands,) float32, reflectance in units of 1e-4."""
    return np.array([NOISE_FLOOR[band] / UNIT for band in bands], np.float32)


@njit(nogil=True, cache=True, error_model="numpy")
def spread(pixels, span, left, out):  # type: ignore[no-untyped-def]
    """Repeat each pixel of a row `span` times; into `out` (w,) from the `left`-th cell of them on."""
    width = out.shape[0]
    if span == 1:
        source = pixels[left : left + width]
        for x in range(width):
            out[x] = source[x]
        return
    if span != 2:
        for x in range(width):
            out[x] = pixels[(left + x) // span]
        return
    # Pairs, which become vector instructions; a pixel cut by the edge before or after them.
    skip = left & 1
    if skip:
        out[0] = pixels[left >> 1]
    pairs = (width - skip) >> 1
    source, target = pixels[(left + skip) >> 1 :], out[skip:]
    for k in range(pairs):
        value = source[k]
        target[2 * k] = value
        target[2 * k + 1] = value
    if skip + 2 * pairs < width:
        out[width - 1] = source[pairs]


@njit(nogil=True, cache=True, error_model="numpy")
def correct(planes, spans, tops, lefts, gain, offset, shift, red, nir, width, out, number):  # type: ignore[no-untyped-def]
    """Turn digital numbers into reflectance and take off the shift that the whole scene shares.

    planes: by band (h', w') uint16, 0 = no data, a tuple of arrays, as coarse as they come. spans, tops, lefts: (n_bands,) int64:
    cell (y, x) lies in pixel ((y + top) // span, (x + left) // span). gain, offset: (n_bands,) float32, reflectance in
    1e-4 = dn · gain + offset. shift: (2, n_bands) float32, in 1e-4, of bare and of green ground. red, nir: band indices.
    width: cells of a row. out: (h, strips, n, n_bands, STRIP) int16 (layout.py), of which the `number`-th look is written. A cell with no
    data in any band has none in all; cells beyond the row are left as they are.
    """
    height, across, _, bands, _ = out.shape
    numbers, read = np.empty((bands, width), np.uint16), np.full(bands, -1, np.int64)
    valid, green = np.empty(width, np.uint16), np.empty(width, np.float32)
    for y in range(height):
        # Rows taken out beforehand: indices of many axes would keep the compiler from vector instructions.
        valid[:] = 65535
        for b in range(bands):
            row, source = numbers[b], (y + tops[b]) // spans[b]
            if source != read[b]:
                spread(planes[b][source], spans[b], lefts[b], row)
                read[b] = source
            for x in range(width):
                valid[x] = min(valid[x], row[x])
        reds, nirs = numbers[red], numbers[nir]
        red_gain, red_offset, nir_gain, nir_offset = gain[red], offset[red], gain[nir], offset[nir]
        for x in range(width):
            r = np.float32(reds[x]) * red_gain + red_offset
            n = np.float32(nirs[x]) * nir_gain + nir_offset
            ndvi = (n - r) / max(n + r, np.float32(100.0))
            green[x] = min(max((ndvi - np.float32(BARE_NDVI)) / np.float32(GREEN_NDVI - BARE_NDVI), np.float32(0)), np.float32(1))
        for strip in range(across):
            left, right = strip * STRIP, min((strip + 1) * STRIP, width)
            has, greens = valid[left:right], green[left:right]
            for b in range(bands):
                row, target = numbers[b, left:right], out[y, strip, number, b]
                by, add, bare, more = gain[b], offset[b], shift[0, b], shift[1, b] - shift[0, b]
                for x in range(right - left):
                    value = np.float32(row[x]) * by + add - bare - greens[x] * more
                    value = min(max(value, np.float32(-5000)), np.float32(30000))
                    target[x] = np.int16(np.int32(value)) if has[x] else np.int16(NO_DATA)


@njit(nogil=True, cache=True, error_model="numpy")
def to_byte(value):  # type: ignore[no-untyped-def]
    """Reflectance in 1e-4 to an 8-bit step."""
    return np.uint8(min(max((value + np.float32(0.5 * STEP)) / np.float32(STEP), np.float32(0)), np.float32(255)))
