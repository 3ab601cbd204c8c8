"""Decodes the tiles of ordinary GeoTIFFs: those of a window that are needed, only as far down as they are, straight to where they belong.

GDAL decodes what this module leaves. It is not asked where a stream is broken or its checksum wrong: it may hand out whatever comes of that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isal import isal_zlib
from numba import njit
from numpy.typing import NDArray

from pipeline.sources.tiff import Tiles

_SPARE = 1024
"""Deflated noise is hardly larger than noise; a table that declares twice as much and this is not to be believed."""


_BROKEN: tuple[type[Exception], ...] = (isal_zlib.error, OSError, OverflowError)  # type: ignore[assignment]  # isal's types call it an instance


class UnusualError(Exception):
    """A tile is missing, or its size is not to be believed."""


class DamagedError(Exception):
    """A tile's stream is broken, cut off, longer than it should be, or its checksum is wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """Pixels of a file: `top … top+height`, `left … left+width`."""

    top: int
    left: int
    height: int
    width: int


@njit(nogil=True, cache=True, error_model="numpy")
def unpack(tile, differences, left, out):  # type: ignore[no-untyped-def]
    """Rows of a tile (≥ h, w) from its `left`-th pixel on into `out` (h, w'), differences summed up."""
    height, width = out.shape
    for y in range(height):
        source, target = tile[y, left : left + width], out[y]
        if not differences:
            for x in range(width):
                target[x] = source[x]
            continue
        total = np.uint32(0)
        for x in range(left):
            total += np.uint32(tile[y, x])
        for x in range(width):
            # Sums wrap around, as the differences did.
            total += np.uint32(source[x])
            target[x] = total


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pixels to be read, and where to."""

    place: Place
    needed: Callable[[Place], bool]
    """Whether any of some of them are needed."""
    out: NDArray[Any]
    """(h, w) of `place`."""


def read(path: Path, tiles: Tiles, wanted: Sequence[Wanted], brief: bool) -> None:
    """Pixels of a file to where they are wanted, 0 in tiles of which none are needed. Each tile is decoded once, whoever wants of it.

    brief: tiles are decoded only down to the last row that is asked for, and their checksums stay unread.
    Raises UnusualError where GDAL has to be asked, DamagedError where nobody has to; what was to be filled then holds anything.
    """
    parts: dict[int, list[tuple[int, int, NDArray[Any]]]] = {}
    for each in wanted:
        for number, top, left, target in _parts(tiles, each):
            parts.setdefault(number, []).append((top, left, target))
    with path.open("rb", buffering=0) as file:
        for number, shares in parts.items():
            rows = max(top + len(target) for top, _, target in shares) if brief else tiles.rows(number)
            tile = _tile(file.fileno(), tiles, number, rows)
            for top, left, target in shares:
                unpack(tile[top:], tiles.differences, left, target)


def check(path: Path, tiles: Tiles) -> None:
    """Decode all tiles that were written, for nothing but their checksums. Raises DamagedError."""
    with path.open("rb", buffering=0) as file:
        for number in np.flatnonzero(tiles.size).tolist():
            with suppress(UnusualError):
                _tile(file.fileno(), tiles, number, tiles.rows(number))


def _parts(tiles: Tiles, wanted: Wanted) -> Iterator[tuple[int, int, int, NDArray[Any]]]:
    """What some pixels need of tiles: number of the tile, first row and column in it, and where to."""
    tall, wide = tiles.tile
    across, place = -(-tiles.shape[1] // wide), wanted.place
    for row in range(place.top // tall, -(-(place.top + place.height) // tall)):
        for col in range(place.left // wide, -(-(place.left + place.width) // wide)):
            top, left = max(row * tall, place.top), max(col * wide, place.left)
            bottom, right = min((row + 1) * tall, place.top + place.height), min((col + 1) * wide, place.left + place.width)
            target = wanted.out[top - place.top : bottom - place.top, left - place.left : right - place.left]
            if wanted.needed(Place(top, left, bottom - top, right - left)):
                yield row * across + col, top - row * tall, left - col * wide, target
            else:
                target[:] = 0


def _tile(file: int, tiles: Tiles, number: int, rows: int) -> NDArray[Any]:
    """The first rows of a tile."""
    row_bytes = tiles.tile[1] * tiles.dtype.itemsize
    size, whole = int(tiles.size[number]), tiles.rows(number) * row_bytes
    if not 0 < size <= 2 * whole + _SPARE:
        raise UnusualError
    stream = isal_zlib.decompressobj()
    try:
        pixels = stream.decompress(os.pread(file, size, int(tiles.offset[number])), rows * row_bytes)
    except _BROKEN as error:
        raise DamagedError from error
    if len(pixels) < rows * row_bytes or (rows == tiles.rows(number) and not stream.eof):
        raise DamagedError
    return np.frombuffer(pixels, tiles.dtype).reshape(rows, tiles.tile[1])


@njit(nogil=True, cache=True)
def any_cell(cells, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Whether any cell of some rows and columns of a plane (h, w) bool is set; as soon as one is."""
    for y in range(top, bottom):
        row, some = cells[y, left:right], False
        for x in range(row.shape[0]):
            some |= row[x]
        if some:
            return True
    return False
