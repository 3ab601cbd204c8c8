"""A source's path in a bucket: what was listed, and the heads and texts of its files, each read once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import rasterio
from filelock import FileLock
from rasterio.errors import RasterioError

from pipeline.errors import MinewardenError
from pipeline.files import write_atomic
from pipeline.sources import item as stac
from pipeline.sources import naming, tiff
from pipeline.sources.bandfile import GDAL_ENV, check_shape, not_opened
from pipeline.sources.bucket import Bucket, Object
from pipeline.sources.bucket_delivery import BucketDelivery, BucketPackage, Texts
from pipeline.sources.place import Place
from pipeline.sources.safe_package import Package
from pipeline.sources.scene import Delivery
from pipeline.sources.transcode import StoreError
from pipeline.sources.whole import blocks_of

HEAD_PIECE = 1 << 16
"""Bytes asked for at once where only a file's head is looked at."""
AT_ONCE = 16
"""Requests: waiting, not computing, is what they take."""
MOST_BAND = 2_000_000_000
MOST_NAME = 200
"""Bytes of a scene's name: it becomes the name of a folder of the store."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a band's file says of itself."""

    place: Place
    scaling: tuple[float, float] | None
    cut: str = ""
    """What is missing of it; empty where it is whole."""


class BucketTree:
    """Folders and objects below a bucket's prefix, as last listed. Paths are names below it."""

    root = Path()

    def __init__(self, bucket: Bucket, kept: Path, *, online: bool) -> None:
        """kept: folder for what was read. online: ask the service; else what is kept stands."""
        self.bucket, self.online = bucket, online
        self.kept = kept / hashlib.sha256(bucket.url.encode()).hexdigest()[:12]
        self.texts = Texts(bucket, self.kept / "texts", online)
        self._objects: dict[Path, Object] = {}
        self._folders: dict[Path, set[Path]] = {}
        self._heads: dict[str, dict[str, Any]] = {}

    @property
    def told(self) -> str:
        return self.bucket.url

    def is_there(self) -> bool:
        """True: a bucket that is not there is an error of its own, an empty one is said by whoever finds nothing."""
        rows = None if self.online else self._read("objects.json", list)
        if rows is None and not self.online:
            raise MinewardenError("MW-S3-OFFLINE", f"{self.told} has not been listed yet.", "Run 'minewarden fetch' first.")
        objects = [Object(*row) for row in rows] if rows is not None else self.bucket.list()
        self._heads = self._read("heads.json", dict) or {}
        for each in objects:
            path = Path(each.name)
            self._objects[path] = each
            for below, above in zip((path, *path.parents), path.parents, strict=False):
                self._folders.setdefault(above, set()).add(below)
        if self.online:
            self._write("objects.json", [astuple(each) for each in objects])
            self._look(objects)
        return True

    def folders(self, parent: Path) -> list[Path]:
        return sorted(p for p in self._folders.get(parent, ()) if p in self._folders and not p.name.startswith((".", "__")))

    def files(self, folder: Path) -> list[Path]:
        return sorted(p for p in self._folders.get(folder, ()) if p in self._objects and not p.name.startswith("."))

    def is_file(self, path: Path) -> bool:
        return path in self._objects

    def is_folder(self, path: Path) -> bool:
        return path in self._folders

    def package(self, path: Path) -> Package:
        inside = {str(each.relative_to(path)): of for each, of in self._below(path)}
        return BucketPackage(path, self.bucket, inside, self.texts)

    def _below(self, path: Path) -> Iterator[tuple[Path, Object]]:
        for each in sorted(self._folders.get(path, ())):
            if each in self._objects:
                yield each, self._objects[each]
            yield from self._below(each)

    def zip(self, path: Path, names: tuple[str, ...]) -> tuple[Package, str] | None:
        fix = "Unpack it, and put the .SAFE folder into the bucket."
        raise MinewardenError("MW-SAFE-ZIP", f"{path.name}: zips are not read out of a bucket.", fix)

    def leads_out(self, path: Path) -> bool:
        return False

    def item(self, file: Path) -> stac.Item:
        of = self._objects[file]
        if of.size > stac.MAX_BYTES:
            raise stac.BadItem(f"has {of.size} bytes")
        return stac.parse(self.texts.read(of, stac.MAX_BYTES), Path("/") / file.parent)

    def scaling(self, file: Path) -> tuple[float, float] | None:
        return self._head(file).scaling

    def deliver(self, files: Mapping[str, Path]) -> Delivery | None:
        """Raises MinewardenError where a file is none that a band looks like."""
        heads = {band: self._head(file) for band, file in files.items()}
        name = next(iter(files.values())).parent.name
        if len(name.encode()) > MOST_NAME:
            raise MinewardenError("MW-S3-NAME", f"Its name has more than {MOST_NAME} bytes.", "Give the folder a shorter name.")
        cut = next((head.cut for head in heads.values() if head.cut), "")
        return BucketDelivery(
            self.bucket.url, {band: self._objects[file] for band, file in files.items()}, {band: head.place for band, head in heads.items()}, cut
        )

    def _head(self, file: Path) -> Head:
        of = self._objects[file]
        known = self._heads.get(of.name)
        if known is None or known["of"] != [of.version, of.size]:
            raise MinewardenError("MW-S3-OFFLINE", f"{of.name} has not been looked at yet.", "Run 'minewarden fetch' first.")
        if known["wrong"]:
            raise MinewardenError(*known["wrong"])
        scaling = tuple(known["scaling"]) if known["scaling"] else None
        return Head(Place(**known["place"]), scaling, known["cut"])

    def _look(self, objects: Iterable[Object]) -> None:
        """Have the heads of all bands that are new. Those of files that are gone are forgotten."""
        wanted = {each.name: each for each in objects if naming.band_of(Path(each.name).name)}
        before = self._heads
        self._heads = {name: known for name, known in before.items() if name in wanted and known["of"] == [wanted[name].version, wanted[name].size]}
        new = [each for name, each in wanted.items() if name not in self._heads]
        try:
            with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
                for each, head in zip(new, pool.map(self._looked, new), strict=True):
                    self._heads[each.name] = head
        finally:
            if self._heads != before:
                # What may pass (an object that was denied, or replaced meanwhile) is asked for again by the next run.
                self._write("heads.json", {name: head for name, head in self._heads.items() if not (head["wrong"] or [""])[0].startswith("MW-S3-")})

    def _looked(self, of: Object) -> dict[str, Any]:
        said: dict[str, Any] = {"of": [of.version, of.size], "wrong": None}
        try:
            head = look(self.bucket, of)
        except StoreError:
            raise
        except MinewardenError as error:
            return said | {"wrong": [error.code, error.message, error.fix]}
        return said | {"place": asdict(head.place), "scaling": head.scaling, "cut": head.cut}

    def _read(self, name: str, kind: type) -> Any:
        try:
            found = json.loads((self.kept / name).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, kind) else None

    def _write(self, name: str, said: Any) -> None:
        self.kept.mkdir(parents=True, exist_ok=True)
        with FileLock(self.kept / ".lock"):  # a run and a fetch of one county may list at the same time
            write_atomic(self.kept / name, json.dumps(said, ensure_ascii=False).encode())


