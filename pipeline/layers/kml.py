"""KML and KMZ as map programs write them: the polygons of placemarks, with their data."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pipeline import xmlread
from pipeline.layers.corners.facts import licence_in
from pipeline.layers.table import Answers, Refuse, Remark, Table

MOST_BYTES = 30_000_000
"""Of a document, unpacked."""
FILES = {".kml": ("KML", b"<", MOST_BYTES), ".kmz": ("KMZ", b"PK", MOST_BYTES)}
WGS84 = "EPSG:4326"
_AGAIN = "Export the layer again."
_LINKED = ("NetworkLink", "Link", "Model")
"""What would have to be fetched: it is left out."""


def read(file: Path, answers: Answers, refuse: Refuse) -> Table:
    """The placemarks of a document; labels (points) are left out, lines are refused one by one."""
    root = _root(file, refuse)
    geometry: list[BaseGeometry | None] = []
    values: list[dict[str, Any]] = []
    remarks: list[Remark] = []
    points = 0
    for placemark in root.iter("Placemark"):
        shape, found = _shape(placemark)
        lines = any(True for name in ("LineString", "Track") for _ in placemark.iter(name))
        if shape is None and not lines and found is None:
            points += 1
            continue
        if shape is None:
            what = found or "is a line (a path), not an area."
            fix = "Draw it as a polygon: a path is not one, even where it comes back to its beginning." if not found else _AGAIN
            remarks.append(Remark(len(geometry), "MW-LAYER-TYPE" if not found else "MW-LAYER-EMPTY", what, fix, True))
        geometry.append(shape)
        values.append(_values(placemark))
    if not geometry:
        raise refuse("MW-LAYER-FORMAT", "holds no placemark with an area", "Draw the boundaries as polygons, and export them again.")
    decided = ["coordinates are WGS 84 degrees, longitude before latitude, as in every KML"]
    if points:
        decided.append(f"{points} placemark(s) without an area (labels) are left out")
    if any(True for name in _LINKED for _ in root.iter(name)):
        decided.append("what the document links to is not fetched")
    names = dict.fromkeys(name for each in values for name in each)
    columns: dict[str, list[Any]] = {name: [each.get(name) for each in values] for name in names}
    if answers.id and len(values) == 1:
        columns["id"] = [answers.id]
    shapes = np.empty(len(geometry), object)
    shapes[:] = geometry
    return Table(shapes, columns, answers.crs or WGS84, "KML", tuple(decided), tuple(remarks))


def _root(file: Path, refuse: Refuse) -> Element:
    raw = _unpacked(file, refuse) if file.suffix.lower() == ".kmz" else file.read_bytes()
    try:
        root = xmlread.parse(raw, MOST_BYTES)
    except xmlread.BadXML as error:
        raise refuse("MW-LAYER-READ", f"can't be read as KML: it {error}", _AGAIN) from error
    if root.tag != "kml" and root.find(".//Placemark") is None:
        raise refuse("MW-LAYER-FORMAT", f"is no KML: it begins with <{root.tag[:40]}>", _AGAIN)
    return root


def _unpacked(file: Path, refuse: Refuse) -> bytes:
    """The document of a KMZ, never more bytes than it declares."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".kml")]
            if not members:
                raise refuse("MW-LAYER-FORMAT", "holds no .kml", _AGAIN)
            main = next((member for member in members if member.filename.lower() == "doc.kml"), members[0])
            if main.file_size > MOST_BYTES:
                what = f"holds {main.file_size / 1e6:.0f} MB unpacked; {MOST_BYTES // 1_000_000} are allowed"
                raise refuse("MW-LAYER-SIZE", what, "Export the boundaries alone, without pictures or other layers.")
            with archive.open(main) as stream:
                return stream.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise refuse("MW-LAYER-READ", "is no KMZ that can be unpacked", _AGAIN) from error


def _shape(placemark: Element) -> tuple[BaseGeometry | None, str | None]:
    """The polygons of a placemark; None and why where one can't be made, None and None where it has none."""
    parts = []
    for polygon in placemark.iter("Polygon"):
        try:
            rings = [_ring(ring) for name in ("outerBoundaryIs", "innerBoundaryIs") for ring in polygon.iter(name)]
        except ValueError as error:
            return None, f"has a ring with {str(error)[:60]!r} where a coordinate belongs."
        if any(len(set(ring)) < 3 for ring in rings) or not rings:
            return None, "has a ring of fewer than three points."
        parts.append(Polygon(rings[0], rings[1:]))
    if not parts:
        return None, None
    return (parts[0] if len(parts) == 1 else MultiPolygon(parts)), None


def _ring(boundary: Element) -> list[tuple[float, float]]:
    """Longitudes and latitudes. ValueError naming what is none."""
    points = []
    for place in xmlread.text(boundary, "coordinates").split():
        parts = place.split(",")
        try:
            point = float(parts[0]), float(parts[1])
        except (ValueError, IndexError):
            raise ValueError(place) from None
        if not all(map(math.isfinite, point)):
            raise ValueError(place)
        points.append(point)
    return points


def _values(placemark: Element) -> dict[str, Any]:
    """Its name, its data, and a licence number that stands in name or description."""
    out: dict[str, Any] = {}
    for child in placemark:
        if child.tag in ("name", "description") and (child.text or "").strip():
            out[child.tag] = (child.text or "").strip()
    for data in (*placemark.iter("Data"), *placemark.iter("SimpleData")):
        name = data.get("name", "").strip()
        value = xmlread.text(data, "value") if data.tag == "Data" else (data.text or "").strip()
        if name and value:
            out[name] = value
    number = licence_in(f"{out.get('name', '')} {out.get('description', '')}")
    if number and "id" not in out:
        out["id"] = number
    return out
