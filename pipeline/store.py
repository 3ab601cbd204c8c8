"""State on disk: one file of compressed arrays a block, written whole or not at all, checked on reading."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path

import blosc2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Exit, MinewardenError

MAGIC = b"MWSTATE1"
VERSION = 1
_CODEC = {"codec": blosc2.Codec.LZ4, "clevel": 5, "filter": blosc2.Filter.SHUFFLE}


def _damaged(file: Path, what: str) -> MinewardenError:
    return MinewardenError("MW-STATE-DAMAGED", f"{file} {what}.", "Remove that month's folder in state/ and run the month again.", Exit.DAMAGED)


def write(file: Path, arrays: dict[str, NDArray[np.generic]], key: str) -> None:
    """Write arrays under a `key` that says what they were made from; atomic, flushed to disk."""
    parts, heads = [], []
    for name, array in arrays.items():
        packed = blosc2.compress2(np.ascontiguousarray(array), typesize=array.dtype.itemsize, nthreads=1, **_CODEC)
        parts.append(packed)
        heads.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "bytes": len(packed)})
    body = b"".join(parts)
    head = json.dumps({"version": VERSION, "key": key, "sha256": hashlib.sha256(body).hexdigest(), "arrays": heads}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as stream:
        stream.write(MAGIC + struct.pack("<I", len(head)) + head + body)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)


def _head(file: Path, raw: bytes) -> tuple[dict[str, object], int]:
    if raw[:8] != MAGIC:
        raise _damaged(file, "is not a state file")
    size = struct.unpack("<I", raw[8:12])[0]
    try:
        head = json.loads(raw[12 : 12 + size])
    except ValueError as error:
        raise _damaged(file, "has a broken head") from error
    if head["version"] > VERSION:
        raise MinewardenError("MW-STATE-VERSION", f"{file} was written by a newer minewarden.", "Update minewarden.", Exit.DAMAGED)
    return head, 12 + size


def key_of(file: Path) -> str | None:
    """What a file was made from; None where there is no readable file."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(65536)
        return str(_head(file, raw)[0]["key"])
    except (OSError, MinewardenError):
        return None


def read(file: Path) -> dict[str, NDArray[np.generic]]:
    """Read all arrays. Raises MinewardenError (exit 5) naming the file where it is missing or damaged."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise _damaged(file, f"can't be read ({error.strerror})") from error
    head, start = _head(file, raw)
    if hashlib.sha256(raw[start:]).hexdigest() != head["sha256"]:
        raise _damaged(file, "does not match its checksum")
    out: dict[str, NDArray[np.generic]] = {}
    for array in head["arrays"]:  # type: ignore[attr-defined]
        plain = blosc2.decompress2(raw[start : start + array["bytes"]], nthreads=1)
        out[array["name"]] = np.frombuffer(bytearray(plain), array["dtype"]).reshape(array["shape"])
        start += array["bytes"]
    return out
