"""Tables of corner points: cells of a spreadsheet, a CSV or a notice's table, with columns side by side and headers of several rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.layers.aliases import heading
from pipeline.layers.corners.figures import plain
from pipeline.layers.corners.frame import datum_in
from pipeline.layers.table import Order
from pipeline.layers.zones import CGCS2000

Cells = Sequence[object]

_EAST = re.compile(r"经度|东经|横坐标|东坐标|^经$|^东$|^lon|^lng|^east|^[el]$", re.IGNORECASE)
_NORTH = re.compile(r"纬度|北纬|纵坐标|北坐标|^纬$|^北$|^lat|^north|^[nb]$", re.IGNORECASE)
_X = re.compile(r"^x(坐标|值|轴)?$|^x[^a-z]|坐标x$|\(x\)$", re.IGNORECASE)
_Y = re.compile(r"^y(坐标|值|轴)?$|^y[^a-z]|坐标y$|\(y\)$", re.IGNORECASE)
_POINT = re.compile(r"点号|拐点|界址点|点名|点编号|序号|编号|号$|^no|^point|^id$", re.IGNORECASE)
_RING = re.compile(r"圈号|环号|区块|块号|区号|ring", re.IGNORECASE)
_LARGEST_HEAD = 4
"""Rows that a header can have."""


def shown(cell: object) -> str:
    """A cell as text; whole numbers without '.0'."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _words(cell: object) -> set[str]:
    """What a heading says of its column: N or E by name, X or Y by letter."""
    whole = "".join(plain(shown(cell)).split())
    if not whole or any(sign.isdigit() for sign in whole.replace("2000", "")) or len(whole) > 20:
        return set()
    return {key for key, pattern in (("E", _EAST), ("N", _NORTH), ("X", _X), ("Y", _Y)) if pattern.search(heading(whole)) or pattern.search(whole)}


@dataclass(frozen=True, slots=True)
class Block:
    """Two columns of coordinates, and that of the points' names."""

    first: int
    second: int
    name: int | None
    parts: int = 1
    """Columns of a coordinate: 3 where degrees, minutes and seconds have one each."""


@dataclass(slots=True)
class Layout:
    """What the columns of a table are."""

    rows: int
    """Position of the first row below the header."""
    blocks: list[Block]
    """Empty where each point is given in several systems and nothing says which is today's."""
    order: Order | None
    """By the headings; None where they contradict one another."""
    contradicts: bool
    attributes: dict[int, str] = field(default_factory=dict)
    ring: int | None = None
    chosen: str = ""
    """Of points given in several systems, what the columns that are taken are called."""
    datum: str | None = None
    """Of those."""


def find(rows: Sequence[Cells]) -> Layout | None:
    """The layout of the first table in some rows; None where no row heads coordinates."""
    for top in range(len(rows)):
        said = [_words(cell) for cell in rows[top]]
        if not _heads(said):
            continue
        bottom = top
        while bottom + 1 < min(len(rows), top + _LARGEST_HEAD) and _heads([_words(cell) for cell in rows[bottom + 1]]):
            bottom += 1
            said = _joined(said, [_words(cell) for cell in rows[bottom]])
        return _layout(rows, top, bottom, said)
    return None


def _heads(said: Sequence[set[str]]) -> bool:
    every = set().union(*said) if said else set()
    return {"N", "E"} <= every or {"X", "Y"} <= every


def _joined(above: Sequence[set[str]], below: Sequence[set[str]]) -> list[set[str]]:
    width = max(len(above), len(below))
    return [(above[k] if k < len(above) else set()) | (below[k] if k < len(below) else set()) for k in range(width)]


