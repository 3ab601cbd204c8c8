"""Cells of CSV files and of Excel workbooks."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pipeline.layers.corners.draft import MOST_POINTS
from pipeline.layers.table import Refuse

MOST_UNPACKED = 20_000_000
"""Bytes of a workbook's parts together: a sheet of 50,000 points takes 8 million, and 20 million take seconds to read."""
MOST_ROWS = MOST_POINTS + 10_000
"""Headings and blank rows too."""
MOST_COLUMNS = 80
_CELL = 2_000_000
_SAVE = "Save it as .xlsx from Excel or WPS again."


def csv_rows(text: str, refuse: Refuse) -> list[list[str]]:
    """Rows of a CSV, parted by the sign that its first lines hold most of."""
    head = text[:20_000]
    delimiter = max(",\t;|，；", key=head.count)
    limit = csv.field_size_limit(_CELL)
    try:
        return [row[:MOST_COLUMNS] for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise refuse("MW-LAYER-READ", f"can't be read as CSV ({error})", "Save it as CSV from the spreadsheet again.") from error
    finally:
        csv.field_size_limit(limit)


def sheets(file: Path, refuse: Refuse) -> Iterator[tuple[str, list[list[Any]]]]:
    """Name and rows of each visible sheet. Values as they were last computed; nothing is computed, no link is followed."""
    _modest(file, refuse)
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and validations that it leaves out
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible":
                        yield sheet.title, _rows(sheet, refuse)
            finally:
                book.close()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, SyntaxError, zlib.error, zipfile.BadZipFile) as error:
            # what a broken workbook trips openpyxl over
            raise refuse("MW-LAYER-READ", f"can't be read as a workbook ({type(error).__name__})", _SAVE) from error


def _rows(sheet: Any, refuse: Refuse) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for cells in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
        if len(rows) >= MOST_ROWS:
            raise refuse("MW-LAYER-SIZE", f"has more than {MOST_ROWS} rows in sheet {sheet.title[:40]!r}", "Is it the right file?")
        rows.append(list(cells))
    return rows


def _modest(file: Path, refuse: Refuse) -> None:
    """Refuse a workbook whose parts are too large unpacked, or declare entities: what they declare is all that is ever unpacked of them."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > MOST_UNPACKED or len(members) > 2000:
                what = f"takes {total / 1e6:.0f} MB unpacked; {MOST_UNPACKED // 1_000_000} are allowed"
                raise refuse("MW-LAYER-SIZE", what, "Keep the sheet with the corner points alone, and save it again.")
            for member in members:
                if not member.filename.endswith((".xml", ".rels", ".vml")):
                    continue
                with archive.open(member) as stream:
                    text = stream.read()
                if b"<!DOCTYPE" in text[:4096]:
                    raise refuse("MW-LAYER-FORMAT", "declares a document type, which no spreadsheet program writes", _SAVE)
                # Counting takes no time; reading so many rows to find that they are too many takes seconds.
                if text.count(b"<row ") + text.count(b"<row>") > MOST_ROWS:
                    raise refuse("MW-LAYER-SIZE", f"has more than {MOST_ROWS} rows in {member.filename[:40]!r}", "Is it the right file?")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        fix = "Is it an old .xls, or protected by a password? " + _SAVE
        raise refuse("MW-LAYER-FORMAT", "is no .xlsx workbook", fix) from error
