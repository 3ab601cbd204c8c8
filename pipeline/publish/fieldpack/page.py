"""The sheets as one page to print: for each case a map, and a form to fill in."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import LayerSet, Right, Zone
from pipeline.projection import between
from pipeline.publish import pages
from pipeline.publish.basis import basis
from pipeline.publish.coordinates import sexagesimal
from pipeline.publish.evidence.overlay import STYLE, Named, Surroundings
from pipeline.publish.evidence.sheet import PAIR
from pipeline.publish.evidence.text import FONT
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import Feature
from pipeline.publish.fieldpack import plan
from pipeline.publish.fieldpack.checks import JUDGEMENTS, checks
from pipeline.publish.fieldpack.places import Places, places
from pipeline.publish.flight import standing
from pipeline.publish.report import thumbnails
from pipeline.publish.say import Language, Say
from pipeline.publish.styles import SEVERITY_NAMES
from pipeline.publish.words import REASONS, REVIEWS, STANDINGS, STATUSES

MOST_NEAR = 6
"""Neighbours that a sheet names; all of them are drawn, and in the KML."""
QUALITY = 88
PHOTO_ROWS = 6


@dataclass(frozen=True, slots=True)
class Near:
    """What lies about a case."""

    kind: str
    """Key of `STYLE`."""
    id: str
    name: str | None
    says: str
    metres: float
    """From the case's outline; 0 where it touches."""
    shared_m2: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A case as it is printed."""

    row: Mapping[str, Any]
    places: Places
    plan: plan.Plan
    picture: str | None
    basis: tuple[str, ...]
    near: tuple[Near, ...]
    more_near: int
    flights: tuple[tuple[str, str, str], ...]
    """Day, what it says, why."""
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """Cases to go to, and what is known of the ground about them."""

    month: Finished
    """With these cases alone."""
    layers: LayerSet
    crs: str
    """Of the layers: the county's grid."""
    last_day: date
    """Of the month."""
    output: Path
    """Where flights lie."""

    def ground(self, case: Feature) -> BaseGeometry:
        """A case in the county's grid."""
        to_grid = between("EPSG:4326", self.crs)
        return shapely.transform(case.written.geometry, lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1])))


def render(pack: Pack, language: Language) -> str:
    say, environment = Say(language), pages.environment(Path(__file__).parent / "templates")
    environment.filters.update(whole=pages.whole, dms=sexagesimal)
    environment.globals.update(
        t=say, statuses=STATUSES, severities=SEVERITY_NAMES, reviews=REVIEWS, reasons=REASONS, judgements=JUDGEMENTS, photo_rows=PHOTO_ROWS,
        kinds={kind: style.name for kind, style in STYLE.items()}, inks={kind: "#" + bytes(style.ink).hex() for kind, style in STYLE.items()},
    )  # fmt: skip
    around = Surroundings(pack.layers)
    sheets = [_sheet(case, pack, around, say) for case in pack.month.cases]
    font = base64.b64encode(FONT.read_bytes()).decode("ascii")
    return environment.get_template("fieldpack.html").render(
        lang="zh-CN" if language is Language.ZH else "en", county=pack.month.county, month=pack.month.month, sheets=sheets, font=font,
        width=plan.WIDTH, height=plan.HEIGHT, arrow=plan.ARROW,
    )  # fmt: skip


def neighbours(pack: Pack) -> list[tuple[str, BaseGeometry]]:
    """Names and outlines, in the county's grid, of all that the sheets' drawings show."""
    around = Surroundings(pack.layers)
    found = {id(each.geometry): each for case in pack.month.cases for each in around.within(plan.seen_around(pack.ground(case)))}
    return [(each.name, each.geometry) for each in found.values()]


def _sheet(case: Feature, pack: Pack, around: Surroundings, say: Say) -> Sheet:
    row, ground = case.properties, pack.ground(case)
    seen = plan.seen_around(ground)
    where = places(case.written)
    to_grid = between("EPSG:4326", pack.crs)
    corners = [to_grid.transform(each.lon, each.lat) for each in where.corners]
    drawn = plan.draw(ground, to_grid.transform(case.written.lon, case.written.lat), corners, _told_apart(around.within(seen)), pack.crs)
    size = int(PAIR[2] - PAIR[0]), int(PAIR[3] - PAIR[1])
    picture = thumbnails.pair(pack.month.folder / row["evidence"], size, QUALITY) if thumbnails.is_ours(row["evidence"]) else None
    near = sorted(_near(ground, seen, pack, say), key=lambda each: (each.metres, -each.shared_m2, each.id))
    return Sheet(
        row, where, drawn, picture, tuple(basis(row, say)), tuple(near[:MOST_NEAR]), max(len(near) - MOST_NEAR, 0),
        tuple(standing.said_of(pack.output, row["id"])), tuple(checks(row)),
    )  # fmt: skip


def _told_apart(around: Sequence[Named]) -> list[Named]:
    """Large ground below, so that it covers nothing."""
    return sorted(around, key=lambda each: -float(each.geometry.area))


def _near(ground: BaseGeometry, seen: BaseGeometry, pack: Pack, say: Say) -> list[Near]:
    layers = pack.layers
    rows: list[tuple[str, str, str | None, str, BaseGeometry]] = [
        *(("right", each.id, each.name, _right(each, pack.last_day, say), each.geometry) for each in layers.rights_on(pack.last_day)),
        *(("zone" if each.bans_mining else "field", each.id, each.name, _zone(each), each.geometry) for each in layers.zones),
        *(("legacy", each.id, None, say(each.state) if each.state else "", each.geometry) for each in layers.legacy),
        *(("approval", each.id, each.name, _until(each.valid_to, say), each.geometry) for each in layers.approvals),
    ]
    return [
        Near(kind, id, name, says, round(float(ground.distance(outline)), 1), round(float(ground.intersection(outline).area), 1))
        for kind, id, name, says, outline in rows
        if outline.intersects(seen)
    ]


def _right(right: Right, day: date, say: Say) -> str:
    said = [right.holder, right.mineral, right.method, say(STANDINGS[right.standing(day)]), _until(right.valid_to, say)]
    return say("、").join(each for each in said if each)


def _zone(zone: Zone) -> str:
    return zone.type or ""


def _until(day: date | None, say: Say) -> str:
    return say("至 {day}", day=day) if day else ""
