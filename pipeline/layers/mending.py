"""A copy of a layer in which is put right what has only one right way, and the list of what was changed. The source stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.layers import canonical, licence, mojibake
from pipeline.layers.checks import narrow, outline_key
from pipeline.layers.columns import text
from pipeline.layers.ground import ellipsoidal_m2, move
from pipeline.layers.opened import Opened, Setting
from pipeline.layers.shapes import polygonal
from pipeline.layers.whereabouts import guess


@dataclass(slots=True)
class Mended:
    content: bytes = b""
    changes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    """The layer on the bench."""

    geometry: list[BaseGeometry | None]
    crs: str
    columns: dict[str, list[Any]]
    names: dict[str, str]
    """Our field name: the column."""
    changes: list[str] = field(default_factory=list)

    def label(self, k: int) -> str:
        column = self.names.get("id")
        return (text(self.columns[column][k]) if column else None) or f"no. {k + 1}"

    def say(self, k: int, what: str) -> None:
        self.changes.append(f"{self.label(k)}: {what}")


def mend(opened: Opened, setting: Setting) -> Mended:
    """The mended copy as GeoJSON; without changes where there is nothing to mend."""
    table, rows = opened.table, opened.rows
    if table is None or rows is None:
        return Mended()
    shapes = [table.closed.get(k, shape) for k, shape in enumerate(table.geometry)]
    work = _Work(shapes, table.crs, {name: list(values) for name, values in table.columns.items()}, dict(rows.columns))
    for k in table.closed:
        work.say(k, "the ring is closed by a straight line")
    _restore_text(work)
    _tidy_numbers(work)
    _move_home(work, setting)
    for k in _usable(work, setting.crs):
        _make_sound(work, k)
        _drop_slivers(work, k, setting.crs)
    _drop_repeated(work, setting.crs)
    return Mended(canonical.render(work.geometry, work.crs, work.columns, work.names), work.changes)


def _usable(work: _Work, grid: str) -> list[int]:
    """Features whose coordinates are numbers, in their own CRS and in the grid's."""
    out = []
    for k, shape in enumerate(work.geometry):
        if shape is not None and all(np.isfinite(shapely.get_coordinates(each)).all() for each in (shape, move(shape, work.crs, grid))):
            out.append(k)
    return out


def _restore_text(work: _Work) -> None:
    for name in list(work.columns):
        for k, value in enumerate(work.columns[name]):
            was = mojibake.restored(value) if isinstance(value, str) else None
            if was is not None:
                work.columns[name][k] = was
                work.say(k, f"{name[:40]} {value[:40]!r} is read as {was[:40]!r}")
        was = mojibake.restored(name)
        if was is not None and was not in work.columns:
            work.columns = {was if column == name else column: values for column, values in work.columns.items()}
            work.names = {field: was if column == name else column for field, column in work.names.items()}
            work.changes.append(f"column {name[:40]!r} is named {was[:40]!r}")


def _tidy_numbers(work: _Work) -> None:
    column = work.names.get("id")
    for k, value in enumerate(work.columns[column] if column else ()):
        said = text(value)
        mended = licence.mended(said) if said else None
        if column and said and mended:
            work.columns[column][k] = mended
            work.say(k, f"the licence number was written {said[:40]!r}")


def _move_home(work: _Work, setting: Setting) -> None:
    """Where the whole layer lies elsewhere and one other reading puts it into the county, take that."""
    there = [shape for shape in work.geometry if shape is not None]
    if setting.area is None or setting.area.is_empty or not there:
        return
    reading = guess(shapely.get_coordinates(there), work.crs, setting.area, setting.crs)
    if reading is None:
        return
    if reading.swapped:
        work.geometry = [None if shape is None else shapely.transform(shape, lambda points: points[:, ::-1]) for shape in work.geometry]
    work.crs = reading.crs
    work.changes.append(f"all features: the coordinates are read so that the layer lies in the county: {reading.words}")


def _make_sound(work: _Work, k: int) -> None:
    shape = work.geometry[k]
    if shape is None or shape.is_valid or shape.geom_type not in ("Polygon", "MultiPolygon"):
        return
    mended = polygonal(shapely.make_valid(shape))
    if not mended.is_empty:
        reason = str(shapely.is_valid_reason(shape)).split("[")[0]
        work.geometry[k] = mended
        work.say(k, f"the outline is mended ({reason}); it covers {ellipsoidal_m2(mended, work.crs) / 1e4:.4f} ha")


def _drop_slivers(work: _Work, k: int, grid: str) -> None:
    shape = work.geometry[k]
    if shape is None or not shape.is_valid or shape.geom_type != "MultiPolygon":
        return
    parts = shapely.get_parts(shape)
    thin = narrow(shapely.get_parts(move(shape, work.crs, grid)))
    if thin.any() and not thin.all():
        kept = parts[~thin].tolist()
        work.geometry[k] = kept[0] if len(kept) == 1 else MultiPolygon(kept)
        work.say(k, f"{int(thin.sum())} sliver(s) are taken out")


def _drop_repeated(work: _Work, grid: str) -> None:
    """Take out features that stand there twice with the same outline and the same values."""
    seen: set[tuple[bytes, str]] = set()
    keep = []
    usable = set(_usable(work, grid))
    for k, shape in enumerate(work.geometry):
        outline = outline_key(move(shape, work.crs, grid)) if shape is not None and k in usable else b""
        key = (outline, repr([values[k] for values in work.columns.values()]))
        if outline and key in seen:
            work.say(k, "stood there twice; it is there once")
        else:
            keep.append(k)
        seen.add(key)
    work.geometry = [work.geometry[k] for k in keep]
    work.columns = {name: [values[k] for k in keep] for name, values in work.columns.items()}
