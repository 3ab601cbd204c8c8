"""The files of a product, from its folder or out of its zip: named one by one, never unpacked, never beyond what they declare."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from pipeline.errors import MinewardenError
from pipeline.sources.bandfile import outside
from pipeline.sources.scene import Mark

MAX_IMAGE = 500_000_000
"""Bytes of a band's file: a tile's 10,980² pixels of 16 bits take 241 MB before any compression."""
MAX_METADATA = 5_000_000
MAX_MEMBERS = 5_000
"""Members of a zip: a product has about a hundred."""
MAX_DIRECTORY = 2_000_000
"""Bytes of a zip's table of contents, which is read whole."""
_PIECE = 1 << 20
_AGAIN = "Download or copy the product again."
_AS_IT_WAS = "Give the zip as it was downloaded."


class NotThere(Exception):
    """The package has no such file."""


class Package(Protocol):
    """A product as it was delivered. Names are paths inside it, with `/`; MinewardenError `MW-SAFE-…` where a file may not be read."""

    @property
    def path(self) -> Path: ...

    def size(self, name: str) -> int:
        """Bytes; NotThere where there is no such file."""
        ...

    def mark(self, name: str) -> Mark: ...

    def open(self, name: str, most: int) -> BinaryIO:
        """The file from its beginning; refused where it has more than `most` bytes."""
        ...

    def image(self, name: str) -> Path | bytes:
        """An image where GDAL can get at it: a file, or its bytes."""
        ...

    def tail(self, name: str, many: int) -> bytes | None:
        """The last bytes; None where getting at them means reading all."""
        ...


def read(package: Package, name: str) -> bytes:
    """A metadata file, whole."""
    with package.open(name, MAX_METADATA) as stream:
        return stream.read()


def sha256(package: Package, name: str) -> str:
    digest = hashlib.sha256()
    with package.open(name, MAX_IMAGE) as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _too_large(name: str, size: int, most: int) -> MinewardenError:
    return MinewardenError("MW-SAFE-SIZE", f"{name} has {size} bytes; {most} are allowed.", _AGAIN)


@dataclass(frozen=True, slots=True)
class FolderPackage:
    """A `.SAFE` folder. Links may lead about in `root`, the source's folder, but not out of it."""

    path: Path
    root: Path

    def _file(self, name: str) -> Path:
        file = self.path / name
        if not file.is_file():
            raise NotThere(name)
        if outside(file, self.root):
            raise MinewardenError("MW-SAFE-LINK", f"{name} is a link that leads out of the source's folder.", "Copy the file into the product.")
        return file

    def size(self, name: str) -> int:
        return self._file(name).stat().st_size

    def mark(self, name: str) -> Mark:
        file = self._file(name)
        about = file.stat()
        return Mark(str(file.resolve()), about.st_size, about.st_mtime_ns)

    def open(self, name: str, most: int) -> BinaryIO:
        file = self._file(name)
        if file.stat().st_size > most:
            raise _too_large(name, file.stat().st_size, most)
        return file.open("rb")

    def image(self, name: str) -> Path | bytes:
        self.open(name, MAX_IMAGE).close()
        return self._file(name).resolve()

    def tail(self, name: str, many: int) -> bytes | None:
        with self.open(name, MAX_IMAGE) as stream:
            stream.seek(max(self.size(name) - many, 0))
            return stream.read(many)


