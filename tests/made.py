"""Rasters made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

ORIGIN = (500_000.0, 3_950_000.0)
"""North-west corner of made scenes, EPSG:32648."""


def write_band(
    path: Path,
    *,
    side: int = 8,
    resolution: float = 10,
    origin: tuple[float, float] = ORIGIN,
    crs: str = "EPSG:32648",
    value: int = 1500,
    **profile: Any,
) -> Path:
    transform = Affine(resolution, 0, origin[0], 0, -resolution, origin[1])
    settings = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16", "nodata": 0, "crs": crs, "transform": transform}
    with rasterio.open(path, "w", **(settings | profile)) as dataset:
        for band in range(1, dataset.count + 1):
            dataset.write(np.full((dataset.height, dataset.width), value, dataset.dtypes[0]), band)
    return path
