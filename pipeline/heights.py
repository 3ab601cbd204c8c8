"""The county's model of heights (DEM), where the config names one: checked as every raster is, read where slopes are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline.config import Project
from pipeline.drone.raster import Raster, Role, examine
from pipeline.drone.surface import read_surface
from pipeline.errors import MinewardenError
from pipeline.grid import Slopes
from pipeline.projection import between
from pipeline.restoration.terrain import BASE_M, slopes

FIX = "Give a GeoTIFF of heights in metres with its coordinate system, e.g. Copernicus GLO-30 cut to the county, or take 'dem' out of the config."


@dataclass(frozen=True, slots=True)
class Heights:
    """A model of heights that was checked."""

    raster: Raster

    @property
    def sha256(self) -> str:
        return self.raster.sha256

    def slopes(self, box: GeoBox) -> Slopes | None:
        """Slopes of the cells of a box (`restoration.terrain`); None where the model has no heights there.

        Raises MinewardenError `MW-DEM-READ` where its pixels are damaged.
        """
        cell = abs(box.resolution.x)
        more = round(BASE_M / cell) + 1
        try:
            heights = read_surface(self.raster, box.pad(more))
        except MinewardenError as error:
            if error.code == "MW-DRONE-EMPTY":
                return None
            raise _ours(error) from error
        return slopes(heights, cell)[:, more:-more, more:-more]


def load(project: Project, area: BaseGeometry, crs: str) -> Heights | None:
    """The model that the config names; None where it names none. area: the county's, in `crs`.

    Raises MinewardenError `MW-DEM-…` where it can't be used.
    """
    if project.config.dem is None:
        return None
    path = project.path(project.config.dem)
    try:
        raster = examine(path, Role.HEIGHTS)
    except MinewardenError as error:
        raise _ours(error) from error
    west, north = raster.transform @ (0, 0)
    east, south = raster.transform @ (raster.width, raster.height)
    there = between(raster.crs, crs).transform_bounds(min(west, east), min(south, north), max(west, east), max(south, north))
    if not shapely.box(*there).intersects(area):
        raise MinewardenError("MW-DEM-PLACE", f"The {Role.HEIGHTS} {path} lies off the county's area.", FIX)
    return Heights(raster)


def _ours(error: MinewardenError) -> MinewardenError:
    """What the gate for a flight's surfaces says, about the config's file."""
    return MinewardenError(error.code.replace("DRONE", "DEM"), error.message, FIX, error.exit_code)
