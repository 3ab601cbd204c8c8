"""Exports written: one form at a time, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds

from pipeline.config import Project
from pipeline.files import write_atomic
from pipeline.ledger import Ledger
from pipeline.publish.export import corners, kml, shapefile, stac
from pipeline.publish.export.finished import Finished, find
from pipeline.publish.export.folder import made
from pipeline.publish.month import with_verdicts


def export(project: Project, ledger: Ledger, month: str, form: str, out: Path | None, encoding: str) -> list[Path]:
    """Write a finished month, with the verdicts so far, as kml, shp, txt or stac; the files, by default in `<output>/export/<YYYY-MM>/`.

    Raises MinewardenError `MW-EXPORT-…` or `MW-RESULT-DAMAGED`.
    """
    finished = find(project, month)
    finished = replace(finished, cases=with_verdicts(ledger, month, finished.cases))
    folder = made(project.output / "export" / month if out is None else out, project.output)
    files = _files(finished, form, folder, encoding)
    for name, data in files.items():
        write_atomic(folder / name, data)
    return [folder / name for name in files]


def _files(finished: Finished, form: str, folder: Path, encoding: str) -> Mapping[str, bytes]:
    stem = finished.stem
    if form == "kml":
        return {f"{stem}.kml": kml.render(finished)}
    if form == "shp":
        return shapefile.render(finished, folder)
    if form == "txt":
        return {f"{stem}.txt": corners.render(finished, _middle(finished), encoding)}
    return {f"minewarden-{stem}.json": stac.render(finished, folder.resolve())}


def _middle(finished: Finished) -> float:
    """Longitude of the county's middle: that of its raster, which is the same each month."""
    with rasterio.open(finished.raster, driver="GTiff") as raster:
        west, _, east, _ = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    return float(west + east) / 2
