"""Coordinates typed into a letter or a notice: pairs of degrees or metres in running text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.layers.corners import facts
from pipeline.layers.corners.draft import Draft, Parcel, Said
from pipeline.layers.corners.figures import Figure, figures, order_of, plain
from pipeline.layers.corners.listing import Point, Section, fill
from pipeline.layers.corners.rings import TAKEN_OUT
from pipeline.layers.table import Order, Refuse

_HEADING = re.compile(r"区块|矿区|地块|块段|矿体|区域|范围|第.{1,3}[块圈区]|[一二三四五六七八九十]区")
_NAME = re.compile(r"([A-Za-z]{0,3}\d{1,4})\s*[号点]?\s*[:、,.)\]|\s]*$")


class Letter:
    """Lines of a letter on their way to parcels. A licence number begins a right; headings and words such as 扣除 begin a ring."""

    def __init__(self, refuse: Refuse) -> None:
        self.draft = Draft([], Said())
        self.refuse = refuse
        self.orders: set[Order] = set()
        self.sections: list[list[Section]] = []
        """Of each parcel."""
        self.unsaid: set[Point] = set()

    def line(self, text: str, number: int) -> None:
        spelled = plain(text)
        facts.of_system(text, self.draft.said)
        found = self._coordinates(spelled, number)
        self.draft.said.spelled |= any(figure.spelled for figure in found)
        before = spelled[: found[0].start] if found else spelled
        self._right(before if found else spelled)
        if not found:
            self._head(spelled)
            return
        if TAKEN_OUT.search(before):
            self._head(before)
        row = [self._point(_name(spelled, found, k), found[k], found[k + 1], number) for k in range(0, len(found), 2)]
        self.sections[-1][-1].rows.append(row)

    def _coordinates(self, spelled: str, number: int) -> list[Figure]:
        try:
            found = figures(spelled)
        except ValueError as error:
            raise self.refuse("MW-LAYER-LINE", f"line {number}: {error}", "Correct the coordinate.") from error
        if len(found) % 2:
            found = [figure for figure in found if not figure.whole]
        if len(found) % 2:
            what = f"line {number} holds {len(found)} coordinates; they belong in pairs: {spelled.strip()[:60]!r}"
            raise self.refuse("MW-LAYER-LINE", what, "Write each point's two coordinates in one line.")
        return found

    def _right(self, text: str) -> None:
        begins = facts.licence_in(text)
        known = self.draft.parcels[-1].values.get("id") if self.draft.parcels else None
        holds = bool(self.sections) and any(section.rows for section in self.sections[-1])
        if not self.draft.parcels or (begins and begins != known and holds):
            self.draft.parcels.append(Parcel([]))
            self.sections.append([Section()])
        facts.of_right(text, self.draft.parcels[-1])

    def _head(self, text: str) -> None:
        if (_HEADING.search(text) or TAKEN_OUT.search(text)) and self.sections:
            self.sections[-1].append(Section(text.strip()))

    def _point(self, name: str, first: Figure, second: Figure, line: int) -> Point:
        """A pair that says which is which is turned to north before east; another stays as written until all are known."""
        order = order_of(first, second)
        point = Point(name, (second.value, first.value) if order == "east_north" else (first.value, second.value), line)
        if order is None:
            self.unsaid.add(point)
        else:
            self.orders.add(order)
        return point

    def _settled(self, point: Point) -> Point:
        """A pair that does not say its order is written as those are that do."""
        if point not in self.unsaid or self.orders != {"east_north"}:
            return point
        return Point(point.name, point.pair[::-1], point.line)

    def end(self) -> Draft:
        if len(self.orders) > 1 and self.unsaid:
            line = min(point.line for point in self.unsaid)
            what = f"writes latitude first in some lines and longitude first in others; line {line} does not say which"
            raise self.refuse("MW-LAYER-ASK", what, "Write N and E (北纬, 东经) to each, or all in one order.")
        if self.orders:
            self.draft.said.order, self.draft.said.binding = "north_east", True
        held = [(parcel, sections) for parcel, sections in zip(self.draft.parcels, self.sections, strict=True) if any(s.rows for s in sections)]
        self.draft.parcels = [parcel for parcel, _ in held]
        for k, (_, sections) in enumerate(held):
            for section in sections:
                section.rows = [[self._settled(point) for point in row] for row in section.rows]
            fill(self.draft, k, sections, downwards=False)
        return self.draft


def _name(text: str, found: Sequence[Figure], k: int) -> str:
    """What stands before a pair, as far as it is a point's name."""
    begins = found[k - 1].end if k else 0
    name = _NAME.search(text[begins : found[k].start])
    return name[1] if name else ""


def read(text: str, refuse: Refuse) -> Draft:
    letter = Letter(refuse)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            letter.line(line, number)
    return letter.end()
