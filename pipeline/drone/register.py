"""Where the orthophoto lies against the satellite's looks at the same ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.drone.phase import agreement, shift_of

Floats = NDArray[np.float64]

MOST_M = 25.0
"""Largest shift looked for: GPS without correction is some 5–15 m off."""
ROUNDS = 4
LEAST_PIXELS = 144
"""Pixels of the satellite's that the picture must cover."""
LEAST_AGREEMENT, LEAST_PEAK = 0.5, 1.15
"""A look speaks where the pictures correlate so well once aligned, and its peak stands out so far."""
FEWEST_LOOKS = 2
MOST_SPREAD = 0.35
"""Looks must agree on the shift within so many pixels (standard deviation)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The orthophoto's brightness, fine enough to be moved by less than a pixel of the satellite's."""

    brightness: Floats
    """(h, w); NaN outside the flown ground. Its first row and column begin where the satellite's do."""
    times: int
    """Its cells a pixel of the satellite's, each way."""

    def moved(self, rows: float, cols: float) -> Floats:
        """Means over the satellite's pixels once the picture is taken back by so many of them."""
        down, right = round(rows * self.times), round(cols * self.times)
        height, width = self.brightness.shape
        moved = np.full_like(self.brightness, np.nan)
        to, come = (slice(max(-down, 0), height - max(down, 0)), slice(max(down, 0), height - max(-down, 0)))
        across, source = (slice(max(-right, 0), width - max(right, 0)), slice(max(right, 0), width - max(-right, 0)))
        moved[to, across] = self.brightness[come, source]
        squares = moved.reshape(height // self.times, self.times, width // self.times, self.times)
        known = np.isfinite(squares)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(known, squares, 0).sum(axis=(1, 3)) / known.sum(axis=(1, 3))
        return np.where(known.mean(axis=(1, 3)) > 0.9, means, np.nan)


@dataclass(frozen=True, slots=True)
class Look:
    """A satellite's look: brightness in the orthophoto's colours, NaN where it is not clear."""

    scene: str
    day: date
    brightness: Floats


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the orthophoto lies: orthophoto minus satellite, metres."""

    east: float
    north: float
    residual_m: float
    """Standard error of each, from how far the looks disagree."""
    agreement: float
    """Correlation of the pictures once aligned, median of the looks."""
    looks: tuple[str, ...]
    weak: str | None = None
    """Why it is not applied, where it is not."""


NOWHERE = Placement(0.0, 0.0, float("nan"), 0.0, ())


def place(picture: Picture, looks: Sequence[Look], pixel_m: float) -> Placement:
    """Measured against each look by itself: what they agree on counts, and how far they do not is the residual."""
    found = [(look, each) for look in looks if (each := _against(picture, look, pixel_m)) is not None]
    if not looks:
        return _weak(NOWHERE, "no clear look of the satellite at this ground within the time searched")
    if len(found) < FEWEST_LOOKS:
        return _weak(NOWHERE, f"only {len(found)} of {len(looks)} looks of the satellite show the same texture")
    shifts = np.array([each[:2] for _, each in found])
    middle = np.median(shifts, axis=0)
    near = np.hypot(*(shifts - middle).T) <= 1.0
    shifts, agreed = shifts[near], [pair for pair, inside in zip(found, near, strict=True) if inside]
    if len(shifts) < max(FEWEST_LOOKS, (len(found) + 1) // 2):
        return _weak(NOWHERE, "the satellite's looks do not agree on where it lies")
    spread = float(np.sqrt((shifts - shifts.mean(axis=0)).var(axis=0, ddof=1).mean()))
    rows, cols = shifts.mean(axis=0)
    placement = Placement(
        float(cols * pixel_m), float(-rows * pixel_m), max(spread, 0.05) / np.sqrt(len(shifts)) * pixel_m,
        float(np.median([each[2] for _, each in agreed])), tuple(look.scene for look, _ in agreed),
    )  # fmt: skip
    if spread > MOST_SPREAD:
        return _weak(placement, f"the satellite's looks differ by {spread * pixel_m:.1f} m on where it lies")
    return placement


def _against(picture: Picture, look: Look, pixel_m: float) -> tuple[float, float, float] | None:
    """Rows, columns and correlation against one look; None where it does not speak."""
    rows = cols = 0.0
    peak = 0.0
    for _ in range(ROUNDS):
        image = picture.moved(rows, cols)
        known = np.isfinite(image) & np.isfinite(look.brightness)
        if known.sum() < LEAST_PIXELS:
            return None
        step = shift_of(np.where(known, image, 0), np.where(known, look.brightness, 0), known, MOST_M / pixel_m)
        rows, cols, peak = rows + step.rows, cols + step.cols, peak or step.peak
        if max(abs(rows), abs(cols)) * pixel_m > MOST_M:
            return None
        if max(abs(step.rows), abs(step.cols)) < 0.02:
            break
    image = picture.moved(rows, cols)
    known = np.isfinite(image) & np.isfinite(look.brightness)
    alike = agreement(image, look.brightness, known)
    return (rows, cols, alike) if alike >= LEAST_AGREEMENT and peak >= LEAST_PEAK else None


def _weak(found: Placement, why: str) -> Placement:
    return Placement(found.east, found.north, found.residual_m, found.agreement, found.looks, why)
