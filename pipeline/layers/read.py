"""Opens a layer's file, of a known format, and nothing else that calls itself so."""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import sqlite3
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError
from pipeline.layers import geopackage, kml
from pipeline.layers.corners.read import FILES as CORNER_FILES
from pipeline.layers.corners.read import read as read_corners
from pipeline.layers.table import Answers, County, Remark, Table, refusal


@dataclass(frozen=True, slots=True)
class Format:
    driver: str
    magic: bytes
    most_bytes: int
    """Larger files are refused: GDAL takes a GeoJSON into memory as a whole, several times its size."""
    encoding: str | None = None
    """Shapefiles are read byte by byte, as Latin-1, and decoded here: what GDAL takes their text for is often wrong."""


pyogrio.set_gdal_config_options({"OGR_GEOJSON_MAX_OBJ_SIZE": "100"})
_TOO_LARGE = "OGR_GEOJSON_MAX_OBJ_SIZE"
"""What GDAL says where a feature would take more megabytes: some 560,000 points."""
NOTHING_SAID = Answers()
_OPEN = "has a ring that is not closed: its last point is not its first."
_CLOSE = "Close it in the source; or 'layers check --fix' writes a copy in which it is closed by a straight line."
SHAPEFILE = "ESRI Shapefile"
_GEOJSON = Format("GeoJSON", b"{", 300_000_000)
GEOPACKAGE = Format("GPKG", b"SQLite format 3\x00", 8_000_000_000)
FORMATS = {
    ".geojson": _GEOJSON,
    ".json": _GEOJSON,
    ".gpkg": GEOPACKAGE,
    ".shp": Format(SHAPEFILE, b"\x00\x00\x27\x0a", 2_000_000_000, "ISO-8859-1"),
    **{suffix: Format(driver, magic, most) for suffix, (driver, magic, most) in (CORNER_FILES | kml.FILES).items()},
}
INSTEAD = {
    ".xls": "Open it in Excel or WPS and save it as .xlsx.",
    ".et": "Open it in WPS and save it as .xlsx.",
    ".doc": "Copy its text or table into a .txt file (or the table into .xlsx).",
    ".docx": "Copy its text or table into a .txt file (or the table into .xlsx).",
    ".pdf": "Copy the coordinates into a .txt or .xlsx file; a scanned one has to be typed.",
    ".dwg": "Export the boundary as Shapefile, or its points as text.",
    ".dxf": "Export the boundary as Shapefile, or its points as text.",
    ".zip": "Unpack it and give the file inside.",
    ".rar": "Unpack it and give the file inside.",
    ".dbf": "Give the .shp that lies beside it.",
    ".shx": "Give the .shp that lies beside it.",
    ".gdb": "Export the layer as GeoPackage.",
    ".mdb": "Export the layer as GeoPackage.",
}
"""What to do with files that offices have, but which can't be read."""
NAMED_CRS = re.compile(rb'"crs"\s*:\s*\{[^{}]*\{\s*"name"\s*:\s*"((?:[^"\\]|\\.){1,2000})"')
"""The `crs` of GeoJSON before RFC 7946, which is still written."""
NEEDED_PARTS = (".shx", ".dbf")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def _refuse(code: str, layer: str, what: str, fix: str) -> MinewardenError:
    return MinewardenError(code, f"Layer {layer}: {what}", fix)


def locate(layer: str, given: Path, file: Path) -> Format:
    """Make sure that `file` (written `given` in the config) is a local file of a known format.

    Neither a URL nor a path of GDAL's virtual file systems may pass: GDAL would go and fetch it.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", str(given)) or str(given).startswith("/vsi"):
        raise _refuse("MW-LAYER-REMOTE", layer, f"{given} is not a local file.", "Download it and give the path of the copy.")
    if not file.is_file():
        raise _refuse("MW-LAYER-FILE", layer, f"there is no file {file}.", "Put it there, correct its path, or take the layer out of the config.")
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        known = ", ".join(sorted(FORMATS))
        fix = INSTEAD.get(file.suffix.lower(), "Save it as GeoJSON or GeoPackage.")
        raise _refuse("MW-LAYER-FORMAT", layer, f"{file} ends in {file.suffix!r}, not in one of {known}.", fix)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise _refuse("MW-LAYER-FILE", layer, f"{file} can't be read ({error.strerror}).", "Check its permissions.") from error
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n" if form.magic in (b"{", b"<") else b"").startswith(form.magic):
        raise _refuse("MW-LAYER-FORMAT", layer, f"{file} is not the {form.driver} file that its name claims.", "Export the layer again.")
    if size > form.most_bytes:
        fix = "Cut it to the county and save it as GeoPackage."
        raise _refuse("MW-LAYER-SIZE", layer, f"{file} has {size / 1e9:.1f} GB; a {form.driver} may have {form.most_bytes / 1e9:.1f} GB.", fix)
    if form.driver == SHAPEFILE:
        missing = [suffix for suffix in NEEDED_PARTS if suffix not in parts_of(file)]
        if missing:
            wanted = ", ".join(file.stem + suffix for suffix in missing)
            raise _refuse("MW-LAYER-PARTS", layer, f"{file} lacks what belongs beside it: {wanted}.", "Copy all files of the Shapefile.")
    return form


def must_be_saved(layer: str, file: Path) -> None:
    """Raises MinewardenError `MW-LAYER-OPEN` where a program still has changes of a GeoPackage beside it."""
    if FORMATS[file.suffix.lower()] is GEOPACKAGE and (beside := geopackage.unsaved(file)):
        what = f"{file} is open in another program, whose changes still lie beside it in {beside.name}."
        raise _refuse("MW-LAYER-OPEN", layer, what, "Save it and close it there (in QGIS: remove the layer or close the project), then try again.")


def parts_of(file: Path) -> dict[str, Path]:
    """Files of a Shapefile by suffix, whatever its case."""
    return {p.suffix.lower(): p for p in sorted(file.parent.glob("*")) if p.stem == file.stem}


def sha256(file: Path) -> str:
    """Of a layer file's bytes; of all parts of a Shapefile, each after its suffix."""
    if file.suffix.lower() != ".shp":
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest, parts = hashlib.sha256(), parts_of(file)
    for suffix in SHAPEFILE_PARTS:
        if suffix in parts:
            digest.update(suffix.encode())
            digest.update(parts[suffix].read_bytes())
    return digest.hexdigest()


