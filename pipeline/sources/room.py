"""The store's size: what may go when there is no room, and what must stay because a month that is not done needs it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from pipeline.errors import MinewardenError
from pipeline.files import fsync_file, fsync_folder, write_atomic
from pipeline.sources.transcode import StoreError, write_failed

if TYPE_CHECKING:
    from pipeline.sources.shelf import Shelf

FORGOTTEN_S = 86_400.0
"""A draft that nobody has written to for a day was left by a run that was killed."""
PAID_S = 35 * 86_400.0
"""Replies that were paid for wait until next month, when the quota begins anew."""
PAID = "pieces-"
"""How the names of folders with such replies begin."""
MEASURED_S = 10.0
"""Others fill the store too: it is measured again after so long."""
_LOCKS = 64


def land(draft: Path, target: Path) -> None:
    """Give a file that was written aside its name: it is there whole, or not at all."""
    fsync_file(draft)
    draft.replace(target)
    fsync_folder(target.parent)


@contextmanager
def ours(path: Path) -> Iterator[None]:
    """What the system refuses inside is the store's fault, not the scene's."""
    try:
        yield
    except OSError as error:
        raise write_failed(error, path) from error


@contextmanager
def needing_s3(url: str) -> Iterator[None]:
    """Says which extra is missing where an import inside fails."""
    try:
        yield
    except ImportError as error:
        fix = "pip install 'minewarden[s3]'"
        raise MinewardenError("MW-SOURCE-EXTRA", f"{url} needs packages that are not installed ({error.name}).", fix) from error


def shelf_of(url: str, limit: int) -> Shelf:
    """A bucket in which files are shared. limit: bytes."""
    with needing_s3(url):
        from pipeline.sources.bucket import bucket_of
        from pipeline.sources.shelf import Shelf
    return Shelf(bucket_of(url), limit)


class Room:
    """A store's folder, shared by whoever fills it.

    `scenes/<scene>/` files and their records, `needs/` what each county needs, `drafts/` files being written, `locks/`.
    """

    def __init__(self, folder: Path, limit: int, output: Path, user: str, shelf: Shelf | None = None) -> None:
        """limit: bytes. output: the county's results. user: which command fills it; needs are told apart by these two.

        shelf: where files are shared with other computers.
        """
        self.folder, self.limit, self.output, self.user, self.shelf = folder, limit, output, user, shelf
        self._guard = threading.Lock()
        self._used: int | None = None
        """Bytes of finished files when it was last measured, and what this process has added; others may add some meanwhile."""
        self._measured = 0.0
        self._reserved = 0
        self._needed: set[str] = set()
        self._months: tuple[str, ...] = ("now",)

    def of(self, scene: str) -> Path:
        """Folder of a scene's files."""
        return self.folder / "scenes" / scene

    def draft(self, name: str) -> Path:
        """Where a file is written aside; of one name for each process and thread."""
        drafts = self.folder / "drafts"
        drafts.mkdir(parents=True, exist_ok=True)
        return drafts / f"{os.getpid()}-{threading.get_ident()}-{name}"

    @contextmanager
    def locked(self, *what: str) -> Iterator[None]:
        """Keep others, in this process and in others, from working on the same thing; the whole store where none is named."""
        name = f"{int(hashlib.sha256('/'.join(what).encode()).hexdigest(), 16) % _LOCKS:02d}" if what else "store"
        file = self.folder / "locks" / f"{name}.lock"
        with ours(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(file)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @property
    def _needs(self) -> Path:
        name = hashlib.sha256(str(self.output.resolve()).encode()).hexdigest()[:16]
        return self.folder / "needs" / f"{name}-{self.user}.json"

    def keep(self, scenes: Iterable[str], months: Sequence[str]) -> None:
        """From now on just these scenes are needed, until these months are finished."""
        with self._guard:
            self._needed, self._months = set(scenes), tuple(months)
            self._tell()

    def need(self, scenes: Iterable[str]) -> None:
        """These scenes are needed too."""
        with self._guard:
            more = set(scenes) - self._needed
            if more:
                self._needed |= more
                self._months = self._months or ("now",)
                self._tell()

    def _tell(self) -> None:
        if not self._needed and not self._needs.exists():
            return
        with self.locked(), ours(self._needs):
            self._needs.parent.mkdir(exist_ok=True)
            said = {"output": str(self.output.resolve()), "months": self._months, "scenes": sorted(self._needed)}
            write_atomic(self._needs, json.dumps(said, ensure_ascii=False, indent=1).encode())
        if self.shelf is not None:
            self.shelf.tell(self._needs.stem, self._needed)

    def _needed_by_all(self) -> set[str]:
        """What any county needs for a month that it has not finished."""
        found: set[str] = set()
        for file in (self.folder / "needs").glob("*.json"):
            try:
                said = json.loads(file.read_text("utf-8"))
                output = Path(said["output"])
                if output.is_dir() and any(not (output / str(month) / "run.json").exists() for month in said["months"]):
                    found.update(map(str, said["scenes"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    @contextmanager
    def reserved(self, most: int) -> Iterator[Callable[[int], None]]:
        """Room for `most` bytes while a file is written; call what is given with the bytes it has in the end.

        Raises StoreError MW-STORE-FULL where what may go is not enough.
        """
        with self._guard:
            self._reserved += most
            try:
                stale = time.monotonic() - self._measured > MEASURED_S
                if self._used is None or stale or self._used + self._reserved > self.limit:
                    with self.locked(), ours(self.folder):
                        self._used, self._measured = self._evict(self._reserved), time.monotonic()
            except BaseException:
                self._reserved -= most
                raise
        kept = 0

        def took(size: int) -> None:
            nonlocal kept
            kept = size

        try:
            yield took
        finally:
            with self._guard:
                self._reserved -= most
                self._used += kept

    def _evict(self, most: int) -> int:
        """Let scenes go that nobody needs, the one longest unused first; bytes in use afterwards."""
        self._sweep()
        scenes = sorted(((_last_used(folder), _size(folder), folder) for folder in _folders(self.folder / "scenes")), key=lambda s: s[0])
        used, needed = self._drafts() + sum(size for _, size, _ in scenes), self._needed_by_all()
        for _, size, folder in scenes:
            if used + most <= self.limit:
                break
            if folder.name not in needed:
                # By one rename, so that a killed run leaves no scene half removed.
                gone = self.draft(f"gone-{folder.name}")
                folder.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
                used -= size
        if used + most > self.limit:
            raise StoreError(
                "MW-STORE-FULL",
                f"The store {self.folder} may take {self.limit / 1e9:.3g} GB; "
                f"months that are not done yet need all of the {used / 1e9:.3g} GB in it, and more.",
                "Raise store.max_gb; 'minewarden fetch' says how much a month needs.",
            )
        return used

    def _sweep(self) -> None:
        """Remove drafts that killed runs left."""
        for draft in (self.folder / "drafts").glob("*"):
            try:
                if time.time() - draft.stat().st_mtime > (PAID_S if draft.name.startswith(PAID) else FORGOTTEN_S):
                    shutil.rmtree(draft) if draft.is_dir() else draft.unlink()
            except OSError:
                continue

    def size(self) -> int:
        """Bytes of all files of scenes, and of those that are being written."""
        return self._drafts() + sum(_size(folder) for folder in _folders(self.folder / "scenes"))

    def _drafts(self) -> int:
        """Bytes that other processes have written so far, and what killed ones left; for our own files room is reserved."""
        sizes = ((name, about.st_size) for name, about in _files(self.folder / "drafts") if not stat.S_ISDIR(about.st_mode))
        return sum(size for name, size in sizes if not name.startswith(f"{os.getpid()}-")) + sum(map(_size, _folders(self.folder / "drafts")))


def _folders(parent: Path) -> list[Path]:
    return sorted(each for each in parent.iterdir() if each.is_dir()) if parent.is_dir() else []


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """What a folder holds. Others work in it at the same time: what goes meanwhile is passed over."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.name, entry.stat()


def _size(folder: Path) -> int:
    return sum(about.st_size for _, about in _files(folder))


def _last_used(folder: Path) -> float:
    """Records are touched when their files are used."""
    return max((about.st_mtime for name, about in _files(folder) if name.endswith(".json")), default=0.0)
