"""Parcels as written become polygons in a coordinate system."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.layers import aliases
from pipeline.layers.corners.draft import MOST_POINTS, Draft, Pair, Parcel, Ring
from pipeline.layers.corners.frame import Frame, choose
from pipeline.layers.ground import DEGREES, ellipsoidal_m2, move
from pipeline.layers.table import Answers, County, Refuse, Remark, Table
from pipeline.layers.zones import ZONES3, ZONES6

DRIVER = "corner points"
ZONE_M = 1_000_000
"""In front of an easting the zone's number counts so much."""
FAR_DEGREES, DEGREE_M = 0.5, 111_000
_CORRECT = "Compare the points with the licence, and correct the file."


def assemble(draft: Draft, county: County | None, answers: Answers, refuse: Refuse) -> Table:
    """A table of what was read. Raises MinewardenError where nothing can be made of the file, or where a person must decide."""
    _bounded(draft, refuse)
    _ask_for_rings(draft, county, answers, refuse)
    frames, decided = _frames(draft, county, answers, refuse)
    _refuse_strays(draft, frames, county, refuse)
    geometry: list[BaseGeometry | None] = []
    remarks = list(draft.remarks)
    for k, (parcel, frame) in enumerate(zip(draft.parcels, frames, strict=True)):
        made, found = build(parcel, frame)
        geometry.append(made)
        remarks += [Remark(k, r.code, r.message, r.fix, r.fatal) for r in found]
    systems = {frame.crs for frame in frames}
    crs = systems.pop() if len(systems) == 1 else DEGREES
    ground = np.empty(len(geometry), object)
    ground[:] = [g if g is None or frame.crs == crs else move(g, frame.crs, crs) for g, frame in zip(geometry, frames, strict=True)]
    return Table(ground, _columns(draft.parcels, answers), crs, DRIVER, (*draft.decided, *decided), tuple(remarks), shift=draft.said.shift)


def _bounded(draft: Draft, refuse: Refuse) -> None:
    points = sum(len(ring.points) for parcel in draft.parcels for ring in parcel.rings)
    if not points:
        raise refuse("MW-LAYER-POINTS", "holds no corner points that can be read", "Compare it with the examples in docs/layers.md.")
    if points > MOST_POINTS:
        raise refuse("MW-LAYER-SIZE", f"holds {points} points; {MOST_POINTS} may be in one file", "Is it the right file? Cut it to the county.")


def _frames(draft: Draft, county: County | None, answers: Answers, refuse: Refuse) -> tuple[list[Frame], list[str]]:
    """The frame of each parcel. One for the file as far as one fits: parcels with another zone's number have their own."""
    chosen: dict[int, tuple[Frame, str]] = {}
    frames = []
    for parcel in draft.parcels:
        points = [pair for ring in parcel.rings for pair in ring.points]
        _refuse_mixed(points, refuse)
        kind = _kind(points)
        if kind not in chosen:
            same = [p for other in draft.parcels for ring in other.rings for p in ring.points if _kind([p]) == kind]
            chosen[kind] = choose(same or points or [(0.0, 0.0)], draft.said, county, answers, refuse)
        frames.append(chosen[kind][0])
    for prefix in chosen:
        if draft.said.zone is not None and prefix in (*ZONES3, *ZONES6) and prefix != draft.said.zone:
            what = f"says zone {draft.said.zone}, but its eastings begin with {prefix}; they are read in zone {prefix}"
            draft.note("MW-LAYER-ZONE", what, "Which is right? Correct the other in the file.")
    if draft.said.datum is None and not answers.crs:
        what = "does not say its datum; its coordinates are taken as CGCS2000 (2000国家大地坐标系), which all registers had to use from July 2018"
        draft.note(
            "MW-LAYER-DATUM-UNSAID",
            what,
            "If they are Xi'an 1980 or Beijing 1954, they lie 50 to 150 m off: say so with --crs EPSG:… (in the config: crs).",
        )
    return frames, [f"coordinates are {frame.words}: {why}" for frame, why in dict.fromkeys(chosen.values())]


