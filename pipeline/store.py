"""State on disk: one file of compressed arrays a block, written whole or not at all, checked on reading."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import blosc2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Exit, MinewardenError

MAGIC = b"MWSTATE2"
"""Then the SHA-256 of all that follows: length of the head (uint32, little-endian), head (JSON), compressed arrays."""
START = len(MAGIC) + 32
VERSION = 1
NEWER = "MW-STATE-VERSION"
_CODEC = {"codec": blosc2.Codec.LZ4, "clevel": 5, "filter": blosc2.Filter.SHUFFLE}


def _damaged(file: Path, what: str) -> MinewardenError:
    fix = "Run 'minewarden repair CONFIG': it makes state again from the scenes; ids and verdicts stay."
    return MinewardenError("MW-STATE-DAMAGED", f"{file} {what}.", fix, Exit.DAMAGED)


def write(file: Path, arrays: dict[str, NDArray[np.generic]], key: str) -> None:
    """Write arrays under a `key` that says what they were made from; atomic, flushed to disk."""
    parts, heads = [], []
    for name, array in arrays.items():
        packed = blosc2.compress2(np.ascontiguousarray(array), typesize=array.dtype.itemsize, nthreads=1, **_CODEC)
        parts.append(packed)
        heads.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "bytes": len(packed)})
    head = json.dumps({"version": VERSION, "key": key, "arrays": heads}).encode()
    rest = struct.pack("<I", len(head)) + head + b"".join(parts)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as stream:
        stream.write(MAGIC + hashlib.sha256(rest).digest() + rest)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)


def _open(file: Path) -> tuple[dict[str, Any], memoryview]:
    """Head and compressed arrays of a file, checked."""
    try:
        raw = memoryview(file.read_bytes())
    except OSError as error:
        raise _damaged(file, f"can't be read ({error.strerror})") from error
    if raw[: len(MAGIC)] != MAGIC:
        raise _damaged(file, "is not a state file")
    if hashlib.sha256(raw[START:]).digest() != raw[len(MAGIC) : START]:
        raise _damaged(file, "does not match its checksum")
    (size,) = struct.unpack("<I", raw[START : START + 4])
    head: dict[str, Any] = json.loads(bytes(raw[START + 4 : START + 4 + size]))
    if head["version"] > VERSION:
        raise MinewardenError(NEWER, f"{file} was written by a newer minewarden.", "Update minewarden.", Exit.DAMAGED)
    return head, raw[START + 4 + size :]


def key_of(file: Path) -> str | None:
    """What a file was made from; None where there is no sound file. One of a newer version is never taken for damaged, and overwritten."""
    try:
        return str(_open(file)[0]["key"])
    except MinewardenError as error:
        if error.code == NEWER:
            raise
        return None


def check(file: Path) -> None:
    """Raises MinewardenError (exit 5) naming the file where it is damaged."""
    _open(file)


def read(file: Path) -> dict[str, NDArray[np.generic]]:
    """Read all arrays. Raises MinewardenError (exit 5) naming the file where it is missing or damaged."""
    head, body = _open(file)
    out: dict[str, NDArray[np.generic]] = {}
    start = 0
    for array in head["arrays"]:
        plain = blosc2.decompress2(bytes(body[start : start + array["bytes"]]), nthreads=1)
        out[array["name"]] = np.frombuffer(bytearray(plain), array["dtype"]).reshape(array["shape"])
        start += array["bytes"]
    return out
