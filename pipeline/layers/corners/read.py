"""Which reader a file of corner points belongs to."""

from __future__ import annotations

from pathlib import Path

from pipeline.layers.corners import decode, parcel_text
from pipeline.layers.corners.assemble import assemble
from pipeline.layers.corners.draft import Draft
from pipeline.layers.table import Answers, County, Refuse, Table

_TEXT = "text of corner points"
FILES = {".txt": (_TEXT, b"", decode.MOST_BYTES)}
"""By suffix: what it is called, how it begins, and its most bytes."""


def read(file: Path, county: County | None, answers: Answers, refuse: Refuse) -> Table:
    """A file of corner points. Raises MinewardenError (`MW-LAYER-…`), `MW-LAYER-ASK` where a person has to say what is meant."""
    text, encoding = decode.read_text(file, refuse)
    draft = _draft(text, refuse)
    draft.decided.insert(0, encoding)
    return assemble(draft, county, answers, refuse)


def _draft(text: str, refuse: Refuse) -> Draft:
    if parcel_text.fits(text):
        return parcel_text.read(text, refuse)
    raise refuse("MW-LAYER-FORMAT", "is no text of corner points", "See docs/layers.md.")
