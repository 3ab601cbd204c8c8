"""What a flight says of cases, rights and limits. A verdict is left to a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.drone.kinds import Kind, kind_seen
from pipeline.drone.volume import Amount
from pipeline.layers.model import Right, Standing

NEAR_M = 15.0
"""Satellite outlines may lie so far off (95 %)."""
COVERED = 0.9
"""A flight says nothing of a case of which it shows less."""
HIT_SHARE, HIT_M2 = 0.2, 100.0
"""A cut speaks for a case where it covers this share of it, and at least this area."""
LEAST_NEW_M2 = 400.0
"""Smallest change that is called new digging: the smallest mapped area."""
SATELLITE_M = 8.0
"""Position error of the satellite's pictures, 95 %, metres: an orthophoto laid on them has it too."""
UNAIDED_M = 10.0
"""Of an orthophoto placed by a drone's own GPS, without base station or control, 95 %."""
YEAR_DAYS = 365.25

DENSITIES = (
    (re.compile("煤"), 1.4),
    (re.compile("灰岩|大理岩|白云岩|花岗岩|玄武岩|闪长岩|辉绿岩|石英岩|凝灰岩|安山岩|建筑石料|石料"), 2.65),
    (re.compile("砂岩|页岩|石膏|板岩"), 2.35),
    (re.compile("砂|砾|卵石"), 1.9),
    (re.compile("[粘黏]土|黄土|红土|陶粒"), 1.8),
    (re.compile("铁"), 3.6),
    (re.compile("铜|铅|锌|金|银|锰|镍|钨|钼"), 2.9),
)
"""Tonnes a cubic metre in the ground, by the licensed mineral; usual values of mine design."""


KINDS = {Kind.PIT: "采坑", Kind.STOCKPILE: "堆料", Kind.ROAD: "道路", Kind.RESTORED: "回填或复绿", Kind.UNKNOWN: "不明"}


class Says(StrEnum):
    CONFIRMS = "confirms"
    CONTRADICTS = "contradicts"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Piece:
    """Ground that was dug or heaped up, in the county's CRS."""

    geometry: BaseGeometry
    is_cut: bool
    amount: Amount
    area_m2: float
    deepest_m: float
    mean_m: float
    steepest_degrees: float
    kind: Kind = Kind.UNKNOWN


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case as the last month has it."""

    id: str
    patch_id: str | None
    code: str
    geometry: BaseGeometry
    first_seen: date


@dataclass(frozen=True, slots=True)
class CaseSaid:
    """What the flight says of a case."""

    case: KnownCase
    says: Says
    why: str
    """One sentence, in Chinese."""
    m3: float | None = None
    iou: float | None = None
    """Overlap of the satellite's outline with the flight's: intersection over union."""
    kind: Kind = Kind.UNKNOWN
    """What the ground is, by what changed most of it, else by the picture."""
    green: float | None = None
    """Share of it that is green in the picture."""


@dataclass(frozen=True, slots=True)
class Overshoot:
    """Digging beyond a right's boundary."""

    right: Right
    area_m2: float
    max_m: float
    error_m: float
    """Position error of orthophoto and boundary together, 95 %."""
    certain_m2: float
    """What lies farther out than that."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """A volume taken from a right, against its licensed scale."""

    right: Right
    amount: Amount
    years: float
    """Between the surfaces; at least one: the scale is a year's."""
    dated: bool
    """Whether it is known when the earlier surface was flown; else all is taken as a year's."""
    limit_m3: float
    """What the scale allows in that time, read as 10⁴ m³ a year: the laxer reading."""
    limit_as_tonnes_m3: float | None
    """The same where the scale is meant in 10⁴ t a year; None where the mineral's density is not known."""

    @property
    def is_over(self) -> bool:
        """Beyond the scale in either reading, with all of the interval."""
        return self.amount.low > self.limit_m3

    @property
    def may_be_over(self) -> bool:
        """Beyond the scale in one reading."""
        return self.amount.low > min(self.limit_m3, self.limit_as_tonnes_m3 or self.limit_m3)


@dataclass(frozen=True, slots=True)
class Depth:
    """The lowest ground in a right against its registered elevations."""

    right: Right
    lowest_m: float
    below_m: float
    """By how much it lies under the lower limit."""
    height_system: str | None
    """Of the surface, as its file names it; None where it does not: then the limit can't be tested for sure."""


def density_of(mineral: str | None) -> float | None:
    return next((tonnes for pattern, tonnes in DENSITIES if pattern.search(mineral or "")), None)


def of_cases(
    cases: Sequence[KnownCase], pieces: Sequence[Piece], seen: BaseGeometry, *, measured: bool, earlier: date | None, detection_m: float | None
) -> list[CaseSaid]:
    """What the flight says of each case that it shows. measured: surfaces of two times were compared. seen: ground with heights."""
    return [_of_case(case, pieces, seen, measured, earlier, detection_m) for case in cases if case.geometry.intersects(seen)]


