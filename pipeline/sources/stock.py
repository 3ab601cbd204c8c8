"""Files that are quick to read, made once from what was delivered, and kept as long as there is room.

A file stands under its scene, its band and the ground it covers, beside a record of what it was made from. It counts only
with its record, which is written after it: neither is ever seen half written.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from odc.geo.geobox import GeoBox

from pipeline.errors import MinewardenError
from pipeline.files import sha256_file, write_atomic
from pipeline.sources.place import Crop, Place
from pipeline.sources.room import Room, land, ours
from pipeline.sources.scene import Delivery, Hashes, Refused, Scene, in_use, unreadable
from pipeline.sources.transcode import StoreError

FORMAT = 1
"""Of files and records: another number makes all anew."""
PACKED = 0.7
"""Bytes of a file for each of its pixels' bytes, as real scenes pack."""
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Item:
    """A band of a scene that the store has, or is to have."""

    scene: Scene
    band: str
    place: Place
    crop: Crop
    path: Path

    @property
    def delivery(self) -> Delivery:
        assert self.scene.delivery is not None
        return self.scene.delivery

    @property
    def whole_bytes(self) -> int | None:
        """Of its file, where that is as it was delivered."""
        return self.delivery.size(self.band)

    @property
    def most_bytes(self) -> int:
        """What its file may take: as many as its pixels do, unpacked, where it is made anew."""
        if self.whole_bytes is not None:
            return self.whole_bytes
        raw = self._raw_bytes
        return raw + raw // 16 + 4096

    @property
    def expected_bytes(self) -> float:
        return PACKED * self._raw_bytes if self.whole_bytes is None else self.whole_bytes

    @property
    def _raw_bytes(self) -> int:
        return self.crop.width * self.crop.height * (1 if self.band == "SCL" else 2)

    @property
    def record(self) -> Path:
        return self.path.with_suffix(".json")


