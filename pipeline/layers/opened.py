"""One layer's file: read, checked, and its features as records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.config import LayerConfig
from pipeline.errors import MinewardenError
from pipeline.layers import checks, datum, place, records
from pipeline.layers.columns import Rows, rows
from pipeline.layers.ground import DEGREES, move
from pipeline.layers.model import Problem, Right
from pipeline.layers.read import SHAPEFILE, locate, must_be_saved, read, sha256
from pipeline.layers.shapes import NOWHERE, clean
from pipeline.layers.table import Answers, County, Table, refusal
from pipeline.layers.whereabouts import guess

OURS = ({"finding_zh", "mining_likelihood"}, {"finding_zh", "likelihood"})
"""Columns that only our own findings have: as GeoJSON, GeoPackage or KML, and as Shapefile."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a layer is read against."""

    crs: str
    """The grid's."""
    area: BaseGeometry | None = None
    """The county in it; None while it is not known."""
    today: date | None = None
    """For checks that depend on the day; None leaves them out."""

    @property
    def county(self) -> County | None:
        return None if self.area is None or self.area.is_empty else County(*move(self.area, self.crs, DEGREES).bounds)


@dataclass(slots=True)
class Opened:
    """A layer as far as it could be read."""

    name: str
    file: Path
    table: Table | None = None
    """None where the file can't be used at all."""
    rows: Rows | None = None
    geometry: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, object))
    """In the grid's CRS, sound; None where a feature can't be used."""
    sha256: str = ""
    records: list[records.Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def fatal(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.fatal]

    @property
    def decided(self) -> tuple[str, ...]:
        return self.table.decided if self.table else ()

    @property
    def rights(self) -> list[Right]:
        return [record for record in self.records if isinstance(record, Right)]


def answers_of(config: LayerConfig) -> Answers:
    return Answers(config.crs, config.order, config.degrees, config.deduct, config.shift, config.id, config.fields.get("id"))


def open_layer(name: str, given: Path, file: Path, config: LayerConfig, setting: Setting) -> Opened:
    """Read a layer; whatever is wrong becomes a Problem."""
    kind = records.kind_of(name, config.kind)
    layer = _open(name, given, file, setting, answers_of(config), kind.fields, config.fields)
    if layer.table is None or layer.rows is None:
        return layer
    if kind is records.RIGHT and (ours := next((each for each in OURS if each <= layer.table.columns.keys()), None)):
        what = f"{file} holds findings of ours (it has {' and '.join(sorted(ours))}): suspected digging, not rights"
        fix = "Give the register of rights. Verdicts on findings come in by 'review apply'; patches that the ministry issued by 'layers reconcile'."
        layer.problems, layer.table, layer.rows = [Problem(None, "MW-LAYER-OURS", f"Layer {name}: {what}.", fix, True)], None, None
        return layer
    layer.rows.check_ids()
    accuracy = max(config.accuracy_m, layer.table.accuracy_m)
    built = records.build(layer.rows, layer.geometry, name, kind)
    layer.records = [replace(r, accuracy_m=accuracy) if isinstance(r, Right) else r for r in built]
    layer.problems += layer.rows.problems
    layer.problems += checks.of_table(layer.rows, layer.table, ~shapely.is_missing(layer.geometry), name)
    layer.problems += checks.slivers(layer.rows, layer.geometry)
    if not layer.records and not layer.fatal:
        what, fix = f"{file} holds no features: nothing is checked against it.", "Is it the right file? Where there are none, take the layer out."
        layer.problems.append(Problem(None, "MW-LAYER-NONE", what, fix, False))
    if setting.area is not None and not setting.area.is_empty:
        layer.problems += _misplaced(layer, setting.area, setting.crs)
    layer.problems += place.overlaps(str(file), layer.rights)
    layer.problems += checks.contradictions(str(file), layer.rights, setting.today)
    if not layer.rights:
        layer.problems += checks.duplicates(str(file), [r.id for r in layer.records], [r.geometry for r in layer.records])
    return layer


def open_area(name: str, given: Path, file: Path, crs: str) -> tuple[Opened, BaseGeometry]:
    """Read the county's outline, and join it to one."""
    layer = _open(name, given, file, Setting(crs), Answers(), (), {})
    ground = shapely.union_all([g for g in layer.geometry if g is not None])
    if ground.is_empty and not layer.fatal:
        layer.problems.append(
            Problem(None, "MW-LAYER-EMPTY", f"{file}: the area of the county is empty.", "Give a file with the county's outline.", True)
        )
    return layer, ground


def _open(name: str, given: Path, file: Path, setting: Setting, answers: Answers, fields: tuple[str, ...], mapping: dict[str, str]) -> Opened:
    layer = Opened(name, file)
    try:
        table, layer.sha256 = _whole(name, given, file, answers, setting.county)
        table = datum.settle(table, answers, setting.county, refusal(name, file))
        of = rows(str(file), table.columns, mapping, fields, len(table.geometry), table.driver == SHAPEFILE)
        told = _remark(layer, of, table)
        layer.geometry, found = clean(table.geometry, table.crs, setting.crs, of.note, told)
    except MinewardenError as error:
        layer.problems = [Problem(None, error.code, error.message, error.fix, True)]
        return layer
    layer.table, layer.rows = table, of
    layer.problems += found
    return layer


def _remark(layer: Opened, of: Rows, table: Table) -> set[int]:
    """Note what the reader remarked; the features of which it said why they can't be used."""
    for remark in table.remarks:
        if remark.feature is None:
            layer.problems.append(Problem(None, remark.code, f"{of.file} {remark.message}.", remark.fix, remark.fatal))
        else:
            layer.problems.append(of.note(remark.feature, remark.code, remark.message, remark.fix, remark.fatal))
    return {remark.feature for remark in table.remarks if remark.fatal and remark.feature is not None}


def _whole(layer: str, given: Path, file: Path, answers: Answers, county: County | None) -> tuple[Table, str]:
    """A layer and the hash of just what was read: somebody may be saving the file meanwhile."""
    locate(layer, given, file)
    must_be_saved(layer, file)
    for _ in range(2):
        before = sha256(file)
        table = read(layer, given, file, answers, county)
        must_be_saved(layer, file)
        if sha256(file) == before:
            return table, before
    raise MinewardenError("MW-LAYER-CHANGED", f"Layer {layer}: {file} changes while it is read.", "Let whoever writes it finish, then run again.")


def _misplaced(layer: Opened, area: BaseGeometry, crs: str) -> list[Problem]:
    """Features that lie elsewhere, with what their coordinates look like; so with one that lies nowhere on earth."""
    table = layer.table
    assert table is not None
    points, of = shapely.get_coordinates(table.geometry, return_index=True)

    def like(k: int | None) -> str | None:
        reading = guess(points if k is None else points[of == k], table.crs, area, crs)
        return reading.words if reading else None

    lost = next((k for k, p in enumerate(layer.problems) if p.code == NOWHERE), None)
    words = like(None) if lost is not None else None
    if lost is not None and words:
        layer.problems[lost] = replace(layer.problems[lost], message=f"{layer.problems[lost].message} By their coordinates {words}.")
    there = np.flatnonzero(~shapely.is_missing(layer.geometry)).tolist()
    return place.outside(str(layer.file), layer.records, area, lambda k: like(None if k is None else there[k]))
