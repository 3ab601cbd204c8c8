"""What the detector remembers of a block: what changes each year apart from what changes each month.

Both are named tuples, which compiled kernels take as they are, of plain arrays with the cell as the last two axes, so that
kernels run along rows and compressors find like bytes side by side. With six bands a cell takes 128 bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.workspace import Take

RING = 6
"""Clear looks of changed ground that are kept: the median of six withstands two bad ones."""
FINE = 12
"""Unit of second-order harmonics, in 1e-4: one byte holds ± 0.15."""
NONE, FIRST, PROVISIONAL, CONFIRMED, ENDED = 0, 1, 2, 3, 4
"""Alert status of a cell, named as in OPERA DIST-ALERT."""


def _zeros(shape: tuple[int, ...], dtype: type, take: Take) -> NDArray[Any]:
    out = take(shape, dtype)
    out[...] = 0
    return out


class Baseline(NamedTuple):
    """A block's own past: what each cell looks like through the year, and how far it strays."""

    mean: NDArray[np.int16]
    """(n_bands, 3, h, w): constant and first harmonic of reflectance, 1e-4."""
    fine: NDArray[np.int8]
    """(n_bands, 2, h, w): second harmonic, units of FINE · 1e-4."""
    scale: NDArray[np.uint8]
    """(n_bands, h, w): spread of a clear look round the year, reflectance 0.001 · 2^(code / 32)."""
    barest: NDArray[np.uint8]
    """(2, n_bands, h, w): median of the few barest looks, in spring (plastic film, seedbeds) and in the rest of the year, units of STEP · 1e-4."""
    looks: NDArray[np.uint8]
    """(h, w): clear looks that the baseline rests on, at most 255; 0 = no baseline."""
    changed: NDArray[np.uint16]
    """(h, w): day (since 1970-01-01) when the ground changed for good inside the window; 0 = it did not."""
    fitted: NDArray[np.uint8]
    """(h, w): year of the fit, counted from 2000; older than the year's where an open alert kept its baseline."""

    @classmethod
    def empty(cls, bands: int, height: int, width: int, take: Take = np.empty) -> Baseline:
        plane, u8 = (height, width), np.uint8
        kinds = (
            ((bands, 3, *plane), np.int16), ((bands, 2, *plane), np.int8), ((bands, *plane), u8), ((2, bands, *plane), u8),
            (plane, u8), (plane, np.uint16), (plane, u8),
        )  # fmt: skip
        return cls(*(_zeros(shape, dtype, take) for shape, dtype in kinds))


class Alert(NamedTuple):
    """A block's alerts at the end of a month. Days are counted from 1970-01-01; 0 = never."""

    status: NDArray[np.uint8]
    """(h, w): NONE … ENDED."""
    anomalous: NDArray[np.uint8]
    """(h, w): looks at changed ground since `first_day`, at most 255."""
    missed: NDArray[np.uint8]
    """(h, w): looks in a row that showed the old ground again."""
    first_day: NDArray[np.uint16]
    """(h, w): first anomalous look. While status is NONE: first of a row of doubtful marks."""
    last_day: NDArray[np.uint16]
    """(h, w): last anomalous look."""
    last_clear: NDArray[np.uint16]
    """(h, w): last clear look of any kind."""
    last_normal: NDArray[np.uint16]
    """(h, w): last clear look at the old ground before `first_day`."""
    month_looks: NDArray[np.uint8]
    """(h, w): clear looks in the month."""
    marked: NDArray[np.uint8]
    """(h, w): looks in a row that SCL marked alone and that looked alike; in an alert, looks in a row at ground changed once more (`alerts.GAP`)."""
    turn_day: NDArray[np.uint16]
    """(h, w): first of those looks at ground changed once more."""
    filled: NDArray[np.uint8]
    """(h, w): looks written into the ring, counted on past RING."""
    ring: NDArray[np.uint8]
    """(RING, n_bands, h, w): last looks at changed ground, units of STEP · 1e-4."""
    season: NDArray[np.uint8]
    """(RING, h, w): their seasons, in 1/256 of a year."""

    @classmethod
    def empty(cls, bands: int, height: int, width: int, take: Take = np.empty) -> Alert:
        plane, u8, u16 = (height, width), np.uint8, np.uint16
        flat = (u8, u8, u8, u16, u16, u16, u16, u8, u8, u16, u8)
        kinds = (*((plane, dtype) for dtype in flat), ((RING, bands, *plane), u8), ((RING, *plane), u8))
        return cls(*(_zeros(shape, dtype, take) for shape, dtype in kinds))


def arrays(state: Baseline | Alert) -> dict[str, NDArray[np.generic]]:
    """The arrays of a state by name."""
    return state._asdict()


def bytes_per_cell(bands: int) -> int:
    """Bytes of memory of one cell, before compression."""
    return sum(a.nbytes for kind in (Baseline, Alert) for a in arrays(kind.empty(bands, 1, 1)).values())


def scale_of(code: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Spread in 1e-4 from its one-byte code."""
    return np.asarray(np.float32(10) * np.exp2(code.astype(np.float32) / np.float32(32)), np.float32)


SCALES: NDArray[np.float32] = scale_of(np.arange(256, dtype=np.uint8))
"""(256,) float32: spread by code, 1e-4."""