def _table_of(layer: str, file: Path, form: Format) -> str:
    """Which table of the file is the layer: the only one with geometry, or the one of the layer's name."""
    if form is GEOPACKAGE:
        # GDAL's complaints of a broken database are not always text; SQLite's are.
        objection = geopackage.objection(file)
        if objection:
            raise _refuse("MW-LAYER-FORMAT", layer, f"{file} {objection}.", "Export the layer alone into a new GeoPackage.")
    names = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
    if layer not in names and len(names) != 1:
        held = f"{file} holds {len(names)} layers ({', '.join(names)[:200]})."
        raise _refuse("MW-LAYER-TABLE", layer, held, f"Keep one, or name one of them {layer}.")
    name = layer if layer in names else names[0]
    if pyogrio.read_info(file, layer=name, encoding=form.encoding)["driver"] != form.driver:
        raise _refuse("MW-LAYER-FORMAT", layer, f"{file} is not plain {form.driver}.", "Export the layer again as GeoJSON or GeoPackage.")
    return name


def _decoder(file: Path, raw: list[str]) -> tuple[str, str]:
    """The encoding of a Shapefile's text: what its .cpg says where that fits, else UTF-8 where that fits, else GBK's superset; and why.

    Chinese bureaus' files are GBK, and their .cpg is often missing or wrong.
    """
    sidecar = parts_of(file).get(".cpg")
    said = sidecar.read_bytes()[:100].decode("ascii", "ignore").strip() if sidecar else ""
    said = f"cp{said}" if said.isdigit() else said
    values = [text.encode("latin-1") for text in raw]
    told = f"its .cpg says {said[:20]!r}" if said else "it has no .cpg"
    for encoding in (said, "utf-8"):
        try:
            for value in values:
                value.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        return encoding, f"text is {encoding[:20]} ({told}; all of it decodes so)"
    return "gb18030", f"text is GBK ({told}; it is no UTF-8)"


def _decode(file: Path, columns: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], str]:
    """Text of a Shapefile, read byte by byte as Latin-1, in its own encoding. Names may end in half a character: ten bytes are all they have."""
    encoding, why = _decoder(file, [v for values in columns.values() for v in values if isinstance(v, str)])

    def text(value: Any) -> Any:
        return value.encode("latin-1").decode(encoding, "ignore") if isinstance(value, str) else value

    return {text(name): [text(v) for v in values] for name, values in columns.items()}, why


def _named_crs(file: Path) -> str | None:
    """The name of a GeoJSON's CRS, where it has one."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        named = NAMED_CRS.search(text)
        if named is None:
            return None
        try:
            return str(json.loads(b'"%b"' % named[1]))
        except ValueError:
            return named[1].decode("utf-8", "replace")


def _crs_of(layer: str, file: Path, form: Format, found: str | None, answers: Answers) -> str:
    """The layer's CRS. found: what GDAL makes of the file; a GeoJSON that names a CRS it does not know it takes for WGS 84."""
    if answers.crs:
        return answers.crs
    if found is None:
        fix = "Say it (crs: EPSG:4490, or whichever it is), or assign it (in QGIS: Set Layer CRS) and save the layer again."
        raise _refuse("MW-LAYER-CRS", layer, f"{file} does not say its coordinate system.", fix)
    name = _named_crs(file) if form is _GEOJSON and found == "EPSG:4326" else None
    if name is None:
        return found
    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        fix = "Assign its true CRS (in QGIS: Set Layer CRS) and save it again."
        raise _refuse("MW-LAYER-CRS", layer, f"{file} names a coordinate system that is not known: {name[:80]!r}.", fix) from error
    return found if crs.equals(CRS(found), ignore_axis_order=True) else crs.to_string()


