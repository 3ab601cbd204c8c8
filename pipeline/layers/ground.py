"""Areas on the ellipsoid, and geometries moved between coordinate systems."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod
from shapely.geometry.base import BaseGeometry

from pipeline.projection import between

DEGREES = "EPSG:4490"
GEOD = Geod(ellps="GRS80")
"""CGCS2000's ellipsoid differs from it by less than a millimetre."""


@lru_cache(maxsize=256)
def crs_of(name: str) -> CRS:
    """CRSError where it is not known. Looking one up takes milliseconds, and a file asks for many."""
    return CRS.from_user_input(name)


@lru_cache(maxsize=256)
def degrees_of(name: str) -> str | None:
    """The geographic CRS that a CRS is based on; None where it lies nowhere on the earth."""
    geographic = crs_of(name).geodetic_crs
    return geographic.to_wkt() if geographic is not None else None


def move(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A geometry in another CRS (x, y order on both sides). ProjError where PROJ knows no way."""
    if source == target:
        return geometry
    way = between(source, target)

    def turn(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, turn)


def ellipsoidal_m2(geometry: BaseGeometry, crs: str) -> float:
    """Area on the ellipsoid with edges as geodesics: the ministry's rule for rights since 2022 (自然资办函〔2022〕, TD/T 1055-2019 appendix D)."""
    geographic = degrees_of(crs)
    if geographic is None:
        raise ValueError(f"{crs} lies nowhere on the earth")
    turned = shapely.orient_polygons(move(geometry, crs, geographic))
    return abs(float(GEOD.geometry_area_perimeter(turned)[0]))
