"""Licence registration text (采矿权报盘): what the registration programs of mining rights exchange."""

from __future__ import annotations

import re

from pipeline.layers.corners import rings
from pipeline.layers.corners.draft import Draft, Parcel, Ring, Said
from pipeline.layers.corners.figures import number, plain
from pipeline.layers.corners.frame import datum_in
from pipeline.layers.table import Refuse

_LINE = re.compile(r"XY\d+\s*=\s*(.*)", re.IGNORECASE)
_TOTAL = "拐点坐标与标高的总行数"
_ELEVATION = "标高"
_CODES = {"2": "Xian 1980"}
"""Of 坐标系统, as programs of land offices have it. What other numbers mean is not known here, and said."""


def fits(text: str) -> bool:
    return "[登记项目]" in text or re.search(r"^\s*XY\d{3}\s*=", text, re.MULTILINE) is not None


def read(text: str, refuse: Refuse) -> Draft:
    """Rights of a text. Each ring ends with a line of its elevations, and is not closed by its first point."""
    draft = Draft([], Said(order="north_east", binding=True))
    right: _Right | None = None
    for line, content in enumerate(text.splitlines(), 1):
        content = content.strip()
        point = _LINE.fullmatch(plain(content))
        if content.startswith("[登记项目]") or (right is None and (point or "=" in content)):
            if right:
                right.end()
            right = _Right(draft, refuse)
        if point and right:
            right.line(point[1], line)
        elif right and "=" in content:
            right.describe(content)
    if right:
        right.end()
    return draft


class _Right:
    """Puts lines together to a right."""

    def __init__(self, draft: Draft, refuse: Refuse) -> None:
        self.draft = draft
        self.refuse = refuse
        self.parcel = Parcel([])
        draft.parcels.append(self.parcel)
        self.ring: Ring | None = None
        self.elevations: list[tuple[Ring, str, str]] = []
        self.lines = 0
        self.total: int | None = None

    def describe(self, content: str) -> None:
        key, _, value = (part.strip() for part in content.partition("="))
        if _TOTAL in key:
            self.total = int(plain(value)) if plain(value).isdigit() else None
        elif key == "坐标系统":
            self._system(plain(value))
        elif value:
            self.parcel.values[key] = value

    def _system(self, value: str) -> None:
        if value.isdigit() and len(value) == 1:
            self.draft.said.datum = _CODES.get(value)
            self.draft.decided.append(f"坐标系统={value} is {self.draft.said.datum or 'a number without a meaning that is known here'}")
        elif value:
            self.draft.said.datum = datum_in(value)
            self.draft.said.width = 6 if re.search(r"6\s*(度|°)", value) else 3 if re.search(r"3\s*(度|°)", value) else None

    def line(self, content: str, line: int) -> None:
        self.lines += 1
        parts = [part.strip() for part in content.split(",")] + [""] * 5
        if parts[0] == _ELEVATION:
            self._close(parts)
            return
        try:
            north, east = number(parts[1]), number(parts[2])
        except ValueError:
            north = east = None
        if north is None or east is None:
            what = f"has in line {line} {content[:60]!r} where a point (XY001=name, north, east) belongs"
            raise self.refuse("MW-LAYER-LINE", what, "A line is like XY001=1,3951000.12,35500000.45; correct it.")
        if self.ring is None:
            self.ring = Ring([], line)
            self.parcel.rings.append(self.ring)
        self.ring.points.append((north, east))

    def _close(self, parts: list[str]) -> None:
        if self.ring is not None:
            rings.settle(self.ring, parts[3], parts[4])
            self.elevations.append((self.ring, parts[1], parts[2]))
        self.ring = None

    def end(self) -> None:
        position = len(self.draft.parcels) - 1
        if self.ring is not None:
            what = f"ends without the line of elevations (标高) that ends each ring (line {self.ring.line})."
            self.draft.note("MW-LAYER-UNCLOSED", what, "Is its end missing? A ring ends with XY…=标高,upper,lower,,1.", parcel=position)
        if self.total is not None and self.total != self.lines:
            what = f"states {self.total} lines of points and elevations, but has {self.lines}."
            self.draft.note("MW-LAYER-COUNT", what, "Is a line missing, or one too many? Compare with the licence.", parcel=position)
        rings.elevations(self.parcel, self.elevations)
