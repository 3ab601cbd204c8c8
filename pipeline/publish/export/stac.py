"""A STAC item for a month's disturbance.tif and what was made beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import rasterio
from rasterio.warp import transform_bounds, transform_geom
from shapely.geometry import box, mapping, shape

from pipeline import months
from pipeline.publish.cog import BANDS, MEANINGS, NODATA
from pipeline.publish.export.finished import Finished
from pipeline.publish.wgs84 import settle

VERSION = "1.1.0"
EXTENSIONS = ("projection/v2.0.0", "raster/v2.0.0", "classification/v2.0.0", "file/v2.1.0")
SHA256_MULTIHASH = "1220"
"""Before a digest of 32 bytes in a multihash."""
_CONFIDENCE_SCALE = 0.0001

_GEOJSON = "application/geo+json"
_ASSETS = {
    "disturbance.tif": ("disturbance", "image/tiff; application=geotiff; profile=cloud-optimized", "State of every cell", ["data"]),
    "flagged.geojson": ("flagged", _GEOJSON, "Suspected illegal digging, for review", ["data"]),
    "patches.geojson": ("patches", _GEOJSON, "Every patch of changed ground, flagged or explained", ["data"]),
    "coverage.geojson": ("coverage", _GEOJSON, "Ground not seen clearly this month", ["metadata"]),
    "flagged.gpkg": ("package", "application/geopackage+sqlite3", "The same with the layers used, in CGCS2000", ["data"]),
}


def render(month: Finished, out: Path) -> bytes:
    """The item, whose links are relative to `out`."""
    with rasterio.open(month.raster, driver="GTiff") as raster:
        footprint = transform_geom(raster.crs, "EPSG:4326", mapping(box(*raster.bounds)))
        bounds = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
        place = {
            "proj:code": raster.crs.to_string(),
            "proj:shape": list(raster.shape),
            "proj:transform": list(raster.transform)[:6],
            "proj:bbox": list(raster.bounds),
        }
        resolution = raster.res[0]
    end = months.last_day(month.month)
    item = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [f"https://stac-extensions.github.io/{each}/schema.json" for each in EXTENSIONS],
        "id": f"minewarden-{month.stem}",
        "geometry": settle(shape(footprint)).mapping,
        "bbox": [round(value, 7) for value in bounds],
        "properties": {
            "title": f"{month.county} {month.month}",
            "datetime": None,
            "start_datetime": f"{month.month}-01T00:00:00Z",
            "end_datetime": f"{end.isoformat()}T23:59:59Z",
            **place,
        },
        "links": [],
        "assets": dict(_assets(month, out, resolution)),
    }
    return (json.dumps(item, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _assets(month: Finished, out: Path, resolution: float) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, (key, media, title, roles) in _ASSETS.items():
        file = month.folder / name
        if name not in month.outputs or not file.is_file():
            continue
        href = Path(os.path.relpath(file, out)).as_posix()
        asset: dict[str, Any] = {"href": quote(href), "type": media, "title": title, "roles": roles}
        asset |= {"file:checksum": SHA256_MULTIHASH + month.outputs[name], "file:size": file.stat().st_size}
        if file == month.raster:
            asset["bands"] = list(_bands(resolution))
        yield key, asset


def _bands(resolution: float) -> Iterator[dict[str, Any]]:
    for name, meaning in zip(BANDS, MEANINGS, strict=True):
        band: dict[str, Any] = {
            "name": name,
            "description": meaning,
            "data_type": "uint16",
            "nodata": NODATA,
            "raster:spatial_resolution": resolution,
        }
        if name == "status":
            band["classification:classes"] = list(_classes(meaning))
        if name == "confidence":
            band["raster:scale"] = _CONFIDENCE_SCALE
        yield band


def _classes(meaning: str) -> Iterator[dict[str, Any]]:
    """From what the raster itself says of its codes."""
    for each in meaning.split(", "):
        value, name = each.split(" ", 1)
        yield {"value": int(value), "name": name.replace(" ", "_"), "description": name}
