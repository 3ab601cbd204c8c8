"""How far a scene lies from the county's own record: one sub-pixel shift a scene, from its looks at the sample.

The record is what each cell of the sample looks like in that season. The scene is moved until it fits: whole cells first, then by least
squares on its gradients (Lucas & Kanade 1981), what does not fit weighed down. A shift is told only where red and near infrared, which are
registered to each other far better, agree on it: what the sun or the season moves, it moves differently in the two.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import NO_DATA
from pipeline.detect.mask import CLEAR
from pipeline.detect.model import Model
from pipeline.detect.shift import season

Floats = NDArray[np.float32]

REACH = 3
"""Cells to either side that are looked at."""
MARGIN = REACH + 3
"""Cells at a window's edge that no shift reads beyond."""
SEARCHED = 4
"""One clear cell in so many tells which whole shift to begin with."""
ROUNDS, SETTLED = 4, 0.01
"""Steps of least squares at most, and the step, in cells, after which no other is made."""
WINDOWS = 9
"""Windows that are measured, those seen best: they tell a tenth of a cell, and more would only cost."""
LEAST_CELLS = 1500
"""Clear cells below which nothing is told."""
LEAST_LIKE = 0.3
"""Correlation with the record, inside windows, below which a band tells nothing."""
FAR = 4
"""Robust spreads beyond which a value is taken to be that far."""
AGREE_CELLS = 0.5
"""Red and near infrared may differ by so much."""


def shift(fine: NDArray[np.int16], mark: NDArray[np.uint8], stride: int, model: Model, terms: Floats) -> tuple[float, float] | None:
    """(rows, columns), cells, by which a scene lies below and right of the record; None where that can't be told.

    fine: (2, n, h, w) int16, 1e-4, red and near infrared of the n windows of the sample, every cell. mark: (n, h, w) uint8. stride: the
    sample is each stride-th row and column of them. terms: (5,) of its day.
    """
    count, height, width = mark.shape
    if min(height, width) <= 4 * MARGIN:
        return None
    edge = -(-MARGIN // stride)
    inner = (slice(None), slice(edge, -edge), slice(edge, -edge))
    grid = (count, -(-height // stride), -(-width // stride))
    known = (model.sample.looks > 0).reshape(grid) & ((mark == CLEAR) & (fine[0] != NO_DATA))[:, ::stride, ::stride]
    clear = known[inner]
    best = np.sort(np.argsort(-clear.sum(axis=(1, 2)), kind="stable")[:WINDOWS])
    clear = clear[best]
    if clear.sum() < LEAST_CELLS:
        return None
    record = season(model.sample, terms)[[model.red, model.nir]].reshape(2, *grid)
    first, second = (_fit(image[best].astype(np.float32), each[inner][best], clear, stride) for image, each in zip(fine, record, strict=True))
    if first is None or second is None or math.hypot(first[0] - second[0], first[1] - second[1]) > AGREE_CELLS:
        return None
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def _fit(image: Floats, record: Floats, clear: NDArray[np.bool_], stride: int) -> tuple[float, float] | None:
    """The shift of one band, None where it is unlike the record whatever the shift. image: (n, h, w). record, clear: (n, h', w')."""
    target = _levelled(record, record, clear)[clear]
    image = _levelled(image, _every(image, 0, 0, clear, stride), clear)
    steps = range(-REACH, REACH + 1)
    some = np.zeros(clear.shape, bool)
    some.flat[np.flatnonzero(clear)[::SEARCHED]] = True
    begin = target[::SEARCHED]
    _, row, col = max((_like(_every(image, r, c, clear, stride)[some], begin), float(r), float(c)) for r in steps for c in steps)
    for _ in range(ROUNDS):
        down = _at(image, row + 0.5, col, clear, stride) - _at(image, row - 0.5, col, clear, stride)
        right = _at(image, row, col + 0.5, clear, stride) - _at(image, row, col - 0.5, clear, stride)
        gain, by_row, by_col = _robust(np.stack([_at(image, row, col, clear, stride), down, right]), target)
        if gain <= 0:
            return None
        row, col = row + by_row / gain, col + by_col / gain
        if max(abs(row), abs(col)) > REACH:
            return None
        if max(abs(by_row), abs(by_col)) < SETTLED * gain:
            break
    return (row, col) if _like(_at(image, row, col, clear, stride), target) >= LEAST_LIKE else None


def _levelled(values: Floats, seen: Floats, clear: NDArray[np.bool_]) -> Floats:
    """Values (n, …) less the median of what is clearly seen of their window, for haze and sun differ from place to place.

    Ground that changed stands out no farther than FAR robust spreads. seen, clear: (n, h', w').
    """
    middle = np.array([np.median(part[known]) if known.any() else 0 for part, known in zip(seen, clear, strict=True)], np.float32)[:, None, None]
    far = FAR * _spread((seen - middle)[clear])
    return np.asarray(np.clip(values - middle, -far, far), np.float32)


def _every(image: Floats, row: int, col: int, clear: NDArray[np.bool_], stride: int) -> Floats:
    """(n, h', w') of the image at the record's cells, `row` and `col` cells farther on."""
    _, height, width = clear.shape
    start = -(-MARGIN // stride) * stride
    return image[:, start + row :: stride, start + col :: stride][:, :height, :width]


def _at(image: Floats, row: float, col: float, clear: NDArray[np.bool_], stride: int) -> Floats:
    """The image at the record's clear cells, read so much farther down and right: cubic convolution (Keys 1981)."""
    out = np.zeros(clear.shape, np.float32)
    for r, down in _taps(row):
        for c, right in _taps(col):
            out += _every(image, r, c, clear, stride) * (down * right)
    return out[clear]


def _taps(shift: float) -> list[tuple[int, np.float32]]:
    """The cells around a shift, with their weights."""
    whole = math.floor(shift)
    t = shift - whole
    weights = (-0.5 * t + t**2 - 0.5 * t**3, 1 - 2.5 * t**2 + 1.5 * t**3, 0.5 * t + 2 * t**2 - 1.5 * t**3, -0.5 * t**2 + 0.5 * t**3)
    return [(whole + k, np.float32(by)) for k, by in zip((-1, 0, 1, 2), weights, strict=True)]


def _spread(values: Floats) -> float:
    """Robust standard deviation of values around 0."""
    return 1.4826 * float(np.median(np.abs(values))) + 1e-6


def _like(values: Floats, others: Floats) -> float:
    """Correlation of values around 0."""
    both, own, other = (float(np.sum(a * b)) for a, b in ((values, others), (values, values), (others, others)))
    return both / max(math.sqrt(own * other), 1e-6)


def _robust(terms: Floats, target: Floats) -> tuple[float, float, float]:
    """Least squares of a target on three terms (3, p), cells that do not fit weighed down (Cauchy)."""
    out = np.array([_spread(target) / _spread(terms[0]), 0, 0])
    for _ in range(3):
        residual = target - np.einsum("i,ip->p", out.astype(np.float32), terms)
        weighed = terms / (1 + (residual / (2 * _spread(residual))) ** 2)
        # einsum, not @: its sums do not depend on how many threads a library has.
        square, right = np.einsum("ip,jp->ij", weighed, terms), np.einsum("ip,p->i", weighed, target)
        out = np.linalg.solve(square.astype(np.float64) + 1e-6 * np.eye(3), right.astype(np.float64))
    return float(out[0]), float(out[1]), float(out[2])
