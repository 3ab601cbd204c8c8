"""Areas that a register states, held against those that its points enclose."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from pipeline.layers.ground import crs_of, ellipsoidal_m2

_UNITS = {
    "平方千米": 1e6,
    "平方公里": 1e6,
    "km2": 1e6,
    "公顷": 1e4,
    "hm2": 1e4,
    "ha": 1e4,
    "亩": 10_000 / 15,
    "平方米": 1.0,
    "m2": 1.0,
}
_UNIT = re.compile("|".join(_UNITS), re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.(\d+))?")
_WRITTEN_M = 0.01
"""Surveyors' coordinates are rounded to this or better: an area follows from them only so far."""
_PLANE = 5e-4
"""By so much of itself an area in the plane of a 3-degree zone can differ from that on the ellipsoid, at the zone's edge."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An area as written. Registers state it in km², land surveys in hectares, each to four decimals."""

    number: float
    step: float
    """Value of its last digit."""
    units: tuple[float, ...]
    """Square metres in its unit; all that are possible where none is written."""
    shown: str


def parse(value: object, heading: str) -> Stated | None:
    """The area in a cell under a heading; None where there is no number, or 0."""
    text, head = (unicodedata.normalize("NFKC", str(each if each is not None else "")).strip() for each in (value, heading))
    found = _NUMBER.match(text)
    if not found or not float(found[0]):
        return None
    unit = _UNIT.search(text) or _UNIT.search(head)
    units = (_UNITS[unit[0].lower()],) if unit else tuple(dict.fromkeys(_UNITS.values()))
    return Stated(float(found[0]), 10.0 ** -len(found[1] or ""), units, f"{found[0]} {unit[0]}" if unit else found[0])


def fits(stated: Stated, geometry: BaseGeometry, crs: str) -> bool:
    """Whether a geometry has the stated area: on the ellipsoid (the rule for rights since 2022), or in the plane of its zone (land surveys)."""
    degrees = crs_of(crs).is_geographic
    areas = [ellipsoidal_m2(geometry, crs), *([] if degrees else [float(geometry.area)])]
    slack = _WRITTEN_M * geometry.length * (111_000 if degrees else 1) + (_PLANE * areas[0] if degrees else 0)
    return any(abs(stated.number * unit - area) <= slack + stated.step * unit for unit in stated.units for area in areas)
