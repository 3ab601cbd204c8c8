"""A STAC item for a flight's rasters and what was made beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import rasterio

from pipeline.files import sha256_file
from pipeline.publish.export.stac import SHA256_MULTIHASH, VERSION

EXTENSIONS = ("projection/v2.0.0", "file/v2.1.0")
_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_ASSETS = {
    "orthophoto.tif": ("orthophoto", _COG, "Orthophoto", ["data", "visual"]),
    "dsm.tif": ("dsm", _COG, "Surface heights, metres", ["data"]),
    "change.tif": ("change", _COG, "Height change, new minus before, metres", ["data"]),
    "outlines.geojson": ("outlines", "application/geo+json", "Ground dug and heaped up", ["data"]),
    "report.html": ("report", "text/html", "One-page report", ["metadata"]),
    "flight.json": ("record", "application/json", "Record of the flight", ["metadata"]),
}


def render(folder: Path, flight: str, county: str, captured: date, footprint: dict[str, Any], bbox: list[float]) -> bytes:
    """The item, beside the files that it names."""
    item = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [f"https://stac-extensions.github.io/{each}/schema.json" for each in EXTENSIONS],
        "id": f"minewarden-drone-{flight}",
        "geometry": footprint,
        "bbox": bbox,
        "properties": {"title": f"{county} {captured}", "datetime": f"{captured}T00:00:00Z", "platform": "drone"},
        "links": [],
        "assets": dict(_assets(folder)),
    }
    return (json.dumps(item, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _assets(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, (key, media, title, roles) in _ASSETS.items():
        file = folder / name
        if not file.is_file():
            continue
        asset: dict[str, Any] = {"href": name, "type": media, "title": title, "roles": roles}
        asset |= {"file:checksum": SHA256_MULTIHASH + sha256_file(file), "file:size": file.stat().st_size}
        if media == _COG:
            with rasterio.open(file, driver="GTiff") as raster:
                code = raster.crs.to_epsg()
                asset |= {
                    "proj:code": f"EPSG:{code}" if code else None,
                    "proj:wkt2": None if code else raster.crs.to_wkt(),
                    "proj:shape": list(raster.shape),
                    "proj:transform": list(raster.transform)[:6],
                }
        yield key, asset
