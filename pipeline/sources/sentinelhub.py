"""Scenes of Sentinel Hub: pieces of the county, asked for once and kept until all their bands are in the store."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from filelock import FileLock
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.windows import Window

from pipeline import months
from pipeline.files import write_atomic
from pipeline.projection import between
from pipeline.sources import naming
from pipeline.sources.bandfile import GDAL_ENV
from pipeline.sources.item import Item
from pipeline.sources.listing import Bounds, Listing
from pipeline.sources.passes import once_each, pass_key
from pipeline.sources.place import Crop, Place
from pipeline.sources.process_api import PIECE, Service, find, image, units
from pipeline.sources.room import PAID
from pipeline.sources.scaling import of_baseline
from pipeline.sources.scene import BandFile, Doubt, Hashes, Refused, Scene, WebDelivery
from pipeline.sources.transcode import LAYOUT, write_failed
from pipeline.sources.web import WebStop

GROUPS = {10: ("B02", "B03", "B04", "B08"), 20: ("B11", "B12", "SCL")}
"""Bands by resolution, metres: those of one are asked for together, which costs fewer requests and no more units."""
SNAP_M = 20
_PRODUCT = re.compile(r"S2[A-D]_MSIL2A_\d{8}T\d{6}_N(\d{4})_R\d{3}_T(\d{2})([A-Z])[A-Z]{2}_\d{8}T\d{6}")


@dataclass(frozen=True, slots=True)
class ProcessDelivery(WebDelivery):
    """The bands of one product, as the service makes them."""

    service: Service
    item: str
    moment: datetime
    bands: tuple[str, ...]
    places: Mapping[str, Place]

    def named(self, band: str) -> str:
        return f"sentinelhub {self.service.url} {self.service.collection}"

    def origin(self, band: str, hashes: Hashes) -> str:
        return hashlib.sha256(json.dumps([self.service.url, self.service.collection, self.item]).encode()).hexdigest()

    def units(self, band: str, crop: Crop) -> float:
        return units(crop.width, crop.height, 1)

    def write(self, band: str, crop: Crop, target: Path, hashes: Hashes) -> None:
        place = self.places[band]
        together = [each for each in GROUPS[round(place.resolution)] if each in self.bands]
        key = hashlib.sha256(f"{self.service.url} {self.item} {place} {crop} {together}".encode()).hexdigest()[:16]
        stash = target.parent / f"{PAID}{key}"
        stash.mkdir(exist_ok=True)
        with FileLock(stash.with_suffix(".lock")):
            # Replies have been paid for: they are kept until each band that they hold is in the store.
            pieces = [(window, self._piece(stash, together, place, window)) for window in _windows(crop, place)]
        self._assemble(pieces, together.index(band) + 1, band, crop, place, target)
        (stash / f"{band}.done").touch()
        if all((stash / f"{each}.done").exists() for each in together):
            shutil.rmtree(stash, ignore_errors=True)

    def _piece(self, stash: Path, bands: Sequence[str], place: Place, window: Crop) -> Path:
        file = stash / f"{window.row}-{window.col}.tif"
        if not file.exists():
            here = place.of(window)
            reply = image(self.service, bands, here, self.moment)
            _check(reply, here, len(bands), self.item)
            write_atomic(file, reply)
        return file

    def _assemble(self, pieces: Sequence[tuple[Crop, Path]], index: int, band: str, crop: Crop, place: Place, target: Path) -> None:
        here = place.of(crop)
        dtype = "uint8" if band == "SCL" else "uint16"
        profile = {"width": crop.width, "height": crop.height, "count": 1, "dtype": dtype, "crs": here.crs, "transform": here.transform}
        try:
            with rasterio.Env(**GDAL_ENV), rasterio.open(target, "w", **LAYOUT, **profile) as out:
                for window, file in pieces:
                    with rasterio.open(file, driver="GTiff") as piece:
                        values: NDArray[Any] = piece.read(index).astype(np.dtype(dtype))
                    out.write(values, 1, window=Window(window.col - crop.col, window.row - crop.row, window.width, window.height))
        except (RasterioError, OSError) as error:
            raise write_failed(error, target) from error


def _windows(crop: Crop, place: Place) -> list[Crop]:
    """Pieces of the same ground for bands of 10 and of 20 m, so large that a request may give them."""
    step = PIECE if place.resolution < SNAP_M else PIECE // 2
    return [
        Crop(col, row, min(step, crop.col + crop.width - col), min(step, crop.row + crop.height - row))
        for row in range(crop.row, crop.row + crop.height, step)
        for col in range(crop.col, crop.col + crop.width, step)
    ]


def _check(reply: bytes, place: Place, bands: int, item: str) -> None:
    """A reply must be the image that was asked for, down to its last pixel: a page with status 200 is none."""
    try:
        with rasterio.Env(**GDAL_ENV), MemoryFile(reply, ext=".tif") as memory, rasterio.open(memory.name, driver="GTiff") as source:
            same = (source.width, source.height, source.count, source.dtypes[0]) == (place.width, place.height, bands, "uint16")
            if same and source.transform.almost_equals(place.transform, precision=1e-3):
                source.read()
                return
            said = f"{source.width} × {source.height} pixels, {source.count} band(s) of {source.dtypes[0]}"
    except RasterioError:
        said = "no whole image"
    fix = "Run again later: what is there already is kept."
    raise WebStop("MW-SH-REPLY", f"{item}: the service sends {said}, not the {place.width} × {place.height} pixels asked for.", fix)


class SentinelHubSource:
    """`kind: sentinelhub`."""

    def __init__(
        self,
        service: Service,
        listing: Path,
        *,
        since: date,
        bounds: Callable[[], Bounds] | None,
        bands: Sequence[str] | None = None,
        mask: str | None = None,
    ) -> None:
        """listing: folder of what was listed. bounds: of the county; without them the service is not asked, what is kept stands."""
        self.service, self.since, self.bounds, self.mask = service, since, bounds, mask
        self.bands = tuple(bands) if bands else naming.BANDS
        key = hashlib.sha256(f"{service.url} {service.collection}".encode()).hexdigest()[:12]
        self.listing = Listing(listing / key)

    @property
    def doubts(self) -> Sequence[Doubt]:
        return self.listing.doubts

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes since the first day asked for, oldest first, each pass once, and what had to be left out."""
        ask = (lambda b, first, last: [_slim(item) for item in find(self.service, b, first, last)]) if self.bounds else None
        items = self.listing.items(self.since, months.today(), self.bounds() if self.bounds else None, ask)
        found: dict[str, Scene] = {}
        refused: dict[str, Refused] = {}
        for item in items:
            outcome = self._scene(item)
            if isinstance(outcome, Scene):
                found[outcome.id] = outcome
            else:
                refused[outcome.id] = outcome
        kept, twice = once_each(found.values())
        return kept, sorted([*refused.values(), *twice], key=lambda r: r.id)

    def _scene(self, item: Mapping[str, Any]) -> Scene | Refused:
        name, moment = str(item["id"]).removesuffix(".SAFE"), Item(properties=item["properties"], assets={}).acquired
        product, box, stamp = _PRODUCT.fullmatch(name), item["bbox"], naming.sensed(name, moment)[0]
        if not product or moment is None or stamp is None or not _is_box(box):
            reason = "The catalogue does not say which product of which tile it is, when it was taken and where it lies."
            return Refused(name[:120], moment.date() if moment else None, reason, code="MW-SH-ITEM", fix="Check the source's collection.")
        crs = f"EPSG:32{'6' if product[3] >= 'N' else '7'}{product[2]}"
        scale, offset = of_baseline(product[1])
        wanted = (*self.bands, *(() if self.mask == "none" else ("SCL",)))
        return Scene(
            id=name,
            acquired=stamp.moment,
            bands={band: BandFile(Path(name) / f"{band}.tif", scale, offset) for band in self.bands},
            scl=None if self.mask == "none" else Path(name) / "SCL.tif",
            baseline=product[1],
            pass_key=pass_key(naming.satellite(name), naming.tile(name), stamp),
            masked=self.mask != "none",
            delivery=ProcessDelivery(self.service, name, moment, wanted, _places(box, crs)),
        )


def _is_box(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and all(isinstance(n, int | float) and abs(n) <= 180 for n in box)


def _slim(item: Mapping[str, Any]) -> dict[str, Any]:
    properties = item.get("properties")
    moment = properties.get("datetime") if isinstance(properties, dict) else None
    return {"id": str(item.get("id"))[:200], "properties": {"datetime": moment}, "bbox": item.get("bbox")}


def _places(box: Sequence[float], crs: str) -> dict[str, Place]:
    """Where a product's ground lies, on the lattice of its pixels: corners of tiles are multiples of 20 m."""
    around = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    west, south, east, north = between("EPSG:4326", crs).transform_bounds(*around)
    left, top = np.floor(west / SNAP_M) * SNAP_M, np.ceil(north / SNAP_M) * SNAP_M
    right, bottom = np.ceil(east / SNAP_M) * SNAP_M, np.floor(south / SNAP_M) * SNAP_M
    return {
        band: Place(crs, step, float(left), float(top), round((right - left) / step), round((top - bottom) / step))
        for step, bands in GROUPS.items()
        for band in bands
    }
