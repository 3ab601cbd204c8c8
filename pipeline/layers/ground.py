"""Areas on the ellipsoid, and geometries moved between coordinate systems."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

DEGREES = "EPSG:4490"
GEOD = Geod(ellps="GRS80")
"""CGCS2000's ellipsoid differs from it by less than a millimetre."""


def move(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A geometry in another CRS (x, y order on both sides). ProjError where PROJ knows no way."""
    if source == target:
        return geometry
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def turn(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, turn)


def ellipsoidal_m2(geometry: BaseGeometry, crs: str) -> float:
    """Area on the ellipsoid with edges as geodesics: the ministry's rule for rights since 2022 (自然资办函〔2022〕, TD/T 1055-2019 appendix D)."""
    geographic = CRS(crs).geodetic_crs
    if geographic is None:
        raise ValueError(f"{crs} lies nowhere on the earth")
    turned = shapely.orient_polygons(move(geometry, crs, geographic.to_wkt()))
    return abs(float(GEOD.geometry_area_perimeter(turned)[0]))
