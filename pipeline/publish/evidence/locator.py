"""Where in the county a case lies: a small map, drawn once and marked for each sheet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import LayerSet
from pipeline.publish.evidence.canvas import LINE, SOFT, WHITE, Colour, Sketch, colour
from pipeline.publish.evidence.overlay import STYLE

WIDTH, HEIGHT, MARGIN = 180, 128, 7
MARK = colour("#ff1a1a")
FILL: Colour = colour("#f7f5ef")


class Locator:
    """The county's outline with its towns and rights."""

    def __init__(self, layers: LayerSet) -> None:
        west, south, east, north = layers.area.bounds
        self._scale = min((WIDTH - 2 * MARGIN) / (east - west), (HEIGHT - 2 * MARGIN) / (north - south))
        self._left = west - (WIDTH / self._scale - (east - west)) / 2
        self._top = north + (HEIGHT / self._scale - (north - south)) / 2
        sketch = Sketch(WIDTH, HEIGHT)
        for ring in self._rings(layers.area):
            sketch.area(ring, FILL)
        for town in layers.towns:
            for ring in self._rings(town.geometry):
                sketch.line(ring, LINE, 0.8)
        for right in layers.rights:
            for ring in self._rings(right.geometry):
                sketch.line(ring, STYLE["right"].ink, 0.8)
        for ring in self._rings(layers.area):
            sketch.line(ring, SOFT, 1.4)
        self._map = sketch.pixels()

    def _rings(self, geometry: BaseGeometry) -> Iterator[list[tuple[float, float]]]:
        """Outlines in pixels, without detail that a small map does not show."""
        for part in shapely.get_parts(shapely.simplify(geometry, 0.5 / self._scale)):
            if part.geom_type == "Polygon":
                points = shapely.get_coordinates(part.exterior)
                yield [self.place(x, y) for x, y in points.tolist()]

    def place(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._left) * self._scale, (self._top - y) * self._scale

    def marked(self, x: float, y: float) -> NDArray[np.uint8]:
        """(HEIGHT, WIDTH, 4): the map with a place (in the grid's CRS) marked."""
        out = self._map.copy()
        sketch = Sketch(WIDTH, HEIGHT)
        across, down = self.place(x, y)
        sketch.dot(across, down, 6, WHITE)
        sketch.dot(across, down, 4.5, MARK)
        mark = sketch.pixels()
        out[mark[..., 3] > 0] = mark[mark[..., 3] > 0]
        return out
