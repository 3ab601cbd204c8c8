"""What exactly was used: content hashes of scenes, remembered so that an archive is read for it only once."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from pipeline.sources.scene import Mark, Scene, reading


def _seal(known: dict[str, list[object]]) -> str:
    """Tells a cache with a flipped bit from a sound one."""
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


class HashCache:
    """SHA-256 of files by path, size and time of change, kept in one small JSON file.

    A lost or broken cache costs time, nothing else.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._known: dict[str, list[object]] = {}
        self._changed = False
        try:
            kept = json.loads(file.read_text("utf-8")) if file else {}
            known = kept.get("files", {})
            if kept and kept["sha256"] == _seal(known):
                self._known = {k: v for k, v in known.items() if isinstance(v, list) and len(v) == 3}
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            self._known = {}

    def sha256(self, path: Path) -> str:
        stat = path.stat()
        mark = Mark(str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        known = self.known(mark)
        if known is not None:
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.learn(mark, digest)
        return digest

    def known(self, mark: Mark) -> str | None:
        """Hash of a file that has not changed since it was learnt."""
        known = self._known.get(mark.key)
        return str(known[2]) if known and known[:2] == [mark.size, mark.changed_ns] else None

    def is_older(self, mark: Mark) -> bool:
        """Whether what was learnt of that file is of another content."""
        return mark.key in self._known and self.known(mark) is None

    def learn(self, mark: Mark, digest: str) -> None:
        self._known[mark.key] = [mark.size, mark.changed_ns, digest]
        self._changed = True

    def scene(self, scene: Scene) -> str:
        """As `scene_sha256`; UnreadableError where one of its files can't be read."""
        with reading(scene):
            return scene_sha256(scene, self)

    def save(self) -> None:
        """Write what was learnt, at once or not at all."""
        if self.file is None or not self._changed:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps({"sha256": _seal(self._known), "files": self._known}, ensure_ascii=False, sort_keys=True), "utf-8")
        draft.replace(self.file)
        self._changed = False


def scene_sha256(scene: Scene, cache: HashCache | None = None) -> str:
    """Content hash of a scene: its bands in order of name, each with its scale and offset and the bytes of its file as it was delivered."""
    cache = cache or HashCache(None)
    digest = hashlib.sha256()
    parts = {name: (band.path, f"{band.scale!r} {band.offset!r}") for name, band in scene.bands.items()}
    if scene.scl is not None:
        parts["SCL"] = scene.scl, ""
    for name, (path, scaling) in sorted(parts.items()):
        own = scene.delivery.sha256(name, path, cache) if scene.delivery else cache.sha256(path)
        digest.update(f"{name} {scaling} {own}\n".encode())
    return digest.hexdigest()
