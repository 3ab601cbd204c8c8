"""flagged.gpkg: the month and the layers it was judged by, in CGCS2000, styled for QGIS."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.files import fsync_file, fsync_folder
from pipeline.layers.model import Approval, LayerSet, LegacyPatch, Zone
from pipeline.publish import gpkgschema
from pipeline.publish.features import CASE_FIELDS, COVERAGE_FIELDS, PATCH_FIELDS, Feature
from pipeline.publish.fields import CASES, COVERAGE, PATCHES, Kind
from pipeline.publish.styles import NAMES, styled
from pipeline.publish.wgs84 import Projector

CRS = "EPSG:4490"
"""CGCS2000, which differs from WGS 84 by centimetres: the outlines are those of the GeoJSON, point for point."""

VERSION = "1.2"
"""Of the format: QGIS of the last six years opens it without a warning."""

Rows = list[tuple[BaseGeometry, dict[str, Any]]]

_TYPES: Mapping[Kind, type] = {Kind.NUMBER: float, Kind.INTEGER: int, Kind.BOOLEAN: bool}
NUMBERS: Mapping[str, type] = {
    **{each.name: _TYPES[each.kind] for each in (*CASES, *PATCHES, *COVERAGE) if each.kind in _TYPES},
    "exploration": bool,
    **dict.fromkeys(("scale", "bottom", "top", "accuracy_m"), float),
}
"""Columns that hold no text, by name, those of the county's layers too: one of nothing but nulls keeps its type from month to month."""

_DTYPES: Mapping[type, Any] = {int: np.int32, float: np.float64, bool: np.bool_}

_NO_COLUMN = ("geometry", "renewal_unread")
"""Of a layer's record: its ground, and what only rule traces quote."""

_COLUMNS = {"cases": CASE_FIELDS, "patches": PATCH_FIELDS, "coverage": COVERAGE_FIELDS}


def write(
    path: Path,
    *,
    flagged: Sequence[Feature],
    patches: Sequence[Feature],
    coverage: Sequence[Feature],
    layers: LayerSet,
    projector: Projector,
    month: str,
) -> None:
    """Write the package whole or not at all."""
    tables: dict[str, Rows] = {
        "area": [(projector.write(layers.area).geometry, {"id": "area"})],
        **_context(layers, projector),
        "coverage": _published(coverage),
        "patches": _published(patches),
        "cases": _published(flagged),
    }
    stamp = f"{month}-01T00:00:00.000Z"
    handle, name = tempfile.mkstemp(prefix=".flagged-", suffix=".gpkg", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    draft.unlink()
    try:
        with _dated(stamp):
            for table, rows in tables.items():
                _write_table(draft, table, rows)
        _describe(draft, list(tables), stamp)
        fsync_file(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(path.parent)


@contextlib.contextmanager
def _dated(stamp: str) -> Iterator[None]:
    """GDAL stamps every layer with the time of day; with the month instead, the same input gives the same bytes."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _published(features: Sequence[Feature]) -> Rows:
    return [(each.written.geometry, each.properties) for each in features]


def _context(layers: LayerSet, projector: Projector) -> dict[str, Rows]:
    """The county's layers that were given, each row with all its fields."""
    given: Mapping[str, Sequence[Any]] = {
        "towns": layers.towns,
        "zones": layers.zones,
        "approvals": layers.approvals,
        "legacy": layers.legacy,
        "former_zones": [entry for entry in layers.past if isinstance(entry, Zone)],
        "former_approvals": [entry for entry in layers.past if isinstance(entry, Approval)],
        "former_legacy": [entry for entry in layers.past if isinstance(entry, LegacyPatch)],
        "former_rights": layers.former,
        "rights": layers.rights,
    }
    return {table: _placed(rows, projector) for table, rows in given.items() if rows}


def _placed(rows: Sequence[Any], projector: Projector) -> Rows:
    outlines = projector.write_all([each.geometry for each in rows])
    return [(written.geometry, _attributes(each)) for written, each in zip(outlines, rows, strict=True)]


def _attributes(row: object) -> dict[str, Any]:
    assert is_dataclass(row)
    names = sorted((each.name for each in fields(row) if each.name not in _NO_COLUMN), key=lambda name: name.startswith("stood_"))
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _write_table(path: Path, table: str, rows: Rows) -> None:
    names = list(_COLUMNS.get(table) or rows[0][1])
    data, masks = [], []
    for name in names:
        values, mask = _column(name, [properties.get(name) for _, properties in rows])
        data.append(values)
        masks.append(mask)
    # MultiPolygon throughout, since a table of a GeoPackage has one type.
    outlines = [shapely.multipolygons(shapely.get_parts([geometry])) for geometry, _ in rows]
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(outline) for outline in outlines], object),
        data,
        names,
        field_mask=masks,
        layer=table,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=CRS,
        append=path.exists(),
        dataset_options={"VERSION": VERSION},
        layer_options={"GEOMETRY_NAME": "geom", "FID": "fid", "IDENTIFIER": NAMES[table]},
    )


def _column(name: str, values: list[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A column's values and where it is null."""
    mask = np.array([value is None for value in values], bool)
    kind = NUMBERS.get(name)
    if kind is None:
        return np.array([None if value is None else _text(value) for value in values], object), mask
    return np.array([kind() if value is None else kind(value) for value in values], _DTYPES[kind]), mask


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _describe(path: Path, tables: list[str], stamp: str) -> None:
    """How layers look, and what their columns mean."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        gpkgschema.describe(connection)
        _add_styles(connection, tables, stamp)


def _add_styles(connection: sqlite3.Connection, tables: list[str], stamp: str) -> None:
    """The table `layer_styles`, from which QGIS takes how a layer looks when it is opened."""
    connection.execute(
        """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
        f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT,
        update_time DATETIME)"""
    )
    connection.executemany(
        "INSERT INTO layer_styles VALUES (NULL, '', '', ?, 'geom', ?, ?, '', 1, '', '', '', ?)",
        ((table, table, style, stamp) for table, style in styled(tables)),
    )
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
        (stamp,),
    )
