"""Scenes of a STAC API or a static catalogue: only the county's part of each band is read, straight into the store."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlsplit

import rasterio
from rasterio.errors import RasterioError

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import naming
from pipeline.sources.bandfile import DRIVERS, GDAL_ENV
from pipeline.sources.catalogue import find
from pipeline.sources.item import BadItem
from pipeline.sources.listing import Bounds, Listing
from pipeline.sources.passes import once_each
from pipeline.sources.place import Crop, Place
from pipeline.sources.ranges import RangeFile
from pipeline.sources.scene import Delivery, Doubt, Hashes, Refused, Scene, WebDelivery
from pipeline.sources.stac_item import Asset, scene_of, slim
from pipeline.sources.transcode import check, transcode
from pipeline.sources.web import Web, WebError, host_of

TOKEN = "MINEWARDEN_STAC_TOKEN"
"""Environment variable: sent as a bearer token to the source's hosts."""
DATA_HOSTS = (
    "sentinel-cogs.s3.us-west-2.amazonaws.com", "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com", "sentinel2l2a01.blob.core.windows.net",
    "download.dataspace.copernicus.eu",
)  # fmt: skip
"""Where the catalogues that docs/sources.md names keep their files."""
SIGNED = {"planetarycomputer.microsoft.com": "https://planetarycomputer.microsoft.com/api/sas/v1/sign"}
"""Where links have to be signed, by the catalogue's host."""
MOST_JSON = 50_000_000
BESIDE = 3
"""Files that are asked for where one is denied."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to get at a catalogue and its files. Holds no secret."""

    url: str
    trusted: tuple[str, ...]
    """Hosts that a token is sent to: the catalogue's, and those that the config names."""
    sign: str | None

    @classmethod
    def of(cls, url: str, hosts: Sequence[str]) -> Access:
        return cls(url, (host_of(url), *hosts), SIGNED.get(host_of(url)))


_webs: dict[Access, Web] = {}
_signed: dict[str, str] = {}
"""Signed links of this process, by the bare ones."""
_given: dict[Access, str] = {}
"""The link of this process that worked last."""
_guard = threading.Lock()


def web_of(access: Access) -> Web:
    with _guard:
        if access not in _webs:
            hosts, token = {*access.trusted, *DATA_HOSTS}, os.environ.get(TOKEN, "").strip() or None
            _webs[access] = Web(f"catalogue {host_of(access.url)}", hosts, token=token, trusted=access.trusted)
        return _webs[access]


@dataclass(frozen=True, slots=True)
class StacDelivery(WebDelivery):
    """The bands of one item."""

    access: Access
    item: str
    own_link: str
    assets: Mapping[str, Asset]
    places: Mapping[str, Place]
    made: str
    """What the catalogue says of when and from what the product was made."""

    def named(self, band: str) -> str:
        return f"stac {self.assets[band].href}"

    def origin(self, band: str, hashes: Hashes) -> str:
        asset = self.assets[band]
        return hashlib.sha256(json.dumps([asset.href, asset.checksum, self.made]).encode()).hexdigest()

    def units(self, band: str, crop: Crop) -> float:
        return 0.0

    def write(self, band: str, crop: Crop, target: Path, hashes: Hashes) -> None:
        asset, web = self.assets[band], web_of(self.access)
        name = f"{self.item}/{band}"
        file = RangeFile(web, lambda fresh: self._link(band, fresh), lambda: self._beside(band))
        driver = DRIVERS.get(Path(urlsplit(asset.href).path).suffix.lower(), "GTiff")
        with rasterio.Env(**GDAL_ENV):
            try:
                source = rasterio.open(file, driver=driver)
            except RasterioError as error:
                file.raise_failed()
                raise MinewardenError("MW-BAND-OPEN", f"{name} can't be opened: it is not what its name says.", "Use another catalogue.") from error
            with source:
                try:
                    check(source, self.places[band], name)
                    transcode(source, crop, self.places[band], target, name)
                finally:
                    # GDAL says at most that it could not read; the web knows why.
                    file.raise_failed()
        _given[self.access] = self._link(band, False)

    def _link(self, band: str, fresh: bool) -> str:
        """Address of a band's file; where the last was refused, a fresh one: signed anew, or as the catalogue lists it now."""
        href = self.assets[band].href
        if self.access.sign:
            if fresh or href not in _signed:
                _signed[href] = self._sign(href)
        elif fresh:
            _signed[href] = self._listed(band)
        return _signed.get(href, href)

    def _beside(self, band: str) -> list[str]:
        """Addresses of other files: one that was given last, and those of other bands."""
        links = [_given.get(self.access, ""), *(self._link(each, False) for each in self.assets if each != band)]
        return [link for link in dict.fromkeys(links) if link not in ("", self._link(band, False))][:BESIDE]

    def _sign(self, href: str) -> str:
        answer = web_of(self.access).ask("GET", f"{self.access.sign}?href={quote(href, safe='')}", most=MOST_JSON)
        return self._href(answer.body, lambda said: said["href"])

    def _listed(self, band: str) -> str:
        if not self.own_link:
            return self.assets[band].href
        answer = web_of(self.access).ask("GET", self.own_link, most=MOST_JSON)
        return self._href(answer.body, lambda said: said["assets"][self.assets[band].key]["href"])

    def _href(self, body: bytes, pick: Callable[..., object]) -> str:
        try:
            return str(pick(json.loads(body)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WebError("MW-STAC-ITEM", f"{self.item}: the catalogue gives no new link.", "Run again later.") from error


class StacSource:
    """`kind: stac`."""

    def __init__(
        self,
        url: str,
        collection: str,
        listing: Path,
        *,
        since: date,
        bounds: Callable[[], Bounds] | None,
        hosts: Sequence[str] = (),
        bands: Sequence[str] | None = None,
        mask: str | None = None,
        default: tuple[float, float] | None = None,
    ) -> None:
        """listing: folder of what was listed. bounds: of the county; without them the catalogue is not asked, what is kept stands."""
        self.access, self.collection = Access.of(url, hosts), collection
        key = hashlib.sha256(f"{url} {collection}".encode()).hexdigest()[:12]
        self.listing = Listing(listing / key)
        self.since, self.bounds, self.mask, self.default = since, bounds, mask, default
        self.needed = tuple(bands) if bands else naming.NEEDED

    @property
    def doubts(self) -> Sequence[Doubt]:
        return self.listing.doubts

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes since the first day asked for, oldest first, each pass once, and what had to be left out."""
        found: dict[str, Scene] = {}
        refused: dict[str, Refused] = {}
        ask = (lambda b, first, last: self._ask(b, first, last)) if self.bounds else None
        for item in self.listing.items(self.since, months.today(), self.bounds() if self.bounds else None, ask):
            outcome = scene_of(item, self._deliver, needed=self.needed, mask=self.mask, default=self.default)
            if isinstance(outcome, Scene):
                found[outcome.id] = outcome
            else:
                refused[outcome.id] = outcome
        kept, twice = once_each(found.values())
        return kept, sorted([*refused.values(), *twice], key=lambda r: r.id)

    def _ask(self, bounds: Bounds, first: date, last: date) -> list[dict[str, object]]:
        out = []
        for item in find(web_of(self.access), self.access.url, self.collection, bounds, first, last):
            try:
                out.append(slim(item))
            except BadItem:
                out.append({"id": str(item.get("id"))[:120], "properties": {}, "assets": {}, "self": ""})
        return out

    def _deliver(self, item: str, own_link: str, assets: Mapping[str, Asset], places: Mapping[str, Place], made: str) -> Delivery:
        return StacDelivery(self.access, item, own_link, assets, places, made)
