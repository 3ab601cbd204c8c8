"""A stand-in for Sentinel Hub: token, catalogue, and images cut from scene folders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.io import MemoryFile
from rasterio.warp import transform_bounds
from rasterio.windows import from_bounds
from rasterio.windows import transform as window_transform

from tests.servers import Asked, Reply, Server


class Hub:
    """Serves the scene folders below `scenes`, named as products."""

    def __init__(self, server: Server, scenes: list[Path], page: int = 40) -> None:
        self.server, self.page = server, page
        self.scenes = {folder.name[11:26]: folder for folder in scenes}
        self.tokens = 0
        server.routes += [self._token, self._catalogue, self._process]

    @property
    def processed(self) -> list[Any]:
        return [asked.json for asked in self.server.asked if asked.path == "/api/v1/process"]

    def _token(self, asked: Asked) -> Reply | None:
        if asked.path != "/oauth/token":
            return None
        assert b"client_secret=s3cr3t" in asked.body
        self.tokens += 1
        return Reply.json({"access_token": f"t0ken{self.tokens}", "expires_in": 3600})

    def _catalogue(self, asked: Asked) -> Reply | None:
        if asked.path != "/api/v1/catalog/1.0.0/search":
            return None
        first, last = (text[:10].replace("-", "") for text in asked.json["datetime"].split("/"))
        within = [folder for stamp, folder in sorted(self.scenes.items()) if first <= stamp[:8] <= last]
        start = int(asked.json.get("next", 0))
        context = {"next": start + self.page} if start + self.page < len(within) else {}
        return Reply.json({"type": "FeatureCollection", "features": [_item(f) for f in within[start : start + self.page]], "context": context})

    def _process(self, asked: Asked) -> Reply | None:
        if asked.path != "/api/v1/process":
            return None
        if not asked.headers.get("Authorization", "").startswith("Bearer t0ken"):
            return Reply.page(401)
        body = asked.json
        (data,) = body["input"]["data"]
        assert data["processing"] == {"harmonizeValues": False}
        begin = re.sub(r"\D", "", data["dataFilter"]["timeRange"]["from"])
        end = re.sub(r"\D", "", data["dataFilter"]["timeRange"]["to"])
        found = [folder for stamp, folder in self.scenes.items() if begin <= stamp.replace("T", "") <= end]
        named = re.search(r"var BANDS = (\[.*?\]);", body["evalscript"])
        assert named
        return Reply(200, _cut(found[0], json.loads(named[1]), body), {"Content-Type": "image/tiff"})


def _item(folder: Path) -> dict[str, Any]:
    with rasterio.open(next(folder.glob("*_B04_10m.tif"))) as band:
        box = transform_bounds(band.crs, "EPSG:4326", *band.bounds)
    stamp = folder.name[11:26]
    when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:]}Z"
    return {"id": f"{folder.name}.SAFE", "bbox": list(box), "properties": {"datetime": when, "eo:cloud_cover": 3.1}}


def _cut(folder: Path, bands: list[str], body: dict[str, Any]) -> bytes:
    bounds, width, height = body["input"]["bounds"]["bbox"], body["output"]["width"], body["output"]["height"]
    values = []
    for band in bands:
        with rasterio.open(next(folder.glob(f"*_{band}_*.tif"))) as source:
            window = from_bounds(*bounds, source.transform).round_offsets().round_lengths()
            assert (window.width, window.height) == (width, height), "pixels are asked for as they are"
            values.append(source.read(1, window=window, boundless=True, fill_value=0))
            transform, crs = window_transform(window, source.transform), source.crs
    profile = {"driver": "GTiff", "width": width, "height": height, "count": len(bands), "dtype": "uint16", "crs": crs, "transform": transform}
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(np.stack(values).astype(np.uint16))
        return bytes(memory.getbuffer())
