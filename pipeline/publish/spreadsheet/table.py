"""A sheet: a head that stays in sight, a row for each record, ready to be filtered and printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.url import Url
from xlsxwriter.worksheet import Worksheet

from pipeline.publish.spreadsheet import cells
from pipeline.publish.spreadsheet.cells import NUMBER_FORMATS, Kind
from pipeline.publish.styles import SEVERITY_COLOURS, SEVERITY_NAMES

T = TypeVar("T")

HEAD_ROW_HEIGHT = 45
A3, A4 = 8, 9


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of a sheet."""

    title: str
    kind: Kind
    width: float
    """In characters."""
    value: Callable[[T], Any]
    meaning: str = ""
    """Said in the sheet 说明, where the title does not say it all."""
    choices: tuple[str, ...] = ()
    """What may stand in it."""


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    name: str
    columns: Sequence[Column[T]]
    rows: Sequence[T]
    fixed: int = 1
    """Columns that stay in sight."""
    paper: int = A4
    pages: int = 1
    """Pages side by side when it is printed: on one, forty columns could not be read."""


class _Beside(Url):  # type: ignore[misc]
    """A link to a file that lies beside the workbook."""

    def __init__(self, path: str) -> None:
        super().__init__(f"external:{path}")
        self.text = "查看"

    def _target(self) -> str:
        # XlsxWriter turns slashes into backslashes, which only Windows follows.
        return str(super()._target()).replace("\\", "/")


class Book:
    """A workbook with the formats that its sheets share."""

    def __init__(self, book: xlsxwriter.Workbook, heading: str) -> None:
        self.book = book
        self.heading = heading
        """At the top of each printed page."""
        self.title = book.add_format({"bold": True, "font_size": 14, "valign": "vcenter"})
        self.note = self._format({"text_wrap": True})
        self.head = self._format({"bold": True, "bg_color": "#E8ECEF", "text_wrap": True, "align": "center", "valign": "vcenter"})
        self._kinds = {kind: self._format(_looks(kind)) for kind in Kind}
        self._severities = {
            severity: self._format({"bg_color": colour, "font_color": "#FFFFFF", "bold": True}) for severity, colour in SEVERITY_COLOURS.items()
        }

    def _format(self, looks: dict[str, Any]) -> Format:
        return self.book.add_format({"font_size": 10, "border": 1, "border_color": "#C0C4C8", "valign": "top"} | looks)

    def add(self, sheet: Sheet[T]) -> None:
        """Write a sheet."""
        target = self.book.add_worksheet(sheet.name)
        last, right = len(sheet.rows), len(sheet.columns) - 1
        target.set_row(0, HEAD_ROW_HEIGHT)
        for at, column in enumerate(sheet.columns):
            target.set_column(at, at, column.width)
            target.write_string(0, at, column.title, self.head)
            if column.choices:
                target.data_validation(1, at, max(last, 1), at, {"validate": "list", "source": list(column.choices)})
        for line, row in enumerate(sheet.rows, 1):
            for at, column in enumerate(sheet.columns):
                self._put(target, line, at, column.kind, column.value(row))
        target.freeze_panes(1, sheet.fixed)
        target.autofilter(0, 0, last, right)
        # Ids of digits alone are meant as text.
        target.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
        self.set_up_print(target, sheet.paper, sheet.pages)
        target.repeat_rows(0)
        if sheet.pages > 1:
            target.repeat_columns(0, sheet.fixed - 1)

    def set_up_print(self, target: Worksheet, paper: int = A4, pages: int = 1) -> None:
        target.set_paper(paper)
        target.set_landscape()
        target.fit_to_pages(pages, 0)
        target.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        # In a header & begins a command.
        target.set_header("&L" + self.heading.replace("&", "&&"))
        target.set_footer("&L疑似线索，须经实地核查&R第 &P 页，共 &N 页")

    def _put(self, target: Worksheet, line: int, at: int, kind: Kind, value: Any) -> None:
        """Write a cell by its column's kind, never by what the value looks like."""
        looks = self._kinds[kind]
        if kind is Kind.SEVERITY:
            target.write_string(line, at, SEVERITY_NAMES[value], self._severities[value])
        elif kind is Kind.PICTURE:
            path = cells.picture(value)
            if path is None:
                target.write_blank(line, at, None, looks)
            else:
                target.write_url(line, at, _Beside(path), looks)
        elif value is None:
            target.write_blank(line, at, None, looks)
        elif isinstance(value, date | datetime):
            target.write_datetime(line, at, value, looks)
        elif kind in (Kind.TEXT, Kind.DATE, Kind.MOMENT):
            target.write_string(line, at, cells.safe(value), self._kinds[Kind.TEXT])
        elif (number := cells.number(value)) is None:
            target.write_blank(line, at, None, looks)
        else:
            target.write_number(line, at, number, looks)


def _looks(kind: Kind) -> dict[str, Any]:
    looks: dict[str, Any] = {"num_format": NUMBER_FORMATS.get(kind, "General")}
    if kind is Kind.TEXT:
        looks["text_wrap"] = True
    if kind is Kind.PICTURE:
        looks |= {"font_color": "#0563C1", "underline": 1}
    return looks
