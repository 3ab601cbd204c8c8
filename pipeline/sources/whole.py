"""Are all of a scene's pixels there? What a header declares, held against the bytes that follow it.

A cut-off GeoTIFF opens, and a program killed while it wrote one leaves blocks without a place, which read as zeros: both look
like ground that was not seen. Only the table of blocks is read here, so that a whole archive can be looked through.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from odc.geo.geobox import GeoBox

from pipeline.errors import MinewardenError
from pipeline.sources.bandfile import open_band
from pipeline.sources.reader import read_window
from pipeline.sources.scene import Scene
from pipeline.sources.tiff import Blocks, CutError, Head

AGAIN = "Download or copy the scene again."
SEEN_ELSEWHERE = 0.5
"""A block that is not there is a loss where another band has data in more than this share of it: swath edges differ by some cells."""
_TAIL = 16


def check(scene: Scene) -> None:
    """Raises MinewardenError (`MW-BAND-…`) naming the file where a part of a band or of the classification is not there."""
    tables = {path: table for path in scene.files if (table := blocks(path)) is not None}
    for path, table in tables.items():
        if table.missing.any():
            _check_holes(path, table, tables)


def blocks(path: Path) -> Blocks | None:
    """Table of a file's blocks; None where it is no TIFF: opening it says what it is not. Raises MW-BAND-CUT where it ends before they do."""
    with path.open("rb") as file:
        return blocks_of(file, str(path))


def blocks_of(file: BinaryIO, name: str) -> Blocks | None:
    """As `blocks`, of an open file."""
    try:
        head = Head(file)
        table = head.blocks()
        _check_end(head, table)
    except CutError as error:
        raise MinewardenError("MW-BAND-CUT", f"{name} is cut off: {error}.", AGAIN) from error
    except ValueError:
        return None
    return table


def _check_end(head: Head, table: Blocks) -> None:
    """No block beyond the end of the file; and no end of zeros, as copies leave that reserve their room beforehand."""
    there = ~table.missing
    beyond = int((there & (table.offset + table.size > head.size)).sum())
    if beyond:
        raise CutError(f"{beyond} of its {len(table.offset)} blocks lie beyond its end")
    if table.packed and there.any():
        last = int(np.argmax(np.where(there, table.offset, 0)))
        many = min(int(table.size[last]), _TAIL)
        if not any(head.read(int(table.offset[last] + table.size[last]) - many, many)):
            raise CutError("it ends in zeros")


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
