"""Files that are whole or not there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def fsync_file(path: Path) -> None:
    """Have a file that some library wrote reach the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def fsync_folder(path: Path) -> None:
    """Have a folder's names reach the disk; a no-op where folders can't be opened (Windows, some shares)."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Write beside, flush to disk, rename: a reader sees the old file or the new one."""
    draft = path.with_name(f".{path.name}.tmp")
    try:
        with draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(path.parent)


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
