"""Tables of corner points become parcels: a right for each number in the id's column, or one for the whole sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.layers import aliases
from pipeline.layers.corners import facts, register_text
from pipeline.layers.corners.draft import Draft, Parcel
from pipeline.layers.corners.figures import number, spelled
from pipeline.layers.corners.grid import Block, Cells, Layout, find, shown
from pipeline.layers.corners.listing import Point, Section, fill
from pipeline.layers.table import Answers, Refuse

_COORDINATES = "MW-LAYER-LINE"
_DIGITS = re.compile(r"\d{2}")


@dataclass(slots=True)
class _Right:
    key: str
    parcel: Parcel
    sections: list[Section] = field(default_factory=lambda: [Section()])


class Sheet:
    """One sheet on its way to parcels."""

    def __init__(self, draft: Draft, layout: Layout, answers: Answers, refuse: Refuse, where: str) -> None:
        self.draft = draft
        self.layout = layout
        self.refuse = refuse
        self.where = where
        """In messages, before a line's number."""
        self.key = _key(layout, answers)
        self.rights: list[_Right] = []
        self.ring = ""

    def lead(self, text: str) -> None:
        """A line of text above the table or between its rows."""
        number = facts.licence_in(text)
        current = self.rights[-1] if self.rights else None
        held = current is not None and any(section.rows for section in current.sections)
        if current is None or (self.key is None and number and held and number != current.parcel.values.get("id")):
            current = self._begin("")
        elif held:
            current.sections.append(Section(text))
        facts.of_right(text, current.parcel)

    def row(self, cells: Cells, line: int) -> None:
        points = [point for block in self.layout.blocks if (point := self._point(cells, block, line))]
        if not points:
            text = " ".join(shown(cell) for cell in cells if shown(cell))
            if text:
                facts.of_system(text, self.draft.said)
                self.lead(text)
            elif self.rights and self.rights[-1].sections[-1].rows:
                self.rights[-1].sections.append(Section())
            return
        right = self._right_of(cells)
        ring = shown(cells[self.layout.ring]) if self.layout.ring is not None and self.layout.ring < len(cells) else ""
        if ring and ring != self.ring and right.sections[-1].rows:
            right.sections.append(Section(ring))
        self.ring = ring or self.ring
        right.sections[-1].rows.append(points)
        self._take(right.parcel, cells)

    def _point(self, cells: Cells, block: Block, line: int) -> Point | None:
        raw = [_cell(cells, k, block.parts) for k in (block.first, block.second)]
        try:
            values = [number(cell) for cell in raw]
        except ValueError as error:
            raise self.refuse(_COORDINATES, f"{self.where}{line}: {error}", "Correct the coordinate.") from error
        first, second = values
        if first is not None and second is not None:
            self.draft.said.spelled |= any(map(spelled, raw))
            name = shown(cells[block.name]) if block.name is not None and block.name < len(cells) else ""
            return Point(name, (first, second), line)
        if first is None and second is None and not all(_DIGITS.search(shown(cell)) for cell in raw):
            return None
        bad = shown(raw[1] if second is None else raw[0])
        what = f"{self.where}{line}: {bad[:40]!r} is no coordinate"
        raise self.refuse(_COORDINATES, what, "Write both as plain numbers, or both in degrees, minutes and seconds.")

    def _right_of(self, cells: Cells) -> _Right:
        key = shown(cells[self.key]) if self.key is not None and self.key < len(cells) else ""
        current = self.rights[-1] if self.rights else None
        if current is not None and (not key or key == current.key):
            return current
        if current is not None and not current.key and not any(section.rows for section in current.sections):
            current.key = key
            return current
        again = next((right for right in self.rights if right.key == key), None)
        if again is not None:
            again.sections.append(Section())
        return again or self._begin(key)

    def _begin(self, key: str) -> _Right:
        right = _Right(key, Parcel([]))
        self.rights.append(right)
        return right

    def _take(self, parcel: Parcel, cells: Cells) -> None:
        """The attributes of a row, as far as no row before it gave them."""
        for column, head in self.layout.attributes.items():
            value = cells[column] if column < len(cells) else None
            if shown(value) and head not in parcel.values:
                parcel.values[head] = value

    def end(self) -> None:
        for right in self.rights:
            if any(section.rows for section in right.sections):
                self.draft.parcels.append(right.parcel)
                fill(self.draft, len(self.draft.parcels) - 1, right.sections, downwards=True)