def _of_case(
    case: KnownCase, pieces: Sequence[Piece], seen: BaseGeometry, measured: bool, earlier: date | None, detection_m: float | None
) -> CaseSaid:
    area = case.geometry.area
    cuts = [piece for piece in pieces if piece.is_cut and piece.geometry.intersects(case.geometry)]
    dug = shapely.union_all([piece.geometry for piece in cuts]) if cuts else shapely.Polygon()
    hit = dug.intersection(case.geometry).area
    if hit >= min(max(HIT_SHARE * area, HIT_M2), area):
        iou = hit / max(dug.union(case.geometry).area, 1e-9)
        m3 = sum(piece.amount.m3 for piece in cuts)
        return CaseSaid(case, Says.CONFIRMS, f"图斑范围内有 {hit:,.0f} m² 地面下降，相关采坑挖方约 {m3:,.0f} m³。", m3, iou)
    if case.geometry.intersection(seen).area < COVERED * area:
        return CaseSaid(case, Says.SILENT, "飞行只覆盖了图斑的一部分，或该处没有高程。")
    if not measured or detection_m is None:
        return CaseSaid(case, Says.SILENT, "只有一期影像或高程，未见可量测的采坑；请看影像判断。")
    if earlier is None or earlier >= case.first_seen:
        since = f"前期高程（{earlier}）不早于图斑首次发现日（{case.first_seen}）" if earlier else "前期高程的日期未知"
        return CaseSaid(case, Says.SILENT, f"两期高程之间没有超过检测限的变化，但{since}，不能否定。")
    near = case.geometry.buffer(NEAR_M)
    if any(piece.geometry.intersects(near) for piece in pieces):
        return CaseSaid(case, Says.SILENT, "图斑旁边有高程变化，是否同一处要由人判断。")
    return CaseSaid(case, Says.CONTRADICTS, f"自 {earlier} 以来，图斑及周围 {NEAR_M:.0f} m 内没有超过 {detection_m:.2f} m 的高程变化。")


def new_digging(pieces: Sequence[Piece], known: Sequence[BaseGeometry]) -> list[Piece]:
    """Cuts that no case and no patch of the last month lies at."""
    near = shapely.union_all([shapely.buffer(each, NEAR_M) for each in known]) if known else shapely.Polygon()
    return [piece for piece in pieces if piece.is_cut and piece.area_m2 >= LEAST_NEW_M2 and not piece.geometry.intersects(near)]


def position_error_m(*, control_m: float | None, residual_m: float | None) -> float:
    """Of the orthophoto, 95 %. control_m: horizontal RMS at control points. residual_m: of laying it on the satellite's pictures."""
    if control_m is not None:
        return 2.0 * control_m
    if residual_m is not None:
        return float((SATELLITE_M**2 + (2.0 * residual_m) ** 2) ** 0.5)
    return UNAIDED_M


def overshoots(pieces: Sequence[Piece], rights: Sequence[Right], day: date, error_m: float) -> list[Overshoot]:
    """Cuts in or beside a valid right, where they lie beyond every valid right."""
    valid = [right for right in rights if right.standing(day) is Standing.VALID]
    licensed = shapely.union_all([right.geometry for right in valid]) if valid else shapely.Polygon()
    found = []
    for right in valid:
        cuts = [piece.geometry for piece in pieces if piece.is_cut and piece.geometry.distance(right.geometry) <= NEAR_M]
        beyond = shapely.union_all(cuts).difference(licensed) if cuts else shapely.Polygon()
        if beyond.area < 1.0:
            continue
        farthest = max(shapely.distance(shapely.points(each), right.geometry) for each in shapely.get_coordinates(beyond))
        together = float((error_m**2 + right.accuracy_m**2) ** 0.5)
        certain = beyond.difference(right.geometry.buffer(together)).area
        found.append(Overshoot(right, float(beyond.area), round(float(farthest), 1), round(together, 1), float(certain)))
    return found


def extraction(right: Right, amount: Amount, earlier: date | None, day: date) -> Extraction | None:
    """A right's volume against its scale; None where it has no scale."""
    if right.scale is None or right.scale <= 0:
        return None
    years = max((day - earlier).days / YEAR_DAYS, 1.0) if earlier else 1.0
    limit, density = right.scale * 1e4 * years, density_of(right.mineral)
    return Extraction(right, amount, years, earlier is not None, limit, limit / density if density else None)


def depth_below(right: Right, lowest_m: float, height_system: str | None) -> Depth | None:
    """None where the right has no lower limit, or nothing lies below it."""
    if right.bottom is None or lowest_m >= right.bottom:
        return None
    return Depth(right, lowest_m, right.bottom - lowest_m, height_system)


def with_kind(said: CaseSaid, pieces: Sequence[Piece], green: float | None, day: date) -> CaseSaid:
    """What the ground of a case is, besides. green: share of it that is green in the flight's picture."""
    ground = said.case.geometry
    shared = [(piece.geometry.intersection(ground).area, piece.kind) for piece in pieces if piece.geometry.intersects(ground)]
    most, kind = max(shared, key=lambda each: each[0], default=(0.0, Kind.UNKNOWN))
    if most < min(max(HIT_SHARE * ground.area, HIT_M2), ground.area):
        kind = kind_seen(green, day.month)
    seen = [f"地面类型：{KINDS[kind]}" if kind is not Kind.UNKNOWN else "", f"影像中 {green:.0%} 为绿色植被" if green is not None else ""]
    words = "，".join(each for each in seen if each)
    return replace(said, kind=kind, green=green, why=f"{said.why}{words}。" if words else said.why)


@dataclass(frozen=True, slots=True)
class Said:
    """All that a flight says."""

    cases: tuple[CaseSaid, ...] = ()
    new: tuple[Piece, ...] = ()
    overshoots: tuple[Overshoot, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    depths: tuple[Depth, ...] = ()
    patches: tuple[str, ...] = ()
    """Ids of patches of the last month that the flight shows."""
