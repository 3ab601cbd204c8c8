"""Are all of a scene's pixels there? What a header declares, held against the bytes that follow it.

A cut-off GeoTIFF opens, and a program killed while it wrote one leaves blocks without a place, which read as zeros: both look
like ground that was not seen. Only the table of blocks is read here, so that a whole archive can be looked through.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline.errors import MinewardenError
from pipeline.sources.bandfile import open_band
from pipeline.sources.reader import read_window
from pipeline.sources.scene import Scene

AGAIN = "Download or copy the scene again."
SEEN_ELSEWHERE = 0.5
"""A block that is not there is a loss where another band has data in more than this share of it: swath edges differ by some cells."""
_OFFSETS, _COUNTS, _COMPRESSION = (324, 273), (325, 279), 259
_SIZES = {3: 2, 4: 4, 16: 8}
"""Bytes of the number types that tables are made of."""
_TAIL = 16


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the blocks (tiles or strips) of a TIFF's first image lie, by row."""

    offset: NDArray[np.uint64]
    size: NDArray[np.uint64]
    packed: bool

    @property
    def missing(self) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = (self.offset == 0) | (self.size == 0)
        return out


class _Cut(ValueError):
    """The file ends before what it declares."""


def check(scene: Scene) -> None:
    """Raises MinewardenError (`MW-BAND-…`) naming the file where a part of a band or of the classification is not there."""
    files = [*(band.path for band in scene.bands.values()), *([scene.scl] if scene.scl else [])]
    tables = {path: table for path in files if (table := blocks(path)) is not None}
    for path, table in tables.items():
        if table.missing.any():
            _check_holes(path, table, tables)


def blocks(path: Path) -> Blocks | None:
    """Table of a file's blocks; None where it is no TIFF. Raises MW-BAND-CUT where it ends before they do."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            table = _table(file, size)
            if table is not None:
                _check_end(file, size, table)
        except (_Cut, ValueError) as error:
            raise MinewardenError("MW-BAND-CUT", f"{path} is cut off: {error}.", AGAIN) from error
    return table


def _table(file: BinaryIO, size: int) -> Blocks | None:
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 16:
        return None  # opening it says what it is not
    large = np.frombuffer(head, f"{order}u2", 1, 2)[0] == 43
    word = 8 if large else 4
    start = int(np.frombuffer(head, f"{order}u{word}", 1, word)[0])
    entry = np.dtype([("tag", f"{order}u2"), ("type", f"{order}u2"), ("count", f"{order}u{word}"), ("value", f"V{word}")])
    count = int(np.frombuffer(_bytes(file, size, start, 8 if large else 2), f"{order}u{8 if large else 2}")[0])
    entries = np.frombuffer(_bytes(file, size, start + (8 if large else 2), count * entry.itemsize), entry)

    def numbers(*tags: int) -> NDArray[np.uint64]:
        for each in entries[np.isin(entries["tag"], tags)]:
            width, many = _SIZES.get(int(each["type"]), 0), int(each["count"])
            raw = each["value"].tobytes()
            if width * many > word:
                raw = _bytes(file, size, int(np.frombuffer(raw, f"{order}u{word}")[0]), width * many)
            return np.frombuffer(raw[: width * many], f"{order}u{width}").astype(np.uint64) if width else np.zeros(0, np.uint64)
        return np.zeros(0, np.uint64)

    offset, length, packing = numbers(*_OFFSETS), numbers(*_COUNTS), numbers(_COMPRESSION)
    if not len(offset) or len(offset) != len(length):
        raise _Cut("its table of blocks is broken")
    return Blocks(offset, length, bool(len(packing) and packing[0] != 1))


def _bytes(file: BinaryIO, size: int, place: int, many: int) -> bytes:
    if place + many > size:
        raise _Cut(f"it has {size} bytes and declares more")
    file.seek(place)
    return file.read(many)


def _check_end(file: BinaryIO, size: int, table: Blocks) -> None:
    """No block beyond the end of the file; and no end of zeros, as copies leave that reserve their room beforehand."""
    there = ~table.missing
    beyond = int((there & (table.offset + table.size > size)).sum())
    if beyond:
        raise _Cut(f"{beyond} of its {len(table.offset)} blocks lie beyond its end")
    if table.packed and there.any():
        last = int(np.argmax(np.where(there, table.offset, 0)))
        many = min(int(table.size[last]), _TAIL)
        if not any(_bytes(file, size, int(table.offset[last] + table.size[last]) - many, many)):
            raise _Cut("it ends in zeros")


def _check_holes(path: Path, table: Blocks, tables: dict[Path, Blocks]) -> None:
    """Blocks that were never written are ground without data, unless another band has data there."""
    others = [p for p in tables if p != path]
    if not others:
        return
    witness = min(others, key=lambda p: int(tables[p].missing.sum()))
    holes = [box for box, missing in zip(_boxes(path), table.missing, strict=True) if missing]
    for box in holes:
        if np.count_nonzero(read_window(witness, box, classes=True)) > SEEN_ELSEWHERE * box.shape.x * box.shape.y:
            raise MinewardenError(
                "MW-BAND-HOLES", f"{path} was not written to its end: {len(holes)} of its blocks are empty where {witness.name} has data.", AGAIN
            )


def _boxes(path: Path) -> list[GeoBox]:
    """Ground of each block of a file, in the order of its table."""
    with open_band(path) as band:
        whole = GeoBox((band.height, band.width), band.transform, band.crs.to_wkt())
        return [whole[w.row_off : w.row_off + w.height, w.col_off : w.col_off + w.width] for _, w in band.block_windows(1)]
