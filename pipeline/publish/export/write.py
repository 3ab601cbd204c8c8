"""Exports written: one form at a time, each file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds

from pipeline import months
from pipeline.config import Project
from pipeline.errors import MinewardenError
from pipeline.files import write_atomic
from pipeline.ledger import Ledger
from pipeline.publish.export import corners, kml, shapefile, stac
from pipeline.publish.export.finished import Finished, find
from pipeline.publish.month import with_verdicts


def export(project: Project, ledger: Ledger, month: str, form: str, out: Path | None, encoding: str) -> list[Path]:
    """Write a finished month, with the verdicts so far, as kml, shp, txt or stac; the files, by default in `<output>/export/<YYYY-MM>/`.

    Raises MinewardenError `MW-EXPORT-…` or `MW-RESULT-DAMAGED`.
    """
    finished = find(project, month)
    finished = replace(finished, cases=with_verdicts(ledger, month, finished.cases))
    folder = project.output / "export" / month if out is None else out
    _make(folder, project.output)
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


def _make(folder: Path, output: Path) -> None:
    """The folder, in which files can be written and which is no month's own."""
    inside = folder.resolve()
    if any(inside.is_relative_to((output / each).resolve()) for each in months.finished(output)):
        raise MinewardenError("MW-EXPORT-OUT", f"{folder} belongs to a finished month, which stays as it is.", "Choose another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror or "") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no permission to write")


def _unwritable(folder: Path, why: str) -> MinewardenError:
    return MinewardenError("MW-EXPORT-OUT", f"{folder} can't be written ({why}).", "Choose another folder with --out, or check its permissions.")
