"""Noise fields, irregular outlines and sub-cell coverage: the geometry all parts of the simulator share."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from affine import Affine
from rasterio.features import rasterize
from shapely.affinity import rotate, scale, translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

STEP = 10.0  # metres a cell
SUB = 4  # a cell is 4 × 4 sub-cells, so that edges of things are mixed pixels
Array = np.ndarray


@lru_cache(maxsize=16)
def _wavenumbers(n: int, stretch: float) -> Array:
    """Spatial frequencies (1/m) of an n × n real FFT; `stretch` > 1 draws the field out along columns."""
    return np.hypot(np.fft.fftfreq(n, STEP)[:, None], stretch * np.fft.rfftfreq(n, STEP)[None, :])


@lru_cache(maxsize=32)
def _amplitude(n: int, longest: float, shortest: float, power: float, stretch: float) -> Array:
    f = _wavenumbers(n, stretch)
    amplitude = (f**2 + longest**-2.0) ** (-power / 2) * np.exp(-((f * shortest) ** 2))
    amplitude[0, 0] = 0
    return amplitude.astype("f4")


def noise(rng: np.random.Generator, n: int, longest: float, shortest: float = 20.0, power: float = 2.0, stretch: float = 1.0) -> Array:
    """A periodic random field (n × n, mean 0, deviation 1) with structure between `shortest` and `longest` metres.

    Periodic on purpose: a cloud field can be rolled to make its shadow.
    """
    amplitude = _amplitude(n, round(longest), round(shortest), power, stretch)
    spectrum = rng.standard_normal((2, *amplitude.shape), dtype="f4")
    field = np.fft.irfft2(amplitude * (spectrum[0] + 1j * spectrum[1]), s=(n, n))
    return (field / (field.std() + 1e-9)).astype("f4")


def blob(rng: np.random.Generator, x: float, y: float, area: float, rough: float = 0.16, long: float = 1.5) -> Polygon:
    """An irregular outline of exactly `area` m² around (x, y), up to `long` times as long as wide."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = np.ones_like(angle)
    for k in range(2, 8):
        radius += rough / np.sqrt(k - 1) * rng.normal() * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) / 1.5
    radius = np.clip(radius, 0.45, 1.7)
    shape = Polygon(np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius]))
    ratio = np.sqrt(rng.uniform(1.0, long))
    return resize(rotate(scale(shape, ratio, 1 / ratio), rng.uniform(0, 180)), x, y, area)


def box(rng: np.random.Generator, x: float, y: float, area: float, long: float = 1.6, jitter: float = 0.08) -> Polygon:
    """A surveyor's polygon of five or six corners (a licence area): a turned rectangle with its corners moved."""
    corners = np.array([(-1, -1), (rng.uniform(-0.3, 0.3), -1.1), (1, -1), (1, 1), (-1, 1)], dtype=float)
    if rng.random() < 0.5:
        corners = np.insert(corners, 4, (rng.uniform(-0.3, 0.3), 1.1), axis=0)
    shape = Polygon(corners + rng.normal(0, jitter, corners.shape))
    ratio = np.sqrt(rng.uniform(1.0, long))
    return resize(rotate(scale(shape, ratio, 1 / ratio), rng.uniform(0, 180)), x, y, area)


def rectangle(x: float, y: float, length: float, width: float, angle: float) -> Polygon:
    """A rectangle `length` × `width` metres, turned by `angle` degrees."""
    half_l, half_w = length / 2, width / 2
    shape = Polygon([(-half_l, -half_w), (half_l, -half_w), (half_l, half_w), (-half_l, half_w)])
    return translate(rotate(shape, angle), x, y)


def resize(shape: Polygon, x: float, y: float, area: float) -> Polygon:
    """The same outline with `area` m² and its centroid at (x, y)."""
    factor = np.sqrt(area / shape.area)
    shape = scale(shape, factor, factor)
    return translate(shape, x - shape.centroid.x, y - shape.centroid.y)


def window(geometry: BaseGeometry, transform: Affine, n: int) -> tuple[int, int, int, int]:
    """Row, column, height and width of the cells a geometry touches (clipped to the frame)."""
    west, south, east, north = geometry.bounds
    col0, row0 = int((west - transform.c) // STEP), int((transform.f - north) // STEP)
    col1, row1 = int((east - transform.c) // STEP) + 1, int((transform.f - south) // STEP) + 1
    row0, col0, row1, col1 = max(row0, 0), max(col0, 0), min(row1, n), min(col1, n)
    return row0, col0, max(row1 - row0, 0), max(col1 - col0, 0)


def sub_mask(geometry: BaseGeometry, transform: Affine, row: int, col: int, height: int, width: int) -> Array:
    """Which sub-cells (2.5 m) of a window lie in the geometry."""
    corner = transform @ Affine.translation(col, row) @ Affine.scale(1 / SUB)
    shape = (height * SUB, width * SUB)
    if geometry.is_empty or 0 in shape:
        return np.zeros(shape, bool)
    return rasterize([(geometry, 1)], out_shape=shape, transform=corner, dtype="uint8").astype(bool)


def by_cell(sub: Array) -> Array:
    """Sub-cells grouped by cell: (h·4, w·4) → (h, w, 16)."""
    height, width = sub.shape[0] // SUB, sub.shape[1] // SUB
    return sub.reshape(height, SUB, width, SUB).transpose(0, 2, 1, 3).reshape(height, width, SUB * SUB)


def coverage(geometry: BaseGeometry, transform: Affine, n: int) -> Array:
    """Share of every cell of the frame that the geometry covers, in strips so that big frames stay small in memory."""
    cover = np.zeros((n, n), "f4")
    row, col, height, width = window(geometry, transform, n)
    for top in range(row, row + height, 256):
        rows = min(256, row + height - top)
        cover[top : top + rows, col : col + width] = by_cell(sub_mask(geometry, transform, top, col, rows, width)).mean(axis=2)
    return cover
