"""A flight's orthophoto laid over a case's pictures: the same ground, cell upon cell, as fine as a screen shows it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT

from pipeline.publish.flight import record
from pipeline.sources.bandfile import GDAL_ENV

NAME = "orthophoto.tif"
SIDE = 1400
"""Longest side of a picture, pixels."""
FINEST = 40
"""Pixels a side of a cell: a quarter of a metre for Sentinel-2's."""
_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


def of_case(output: Path, flights: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of flights that speak of a case, those whose orthophoto can be laid over it, the latest first."""
    return [{"flight": each["flight"], "captured": each["captured"]} for each in flights if each["says"] and _file(output, each["flight"]).is_file()]


def picture(output: Path, flight: str, frame: GeoBox) -> bytes | None:
    """WebP of a frame of cells, clear where the flight saw nothing; None where there is no such flight, or it was withdrawn."""
    known = {each["flight"] for each in record.flights(output) if not each["withdrawn"]}
    if flight not in known or not _file(output, flight).is_file():
        return None
    times = max(min(SIDE // max(frame.shape), FINEST), 1)
    box = GeoBox((frame.shape.y * times, frame.shape.x * times), frame.affine @ Affine.scale(1 / times), frame.crs)
    with rasterio.Env(**GDAL_ENV), rasterio.open(_file(output, flight), driver="GTiff") as source:
        pixels = _read(source, box)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def _file(output: Path, flight: str) -> Path:
    return output / "drone" / flight / NAME


def _read(source: DatasetReader, box: GeoBox) -> NDArray[np.uint8]:
    """(h, w, 4): red, green, blue, and where there is anything. Numbers other than bytes are stretched from the 2nd to the 98th percentile."""
    place = {"crs": str(box.crs), "transform": box.affine, "height": box.shape.y, "width": box.shape.x}
    with WarpedVRT(source, **place, resampling=Resampling.bilinear, add_alpha=ColorInterp.alpha not in source.colorinterp) as warped:
        plain = [number for number, colour in enumerate(source.colorinterp, 1) if colour is not ColorInterp.alpha]
        named = [source.colorinterp.index(colour) + 1 for colour in _COLOURS if colour in source.colorinterp]
        chosen = named if len(named) == len(_COLOURS) else plain[:3] if len(plain) >= 3 else plain[:1] * 3
        values = warped.read(chosen).astype(np.float32)
        alpha = warped.read(warped.colorinterp.index(ColorInterp.alpha) + 1)
    known = (alpha > 0) & np.isfinite(values).all(axis=0)
    if source.dtypes[0] != "uint8" and known.any():
        low, high = np.percentile(values[:, known], (2, 98))
        values = (values - low) / max(high - low, 1e-9) * 255
    colours = np.where(known, np.clip(np.nan_to_num(values), 0, 255), 0).astype(np.uint8)
    return np.concatenate([colours, np.where(known, 255, 0).astype(np.uint8)[None]]).transpose(1, 2, 0).copy()