class Stock:
    """A county's view of a store."""

    def __init__(self, room: Room, box: GeoBox, bands: Sequence[str], hashes: Hashes, workers: int, say: Say) -> None:
        """box: the ground to have. bands: those to have, besides the classification."""
        self.room, self.box, self.bands, self.hashes, self.workers, self.say = room, box, tuple(bands), hashes, workers, say
        self._ready: set[Path] = set()
        """Files that were found sound in this run; what a county needs is not let go."""

    def shelved(self, scene: Scene) -> Scene | None:
        """The scene with the paths of its files in the store, there already or not; None where it lies off the county."""
        if scene.delivery is None:
            return scene
        scene = in_use(scene, self.bands)
        paths = {band: path for band in [*scene.bands, "SCL"] if (path := self._path(scene, band)) is not None}
        if any(band not in paths for band in scene.bands):
            return None
        bands = {band: replace(file, path=paths[band]) for band, file in scene.bands.items()}
        return replace(scene, bands=bands, scl=paths.get("SCL") if scene.scl else None)

    def _path(self, scene: Scene, band: str) -> Path | None:
        place = scene.delivery.places.get(band) if scene.delivery else None
        if scene.delivery is None or place is None or (crop := self._crop(scene.delivery, band)) is None:
            return None
        key = hashlib.sha256(repr((FORMAT, scene.delivery.named(band), place, crop)).encode()).hexdigest()[:12]
        return self.room.of(scene.id) / f"{band}-{key}.tif"

    def _crop(self, delivery: Delivery, band: str) -> Crop | None:
        """The part of a band to have; None where it lies off the county."""
        place = delivery.places[band]
        crop = place.crop_to(self.box)
        return crop if crop is None or delivery.size(band) is None else Crop(0, 0, place.width, place.height)

    def keep(self, scenes: Iterable[str], months: Sequence[str]) -> None:
        """From now on just these scenes are needed, until these months are finished; files of others are looked for again should they be needed."""
        needed = set(scenes)
        self.room.keep(needed, months)
        self._ready = {path for path in self._ready if path.parent.name in needed}

    def items(self, scene: Scene, bands: Sequence[str] | None = None) -> list[Item]:
        """What a shelved scene needs in the store. bands: less than all."""
        if scene.delivery is None:
            return []
        files = {band: scene.bands[band].path for band in bands or scene.bands} | ({"SCL": scene.scl} if scene.scl else {})
        found = []
        for band, path in files.items():
            crop = self._crop(scene.delivery, band)
            assert crop is not None, "a shelved scene lies on the county"
            found.append(Item(scene, band, scene.delivery.places[band], crop, path))
        return found

    def expected_bytes(self, items: Sequence[Item]) -> int:
        """What files will take, about."""
        return int(sum(item.expected_bytes for item in items))

    def units(self, items: Sequence[Item]) -> float:
        """Processing units that files will cost."""
        return sum(item.delivery.units(item.band, item.crop) for item in items if not self.shared(item))

    def shared(self, item: Item) -> bool:
        """Whether another computer has made a file, as far as can be told without reading what it is made from."""
        return self.room.shelf is not None and self.room.shelf.has(item.scene.id, item.path.stem)

    def missing(self, scenes: Sequence[Scene]) -> list[Item]:
        """What would have to be made; a band that can't be read is among it."""
        return [item for scene in scenes for item in self.items(scene) if not self._seems_ready(item, trust=True)]

    def _seems_ready(self, item: Item, trust: bool = False) -> bool:
        try:
            return self._is_ready(item, trust)
        except (MinewardenError, OSError):
            return False

    def bring(self, scenes: Sequence[Scene], stage: str | None, bands: Sequence[str] | None = None) -> tuple[list[Scene], list[Refused]]:
        """Have the files of shelved scenes made that are not there: the scenes that are, and those that can't be read, with the reason.

        stage: under which progress is told; None: it is not. Raises StoreError where the store can't take them, or a service can't be had.
        """
        todo = [item for scene in scenes for item in self.items(scene, bands) if item.path not in self._ready]
        if not todo:
            return list(scenes), []
        self.room.need(item.scene.id for item in todo)
        failed: dict[str, Refused] = {}
        stopped = threading.Event()

        def make(item: Item) -> None:
            if stopped.is_set() or item.scene.id in failed:
                return
            try:
                refused = self._have(item)
            except BaseException:
                stopped.set()
                raise
            if refused is not None:
                failed[item.scene.id] = refused

        with ThreadPoolExecutor(max_workers=max(self.workers, 1)) as pool:
            there = list(pool.map(self._seems_ready, todo))
            self._ready.update(item.path for item, ready in zip(todo, there, strict=True) if ready)
            missing = [item for item, ready in zip(todo, there, strict=True) if not ready]
            units = self.units(missing)
            told = f"{stage}, about {units:.0f} processing units" if units else stage
            for done, _ in enumerate(pool.map(make, missing), 1):
                if told:
                    self.say(told, done, len(missing))
        return [s for s in scenes if s.id not in failed], [failed[s.id] for s in scenes if s.id in failed]

    def mend(self, scenes: Sequence[Scene]) -> set[str]:
        """Ids of scenes of which a file in the store was damaged: it has been thrown away, to be made anew."""
        mended = set()
        for item in (item for scene in scenes for item in self.items(scene)):
            record = _read(item.record)
            if record is None or not item.path.is_file() or sha256_file(item.path) != record["sha256"]:
                item.record.unlink(missing_ok=True)
                self._ready.discard(item.path)
                mended.add(item.scene.id)
        return mended

    def _have(self, item: Item) -> Refused | None:
        """Make sure of a file; why not, where its scene is at fault."""
        try:
            if not self._is_ready(item):
                with self.room.locked(item.scene.id, item.path.name):
                    if not self._is_ready(item):
                        self._make(item)
            self._ready.add(item.path)
        except StoreError:
            raise
        except (MinewardenError, OSError) as error:
            return unreadable(item.scene, error)
        return None

    def _is_ready(self, item: Item, trust: bool = False) -> bool:
        """Whether the file is there, whole, and made from what the delivery is now. trust: not to read a delivery that has a new time of change."""
        record = _read(item.record)
        try:
            if record is None or item.path.stat().st_size != record["bytes"]:
                return False
        except OSError:
            return False
        mark = item.delivery.mark(item.band)
        if mark is not None and record["mark"] == [mark.key, mark.size, mark.changed_ns]:
            self.hashes.learn(mark, record["origin"])
        elif mark is not None and trust and record["mark"][1] == mark.size:
            return True
        if record["origin"] != item.delivery.origin(item.band, self.hashes):
            return False
        item.delivery.learn(item.band, record["sha256"], self.hashes)
        with suppress(OSError):  # it tells only what has been unused longest; a record of another user can't be touched
            os.utime(item.record)
        return True

    def _make(self, item: Item) -> None:
        with ours(item.path):
            item.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.room.draft(item.path.name)
        with self.room.reserved(item.most_bytes) as took:
            try:
                taken = self._take(item, draft)
                if not taken:
                    item.delivery.write(item.band, item.crop, draft, self.hashes)
                with ours(item.path):
                    record = self._land(item, draft)
                took(record["bytes"])
            finally:
                draft.unlink(missing_ok=True)
        if self.room.shelf is not None and not taken:
            self.room.shelf.give(item.scene.id, item.path.stem, record, item.path)

    def _take(self, item: Item, draft: Path) -> bool:
        """Whether another computer has made the file: then it is copied."""
        shelf = self.room.shelf
        return shelf is not None and shelf.take(item.scene.id, item.path.stem, item.delivery.origin(item.band, self.hashes), draft)

    def _land(self, item: Item, draft: Path) -> dict[str, Any]:
        """Put a file that is written in its place, its record after it; that record."""
        mark, size = item.delivery.mark(item.band), draft.stat().st_size
        record: dict[str, Any] = {
            "format": FORMAT,
            "scene": item.scene.id,
            "band": item.band,
            "origin": item.delivery.origin(item.band, self.hashes),
            "mark": [mark.key, mark.size, mark.changed_ns] if mark else None,
            "bytes": size,
            "sha256": sha256_file(draft),
        }
        item.record.unlink(missing_ok=True)
        land(draft, item.path)
        write_atomic(item.record, json.dumps(record, ensure_ascii=False).encode())
        item.delivery.learn(item.band, str(record["sha256"]), self.hashes)
        return record


def _read(file: Path) -> dict[str, Any] | None:
    """A record; None where there is no sound one."""
    try:
        said = json.loads(file.read_bytes())
        sound = said["format"] == FORMAT and {"origin", "mark", "bytes", "sha256"} <= set(said)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said if sound else None