def look(bucket: Bucket, of: Object) -> Head:
    """What the file of a band says of itself: its head is read, and where its blocks lie. Raises MinewardenError `MW-BAND-…`, `MW-S3-…`."""
    name = Path(of.name).name
    if of.size > MOST_BAND:
        raise MinewardenError("MW-BAND-SIZE", f"{name} has {of.size} bytes; {MOST_BAND} are allowed.", "Cut the scene to the county.")
    if not of.size:
        raise not_opened(name)
    file = bucket.open(of, HEAD_PIECE)
    with rasterio.Env(**GDAL_ENV):
        try:
            dataset = rasterio.open(file, driver="GTiff")
        except RasterioError as error:
            file.raise_failed()
            raise not_opened(name) from error
        with dataset:
            file.raise_failed()
            check_shape(dataset, Path(name))
            transform, crs = dataset.transform, dataset.crs
            width, height = dataset.width, dataset.height
    place = Place(_code(crs), transform.a, transform.c, transform.f, width, height)
    cut, scaling = "", None
    try:
        blocks_of(file, name)  # type: ignore[arg-type]
        scaling = tiff.Head(file).scaling()  # type: ignore[arg-type]
    except MinewardenError as error:
        file.raise_failed()
        cut = error.message
    except ValueError:
        file.raise_failed()
    return Head(place, scaling, cut)


def _code(crs: Any) -> str:
    """As `EPSG:32648`; WKT where it has no code."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_wkt())
