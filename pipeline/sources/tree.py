"""What lies below a source's path: folders and files, on this disk or in a bucket."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from pipeline.errors import MinewardenError
from pipeline.sources import item as stac
from pipeline.sources import naming, tiff
from pipeline.sources.bandfile import outside
from pipeline.sources.safe_package import FolderPackage, Package, find_in_zip
from pipeline.sources.scene import Delivery

LOGGER = logging.getLogger("minewarden.sources")


class Tree(Protocol):
    """A source's folders and files. OSError or MinewardenError where one can't be read."""

    @property
    def root(self) -> Path:
        """Where paths begin."""
        ...

    @property
    def told(self) -> str:
        """The place as a person knows it."""
        ...

    def is_there(self) -> bool:
        """Whether there is such a place; asked first, and anew each time."""
        ...

    def folders(self, parent: Path) -> list[Path]:
        """Folders in a folder, by name; hidden ones left out."""
        ...

    def files(self, folder: Path) -> list[Path]:
        """All else in a folder, by name; hidden ones left out."""
        ...

    def is_file(self, path: Path) -> bool: ...

    def is_folder(self, path: Path) -> bool: ...

    def leads_out(self, path: Path) -> bool:
        """Whether it is a link that leads out of the source; the folder that holds it has been looked at before."""
        ...

    def item(self, file: Path) -> stac.Item:
        """An `item.json`. Raises BadItem."""
        ...

    def scaling(self, file: Path) -> tuple[float, float] | None:
        """Scale and offset that a GeoTIFF itself tells."""
        ...

    def deliver(self, files: Mapping[str, Path]) -> Delivery | None:
        """How bands come into the store; None where they are files of this disk."""
        ...

    def package(self, path: Path) -> Package:
        """A `.SAFE` folder."""
        ...

    def zip(self, path: Path, names: tuple[str, ...]) -> tuple[Package, str] | None:
        """As `find_in_zip`."""
        ...


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead in a circle
        return False


class DiskTree:
    """A folder of this disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def told(self) -> str:
        return str(self.root)

    def is_there(self) -> bool:
        return self.root.is_dir()

    def folders(self, parent: Path) -> list[Path]:
        with os.scandir(parent) as entries:
            return sorted(Path(e.path) for e in entries if _is_folder(e) and not e.name.startswith((".", "__")))

    def files(self, folder: Path) -> list[Path]:
        # Names that begin with a dot are what desktop systems leave beside the real files ('._B04.tif').
        with os.scandir(folder) as entries:
            return sorted(Path(e.path) for e in entries if not e.name.startswith(".") and not _is_folder(e))

    def is_file(self, path: Path) -> bool:
        return path.is_file()

    def is_folder(self, path: Path) -> bool:
        return path.is_dir()

    def leads_out(self, path: Path) -> bool:
        return path.is_symlink() and outside(path, self.root)

    def item(self, file: Path) -> stac.Item:
        return stac.read(file)

    def scaling(self, file: Path) -> tuple[float, float] | None:
        return tiff.scaling(file)

    def deliver(self, files: Mapping[str, Path]) -> Delivery | None:
        return None

    def package(self, path: Path) -> Package:
        return FolderPackage(path, self.root)

    def zip(self, path: Path, names: tuple[str, ...]) -> tuple[Package, str] | None:
        return find_in_zip(path, names)


def unlisted(folder: Path, error: OSError) -> list[Path]:
    """What to look at of a folder that can't be listed: itself where it is named like a scene, so that it is left out by name.

    Others are passed over where they are kept from us, as `lost+found` is, or have just gone. Raises the error where it is another one:
    a failing disk may hold scenes there.
    """
    if naming.stamps(folder.name):
        return [folder]
    if not isinstance(error, PermissionError | FileNotFoundError):
        raise error
    LOGGER.warning("%s was passed over: it can't be listed (%s).", naming.legible(str(folder)), error.strerror)
    return []


def check_names(names: Iterable[str]) -> None:
    """Raises MinewardenError where a name holds bytes that are no UTF-8: neither results nor the reader's library can be given it."""
    for name in names:
        if (shown := naming.legible(name)) != name:
            fix = "Rename it, or unpack its zip again with the names that are meant: unzip -O GBK."
            raise MinewardenError("MW-SCENE-NAME", f"The name {shown} is no UTF-8.", fix)
