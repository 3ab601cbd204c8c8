"""Pictures of a flight: the orthophoto with outlines, relief before and after, and where the ground sank or rose."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image, ImageDraw
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.drone.arrays import Surface, coarser, hillshade
from pipeline.drone.measure import Measured
from pipeline.projection import between

SIDE = 1400
"""Longest side, pixels."""
CUT, FILL, RIGHT, CASE = (196, 38, 32), (0, 140, 140), (31, 95, 191), (240, 168, 0)
FULL_M = 5.0
"""Least height difference that gets the full colour."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """Outlines in one colour, in the county's CRS."""

    ground: Sequence[BaseGeometry]
    colour: tuple[int, int, int]
    width: int = 3


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    title: str
    pixels: Pixels
    """(h, w, 3)"""
    metres_per_pixel: float

    def png(self) -> bytes:
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "PNG", optimize=True)
        return out.getvalue()

    def jpeg(self) -> bytes:
        """Smaller, for a page."""
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "JPEG", quality=85)
        return out.getvalue()


def orthophoto(cog: Path, colours: Sequence[int], alpha: int | None, lines: Iterable[Line], crs: str) -> Picture:
    """From the COG's overviews. Numbers other than bytes are stretched from the 2nd to the 98th percentile."""
    with rasterio.open(cog, driver="GTiff") as source:
        factor = max(source.width, source.height) / SIDE
        height, width = (max(round(side / max(factor, 1.0)), 1) for side in source.shape)
        values = source.read(list(colours), out_shape=(len(colours), height, width)).astype(np.float32)
        known = source.read(alpha, out_shape=(height, width)) > 127 if alpha else source.dataset_mask(out_shape=(height, width)) > 0
        transform = source.transform @ Affine.scale(source.width / width, source.height / height)
        to_own = between(crs, source.crs)
        is_bytes = source.dtypes[0] == "uint8"
    known &= np.isfinite(values).all(axis=0)
    if not is_bytes and known.any():
        low, high = np.percentile(values[:, known], (2, 98))
        values = (values - low) / max(high - low, 1e-9) * 255
    pixels = np.where(known, np.clip(np.nan_to_num(values), 0, 255), 255).astype(np.uint8).transpose(1, 2, 0)
    return Picture("orthophoto", "正射影像", _drawn(pixels, transform, lines, to_own), float(transform.a))


def relief(measured: Measured, lines: Iterable[Line]) -> list[Picture]:
    """Hillshades of what surfaces there are, and the change between them, all of the same ground."""
    times = max(1, math.ceil(max(measured.box.shape) / SIDE))
    box = GeoBox((measured.box.shape.y // times, measured.box.shape.x // times), measured.box.affine @ Affine.scale(times), measured.box.crs)
    cell, outlines = float(box.resolution.x), list(lines)
    shades = [("after", "本次地形晕渲", measured.new)] + ([("before", "前期地形晕渲", measured.before)] if measured.before is not None else [])
    made = [Picture(name, title, _drawn(_grey(coarser(surface, times), cell), box.affine, outlines), cell) for name, title, surface in shades]
    if measured.change is not None:
        difference = coarser(measured.change.difference, times)
        pixels = _drawn(_coloured(difference, made[0].pixels, measured), box.affine, ())
        made.append(Picture("change", "高程变化（红色下降、青色上升）", pixels, cell))
    return made


def beside(left: Picture, right: Picture) -> Picture:
    """Two pictures of one ground, before and after, at one scale."""
    gap = np.full((left.pixels.shape[0], 12, 3), 255, np.uint8)
    return Picture("before_after", "前后对比（左：前期，右：本次）", np.concatenate([left.pixels, gap, right.pixels], axis=1), left.metres_per_pixel)


def _grey(surface: Surface, cell: float) -> Pixels:
    return np.repeat(hillshade(surface, cell)[:, :, None], 3, axis=2)


def _coloured(difference: Surface, shade: Pixels, measured: Measured) -> Pixels:
    """Red where the ground sank, teal where it rose, by how much; nothing below the level of detection."""
    assert measured.change is not None
    detection = measured.change.detection_m
    most = max(FULL_M, float(np.nanpercentile(np.abs(difference), 99.5)))
    share = np.clip((np.abs(np.nan_to_num(difference)) - detection) / (most - detection), 0, 1)[:, :, None] ** 0.6
    colour = np.where((difference < 0)[:, :, None], CUT, FILL)
    return (shade * (1 - share) + colour * share).astype(np.uint8)


def _drawn(pixels: Pixels, transform: Affine, lines: Iterable[Line], to_own: Transformer | None = None) -> Pixels:
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    back = ~transform
    for line in lines:
        for ring in _rings(line.ground):
            x, y = to_own.transform(ring[:, 0], ring[:, 1]) if to_own else (ring[:, 0], ring[:, 1])
            cols, rows = back @ (np.asarray(x), np.asarray(y))
            points = [(float(c), float(r)) for c, r in zip(cols, rows, strict=True) if math.isfinite(c) and math.isfinite(r)]
            if len(points) > 1:
                pen.line(points, fill=(255, 255, 255), width=line.width + 2, joint="curve")
                pen.line(points, fill=line.colour, width=line.width, joint="curve")
    return np.asarray(image)


def _rings(ground: Sequence[BaseGeometry]) -> Iterable[NDArray[np.float64]]:
    for geometry in ground:
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Polygon":
                yield from (np.asarray(ring.coords)[:, :2] for ring in (part.exterior, *part.interiors))