def _layout(rows: Sequence[Cells], top: int, bottom: int, said: Sequence[set[str]]) -> Layout:
    columns = [k for k, words in enumerate(said) if words]
    pairs = list(zip(columns[::2], columns[1::2], strict=False))
    heads = {k: _head(rows, top, bottom, k) for k in range(max(len(row) for row in rows[top : bottom + 1]))}
    taken = {k for pair in pairs for k in pair}
    blocks = []
    for first, second in pairs:
        left = first - 1
        name = left if left >= 0 and left not in taken and (not heads.get(left) or _POINT.search(heads[left])) else None
        blocks.append(Block(first, second, name))
        taken |= {left} if name is not None else set()
    blocks, chosen, datum = _once(rows, top, said, blocks)
    if blocks and bottom + 1 < len(rows) and all(_parted(rows[bottom + 1], block) for block in blocks):
        bottom += 1
        blocks = [replace(block, parts=3) for block in blocks]
        taken |= {column + k for block in blocks for column in (block.first, block.second) for k in (1, 2)}
    orders = {_order(said[block.first], said[block.second]) for block in blocks}
    order = orders.pop() if len(orders) == 1 else None
    rest = {k: head for k, head in heads.items() if head and k not in taken}
    ring = next((k for k, head in rest.items() if _RING.search(head)), None)
    attributes = {k: head for k, head in rest.items() if k != ring}
    return Layout(bottom + 1, blocks, order, bool(blocks) and order is None, attributes, ring, chosen, datum)


def _parted(row: Cells, block: Block) -> bool:
    """Whether a row heads degrees, minutes and seconds (度, 分, 秒) below both coordinates."""
    heads = [heading(shown(cell)) for cell in row]
    return all(heads[column : column + 3] == ["度", "分", "秒"] for column in (block.first, block.second))


def _once(rows: Sequence[Cells], top: int, said: Sequence[set[str]], blocks: list[Block]) -> tuple[list[Block], str, str | None]:
    """Columns side by side under one column of names give the same points in several systems: those in CGCS2000, else those in metres."""
    if len(blocks) < 2 or blocks[0].name is None or any(block.name is not None for block in blocks[1:]):
        return blocks, "", None
    ends = [0, *(block.second + 1 for block in blocks)]
    above = [" ".join(shown(cell) for row in rows[max(top - 3, 0) : top] for cell in row[start:end]) for start, end in pairwise(ends)]
    datums = [datum_in(plain(text)) for text in above]
    metres = [bool(said[block.first] & {"X", "Y"}) for block in blocks]
    for wanted, of in ((CGCS2000, datums), (True, metres)):
        found = [k for k, value in enumerate(of) if value == wanted]
        if len(found) == 1:
            block = blocks[found[0]]
            name = " ".join(f"{above[found[0]]} {shown(rows[top][block.first])}, {shown(rows[top][block.second])}".split())
            return [Block(block.first, block.second, blocks[0].name)], name[:80], datums[found[0]]
    return [], "", None


def _head(rows: Sequence[Cells], top: int, bottom: int, column: int) -> str:
    """The lowest heading that stands over a column; a merged one may begin in the row above the coordinates' header."""
    for row in range(bottom, max(top - 2, -1), -1):
        text = shown(rows[row][column]) if column < len(rows[row]) else ""
        if text and (row >= top or len([cell for cell in rows[row] if shown(cell)]) > 1):
            return " ".join(text.split())
    return ""


def _order(first: set[str], second: set[str]) -> Order | None:
    """North before east by the names of both columns, else by the trade's custom that X is north; None where they contradict."""
    found: set[Order] = set()
    if "N" in first or "E" in second:
        found.add("north_east")
    if "E" in first or "N" in second:
        found.add("east_north")
    if "X" in first and "Y" in second:
        found.add("north_east")
    if "Y" in first and "X" in second:
        found.add("east_north")
    return found.pop() if len(found) == 1 else None


def split(text: str) -> list[str]:
    """Cells of a line of a table in a text: parted by tabs, bars, commas, or two and more spaces."""
    spelled = plain(text).strip().strip("|")
    for sign in ("\t", "|", ","):
        if sign in spelled:
            return [cell.strip() for cell in spelled.split(sign)]
    return re.split(r"\s{2,}", spelled)
