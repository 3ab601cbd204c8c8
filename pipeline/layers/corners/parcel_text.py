"""Parcel text (勘测定界界址点坐标交换格式): what land offices' programs exchange."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.layers.corners.draft import Draft, Pair, Parcel, Ring, Said
from pipeline.layers.corners.figures import number, plain
from pipeline.layers.corners.frame import datum_in
from pipeline.layers.corners.listing import doubt_inner
from pipeline.layers.table import Refuse

HEADS = ("属性描述", "地块坐标")
_HEAD = re.compile(r"\[(属性描述|地块坐标)\]\s*$")
_FIELDS = ("id", "name", "kind", "图幅号", "用途", "地类编码")
"""Of a parcel's header, after the count and the area."""
_AREA = "面积(公顷)"


def fits(text: str) -> bool:
    return any(f"[{head}]" in text for head in HEADS)


def read(text: str, refuse: Refuse) -> Draft:
    """Parcels of a text. A ring ends where its first point stands again, and that point is counted; rings numbered 2 and more are holes."""
    draft = Draft([], Said(order="north_east", binding=True))
    reader, section = _Reader(draft, refuse), "属性描述"
    for line, content in enumerate(text.splitlines(), 1):
        head = _HEAD.search(content.strip())
        if head:
            section = head[1]
        elif not content.strip():
            continue
        elif section == "属性描述":
            _describe(draft.said, content)
        elif content.rstrip().endswith("@"):
            reader.header(content.strip(), line)
        else:
            reader.point(content, line)
    reader.end()
    return draft


def _describe(said: Said, content: str) -> None:
    key, _, value = plain(content).partition("=")
    key, value = key.strip(), value.strip()
    if key == "坐标系":
        said.datum = datum_in(value)
    elif key == "几度分带":
        said.width = {"3": 3, "6": 6}.get(value[:1])
    elif key == "带号" and value.isdigit():
        said.zone = int(value)
    elif key == "转换参数":
        said.shift = _shift(value.split(","))


def _shift(parts: Iterable[str]) -> tuple[float, ...] | None:
    """Seven parameters; None where they are left out or only in part there."""
    found = [number(part) for part in parts]
    values = tuple(value for value in found if value is not None)
    return values if len(values) == len(found) == 7 and any(values) else None


class _Reader:
    """Puts lines together to parcels."""

    def __init__(self, draft: Draft, refuse: Refuse) -> None:
        self.draft = draft
        self.refuse = refuse
        self.counted = 0
        """Points of the parcel so far, as the header counts them."""
        self.count: int | None = None
        self.ring: Ring | None = None
        self.number = ""
        self.open = False
        """The ring's first point has not come again yet."""
        self.first = ""
        """Name of the ring's first point."""

    @property
    def _position(self) -> int:
        return len(self.draft.parcels) - 1

    def header(self, content: str, line: int) -> None:
        self.end()
        count, area, *rest = [part.strip() for part in content.removesuffix("@").rstrip(",").split(",")] + [""]
        values = {name: value or None for name, value in zip(_FIELDS, rest, strict=False)}
        kind = values.pop("kind", None)
        self.draft.parcels.append(Parcel([], {**values, _AREA: area or None}))
        self.count, self.counted = (int(plain(count)) if plain(count).isdigit() else None), 0
        if kind not in (None, "面"):
            what = f"is a {kind} (line {line}), no area (面)."
            self.draft.note("MW-LAYER-TYPE", what, "Only areas belong here: take the parcel out.", parcel=self._position, fatal=True)

    def point(self, content: str, line: int) -> None:
        parts = [part.strip() for part in plain(content).split(",")]
        try:
            north, east = (number(part) for part in parts[2:4])
        except ValueError:
            north = east = None
        if north is None or east is None:
            what = f"has in line {line} {content.strip()[:60]!r} where a point (name, ring, north, east) belongs"
            raise self.refuse("MW-LAYER-LINE", what, "A line is like J1,1,3951000.123,35500000.456; correct it.")
        if not self.draft.parcels:
            raise self.refuse("MW-LAYER-LINE", f"has points (line {line}) before the header of a parcel", "A header ends in @, see docs/layers.md.")
        self.counted += 1
        self._add(parts[0], parts[1], (north, east), line)

    def _add(self, name: str, ring: str, pair: Pair, line: int) -> None:
        if self.ring is None or not self.open or ring != self.number:
            self._left_open()
            self.ring = Ring([pair], line, adds=ring in ("", "1"))
            self.draft.parcels[-1].rings.append(self.ring)
            self.number, self.open, self.first = ring, True, name
        elif pair == self.ring.points[0]:
            self.open = False
        elif name and name == self.first:
            gap = max(abs(a - b) for a, b in zip(pair, self.ring.points[0], strict=True))
            what = f"has point {name} twice in one ring (line {line}), {gap:.3f} apart; the ring ends there, on its first place."
            fix = "Give the same coordinates where a ring ends as where it begins."
            self.draft.note("MW-LAYER-UNCLOSED", what, fix, parcel=self._position)
            self.open = False
        else:
            self.ring.points.append(pair)

    def _left_open(self) -> None:
        if self.ring is not None and self.open:
            what = f"has a ring (line {self.ring.line}) that does not end with its first point {self.first}; it is closed by a straight line."
            self.draft.note("MW-LAYER-UNCLOSED", what, "Is a line missing at its end? Repeat the first point there.", parcel=self._position)

    def _check_numbers(self) -> None:
        """Rings of number 1 are the outer ones. Without any the first is; of two inside each other a person has to say."""
        rings = self.draft.parcels[-1].rings if self.draft.parcels else []
        if rings and not any(ring.adds for ring in rings):
            rings[0].adds = True
            what = f"has no ring numbered 1; its first (line {rings[0].line}) is taken as the outer one."
            self.draft.note("MW-LAYER-INSIDE-OUT", what, "Number the outer ring 1, and holes 2 and more.", parcel=self._position)
        elif rings:
            doubt_inner(self.draft.parcels[-1])

    def end(self) -> None:
        """Finish the parcel."""
        self._left_open()
        self._check_numbers()
        if self.draft.parcels and self.count is not None and self.count != self.counted:
            what = f"states {self.count} points, but has {self.counted} (the repeated ones counted)."
            self.draft.note("MW-LAYER-COUNT", what, "Is a line missing, or one too many? Compare with the survey.", parcel=self._position)
        self.ring, self.open, self.count = None, False, None
