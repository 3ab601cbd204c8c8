"""The same register written in every format that offices use: what reads one must read all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyogrio
import shapely
from pyproj import Transformer
from shapely.geometry import Polygon

Points = list[tuple[float, float]]
"""(north, east) or (latitude, longitude)."""


@dataclass(frozen=True)
class Entry:
    """A right: its number, name, and outline in degrees of CGCS2000 (longitude, latitude), holes after the outer ring."""

    id: str
    name: str
    polygon: Polygon

    def rings(self, crs: str) -> list[Points]:
        """Without the repeated first point, north before east."""
        move = Transformer.from_crs("EPSG:4490", crs, always_xy=True)
        out = []
        for ring in (self.polygon.exterior, *self.polygon.interiors):
            x, y = move.transform(*np.asarray(ring.coords)[:-1].T)
            out.append(list(zip(y.tolist(), x.tolist(), strict=True)))
        return out


Write = Callable[[Path, Sequence[Entry], str], Path]
DEGREES = "EPSG:4490"


def number(value: float, crs: str) -> str:
    """To a tenth of a millimetre."""
    return f"{value:.9f}" if crs == DEGREES else f"{value:.4f}"


def system(crs: str) -> tuple[str, str]:
    """Width and number of the zone of a CRS of CGCS2000."""
    code = int(crs.removeprefix("EPSG:"))
    for first, width in ((4488, 3), (4509, 3), (4478, 6), (4489, 6)):
        zone = code - first
        if zone in (range(25, 46) if width == 3 else range(13, 24)):
            return str(width), str(zone)
    return "", ""


def parcel_text(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    width, zone = system(crs)
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", f"几度分带={width}", "投影类型=高斯克吕格", "计量单位=米", f"带号={zone}", "[地块坐标]"]
    for entry in entries:
        rings = entry.rings(crs)
        lines.append(f"{sum(len(ring) + 1 for ring in rings)},,{entry.id},{entry.name},面,,,,@")
        for k, ring in enumerate(rings, 1):
            lines += [f"J{n},{k},{number(north, crs)},{number(east, crs)}" for n, (north, east) in enumerate([*ring, ring[0]], 1)]
    file.write_bytes(("\r\n".join(lines) + "\r\n").encode("gbk"))
    return file


def licence_text(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    lines = []
    for entry in entries:
        lines += ["[登记项目]", "***采矿权项目内容***", "", f"许可证号={entry.id}", f"矿山名称={entry.name}", "坐标系统=2000国家大地坐标系"]
        width, _ = system(crs)
        lines[-1] += f"{width}度带" if width else ""
        rings = entry.rings(crs)
        lines.append(f"矿区范围拐点坐标与标高的总行数=  {sum(len(ring) + 1 for ring in rings)}")
        row = 0
        for k, ring in enumerate(rings):
            for n, (north, east) in enumerate(ring, 1):
                row += 1
                lines.append(f"XY{row:03d}={n},{number(north, crs)},{number(east, crs)}")
            row += 1
            lines.append(f"XY{row:03d}=标高,1850,1790,{'扣除' if k else ''},{-1 if k else 1}")
    file.write_bytes("\r\n".join(lines).encode("gbk"))
    return file


def string(entry: Entry, crs: str) -> str:
    rings = entry.rings(crs)
    parts = [str(len(rings))]
    for k, ring in enumerate(rings):
        parts.append(str(len(ring)))
        for n, (north, east) in enumerate(ring, 1):
            parts += [str(n), number(north, crs), number(east, crs)]
        parts += ["1850", "1790", "扣除" if k else "", "-1" if k else "1"]
    return ",".join(parts) + ","


def register_text(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    file.write_text("".join(f"{entry.id}\t{string(entry, crs)}\n" for entry in entries), "utf-8-sig")
    return file


def register_csv(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    rows = ["许可证号,矿山名称,区域坐标", *(f'{entry.id},{entry.name},"{string(entry, crs)}"' for entry in entries)]
    file.write_bytes("\n".join(rows).encode("gb18030"))
    return file


def corner_rows(entries: Sequence[Entry], crs: str) -> list[list[Any]]:
    heads = ["纬度", "经度"] if crs == DEGREES else ["X坐标", "Y坐标"]
    rows: list[list[Any]] = [["采矿许可证号", "矿山名称", "圈号", "点号", *heads]]
    for entry in entries:
        for k, ring in enumerate(entry.rings(crs), 1):
            for n, (north, east) in enumerate(ring, 1):
                begins = k == n == 1
                rows.append([entry.id if begins else None, entry.name if begins else None, f"{k}扣除" if k > 1 else "1", n, north, east])
    return rows


def workbook(file: Path, rows: Sequence[Sequence[Any]], title: str = "拐点") -> Path:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file


def corners_xlsx(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    return workbook(file, corner_rows(entries, crs))


def corners_csv(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    rows = [
        ",".join("" if cell is None else number(cell, crs) if isinstance(cell, float) else str(cell) for cell in row)
        for row in corner_rows(entries, crs)
    ]
    file.write_text("\n".join(rows), "utf-8-sig")
    return file


def dms(degrees: float) -> str:
    """To a hundred-thousandth of a second, 0.3 mm."""
    whole = round(degrees * 360_000_000)
    minutes, seconds = divmod(whole, 6_000_000)
    return f"{minutes // 60}°{minutes % 60:02d}′{seconds / 100_000:08.5f}″"


def letter(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    """Longitude before latitude, two points a line."""
    lines = ["关于协助核实采矿权范围的函", "坐标采用2000国家大地坐标系。"]
    for entry in entries:
        lines.append(f"许可证号：{entry.id}，矿山名称：{entry.name}。范围如下：")
        for k, ring in enumerate(entry.rings(DEGREES)):
            lines += ["扣除范围："] if k else []
            points = [f"J{n}：东经{dms(lon)}，北纬{dms(lat)}" for n, (lat, lon) in enumerate([*ring, ring[0]], 1)]
            lines += ["；".join(points[n : n + 2]) for n in range(0, len(points), 2)]
    file.write_bytes("\n".join(lines).encode("gb18030"))
    return file


def kml_text(entries: Sequence[Entry]) -> str:
    def ring(points: Points, tag: str) -> str:
        places = " ".join(f"{lon:.10f},{lat:.10f},0" for lat, lon in [*points, points[0]])
        return f"<{tag}><LinearRing><coordinates>{places}</coordinates></LinearRing></{tag}>"

    marks = []
    for entry in entries:
        outer, *holes = entry.rings(DEGREES)
        ground = ring(outer, "outerBoundaryIs") + "".join(ring(hole, "innerBoundaryIs") for hole in holes)
        data = f'<ExtendedData><Data name="许可证号"><value>{entry.id}</value></Data></ExtendedData>'
        marks.append(f"<Placemark><name>{entry.name}</name>{data}<Polygon>{ground}</Polygon></Placemark>")
    return f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{"".join(marks)}</Document></kml>'


def kml(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    file.write_text(kml_text(entries), "utf-8")
    return file


def kmz(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", kml_text(entries))
    file.write_bytes(packed.getvalue())
    return file


def polygons(entries: Sequence[Entry], crs: str) -> list[Polygon]:
    turned = [[[(east, north) for north, east in ring] for ring in entry.rings(crs)] for entry in entries]
    return [Polygon(rings[0], rings[1:]) for rings in turned]


def geojson(file: Path, entries: Sequence[Entry], crs: str) -> Path:
    named = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}}
    features = [
        {"type": "Feature", "properties": {"id": entry.id, "name": entry.name}, "geometry": shapely.geometry.mapping(polygon)}
        for entry, polygon in zip(entries, polygons(entries, crs), strict=True)
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": named, "features": features}, ensure_ascii=False), "utf-8")
    return file


def table(driver: str, names: Mapping[str, str], **options: Any) -> Write:
    def write(file: Path, entries: Sequence[Entry], crs: str) -> Path:
        ground = np.array([shapely.to_wkb(polygon) for polygon in polygons(entries, crs)], object)
        data = [np.array([getattr(entry, ours) for entry in entries], object) for ours in names]
        pyogrio.raw.write(
            file, geometry=ground, field_data=data, fields=list(names.values()), crs=crs, geometry_type="Polygon", driver=driver, **options
        )
        return file

    return write


FORMATS: dict[str, tuple[str, Write]] = {
    "parcel text": (".txt", parcel_text),
    "licence text": (".txt", licence_text),
    "register text": (".txt", register_text),
    "register table": (".csv", register_csv),
    "corner table": (".csv", corners_csv),
    "corner workbook": (".xlsx", corners_xlsx),
    "letter": (".txt", letter),
    "KML": (".kml", kml),
    "KMZ": (".kmz", kmz),
    "GeoJSON": (".geojson", geojson),
    "GeoPackage": (".gpkg", table("GPKG", {"id": "id", "name": "name"})),
    "Shapefile in GBK": (".shp", table("ESRI Shapefile", {"id": "采矿许可证", "name": "矿山名称"}, encoding="GBK")),
}
IN_DEGREES_ONLY = ("letter", "KML", "KMZ")
SYSTEMS = (DEGREES, "EPSG:4523", "EPSG:4544", "EPSG:4496", "EPSG:4507")
"""Degrees; 3-degree zone 35 with and without its number; 6-degree zone 18 with and without."""
