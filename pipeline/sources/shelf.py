"""A store that computers share, in a bucket: what one of them has made, the others take.

There are neither locks nor renames there, and none are needed: files stand under the hash of what they hold, so that it does no harm
to write one twice; a record is written after its file; and whoever does not find a file, or finds it spoilt, makes it himself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.errors import MinewardenError
from pipeline.files import sha256_file
from pipeline.sources.bucket import Bucket, Object
from pipeline.sources.transcode import StoreError

SETTLED_S = 86_400.0
"""What was written so recently may be a file whose record is still on its way."""
MOST_RECORD = 100_000
MOST_NEEDS = 50_000_000
LOGGER = logging.getLogger("minewarden.sources")


class Shelf:
    """`scenes/<scene>/` files by their hash and records by what they were made from, `needs/` what each county needs."""

    def __init__(self, bucket: Bucket, limit: int) -> None:
        """limit: bytes that all files together may take."""
        self.bucket, self.limit = bucket, limit
        self._guard = threading.Lock()
        self._objects: dict[str, Object] | None = None
        """As last listed, and what this process has written since. Others may have written more: it is made twice, no harm."""
        self._made: set[str] = set()
        """Names of files that have a record, `<scene>/<file>`."""
        self._full = False

    def _listed(self) -> dict[str, Object]:
        with self._guard:
            if self._objects is None:
                self._objects = {each.name: each for each in self.bucket.list("scenes")}
                self._made = {name.removeprefix("scenes/").rpartition("-")[0] for name in self._objects if name.endswith(".json")}
            return self._objects

    def has(self, scene: str, file: str) -> bool:
        """Whether there is a record of a file (its name without its ending), made from whatever it was."""
        self._listed()
        return f"{scene}/{file}" in self._made

    def take(self, scene: str, file: str, origin: str, draft: Path) -> bool:
        """Copy a file that was made from `origin`; whether it is there, whole. Raises StoreError where the service can't be had."""
        objects = self._listed()
        record = objects.get(_record(scene, file, origin))
        if record is None:
            return False
        try:
            said = json.loads(self.bucket.read(record, MOST_RECORD))
            content = objects.get(f"scenes/{scene}/{said['sha256']}.tif")
            if content is None or said["origin"] != origin:
                return False
            self.bucket.copy(content, draft)
            return bool(sha256_file(draft) == said["sha256"])
        except StoreError:
            raise
        except (MinewardenError, ValueError, KeyError, TypeError):
            return False

    def give(self, scene: str, file: str, record: dict[str, Any], path: Path) -> None:
        """Share a file that was made, where there is room for it."""
        name = f"scenes/{scene}/{record['sha256']}.tif"
        if not self._has_room(record["bytes"]):
            return
        self.bucket.put(name, path)
        text, key = json.dumps(record | {"mark": None}, ensure_ascii=False).encode(), _record(scene, file, record["origin"])
        self.bucket.put(key, text)
        with self._guard:
            if self._objects is not None:
                # Without a version: it is not known which tag the service gave it.
                self._objects |= {n: Object(n, size, "", time.time()) for n, size in ((name, record["bytes"]), (key, len(text)))}

    def tell(self, county: str, scenes: Iterable[str]) -> None:
        """Say which scenes a county needs from now on. county: tells it from others of this computer."""
        name = f"needs/{hashlib.sha256(f'{platform.node()} {county}'.encode()).hexdigest()[:16]}.json"
        self.bucket.put(name, json.dumps({"scenes": sorted(scenes)}, ensure_ascii=False).encode())

    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self._listed().values())

    def _has_room(self, most: int) -> bool:
        """Whether a file may be added, once what may go has gone; looked for until nothing may."""
        if self._full:
            return False
        if self.size() + most > self.limit:
            with self._guard:
                self._objects = self._after_eviction(most)
            self._full = self.size() + most > self.limit
            if self._full:
                LOGGER.warning("%s is full of what months need that are not done yet: nothing more is shared.", self.bucket.url)
        return not self._full

    def _after_eviction(self, most: int) -> dict[str, Object]:
        """Let scenes go that no county needs, the oldest first; what is left."""
        objects = {each.name: each for each in self.bucket.list("scenes")}
        scenes: dict[str, list[Object]] = defaultdict(list)
        for each in objects.values():
            scenes[each.name.split("/")[1]].append(each)
        used, needed = sum(each.size for each in objects.values()), self._needed()
        for scene, own in sorted(scenes.items(), key=lambda s: max(each.changed_s for each in s[1])):
            if used + most <= self.limit:
                break
            if needed is None or scene in needed or time.time() - max(each.changed_s for each in own) < SETTLED_S:
                continue
            # Records first: a file without a record is nothing, a record without a file is a question for nothing.
            records = {each.name for each in own if each.name.endswith(".json")}
            for gone in (records, {each.name for each in own} - records):
                self.bucket.remove(sorted(gone))
            used -= sum(each.size for each in own)
            objects = {name: each for name, each in objects.items() if each not in own}
        return objects

    def _needed(self) -> set[str] | None:
        """What any county needs; None where that can't be told: then nothing goes."""
        found: set[str] = set()
        for each in self.bucket.list("needs"):
            try:
                found.update(map(str, json.loads(self.bucket.read(each, MOST_NEEDS))["scenes"]))
            except StoreError:
                raise
            except (MinewardenError, ValueError, KeyError, TypeError):
                return None
        return found


def _record(scene: str, file: str, origin: str) -> str:
    return f"scenes/{scene}/{file}-{origin[:16]}.json"
