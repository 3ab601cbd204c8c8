"""`minewarden init`: a folder with a commented config for a county."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import talking
from pipeline.config import load
from pipeline.config_text import EXAMPLE, render
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

CONFIG = "config.yaml"


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--county", required=True, metavar="NAME", help="Name of the county as it should stand in reports.")
@click.option("--code", required=True, metavar="CODE", help="Six-digit division code, e.g. 620422.")
@click.option(
    "--area", "area_file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Polygon(s) of the county: any vector file."
)
@talking
def command(console: Console, folder: Path, county: str, code: str, area_file: Path) -> Exit:
    """Write a commented config and the folders it needs."""
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        raise MinewardenError("MW-INIT-CODE", f"--code {code!r} is not a division code.", "Give the six digits of GB/T 2260, e.g. 620422.")
    config = folder / CONFIG
    if config.exists() and config.stat().st_size:
        raise MinewardenError("MW-INIT-EXISTS", f"{config} is there already.", "Choose another folder, or remove the file.")
    area, crs = read_area(area_file)
    try:
        for name in ("scenes", "layers"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "layers" / "aoi.geojson").write_text(json.dumps(area, ensure_ascii=False), "utf-8")
        values = EXAMPLE | {"county": {"name": county, "code": code}, "grid": {"crs": crs, "resolution": 10}}
        config.write_text(render(values), "utf-8")
    except OSError as error:
        raise MinewardenError("MW-INIT-WRITE", f"{folder} can't be written ({error.strerror}).", "Choose another folder.") from error
    load(config)
    console.result(f"Config:  {config}")
    console.result(f"Next:    put the scenes into {folder / 'scenes'} and the layers into {folder / 'layers'},")
    console.result(f"         remove from the config the layers you do not have, then: minewarden layers check {config}")
    return Exit.DONE


def read_area(file: Path) -> tuple[dict[str, Any], str]:
    """The polygons of a vector file as a GeoJSON object in WGS 84, and the UTM zone of its centre."""
    import shapely

    from pipeline.layers.read import read
    from pipeline.layers.shapes import polygonal, to_grid

    def refuse(what: str) -> MinewardenError:
        return MinewardenError("MW-INIT-AREA", what, "Give --area the county's outline as polygons: a GeoJSON, GeoPackage or Shapefile.")

    try:
        table = read("area", file, file.resolve())
        moved = to_grid(shapely.force_2d(table.geometry), table.crs, "EPSG:4326")
    except MinewardenError as error:
        raise refuse(error.message) from error
    whole = polygonal(shapely.union_all([shapely.make_valid(g) for g in moved if g is not None]))
    if whole.is_empty:
        raise refuse(f"{file} holds no polygons.")
    west, south, east, north = whole.bounds
    if not (-180 <= west < east <= 180 and -84 <= south < north <= 84):
        raise refuse(f"{file} does not lie on the globe where its CRS says.")
    zone = min(int((west + east) / 2 + 180) // 6 + 1, 60)
    crs = f"EPSG:{(32600 if south + north >= 0 else 32700) + zone}"
    outline = shapely.geometry.mapping(shapely.orient_polygons(whole))
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "aoi"}, "geometry": outline}]}, crs
