"""Sentinel-2 L2A products as they are downloaded: `.SAFE` folders and zips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import naming, safe_package
from pipeline.sources.passes import broken_off, once_each, pass_key
from pipeline.sources.place import Place
from pipeline.sources.safe_delivery import AGAIN, SafeDelivery
from pipeline.sources.safe_package import NotThere, Package
from pipeline.sources.safe_product import BadProduct, Product, read_places, read_product
from pipeline.sources.scene import BandFile, Doubt, Refused, Scene
from pipeline.sources.transcode import StoreError
from pipeline.sources.tree import DiskTree, Tree, check_names, unlisted

L2A, L1C = "MTD_MSIL2A.xml", "MTD_MSIL1C.xml"
DEPTH = 5
"""Products may lie in folders of their own (by year, by tile), so many levels deep."""
ENDINGS = (".jp2", ".tif")
_NAMED = re.compile(r"S2[A-D]_MSIL[12][ABC]_", re.IGNORECASE)


class SafeSource:
    """`kind: safe`. Finds products and reads their metadata; no pixels."""

    doubts: Sequence[Doubt] = ()

    def __init__(self, place: Path | Tree, *, bands: Sequence[str] | None = None, mask: str | None = None) -> None:
        self.tree: Tree = DiskTree(place) if isinstance(place, Path) else place
        self.mask = mask
        self.needed = tuple(bands) if bands else naming.NEEDED

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes, oldest first, each pass once, and what had to be left out."""
        if not self.tree.is_there():
            fix = "Set the source's path, or mount its disk."
            raise MinewardenError("MW-SOURCE-PATH", f"The folder of products {self.tree.told} is not there.", fix)
        found: list[Scene] = []
        refused: list[Refused] = []
        for path in self._products(self.tree.root, DEPTH):
            outcome = self._told(path)
            if isinstance(outcome, Scene):
                found.append(outcome)
            elif outcome is not None:
                refused.append(outcome)
        if not found and not refused:
            fix = "Put Sentinel-2 L2A products into it as they were downloaded: .SAFE folders or zips."
            raise MinewardenError("MW-SOURCE-EMPTY", f"The folder of products {self.tree.told} holds none.", fix)
        kept, twice = once_each(_each_product_once(found))
        return kept, sorted([*(_stood_for(r, kept) for r in refused), *twice], key=lambda r: r.id)

    def _products(self, parent: Path, depth: int) -> Iterator[Path]:
        """Zips, `.SAFE` folders, and folders that hold a product's metadata."""
        folders = self.tree.folders(parent)
        for path in sorted([*folders, *self.tree.files(parent)]):
            if path in folders:
                try:
                    below = self._in_folder(path, depth)
                except OSError as error:
                    below = unlisted(path, error)
                yield from below
            elif path.suffix.lower() == ".zip" and self.tree.is_file(path):
                yield path

    def _in_folder(self, path: Path, depth: int) -> list[Path]:
        """A folder that is a product, or the products below it."""
        if path.suffix.upper() == ".SAFE" or any(self.tree.is_file(path / name) for name in (L2A, L1C)) or self.tree.leads_out(path):
            return [path]
        return list(self._products(path, depth - 1)) if depth > 1 else []

    def _told(self, path: Path) -> Scene | Refused | None:
        """A product as a scene, or why not; None for what is no product and not named like one."""
        try:
            return self._scene(path)
        except StoreError:
            raise
        except MinewardenError as error:
            return _refused(path, error.code.removeprefix("MW-"), error.message, error.fix)
        except NotThere as error:
            return _refused(path, "SAFE-INCOMPLETE", f"{error} is not there.", AGAIN)
        except OSError as error:
            what = f"{Path(str(error.filename or path)).name} can't be read ({error.strerror})."
            return _refused(path, "SCENE-READ", what, "Check the disk and the file's rights.")

    def _scene(self, path: Path) -> Scene | Refused | None:
        if self.tree.leads_out(path):
            return _refused(path, "SCENE-LINK", "It is a link that leads out of the source's folder.", "Copy the product into the folder.")
        package, kind = self._package(path)
        if package is None and not self.tree.is_folder(path) and not _NAMED.match(path.name):
            return None
        check_names(path.relative_to(self.tree.root).parts)
        if kind == L1C or (package is None and "_MSIL1C_" in path.name.upper()):
            reason = "It is a Level-1C product: reflectance at the top of the atmosphere, without a classification of clouds."
            return _refused(path, "SAFE-LEVEL", reason, "Download the Level-2A product of the same pass, or remove this one.")
        if package is None:
            return _refused(path, "SAFE-INCOMPLETE", f"{L2A} is not there.", AGAIN)
        try:
            product = read_product(safe_package.read(package, L2A))
        except BadProduct as error:
            return _refused(path, "SAFE-METADATA", f"{L2A} {error}.", AGAIN)
        try:
            places = read_places(safe_package.read(package, product.granule))
        except BadProduct as error:
            return _refused(path, "SAFE-METADATA", f"MTD_TL.xml {error}.", AGAIN)
        return self._of(product, package, places)

    def _package(self, path: Path) -> tuple[Package | None, str]:
        """A product's files, and the name of its metadata; None where it has none."""
        if not self.tree.is_folder(path):
            return self.tree.zip(path, (L2A, L1C)) or (None, "")
        kind = next((name for name in (L2A, L1C) if self.tree.is_file(path / name)), "")
        return (self.tree.package(path) if kind else None), kind

    def _of(self, product: Product, package: Package, places: dict[int, Place]) -> Scene | Refused:
        files, where = {}, {}
        for band, images in product.images.items():
            for resolution, image in images:
                name = next((image + ending for ending in ENDINGS if _has(package, image + ending)), None)
                if name is not None and resolution in places:
                    files[band], where[band] = name, places[resolution]
                    break
        stamp, _ = naming.sensed(product.name, None)
        assert stamp is not None, "the name of a product holds its date"
        day = stamp.moment.date()
        missing = [band for band in (*self.needed, *(("SCL",) if self.mask == "SCL" else ())) if band not in files]
        if missing:
            return Refused(product.name, day, f"No image of {', '.join(missing)}.", code="MW-SCENE-BANDS", fix=AGAIN)
        if day > months.today():
            return Refused(product.name, None, f"It is dated {day}, which has not come yet.", code="MW-SCENE-FUTURE", fix="Set the system's clock.")
        return Scene(
            id=product.name,
            acquired=stamp.moment,
            bands={b: BandFile(package.path / files[b], *product.scaling[b]) for b in naming.BANDS if b in files},
            scl=package.path / files["SCL"] if self.mask != "none" and "SCL" in files else None,
            baseline=product.baseline,
            pass_key=pass_key(naming.satellite(product.name), naming.tile(product.name), stamp),
            strip=naming.datastrip(product.granule),
            masked=self.mask != "none",
            delivery=SafeDelivery(package, files, where),
        )


