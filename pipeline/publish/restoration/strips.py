"""Small pictures of a site, one a growing season, side by side: near infrared, red and green as red, green and blue.

In these colours plants are red, bare ground is grey to cyan. All seasons of a site are stretched alike, and no cell is smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.publish.evidence.canvas import png
from pipeline.publish.evidence.composite import hatching

SIDE = 132
"""Pixels a side of a picture."""
GAP = 4
AROUND = 12
"""Cells round the site that are shown."""
LOW, HIGH = 2, 98
"""Percentiles of all seasons together that are shown black, and white."""
EDGE = (255, 236, 64)


class OfSeason(Protocol):
    @property
    def year(self) -> int: ...
    @property
    def colours(self) -> NDArray[np.uint8]: ...


class Shown(Protocol):
    """A site's growing seasons over its window."""

    @property
    def inside(self) -> NDArray[np.bool_]: ...
    @property
    def seasons(self) -> Sequence[OfSeason]: ...


def draw(site: Shown) -> bytes | None:
    """A PNG with a picture for each season, oldest first; None where there is no season, or no ground."""
    rows, cols = np.nonzero(site.inside)
    if not len(site.seasons) or not len(rows):
        return None
    height, width = site.inside.shape
    top, bottom = max(rows.min() - AROUND, 0), min(rows.max() + AROUND + 1, height)
    left, right = max(cols.min() - AROUND, 0), min(cols.max() + AROUND + 1, width)
    place = slice(top, bottom), slice(left, right)
    planes = [season.colours[(slice(None), *place)] for season in site.seasons]
    known = [plane[:, plane[0] > 0] for plane in planes]
    every = np.concatenate(known, axis=1)
    low, high = np.percentile(every, (LOW, HIGH), axis=1) if every.size else (np.zeros(3), np.full(3, 255.0))
    pictures = [_picture(plane, site.inside[place], low, np.maximum(high, low + 8)) for plane in planes]
    out = np.full((SIDE, len(pictures) * (SIDE + GAP) - GAP, 3), 255, np.uint8)
    for k, picture in enumerate(pictures):
        out[:, k * (SIDE + GAP) : k * (SIDE + GAP) + SIDE] = picture
    return png(out)


def _picture(plane: NDArray[np.uint8], inside: NDArray[np.bool_], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3)"""
    shades = np.clip(np.round((plane - low[:, None, None]) * (255 / (high - low))[:, None, None]), 0, 255).astype(np.uint8)
    colours = np.ascontiguousarray(shades.transpose(1, 2, 0))
    unseen = plane[0] == 0
    colours[unseen] = hatching(*unseen.shape)[unseen]
    rows = cols = np.arange(SIDE) * max(inside.shape) // SIDE
    big = np.full((SIDE, SIDE, 3), 255, np.uint8)
    on = (rows < inside.shape[0])[:, None] & (cols < inside.shape[1])
    at = np.minimum(rows, inside.shape[0] - 1)[:, None], np.minimum(cols, inside.shape[1] - 1)
    big[on] = colours[at][on]
    mask = inside[at] & on
    wide = np.pad(mask, 1)
    edge = mask & ~(wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:])
    big[edge] = EDGE
    return big
