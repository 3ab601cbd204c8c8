"""Where a place lies, as Chinese surveyors write it: CGCS2000, in degrees and in metres of its 3-degree Gauss–Krüger zone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.layers.zones import CGCS2000, DATUMS, ZONES3
from pipeline.projection import between

DEGREES = "EPSG:4490"
FIRST_ZONE, LAST_ZONE = ZONES3[0], ZONES3[-1]
"""Zones that China lies in, of which EPSG has CGCS2000 with the zone's number in front of the easting."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in CGCS2000."""

    lon: float
    lat: float
    zone: int
    """Of 3 degrees."""
    x: float
    """North, metres from the equator."""
    y: float
    """East, metres, with the zone's number in front."""

    @property
    def meridian(self) -> int:
        return 3 * self.zone


def crs_of(zone: int) -> str:
    """CGCS2000 in a zone of 3 degrees."""
    return f"EPSG:{DATUMS[CGCS2000].zone3 + zone}"


def zone_of(lon: float) -> int:
    """The 3-degree zone of a longitude, the westernmost or easternmost of China beyond it."""
    return min(max(math.floor(lon / 3 + 0.5), FIRST_ZONE), LAST_ZONE)


def positions(crs: str, points: Sequence[tuple[float, float]]) -> list[Position]:
    """Points of a CRS (x, y) as surveyors write them."""
    if not points:
        return []
    to_degrees = between(crs, DEGREES)
    lons, lats = (np.atleast_1d(values) for values in to_degrees.transform(*np.asarray(points, float).T))
    zones = [zone_of(lon) for lon in lons]
    out: dict[int, Position] = {}
    for zone in sorted(set(zones)):
        members = [k for k, each in enumerate(zones) if each == zone]
        to_metres = between(DEGREES, crs_of(zone))
        easts, norths = (np.atleast_1d(values) for values in to_metres.transform(lons[members], lats[members]))
        for k, east, north in zip(members, easts, norths, strict=True):
            out[k] = Position(float(lons[k]), float(lats[k]), zone, float(north), float(east))
    return [out[k] for k in range(len(points))]


def true_north(crs: str, points: Sequence[tuple[float, float]]) -> list[float]:
    """At each point of a CRS, by how much true north lies to the right of the grid's, radians."""
    if not points:
        return []
    to_degrees = between(crs, DEGREES)
    x, y = np.asarray(points, float).T
    lon, lat = (np.atleast_1d(values) for values in to_degrees.transform(x, y))
    east, north = (np.atleast_1d(values) for values in to_degrees.transform(lon, lat + 0.001, direction="INVERSE"))
    angles: NDArray[np.float64] = np.arctan2(east - x, north - y)
    return [float(angle) for angle in angles]


def sexagesimal(degrees: float) -> str:
    """Degrees, minutes and seconds to a hundredth of a second, about 0.3 m."""
    hundredths = round(abs(degrees) * 360_000)
    minutes, seconds = divmod(hundredths, 6000)
    return f"{minutes // 60}°{minutes % 60:02d}′{seconds / 100:05.2f}″"
