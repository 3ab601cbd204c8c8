"""The county's grid: that of scenes which are already in its CRS, so that nothing is resampled needlessly."""

from __future__ import annotations

import math
from collections.abc import Sequence

from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.config import Config
from pipeline.errors import MinewardenError
from pipeline.grid import Grid
from pipeline.sources.bandfile import open_band
from pipeline.sources.scene import Scene

MAX_CELLS = 4_000_000_000
"""At 10 m twice the largest county of China."""
LOOKED_AT = 50
"""Scenes, spread over the archive, whose place is looked at before the grid is fixed for good."""
_TOUCH = 1e-6
"""Bounds that touch a cell's edge to this part of a cell do not need the next cell."""


def county_grid(config: Config, area: BaseGeometry, scenes: Sequence[Scene]) -> Grid:
    """Grid that covers `area` (in the grid's CRS) on the cells of the first scene, by date, that fits; else on multiples of the resolution."""
    crs = metric_crs(config.grid.crs)
    if area.is_empty:
        raise MinewardenError("MW-GRID-AREA", "The area is empty.", "Check the area layer.")
    if scenes and not any(_meets(s, area, crs) for s in scenes[:: max(len(scenes) // LOOKED_AT, 1)]):
        raise MinewardenError(
            "MW-GRID-APART",
            f"None of the scenes lies on the area ({config.area}).",
            "Are the scenes another county's, or does the area say the wrong CRS?",
        )
    step = config.grid.resolution
    x0, y0 = next((o for s in sorted(scenes, key=lambda s: s.order) if (o := _origin(s, crs, step))), (0.0, 0.0))
    west, south, east, north = area.bounds
    left, right = math.floor((west - x0) / step + _TOUCH), math.ceil((east - x0) / step - _TOUCH)
    low, high = math.floor((south - y0) / step + _TOUCH), math.ceil((north - y0) / step - _TOUCH)
    affine = Affine(step, 0, x0 + left * step, 0, -step, y0 + high * step)
    shape = max(high - low, 1), max(right - left, 1)
    if shape[0] * shape[1] > MAX_CELLS:
        size = f"{shape[1] * step / 1000:.0f} × {shape[0] * step / 1000:.0f} km"
        raise MinewardenError("MW-GRID-SIZE", f"The area spans {size}: {shape[0] * shape[1]:.1e} cells of {step:g} m.", "Check the area and its CRS.")
    return Grid(GeoBox(shape, affine, config.grid.crs), config.compute.block)


def _meets(scene: Scene, area: BaseGeometry, crs: CRS) -> bool:
    """Whether a scene's file lies on the area; one that can't be opened may."""
    if scene.delivery is not None:
        return bool(box(*scene.delivery.places["B04"].bounds_in(crs.to_wkt())).intersects(area))
    try:
        with open_band(scene.bands["B04"].path) as dataset:
            extent = transform_bounds(dataset.crs, crs.to_wkt(), *dataset.bounds)
    except (MinewardenError, CRSError, RasterioError):
        return True  # the reader opens it again and names the scene
    return bool(box(*extent).intersects(area))


def metric_crs(text: str) -> CRS:
    """The config's `grid.crs`; MW-GRID-CRS unless it is a projected one in metres."""
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise MinewardenError("MW-GRID-CRS", f"grid.crs {text!r} is not a CRS.", "Write it as EPSG:32648.") from error
    if not crs.is_projected or {axis.unit_name for axis in crs.axis_info[:2]} != {"metre"}:
        raise MinewardenError("MW-GRID-CRS", f"grid.crs {text} is not in metres.", "Use the UTM zone of the scenes, e.g. EPSG:32648.")
    return crs


def _origin(scene: Scene, crs: CRS, step: float) -> tuple[float, float] | None:
    """Corner of a band of `scene` that lies in the CRS at this resolution."""
    if scene.delivery is not None:
        places = (scene.delivery.places[band] for band in scene.bands)
        fit = (p for p in places if p.resolution == step and crs.equals(CRS.from_user_input(p.crs), ignore_axis_order=True))
        return next(((p.west, p.north) for p in fit), None)
    for band in scene.bands.values():
        try:
            with open_band(band.path) as dataset:
                transform = dataset.transform
                if not crs.equals(CRS.from_wkt(dataset.crs.to_wkt()), ignore_axis_order=True):
                    return None
        except MinewardenError:
            continue  # the reader opens it again and names the scene
        if transform.almost_equals(Affine(step, 0, transform.c, 0, -step, transform.f), precision=1e-6):
            return transform.c, transform.f
    return None
