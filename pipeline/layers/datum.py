"""Layers in an old datum (Xi'an 1980, Beijing 1954) are shifted by what is known for the county, or refused.

A county's own parameters are good to decimetres, published ones to a metre; without any, the coordinates lie 50 to 150 m off.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.crs import BoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation
from pyproj.exceptions import CRSError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from pipeline.layers.ground import DEGREES
from pipeline.layers.table import Answers, County, Refuse, Table

TODAY_M = 6_378_137.0
"""Semi-major axis of CGCS2000, WGS 84 and GRS 80; Xi'an 1980 has 6,378,140, Beijing 1954 (Krasovsky) 6,378,245."""
_FIX = (
    "Ask the survey office for the coordinates in CGCS2000 (official since July 2018), "
    "or for the seven parameters to CGCS2000 and give them: --shift=dx,dy,dz,rx,ry,rz,ppm (in the config: shift). "
    "Is only the file's word for it wrong, and they are in CGCS2000? Then say so with --crs (docs/layers.md has the codes)."
)


def old_datum(crs: CRS) -> str | None:
    """The name of the old datum that a CRS is in: one whose ellipsoid is not that of today's systems; None where it is."""
    ellipsoid = crs.ellipsoid
    if ellipsoid is None or abs(ellipsoid.semi_major_metre - TODAY_M) < 1:
        return None
    return crs.geodetic_crs.name if crs.geodetic_crs is not None else crs.name


def settle(table: Table, answers: Answers, county: County | None, refuse: Refuse) -> Table:
    """A table in today's datum. MW-LAYER-DATUM where its old one has no known way to it."""
    try:
        crs = CRS.from_user_input(table.crs)
    except CRSError:
        return table  # whoever moves it to the grid says so
    old = old_datum(crs)
    if old is None:
        if answers.shift is None:
            return table
        raise refuse("MW-LAYER-DATUM", f"is in {crs.name}, which needs no shift", "Take 'shift' out.")
    turn, words, accuracy = _given(crs, answers.shift, refuse) if answers.shift else _published(crs, old, county, table.shift, refuse)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(turn.transform(points[:, 0], points[:, 1]))

    geometry = np.asarray(shapely.transform(table.geometry, moved), object)
    return replace(table, geometry=geometry, crs=DEGREES, decided=(*table.decided, words), accuracy_m=accuracy)


def _given(crs: CRS, shift: tuple[float, ...], refuse: Refuse) -> tuple[Transformer, str, float]:
    """Parameters as Chinese survey offices give them (布尔莎模型): metres, seconds of arc, millionths; rotations turn the frame.

    PROJ turns the vector instead: its rotations have the other sign.
    """
    if len(shift) not in (3, 7):
        raise refuse("MW-LAYER-DATUM", f"is given {len(shift)} parameters of a shift", "Give three (dx, dy, dz) or all seven.")
    dx, dy, dz, rx, ry, rz, ppm = shift + (0.0,) * (7 - len(shift))
    bound = BoundCRS(crs, "EPSG:4326", ToWGS84Transformation(crs.geodetic_crs, dx, dy, dz, -rx, -ry, -rz, ppm))
    words = f"{crs.name} is shifted by the {len(shift)} parameters that were given; it is as exact as they are (check it on a known point)"
    return Transformer.from_crs(bound, "EPSG:4326", always_xy=True), words, 0.0


def _published(crs: CRS, old: str, county: County | None, stated: tuple[float, ...] | None, refuse: Refuse) -> tuple[Transformer, str, float]:
    """The published transformation for the county, by the EPSG register."""
    known = []
    if county is not None:
        area = AreaOfInterest(county.west, county.south, county.east, county.north)
        known = TransformerGroup(crs, "EPSG:4326", always_xy=True, area_of_interest=area, allow_ballpark=False).transformers
    if not known:
        own = f" The file's own 转换参数: if they are these, say --shift={','.join(f'{value:g}' for value in stated)}" if stated else ""
        what = f"is in {old}, and no shift from it is published for this county; unshifted it lies 50 to 150 m off"
        raise refuse("MW-LAYER-DATUM", what, _FIX + own)
    words = f"{crs.name} is shifted by the published transformation for this area, good to {known[0].accuracy:g} m"
    return known[0], words, float(known[0].accuracy)
