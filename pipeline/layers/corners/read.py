"""Which reader a file of corner points belongs to."""

from __future__ import annotations

from pathlib import Path

from pipeline.layers.corners import decode, letter, licence_text, parcel_text, register_text, sheet, workbook
from pipeline.layers.corners.assemble import assemble
from pipeline.layers.corners.draft import Draft, Said
from pipeline.layers.corners.grid import find, shown, split
from pipeline.layers.table import Answers, County, Refuse, Table

FILES = {
    ".txt": ("text of corner points", b"", decode.MOST_BYTES),
    ".csv": ("CSV", b"", decode.MOST_BYTES),
    ".xlsx": ("Excel workbook", b"PK", decode.MOST_BYTES),
}
"""By suffix: what it is called, how it begins, and its most bytes."""
_EXAMPLES = "Compare it with the examples in docs/layers.md."


def read(file: Path, county: County | None, answers: Answers, refuse: Refuse) -> Table:
    """A file of corner points. Raises MinewardenError (`MW-LAYER-…`), `MW-LAYER-ASK` where a person has to say what is meant."""
    if file.suffix.lower() == ".xlsx":
        draft = _workbook(file, answers, refuse)
    else:
        text, encoding = decode.read_text(file, refuse)
        if text.count("\n") > workbook.MOST_ROWS:
            raise refuse("MW-LAYER-SIZE", f"has more than {workbook.MOST_ROWS} lines", "Is it the right file? Cut it to the county.")
        draft = _csv(text, answers, refuse) if file.suffix.lower() == ".csv" else _text(text, answers, refuse)
        draft.decided.insert(0, encoding)
    return assemble(draft, county, answers, refuse)


def _text(text: str, answers: Answers, refuse: Refuse) -> Draft:
    """A text of whichever form it shows itself to be."""
    if parcel_text.fits(text):
        return parcel_text.read(text, refuse)
    if licence_text.fits(text):
        return licence_text.read(text, refuse)
    if register_text.fits(text):
        return register_text.read(text, refuse)
    rows = [split(line) for line in text.splitlines()]
    if find(rows) is not None:
        draft = Draft([], Said())
        sheet.read(draft, rows, answers, refuse, "line ")
        if draft.parcels:
            return draft
    return letter.read(text, refuse)


def _csv(text: str, answers: Answers, refuse: Refuse) -> Draft:
    draft = Draft([], Said())
    if not sheet.read(draft, workbook.csv_rows(text, refuse), answers, refuse):
        return _without_headings(text, refuse)
    return draft


def _without_headings(text: str, refuse: Refuse) -> Draft:
    """A table that does not head its coordinates, as far as they show themselves."""
    draft = letter.read(text, refuse)
    if not draft.parcels:
        raise refuse("MW-LAYER-POINTS", "has no columns of coordinates: no heading says X and Y, or 经度 and 纬度", _EXAMPLES)
    return draft


def _workbook(file: Path, answers: Answers, refuse: Refuse) -> Draft:
    draft, without, lines = Draft([], Said()), [], []
    for name, rows in workbook.sheets(file, refuse):
        if not sheet.read(draft, rows, answers, refuse, f"sheet {name[:40]}, row "):
            without.append(name[:40])
            lines += [" ".join(shown(cell) for cell in cells if shown(cell)) for cells in rows]
    if not draft.parcels:
        return _without_headings("\n".join(lines), refuse)
    if without:
        draft.decided.append(f"sheets without coordinates are left out: {', '.join(without)[:200]}")
    return draft