def _cell(cells: Cells, column: int, parts: int) -> object:
    """A coordinate's cell; degrees, minutes and seconds of three cells as one text."""
    found = [shown(cells[k]) if k < len(cells) else "" for k in range(column, column + parts)]
    if parts == 1:
        return cells[column] if column < len(cells) else None
    return "{}°{}'{}\"".format(*found) if any(found) else None


def _key(layout: Layout, answers: Answers) -> int | None:
    """The column whose value tells one right from the next."""
    heads = layout.attributes
    for wanted in (answers.id_column, "id"):
        found = [column for column, head in heads.items() if wanted and head.casefold() == wanted.casefold()]
        if found:
            return found[0]
    for field_name in ("id", "name"):
        name = aliases.column_of(field_name, list(heads.values()), False)
        if name is not None:
            return next(column for column, head in heads.items() if head == name)
    return None


def read(draft: Draft, rows: Sequence[Cells], answers: Answers, refuse: Refuse, where: str = "row ") -> bool:
    """Add the parcels of a sheet to a draft; False where it holds no coordinates."""
    if _strings(draft, rows, refuse, where):
        return True
    layout = find(rows)
    if layout is None:
        return False
    if not layout.blocks:
        fix = "Keep the two columns in CGCS2000 (2000国家大地坐标系), and take the others out."
        raise refuse("MW-LAYER-ASK", f"gives each point more than once (above {where}{layout.rows + 1}), and does not say which is in CGCS2000", fix)
    draft.said.order = draft.said.order or layout.order
    layout.blocks = _aligned(layout, draft)
    sheet = Sheet(draft, layout, answers, refuse, where)
    for cells in rows[: layout.rows]:
        text = " ".join(shown(cell) for cell in cells if shown(cell))
        facts.of_system(text, draft.said)
    for cells in rows[: max(layout.rows - 1, 0)]:
        text = ", ".join(shown(cell) for cell in cells if shown(cell))
        if text:
            sheet.lead(text)
    for line, cells in enumerate(rows[layout.rows :], layout.rows + 1):
        again = find([cells])
        if again is None:
            sheet.row(cells, line)
        else:
            sheet.layout.blocks = _aligned(again, draft)
    sheet.end()
    _note(draft, layout)
    return True


def _aligned(layout: Layout, draft: Draft) -> list[Block]:
    """The blocks of a table, turned where its headings have the other order than those before it."""
    if layout.order is None or layout.order == draft.said.order:
        return layout.blocks
    return [replace(block, first=block.second, second=block.first) for block in layout.blocks]


def _note(draft: Draft, layout: Layout) -> None:
    if layout.chosen:
        draft.said.datum = layout.datum or draft.said.datum
        draft.decided.append(f"each point is given more than once; the columns {layout.chosen} are taken")
    if layout.contradicts:
        draft.decided.append("the headings contradict one another about which column is north (such as 经度 over X): the county's position decides")


def _strings(draft: Draft, rows: Sequence[Cells], refuse: Refuse, where: str) -> bool:
    """A register with a right a row, its coordinates as one string (区域坐标)."""
    first = next((k for k, cells in enumerate(rows) if any(register_text.is_string(cell) for cell in cells)), None)
    if first is None:
        return False
    column = next(k for k, cell in enumerate(rows[first]) if register_text.is_string(cell))
    heads = {k: shown(cell) for k, cell in enumerate(rows[first - 1])} if first else {}
    draft.said.order, draft.said.binding = "north_east", True
    for cells in rows[:first]:
        facts.of_system(" ".join(shown(cell) for cell in cells), draft.said)
    for line, cells in enumerate(rows[first:], first + 1):
        value = cells[column] if column < len(cells) else None
        if not any(shown(cell) for cell in cells):
            continue
        if not shown(value):
            draft.parcels.append(Parcel([]))
        else:
            try:
                draft.parcels.append(register_text.parse(str(value), line))
            except register_text.Broken as error:
                raise refuse(_COORDINATES, f"{where}{line}: the coordinate string {error}", register_text.FIX) from error
        parcel = draft.parcels[-1]
        for k, cell in enumerate(cells):
            head = heads.get(k)
            if head and k != column and shown(cell):
                parcel.values[head] = cell
    return True