def _has(package: Package, name: str) -> bool:
    try:
        package.size(name)
    except NotThere:
        return False
    return True


def _id(path: Path) -> str:
    return re.sub(r"(\.SAFE)?(\.zip)?$", "", naming.legible(path.name), flags=re.IGNORECASE)


def _refused(path: Path, code: str, reason: str, fix: str) -> Refused:
    stamp, _ = naming.sensed(_id(path), None)
    day: date | None = stamp.moment.date() if stamp else None
    return Refused(_id(path), day, naming.legible(reason), code=f"MW-{code}", fix=fix)


def _each_product_once(scenes: Sequence[Scene]) -> list[Scene]:
    """The same product as a folder and as a zip is one: the first that is whole, else the first."""
    by_name: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_name.setdefault(scene.id, []).append(scene)
    return [each[0] if len(each) == 1 else next((s for s in each if not broken_off(s)), each[0]) for each in by_name.values()]


def _stood_for(refused: Refused, scenes: Sequence[Scene]) -> Refused:
    """A Level-1C product whose Level-2A is there too loses nothing."""
    if refused.code != "MW-SAFE-LEVEL":
        return refused
    stamp, _ = naming.sensed(refused.id, None)
    tile = naming.tile(refused.id)
    own = next((s for s in scenes if stamp and s.acquired == stamp.moment and tile and tile in s.pass_key), None)
    return replace(refused, duplicate_of=own.id) if own else refused
