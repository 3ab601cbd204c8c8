"""How far image and boundary may lie off each other."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from pipeline.config_findings import FindingsConfig
from pipeline.grid import Grid
from pipeline.layers.model import Right
from pipeline.projection import between

EPOCH = date(2000, 1, 1)
"""Registers are in CGCS2000, whose coordinates are those of this day; an image's are those of the day it was taken (ITRF)."""
EURASIA_MAS_PER_YEAR = (-0.085, -0.531, 0.770)
"""Rotation of the Eurasian plate about x, y and z: ITRF2014 plate motion model (Altamimi et al. 2017, Geophys. J. Int. 209, 1906–1912).
Ground at the plate's edge, Gansu among it, moves by up to a centimetre a year besides."""
EARTH_M = 6_371_000.0
_MAS = math.pi / 180 / 3600 / 1000


def plate_motion(lon: float, lat: float) -> tuple[float, float]:
    """Metres a year to the east and to the north by which ground leaves its CGCS2000 coordinates."""
    east_of, north_of = math.radians(lon), math.radians(lat)
    up = np.array([math.cos(north_of) * math.cos(east_of), math.cos(north_of) * math.sin(east_of), math.sin(north_of)])
    east = np.array([-math.sin(east_of), math.cos(east_of), 0.0])
    moved = np.cross(np.array(EURASIA_MAS_PER_YEAR) * _MAS, EARTH_M * up)
    return float(moved @ east), float(moved @ np.cross(up, east))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is known of the position of image and boundary."""

    geolocation_m: float
    """A scene against the ground, 95 %."""
    coregistration_m: float
    """Two scenes against each other, 95 %."""
    drift_m: float
    """A year: plate motion."""
    off_m: Mapping[date, float] = field(default_factory=dict)
    """How far the scenes of a day were measured to lie from the county's record; days of which that could be told."""

    @staticmethod
    def of(grid: Grid, config: FindingsConfig, off_m: Mapping[date, float]) -> Accuracy:
        """For a county: its middle speaks for all of it."""
        (rows, cols), affine = grid.shape, grid.geobox.affine
        x, y = affine.c + cols / 2 * affine.a, affine.f + rows / 2 * affine.e
        lon, lat = between(grid.crs, "EPSG:4326").transform(x, y)
        return Accuracy(config.geolocation_m, config.coregistration_m, math.hypot(*plate_motion(lon, lat)), off_m)

    def measured(self, first: date, last: date) -> tuple[float, int] | None:
        """How far the scenes of a span of days lie off the record, metres, and of how many days that is the median; None where none could be told."""
        found = sorted(off for day, off in self.off_m.items() if first <= day <= last)
        return (statistics.median(found), len(found)) if found else None

    def between_dates(self, first: date, last: date) -> float:
        """95 % error of the scenes of a span of days against the record.

        What the mission says, and more where more was measured. Not less: sun and season move ground of 10 m by two or three metres
        in appearance, so that a measurement can show that scenes fit badly, but not that they fit better than 5 m (docs/decisions.md).
        """
        measured = self.measured(first, last)
        return max(self.coregistration_m, measured[0]) if measured else self.coregistration_m

    def drifted(self, day: date) -> float:
        """How far the plate has moved since CGCS2000's epoch, metres."""
        return self.drift_m * max((day - EPOCH).days, 0) / 365.25

    def error(self, right: Right, first: date, last: date) -> float:
        """95 % error of a right's boundary against ground outlined from images of `first` to `last`, to a decimetre.

        Independent errors add in quadrature. The plate's motion is a shift, not a scatter, but of unknown sense against a boundary:
        it counts as one more. Of a satellite's error it is a hundredth, of a drone's the most.
        """
        return round(math.hypot(self.geolocation_m, self.between_dates(first, last), right.accuracy_m, self.drifted(last)), 1)
