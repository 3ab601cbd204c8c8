"""What lies in a bucket on its way into the store: bands of scene folders, copied as they are, and the files of products."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from pipeline.errors import MinewardenError
from pipeline.files import write_atomic
from pipeline.sources import whole
from pipeline.sources.bandfile import open_band
from pipeline.sources.bucket import Bucket, Object, bucket_of
from pipeline.sources.place import Crop, Place
from pipeline.sources.safe_package import MAX_IMAGE, MAX_METADATA, NotThere
from pipeline.sources.scene import Hashes, Mark

IMAGES = (".jp2", ".tif")


def mark_of(url: str, of: Object) -> Mark:
    """By which an object is known again: its address, size and version."""
    version = int(hashlib.sha256(of.version.encode()).hexdigest()[:12], 16)
    return Mark(f"{url}/{of.name}", of.size, version)


@dataclass(frozen=True, slots=True)
class BucketDelivery:
    """The bands of one scene folder."""

    url: str
    objects: Mapping[str, Object]
    places: Mapping[str, Place]
    cut: str
    """What is missing of one of its files, as far as their heads tell."""

    def check(self) -> None:
        if self.cut:
            raise MinewardenError("MW-BAND-CUT", self.cut, whole.AGAIN)

    def named(self, band: str) -> str:
        return f"bucket {self.url}/{self.objects[band].name}"

    def mark(self, band: str) -> Mark | None:
        """None: `origin` is a hash of what was listed."""
        return None

    def origin(self, band: str, hashes: Hashes) -> str:
        of = self.objects[band]
        return hashlib.sha256(json.dumps([self.url, of.name, of.version, of.size]).encode()).hexdigest()

    def sha256(self, band: str, path: Path, hashes: Hashes) -> str:
        """Of the file as it was copied, the same that it would have in a folder; of one that was replaced since, another."""
        mark = mark_of(self.url, self.objects[band])
        known = hashes.known(mark)
        if known is not None:
            return known
        return self.origin(band, hashes) if hashes.is_older(mark) else hashes.sha256(path)

    def units(self, band: str, crop: Crop) -> float:
        return 0.0

    def size(self, band: str) -> int | None:
        return self.objects[band].size

    def learn(self, band: str, sha256: str, hashes: Hashes) -> None:
        hashes.learn(mark_of(self.url, self.objects[band]), sha256)

    def write(self, band: str, crop: Crop, target: Path, hashes: Hashes) -> None:
        of = self.objects[band]
        bucket_of(self.url).copy(of, target)
        try:
            with open_band(target):
                whole.blocks(target)
        except MinewardenError as error:
            raise MinewardenError(error.code, error.message.replace(str(target), Path(of.name).name), error.fix) from error


@dataclass(frozen=True, slots=True)
class Texts:
    """Small objects, each read once and kept."""

    bucket: Bucket
    folder: Path
    online: bool
    """Whether the service may be asked; else what is kept stands."""

    def read(self, of: Object, most: int) -> bytes:
        """Raises MinewardenError `MW-S3-…`."""
        file = self.folder / hashlib.sha256(f"{of.name} {of.version} {of.size}".encode()).hexdigest()[:24]
        if file.is_file():
            return zlib.decompress(file.read_bytes())
        if not self.online:
            raise MinewardenError("MW-S3-OFFLINE", f"{of.name} has not been read yet.", "Run 'minewarden fetch' first.")
        body = self.bucket.read(of, most)
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder.with_suffix(".lock")):
            write_atomic(file, zlib.compress(body))
        return body


@dataclass(frozen=True, slots=True)
class BucketPackage:
    """A `.SAFE` folder in a bucket."""

    path: Path
    bucket: Bucket
    inside: Mapping[str, Object]
    """Objects by their names in the product."""
    texts: Texts

    def _object(self, name: str) -> Object:
        try:
            return self.inside[name]
        except KeyError:
            raise NotThere(name) from None

    def size(self, name: str) -> int:
        return self._object(name).size

    def mark(self, name: str) -> Mark:
        return mark_of(self.bucket.url, self._object(name))

    def open(self, name: str, most: int) -> BinaryIO:
        of = self._object(name)
        if of.size <= MAX_METADATA and not name.endswith(IMAGES):
            return io.BytesIO(self.texts.read(of, most))
        if not self.texts.online:
            raise MinewardenError("MW-S3-OFFLINE", f"{of.name} was replaced and has not been read since.", "Run 'minewarden fetch' first.")
        return io.BytesIO(self.bucket.read(of, most))

    def image(self, name: str) -> Path | bytes:
        return self.bucket.read(self._object(name), MAX_IMAGE)

    def tail(self, name: str, many: int) -> bytes | None:
        return None