def read(layer: str, given: Path, file: Path, answers: Answers = NOTHING_SAID, county: County | None = None) -> Table:
    """Read a layer. county: where it lies, which decides what a file of corner points leaves open.

    Raises MinewardenError (`MW-LAYER-…`) where the file can't be used at all; single features that are wrong come back as they are.
    """
    form = locate(layer, given, file)
    if file.suffix.lower() in CORNER_FILES:
        return read_corners(file, county, answers, refusal(layer, file))
    if file.suffix.lower() in kml.FILES:
        return _in_order(kml.read(file, answers, refusal(layer, file)), answers)
    return _in_order(_read_gdal(layer, file, form, answers), answers)


def _in_order(table: Table, answers: Answers) -> Table:
    """A table of a format that has east first, turned where a person said that this file has north first."""
    if answers.order != "north_east":
        return table

    def turn(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points[:, ::-1]

    geometry = np.asarray(shapely.transform(table.geometry, turn), object)
    closed = {k: shapely.transform(shape, turn) for k, shape in table.closed.items()}
    return replace(table, geometry=geometry, closed=closed, decided=(*table.decided, "north stands before east: that was said (order)"))


def _read_gdal(layer: str, file: Path, form: Format, answers: Answers) -> Table:
    try:
        name = _table_of(layer, file, form)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Non closed ring", RuntimeWarning)  # it is told of each feature
            meta, wkb, fields = _rows(file, name, form)
        geometry, closed = _shapes(wkb)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError, UnicodeDecodeError, OSError) as error:
        if _TOO_LARGE in str(error):
            fix = "Simplify it, or export it from its source again."
            raise _refuse("MW-LAYER-SIZE", layer, f"{file} holds a feature of more than half a million points.", fix) from error
        raise _refuse("MW-LAYER-READ", layer, f"{file} can't be read: {str(error).split(';')[0][:200]}.", "Export the layer again.") from error
    except (RuntimeError, ValueError, sqlite3.Error, shapely.errors.ShapelyError) as error:
        raise _refuse("MW-LAYER-READ", layer, f"{file} can't be read ({type(error).__name__}).", "Export the layer again.") from error
    columns, decided = {str(name): values.tolist() for name, values in zip(meta["fields"], fields, strict=True)}, []
    if form.driver == SHAPEFILE:
        columns, why = _decode(file, columns)
        decided.append(why)
    remarks = tuple(Remark(k, "MW-LAYER-UNCLOSED", _OPEN, _CLOSE, True) for k in closed)
    crs = _crs_of(layer, file, form, meta["crs"], answers)
    return Table(geometry, columns, crs, form.driver, tuple(decided), remarks, closed=closed)


def _rows(file: Path, name: str, form: Format) -> tuple[dict[str, Any], NDArray[np.object_], list[NDArray[Any]]]:
    """What GDAL knows of a table, its geometries as WKB and its columns.

    GDAL takes a column in which all looks like a date for one of dates, and 2023-02-30 ends the reading of the whole file. Dates are
    then asked for as text, so that the one record is told.
    """
    options: dict[str, Any] = {"encoding": form.encoding, "force_2d": True, "datetime_as_string": True}
    try:
        meta, _, wkb, fields = pyogrio.raw.read(file, layer=name, **options)
    except ValueError:
        info = pyogrio.read_info(file, layer=name, encoding=form.encoding)
        quoted = [(f'"{_quoted(column)}"', str(kind)) for column, kind in zip(info["fields"], info["dtypes"], strict=True)]
        columns = ", ".join(f"CAST({c} AS character(40)) AS {c}" if kind.startswith("datetime") else c for c, kind in quoted)
        sql = f'SELECT {columns} FROM "{_quoted(name)}"'
        meta, _, wkb, fields = pyogrio.raw.read(file, sql=sql, sql_dialect="OGRSQL", **options)
    return meta, wkb, fields


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _shapes(wkb: NDArray[np.object_]) -> tuple[NDArray[np.object_], dict[int, BaseGeometry]]:
    """Geometries, None where one can't be read; and those that can't because a ring is not closed, closed by a straight line."""
    with np.errstate(invalid="ignore"):
        geometry = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)
        lost = [k for k in np.flatnonzero(shapely.is_missing(geometry)).tolist() if wkb[k] is not None]
        closed = np.asarray(shapely.from_wkb(wkb[lost], on_invalid="fix"), object).reshape(-1)
    return geometry, {k: shape for k, shape in zip(lost, closed, strict=True) if shape is not None and shape.area > 0}
