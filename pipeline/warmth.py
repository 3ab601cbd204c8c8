"""Compiles every kernel, by a few months of a tiny made county; and tells whether that was needed."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline import monthly
from pipeline.config import Project, load

_BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
"""The usual set. Kernels are compiled for a number of bands; another number is compiled when it first occurs."""
_FIELD = (1700, 2000, 2200, 3600, 3300, 2700)
_PIT = (2500, 3400, 4000, 4300, 5200, 5000)
_SIDE, _STEP = 24, timedelta(days=14)
_WEST, _NORTH = 500_000, 3_950_000
_FIRST, _DUG, _LAST = date(2022, 3, 1), date(2024, 2, 1), date(2024, 5, 31)
_CONFIG = """county: {name: warm, code: "000000"}
area: area.geojson
grid: {crs: EPSG:32648, resolution: 10}
sources: [{kind: folder, path: scenes}]
output: out
monitor_from: 2024-01
"""


def warm() -> int:
    """Fill the caches of compiled code; how many kernels had to be compiled."""
    with tempfile.TemporaryDirectory(prefix="minewarden-") as place:
        monthly.run(_county(Path(place)), f"{_LAST:%Y-%m}", 1, None, False, lambda *_: None)
    return sum(_compiled(name) for name in list(sys.modules) if name.startswith("pipeline."))


def _county(folder: Path) -> Project:
    """A field in which a pit is dug."""
    chance, day = np.random.default_rng(1), _FIRST
    while day <= _LAST:
        scene = folder / "scenes" / f"{day:%Y%m%d}"
        scene.mkdir(parents=True)
        for name, field, pit in zip(_BANDS, _FIELD, _PIT, strict=True):
            cells = (field + chance.integers(0, 120, (_SIDE, _SIDE))).astype(np.uint16)
            if day >= _DUG:
                cells[6:14, 6:14] = pit
            _write(scene / f"{name}.tif", cells)
        classes = np.full((_SIDE, _SIDE), 5, np.uint8)
        classes[:5, :5] = 9
        _write(scene / "SCL.tif", classes)
        day += _STEP
    east, south = _WEST + 10 * _SIDE, _NORTH - 10 * _SIDE
    ring = [[_WEST, south], [east, south], [east, _NORTH], [_WEST, _NORTH], [_WEST, south]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    crs = {"type": "name", "properties": {"name": "EPSG:32648"}}
    (folder / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), "utf-8")
    (folder / "config.yaml").write_text(_CONFIG, "utf-8")
    return load(folder / "config.yaml")


def _write(file: Path, cells: NDArray[np.generic]) -> None:
    place = Affine(10, 0, _WEST, 0, -10, _NORTH)
    form = {"driver": "GTiff", "width": _SIDE, "height": _SIDE, "count": 1, "dtype": cells.dtype, "nodata": 0}
    # Deflated tiles have a kernel of their own.
    packing = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate", "predictor": 2}
    with rasterio.open(file, "w", crs="EPSG:32648", transform=place, **form, **packing) as target:
        target.write(cells, 1)


def _compiled(module: str) -> int:
    """Kernels of a module that were not in the cache."""
    kernels = {id(k): k for k in vars(sys.modules[module]).values() if hasattr(k, "py_func") and k.__module__ == module}
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels.values())
