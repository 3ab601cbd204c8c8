"""State on disk: one file of compressed arrays a block, written whole or not at all, checked on reading."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import blosc2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from pipeline.errors import Exit, MinewardenError
from pipeline.workspace import Take, lent

MAGIC, OLDER = b"MWSTATE3", b"MWSTATE2"
"""Then the CRC-32 (uint32, little-endian; SHA-256 in older files) of the rest: length of the head (uint32), head (JSON), compressed arrays."""
START = len(MAGIC) + 4
VERSION = 1
NEWER = "MW-STATE-VERSION"
_CODEC = {"codec": blosc2.Codec.LZ4, "clevel": 5}
_SPARSE = 1 / 8
"""Arrays of which less is other than zero are packed as they are."""


def _damaged(file: Path, what: str) -> MinewardenError:
    fix = "Run 'minewarden repair CONFIG': it makes state again from the scenes; ids and verdicts stay."
    return MinewardenError("MW-STATE-DAMAGED", f"{file} {what}.", fix, Exit.DAMAGED)


def sealed(rest: bytes) -> bytes:
    """A file's bytes, from all that follows its checksum."""
    return MAGIC + struct.pack("<I", isal_zlib.crc32(rest)) + rest


def _packed(array: NDArray[np.generic]) -> bytes:
    """An array compressed: its planes of bits, which vary less than its numbers do; what is nearly all zero needs no such turning over."""
    sparse = np.count_nonzero(array) < _SPARSE * array.size
    filters = [blosc2.Filter.NOFILTER if sparse else blosc2.Filter.BITSHUFFLE]
    packed: bytes = blosc2.compress2(np.ascontiguousarray(array), typesize=array.dtype.itemsize, nthreads=1, filters=filters, **_CODEC)
    return packed


def write(file: Path, arrays: dict[str, NDArray[np.generic]], key: str) -> None:
    """Write arrays under a `key` that says what they were made from; atomic, flushed to disk."""
    parts, heads = [], []
    for name, array in arrays.items():
        packed = _packed(array)
        parts.append(packed)
        heads.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "bytes": len(packed)})
    head = json.dumps({"version": VERSION, "key": key, "arrays": heads}).encode()
    rest = struct.pack("<I", len(head)) + head + b"".join(parts)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as stream:
        stream.write(sealed(rest))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)


def _checked(file: Path, raw: memoryview) -> tuple[dict[str, Any], memoryview]:
    """Head and compressed arrays of a file's bytes."""
    magic = bytes(raw[: len(MAGIC)])
    if magic not in (MAGIC, OLDER):
        raise _damaged(file, "is not a state file")
    start = START if magic == MAGIC else len(OLDER) + 32
    rest = raw[start:]
    found = struct.pack("<I", isal_zlib.crc32(rest)) if magic == MAGIC else hashlib.sha256(rest).digest()
    if found != raw[len(MAGIC) : start]:
        raise _damaged(file, "does not match its checksum")
    (size,) = struct.unpack("<I", rest[:4])
    head: dict[str, Any] = json.loads(bytes(rest[4 : 4 + size]))
    if head["version"] > VERSION:
        raise MinewardenError(NEWER, f"{file} was written by a newer minewarden.", "Update minewarden.", Exit.DAMAGED)
    return head, rest[4 + size :]


@contextmanager
def _raw(file: Path) -> Iterator[memoryview]:
    """Bytes of a file, in lent memory."""
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            with lent(size) as room:
                raw = room.take((size,), np.uint8).data
                if stream.readinto(raw) != size:
                    raise _damaged(file, "changed while it was read")
                yield raw
    except OSError as error:
        raise _damaged(file, f"can't be read ({error.strerror})") from error


def key_of(file: Path) -> str | None:
    """What a file was made from; None where there is no sound file. One of a newer version is never taken for damaged, and overwritten."""
    try:
        with _raw(file) as raw:
            return str(_checked(file, raw)[0]["key"])
    except MinewardenError as error:
        if error.code == NEWER:
            raise
        return None


def check(file: Path) -> None:
    """Raises MinewardenError (exit 5) naming the file where it is damaged."""
    with _raw(file) as raw:
        _checked(file, raw)


def read(file: Path, take: Take = np.empty) -> dict[str, NDArray[np.generic]]:
    """Read all arrays. Raises MinewardenError (exit 5) naming the file where it is missing or damaged. take: makes the arrays."""
    out: dict[str, NDArray[np.generic]] = {}
    with _raw(file) as raw:
        head, body = _checked(file, raw)
        start = 0
        for each in head["arrays"]:
            array = take(tuple(each["shape"]), each["dtype"])
            if array.size:
                blosc2.decompress2(body[start : start + each["bytes"]], dst=array, nthreads=1)
            out[each["name"]] = array
            start += each["bytes"]
    return out
