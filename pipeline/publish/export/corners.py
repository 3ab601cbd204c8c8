"""Parcel coordinates as text (勘测定界界址点坐标交换格式): what land offices' programs take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import Polygon

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.projection import between
from pipeline.publish.coordinates import FIRST_ZONE, LAST_ZONE, crs_of
from pipeline.publish.export.finished import Finished
from pipeline.publish.export.gbk import Speller
from pipeline.publish.gpkg import CRS
from pipeline.publish.plain import plain

DECIMALS = 3

_MEANT_AS_TEXT = str.maketrans({",": "，", "@": "＠", "[": "［", "]": "］"})

Ring = NDArray[np.float64]
"""(n, 2) easting with its zone, northing; closed."""


def render(month: Finished, middle: float, encoding: str) -> bytes:
    """The text. middle: longitude of the county's middle, which gives one zone for all, month after month."""
    zone = zone_of(middle)
    lines = [*_head(month, zone), "[地块坐标]", *_parcels(month, zone)]
    text = "\r\n".join(lines) + "\r\n"
    if encoding == "gbk":
        return Speller().spell(text, None, ("", "")).encode("gbk")
    return text.encode("utf-8-sig")


def zone_of(longitude: float) -> int:
    """Number of the 3-degree zone; MW-EXPORT-ZONE outside China."""
    zone = round(longitude / 3)
    if not FIRST_ZONE <= zone <= LAST_ZONE:
        where = f"The county's middle lies at {longitude:.2f} degrees east"
        raise MinewardenError("MW-EXPORT-ZONE", f"{where}, outside the 3-degree zones {FIRST_ZONE} to {LAST_ZONE}.", "Export another format.")
    return zone


def _head(month: Finished, zone: int) -> Iterator[str]:
    yield "[属性描述]"
    yield "格式版本号=1.01版本"
    yield f"数据产生单位={_value(month.county)}"
    yield f"数据产生日期={months.last_day(month.month).isoformat()}"
    yield "坐标系=2000国家大地坐标系"
    yield "几度分带=3"
    yield "投影类型=高斯克吕格"
    yield "计量单位=米"
    yield f"带号={zone}"
    yield f"精度={10.0**-DECIMALS:.{DECIMALS}f}"
    yield "转换参数=,,,,,,"


def _parcels(month: Finished, zone: int) -> Iterator[str]:
    transformer = between(CRS, crs_of(zone))
    for case in month.cases:
        row = case.properties
        parts = shapely.get_parts(case.written.geometry)
        for number, part in enumerate(parts, 1):
            id = row["id"] if len(parts) == 1 else f"{row['id']}-{number}"
            yield from _parcel(rings(part, transformer), id, row["finding_zh"])


def rings(polygon: Polygon, transformer: Transformer) -> list[Ring]:
    """Outer ring and holes to the millimetre, as surveyors write them: from the north-west corner, the outer one clockwise."""
    wound = shapely.orient_polygons(polygon, exterior_cw=True)
    found = []
    for ring in (wound.exterior, *wound.interiors):
        lon, lat = np.asarray(ring.coords)[:-1].T
        x, y = transformer.transform(lon, lat, errcheck=True)
        points = np.round(np.column_stack([x, y]), DECIMALS)
        first = int(np.argmin(points[:, 0] - points[:, 1]))
        points = np.roll(points, -first, axis=0)
        found.append(np.vstack([points, points[:1]]))
    return found


def _parcel(found: Sequence[Ring], id: Any, name: Any) -> Iterator[str]:
    """Its header and its points; a ring's first point stands at its end again, and is counted there too."""
    outer, *holes = found
    hectares = Polygon(outer, holes).area / 10_000
    yield f"{sum(map(len, found))},{hectares:.4f},{_value(id)},{_value(name)},面,,,,@"
    corner = 0
    for number, ring in enumerate(found, 1):
        first = corner + 1
        for east, north in ring[:-1]:
            corner += 1
            yield f"J{corner},{number},{north:.{DECIMALS}f},{east:.{DECIMALS}f}"
        east, north = ring[-1]
        yield f"J{first},{number},{north:.{DECIMALS}f},{east:.{DECIMALS}f}"


def _value(text: Any) -> str:
    """Text without the signs that part the format's lines and sections."""
    return plain(str(text)).translate(_MEANT_AS_TEXT)