def _refuse_mixed(points: Sequence[Pair], refuse: Refuse) -> None:
    """Say so where some eastings have their zone's number and others of the same ring have none."""
    for column in np.asarray(points, float).reshape(-1, 2).T:
        zones = [int(zone) for zone in np.unique(column // ZONE_M).tolist() if zone in ZONES3 or zone in ZONES6]
        bare = column[(column >= 100_000) & (column < ZONE_M)]
        if zones and len(bare):
            what = f"has eastings with a zone's number before them ({zones[0]}) and without ({bare[0]:.3f}) among the points of one area"
            raise refuse("MW-LAYER-ZONE", what, "Write all with the number (35500905.06), or all without (500905.06).")


def _refuse_strays(draft: Draft, frames: Sequence[Frame], county: County | None, refuse: Refuse) -> None:
    """Say so where a point lies so far from the others of its parcel that a digit or a decimal point is wrong.

    No mine reaches half a degree, and no zone of a county farther than the county.
    """
    reach = max(FAR_DEGREES, county.east - county.west, county.north - county.south) if county else 2 * FAR_DEGREES
    for parcel, frame in zip(draft.parcels, frames, strict=True):
        pairs = [(ring, k, pair) for ring in parcel.rings for k, pair in enumerate(ring.points, 1)]
        if len(pairs) < 4:
            continue
        numbers = frame.plain([pair for _, _, pair in pairs]).reshape(-1, 2)
        off = np.abs(numbers - np.median(numbers, axis=0)).max(axis=1)
        stray = np.flatnonzero(off > (reach if np.abs(np.median(numbers, axis=0)).max() <= 180 else reach * DEGREE_M))
        if 0 < len(stray) < len(pairs) / 2:
            ring, k, (first, second) = pairs[stray[0]]
            more = f", and {len(stray) - 1} more" if len(stray) > 1 else ""
            what = (
                f"has a point far from all others of its area: no. {k} of the ring that begins in line {ring.line}{more}: {first:.10g}, {second:.10g}"
            )
            raise refuse("MW-LAYER-LINE", what, "Is a digit or the decimal point wrong? Compare it with the licence, and correct the file.")


def _kind(points: Sequence[Pair]) -> int:
    """0 for degrees, 1 for metres, else the zone's number that stands before the easting."""
    if not points:
        return 0
    largest = max(np.median(np.abs(np.asarray(points)), axis=0))
    if largest <= 180:
        return 0
    return int(largest // ZONE_M) if largest >= 13_000_000 else 1


def _turned(ring: Ring, frame: Frame) -> NDArray[np.float64]:
    """(n, 2) x (east), y (north)."""
    points = frame.plain(ring.points).reshape(-1, 2)
    return points[:, ::-1] if frame.order == "north_east" else points


def build(parcel: Parcel, frame: Frame) -> tuple[BaseGeometry | None, list[Remark]]:
    """The polygon of a parcel in the frame's CRS; None where its points enclose nothing."""
    remarks: list[Remark] = []
    shells: list[tuple[Ring, Polygon]] = []
    holes: list[tuple[Ring, Polygon]] = []
    for ring in parcel.rings:
        points = _turned(ring, frame)
        if len(np.unique(points, axis=0)) < 3:
            what = f"has a ring (line {ring.line}) of {len(points)} point(s): three or more make an area."
            remarks.append(Remark(None, "MW-LAYER-POINTS", what, _CORRECT, True))
            return None, remarks
        (shells if ring.adds else holes).append((ring, Polygon(points)))
    if not shells:
        return None, remarks
    inside: list[list[Polygon]] = [[] for _ in shells]
    for ring, hole in holes:
        spot = hole.representative_point()
        home = next((k for k, (_, shell) in enumerate(shells) if shell.contains(spot) and shell.area > hole.area), None)
        if home is None:
            turned = any(hole.contains(shell.representative_point()) for _, shell in shells)
            what = "lies round the outer ring: the order of the rings is turned" if turned else "does not lie inside an outer ring"
            fix = "Give the outer ring first, number 1; a part of its own needs its own header." if turned else _CORRECT
            remarks.append(Remark(None, "MW-LAYER-INSIDE-OUT", f"has a ring to be taken out (line {ring.line}) that {what}.", fix, True))
            return None, remarks
        inside[home].append(hole)
    parts = [Polygon(shell.exterior, [hole.exterior for hole in holes]) for (_, shell), holes in zip(shells, inside, strict=True)]
    if len(parts) == 1:
        return parts[0], remarks
    return (shapely.union_all(parts) if all(part.is_valid for part in parts) else MultiPolygon(parts)), remarks


def _ask_for_rings(draft: Draft, county: County | None, answers: Answers, refuse: Refuse) -> None:
    """Decide the rings in doubt as the person said; without an answer ask, with the areas that either answer gives."""
    for parcel in draft.parcels:
        if parcel.rings and not any(ring.adds for ring in parcel.rings):
            for ring in parcel.rings:
                ring.doubt = ring.doubt or "it is said to be taken out, but there is no ring to take it out of"
    doubted = [(parcel, ring) for parcel in draft.parcels for ring in parcel.rings if ring.doubt]
    if not doubted:
        return
    if answers.deduct is None:
        parcel, ring = doubted[0]
        shown = []
        for deduct in (True, False):
            for each in parcel.rings:
                each.adds = not deduct if each.doubt else each.adds
            frame = _frames(Draft([parcel], draft.said), county, answers, refuse)[0][0]
            made, _ = build(parcel, frame)
            area = f"{ellipsoidal_m2(made, frame.crs) / 1e6:.4f} km²" if made is not None and made.is_valid else "no sound area"
            shown.append(f"{'taken out' if deduct else 'added'}: {area}")
        stated = "".join(f"; stated: {value}" for key, value in parcel.values.items() if aliases.heading(key) in aliases.AREA)
        more = f", and {len(doubted) - 1} more" if len(doubted) > 1 else ""
        what = f"holds a ring (line {ring.line}{more}) of which it is not certain whether it is taken out: {ring.doubt} ({'; '.join(shown)}{stated})"
        raise refuse(
            "MW-LAYER-ASK",
            what,
            "Look into the licence, then say --deduct yes (taken out, 扣除) or --deduct no (added); in the config: deduct: yes or no.",
        )
    for _, ring in doubted:
        ring.adds = not answers.deduct
    said = "taken out" if answers.deduct else "added"
    draft.decided.append(f"{len(doubted)} ring(s) in doubt are {said}: that was answered (deduct)")


def _columns(parcels: Sequence[Parcel], answers: Answers) -> dict[str, list[object]]:
    names = dict.fromkeys(name for parcel in parcels for name, value in parcel.values.items() if value is not None)
    columns: dict[str, list[object]] = {name: [parcel.values.get(name) for parcel in parcels] for name in names}
    if answers.id and len(parcels) == 1:
        columns["id"] = [answers.id]
    return columns
