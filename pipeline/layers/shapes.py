"""Geometries of a layer, brought to the grid's CRS and made sound."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError
from pipeline.layers.model import Problem
from pipeline.projection import between

POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
NOWHERE = "MW-LAYER-COORDINATES"
SOME_EDGES, FEW_EDGES, MANY_POINTS = 100, 5, 10_000
"""Edges that are tried against all; fewer first where there are many points, as each may cross all others."""
MOST_POINTS = 500_000
"""Points of a feature: outlines digitised to the metre have some hundred thousand at most."""
MOST_CROSSINGS = 200_000
"""To mend an outline takes time and memory by its crossings; a real one has a few."""
EXPORT = "Correct it in the source and export the layer again."

TANGLED = "crosses itself so often that it is no outline."

Say = Callable[[int, str, str, str, bool], Problem]
"""(feature's position, code, message, fix, fatal) → a Problem that names layer, file and feature."""


def polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry, without its lines and points."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    return shapely.union_all([p for p in _flat(geometry) if p.geom_type == "Polygon"]) if not geometry.is_empty else MultiPolygon()


def _flat(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Parts of collections of collections."""
    if not hasattr(geometry, "geoms"):
        return [geometry]
    return [leaf for part in geometry.geoms for leaf in _flat(part)]


def _finite(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which geometries have only finite coordinates."""
    xy, of = shapely.get_coordinates(geometry, return_index=True)
    fine = np.ones(len(geometry), bool)
    fine[of[~np.isfinite(xy).all(axis=1)]] = False
    return fine


def to_grid(geometry: NDArray[np.object_], source: str, target: str) -> NDArray[np.object_]:
    """Geometries in the grid's CRS. Raises MinewardenError where the file's CRS is not known to PROJ."""
    try:
        wanted = CRS.from_user_input(target)
    except ProjError as error:
        raise MinewardenError("MW-GRID-CRS", f"grid.crs {target[:100]!r} is not a CRS.", "Write it as EPSG:32648.") from error
    try:
        if CRS.from_user_input(source) == wanted:
            return geometry
        move = between(source, target)
    except ProjError as error:  # CRSError too, and coordinates without a place on earth
        raise MinewardenError(
            "MW-LAYER-CRS", f"The coordinate system {source[:100]!r} is not known.", "Save the layer in EPSG:4490 or EPSG:4326."
        ) from error

    def turn(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(move.transform(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(geometry, turn), object)


def _crossings(geometry: BaseGeometry, tried: int = SOME_EDGES) -> float:
    """About how often the edges of an outline cross or touch, neighbours left out; told from some of its edges (`tried`)."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(geometry))]
    edges = np.concatenate([shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1)) for ring in rings])
    some = edges[:: max(len(edges) // tried, 1)]
    met = len(shapely.STRtree(edges).query(some, predicate="intersects")[0])
    return max(met / len(some) - 3, 0) * len(edges) / 2


def clean(geometry: NDArray[np.object_], source: str, target: str, say: Say, told: Collection[int] = ()) -> tuple[NDArray[np.object_], list[Problem]]:
    """Geometries in the grid's CRS, None where one can't be used, and what was wrong. told: features of which the reader said it already."""
    problems: list[Problem] = []
    good = geometry.copy()

    def drop(which: NDArray[np.bool_], code: str, message: str, fix: str) -> None:
        for k in sorted(set(np.flatnonzero(which).tolist()) - set(told)):
            problems.append(say(k, code, message, fix, True))
        good[which] = None

    drop(shapely.is_missing(good) | shapely.is_empty(good), "MW-LAYER-EMPTY", "has no geometry, or one that can't be read.", EXPORT)
    there = ~shapely.is_missing(good)
    drop(there & ~np.isin(shapely.get_type_id(good), POLYGONAL), "MW-LAYER-TYPE", "is not a polygon.", "Only areas belong here: " + EXPORT)
    drop(~shapely.is_missing(good) & ~_finite(good), "MW-LAYER-NAN", "has coordinates that are not numbers (NaN or infinite).", EXPORT)
    points = shapely.get_num_coordinates(good)
    drop(points > MOST_POINTS, "MW-LAYER-SIZE", f"has more than {MOST_POINTS:,} points.", "Simplify it, or export it from its source again.")
    moved = to_grid(good, source, target)
    lost = ~shapely.is_missing(good) & ~_finite(moved)
    good = moved
    drop(
        lost,
        NOWHERE,
        f"has coordinates that {source[:40]} does not allow.",
        "Does the file say the right system (else --crs), and are its axes in order (else --order)? " + EXPORT,
    )
    # Before anybody asks whether they are valid, which takes as long.
    large = ~shapely.is_missing(good) & (points > MANY_POINTS)
    large[large] = [_crossings(shape, FEW_EDGES) > MOST_CROSSINGS for shape in good[large]]
    drop(large, "MW-LAYER-EMPTY", TANGLED, EXPORT)
    for k in np.flatnonzero(~shapely.is_missing(good) & ~shapely.is_valid(good)).tolist():
        reason = str(shapely.is_valid_reason(good[k])).split("[")[0]
        if _crossings(good[k]) > MOST_CROSSINGS:
            problems.append(say(k, "MW-LAYER-EMPTY", TANGLED, EXPORT, True))
            good[k] = None
            continue
        mended = polygonal(shapely.make_valid(good[k]))
        good[k] = None if mended.is_empty or mended.area == 0 else mended
        if good[k] is None:
            problems.append(say(k, "MW-LAYER-EMPTY", f"encloses no ground ({reason}).", EXPORT, True))
        else:
            said = f"crosses itself ({reason}); repaired: it now covers {mended.area / 1e4:.2f} ha."
            problems.append(say(k, "MW-LAYER-SELF-CROSSING", said, "Correct its corner points in the source.", False))
    return good, problems