@dataclass(frozen=True, slots=True)
class ZipPackage:
    """A zip as it was downloaded, with one product in it."""

    path: Path
    inside: str
    """Folder of the product in the zip, with its `/`; empty where it lies at the top."""
    sizes: Mapping[str, int]
    """Bytes of each member, by its name inside the product."""

    def _member(self, archive: zipfile.ZipFile, name: str, most: int) -> zipfile.ZipInfo:
        try:
            member = archive.getinfo(self.inside + name)
        except KeyError:
            raise NotThere(name) from None
        if member.flag_bits & 1:
            raise MinewardenError("MW-SAFE-ZIP", f"{name} is encrypted.", _AS_IT_WAS)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise MinewardenError("MW-SAFE-LINK", f"{name} is a link.", _AS_IT_WAS)
        if member.file_size > most:
            raise _too_large(name, member.file_size, most)
        return member

    def size(self, name: str) -> int:
        try:
            return self.sizes[name]
        except KeyError:
            raise NotThere(name) from None

    def mark(self, name: str) -> Mark:
        about = self.path.stat()
        return Mark(f"{self.path.resolve()}!{self.inside}{name}", about.st_size, about.st_mtime_ns)

    def open(self, name: str, most: int) -> BinaryIO:
        return io.BytesIO(self._bytes(name, most))

    def image(self, name: str) -> Path | bytes:
        return self._bytes(name, MAX_IMAGE)

    def tail(self, name: str, many: int) -> bytes | None:
        return None

    def _bytes(self, name: str, most: int) -> bytes:
        """A member, no more of it than it declares: what it unpacks to is known only once it is unpacked."""
        with opened(self.path) as archive:
            member = self._member(archive, name, most)
            out = bytearray()
            with archive.open(member) as stream:
                while piece := stream.read(_PIECE):
                    out += piece
                    if len(out) > member.file_size:
                        raise MinewardenError("MW-SAFE-ZIP", f"{name} unpacks to more than it declares.", _AGAIN)
            if len(out) != member.file_size:
                raise MinewardenError("MW-SAFE-ZIP", f"{name} is cut off.", _AGAIN)
            return bytes(out)


_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""What reading a broken zip raises."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose table of contents is of a sane size; MW-SAFE-ZIP where it is broken."""
    try:
        with path.open("rb") as stream:
            _check_directory(stream)
            with zipfile.ZipFile(stream) as archive:
                yield archive
    except _BROKEN as error:
        raise MinewardenError("MW-SAFE-ZIP", f"{path.name} is damaged or no zip.", _AGAIN) from error


_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


def _check_directory(stream: BinaryIO) -> None:
    """Refuse a zip that declares a huge table of contents, before anything takes it into memory."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - (1 << 16) - 22, 0))
    tail = stream.read()
    at = len(tail) - 22 if tail[-22:].startswith(_END) and tail.endswith(b"\0\0") else tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise zipfile.BadZipFile("no end")
    declared = [struct.unpack("<10xHI", tail[at : at + 16])]
    locator = tail[max(at - 20, 0) : at]
    if locator.startswith(_LOCATOR) and len(locator) == 20:
        # Readers look for the larger record where the locator says, or right before it.
        for place in (struct.unpack("<8xQ", locator[:16])[0], size - len(tail) + at - 76):
            stream.seek(max(min(place, size), 0))
            record = stream.read(56)
            if record.startswith(_END64) and len(record) == 56:
                declared.append(struct.unpack("<32xQQ", record[:48]))
        declared = declared[1:] or declared
    stream.seek(0)
    members, length = (max(each) for each in zip(*declared, strict=True))
    if members > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise MinewardenError(
            "MW-SAFE-ZIP", f"The zip declares {members} members; a product has about a hundred.", "Give the zip as it was downloaded."
        )


def find_in_zip(path: Path, names: tuple[str, ...]) -> tuple[ZipPackage, str] | None:
    """The product in a zip, and which of `names` (metadata files) it was known by; None where the zip holds none.

    MW-SAFE-ZIP where there is more than one, or a name is there twice or leads out of the zip.
    """
    with opened(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        members = archive.namelist()
    found = [(member[: -len(name)], name) for member in members for name in names if member == name or _below_top(member, name)]
    if not found:
        return None
    if len(found) > 1:
        raise MinewardenError("MW-SAFE-ZIP", f"{path.name} holds {len(found)} products.", "Give each product as a zip of its own.")
    inside, name = found[0]
    if len(sizes) != len(members) or any(_leads_out(member) for member in members):
        raise MinewardenError(
            "MW-SAFE-ZIP", f"{path.name} holds names that lead out of it, or are there twice.", "Give the zip as it was downloaded."
        )
    own = {member.removeprefix(inside): size for member, size in sizes.items() if member.startswith(inside)}
    return ZipPackage(path, inside, own), name


def _leads_out(member: str) -> bool:
    return member.startswith("/") or "\\" in member or ".." in member.split("/")


def _below_top(member: str, name: str) -> bool:
    return member.count("/") == 1 and member.endswith(f"/{name}")
