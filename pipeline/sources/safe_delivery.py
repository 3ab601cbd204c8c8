"""A product's bands on their way into the store: held against its own list of sizes and checksums, then decoded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile

from pipeline import xmlread
from pipeline.errors import MinewardenError
from pipeline.sources import safe_package
from pipeline.sources.bandfile import DRIVERS, GDAL_ENV
from pipeline.sources.place import Crop, Place
from pipeline.sources.safe_package import NotThere, Package
from pipeline.sources.scene import Hashes, MadeAnew, Mark
from pipeline.sources.transcode import check, transcode

MANIFEST = "manifest.safe"
AGAIN = "Download or copy the product again."
_END_OF_JP2 = b"\xff\xd9"
_CHECKSUMS = {"MD5": "md5", "SHA3-256": "sha3_256", "SHA-256": "sha256", "SHA256": "sha256"}


@dataclass(frozen=True, slots=True)
class Listed:
    """What a product's manifest says of a file."""

    size: int
    algorithm: str
    """For hashlib; empty where the checksum is of a kind not known here."""
    checksum: str


@dataclass(frozen=True, slots=True)
class SafeDelivery(MadeAnew):
    """The bands of one product."""

    package: Package
    files: Mapping[str, str]
    """Path inside the product of each band in use, `SCL` too."""
    places: Mapping[str, Place]

    def check(self) -> None:
        """Every file is there, as large as the manifest says, and has an end."""
        listed = self._manifest()
        for name in self.files.values():
            with self._told(name):
                size = self.package.size(name)
                if name in listed and size != listed[name].size:
                    raise MinewardenError("MW-BAND-CUT", f"{_short(name)} has {size} bytes; {MANIFEST} says {listed[name].size}.", AGAIN)
                tail = self.package.tail(name, len(_END_OF_JP2)) if name.endswith(".jp2") else None
                if tail is not None and tail != _END_OF_JP2:
                    raise MinewardenError("MW-BAND-CUT", f"{_short(name)} is cut off: it does not end as a JPEG 2000 file does.", AGAIN)

    def named(self, band: str) -> str:
        """A product is the same wherever it lies."""
        return "SafeDelivery"

    def mark(self, band: str) -> Mark | None:
        with self._told(self.files[band]):
            return self.package.mark(self.files[band])

    def origin(self, band: str, hashes: Hashes) -> str:
        """SHA-256 of the delivered file."""
        name = self.files[band]
        with self._told(name):
            mark = self.package.mark(name)
            known = hashes.known(mark)
            if known is None:
                known = safe_package.sha256(self.package, name)
                hashes.learn(mark, known)
            return known

    def sha256(self, band: str, path: Path, hashes: Hashes) -> str:
        return self.origin(band, hashes)

    def units(self, band: str, crop: Crop) -> float:
        return 0.0

    def write(self, band: str, crop: Crop, target: Path, hashes: Hashes) -> None:
        name = self.files[band]
        with self._told(name):
            mark, image = self.package.mark(name), self.package.image(name)
            hashes.learn(mark, self._sound(name, image))
            with _opened(image, name) as source:
                check(source, self.places[band], _short(name))
                transcode(source, crop, self.places[band], target, _short(name))

    def _sound(self, name: str, image: Path | bytes) -> str:
        """SHA-256 of an image that is what the manifest says: a flipped bit decodes to wrong pixels without a word."""
        listed = self._manifest().get(name)
        own = _digest(image, "sha256")
        if listed and listed.algorithm and _digest(image, listed.algorithm) != listed.checksum.lower():
            raise MinewardenError("MW-SAFE-CHECKSUM", f"{_short(name)} does not match its checksum in {MANIFEST}.", AGAIN)
        return own

    def _manifest(self) -> dict[str, Listed]:
        """What the manifest lists, by path; empty where a product came without one."""
        try:
            root = xmlread.parse(safe_package.read(self.package, MANIFEST))
        except NotThere:
            return {}
        except xmlread.BadXML as error:
            raise MinewardenError("MW-SAFE-XML", f"{MANIFEST} {error}.", AGAIN) from error
        found = {}
        for stream in root.iter("byteStream"):
            where, checksum, size = stream.find("fileLocation"), stream.find("checksum"), stream.get("size", "")
            if where is not None and checksum is not None and re.fullmatch(r"[0-9]{1,15}", size):
                kind = _CHECKSUMS.get(checksum.get("checksumName", "").upper(), "")
                found[where.get("href", "").removeprefix("./")] = Listed(int(size), kind, (checksum.text or "").strip())
        return found

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except NotThere as error:
            raise MinewardenError("MW-BAND-FILE", f"{_short(name)} is not there.", AGAIN) from error


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _digest(image: Path | bytes, algorithm: str) -> str:
    if isinstance(image, bytes):
        return hashlib.new(algorithm, image, usedforsecurity=False).hexdigest()
    with image.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


@contextmanager
def _opened(image: Path | bytes, name: str) -> Iterator[DatasetReader]:
    """An image by the one driver that its name allows."""
    suffix = Path(name).suffix.lower()
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(**GDAL_ENV))
        try:
            place = image if isinstance(image, Path) else stack.enter_context(MemoryFile(image, ext=suffix)).name
            source = stack.enter_context(rasterio.open(place, driver=DRIVERS.get(suffix, "GTiff")))
        except (RasterioError, OSError) as error:
            raise MinewardenError("MW-BAND-OPEN", f"{_short(name)} can't be opened: it is not what its name says.", AGAIN) from error
        yield source
