"""A month's files on restoration: restoration.json, a strip of pictures for each site, and the page restoration.html."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.files import write_atomic
from pipeline.publish import runjson
from pipeline.publish.restoration import page, strips
from pipeline.publish.restoration.strips import Shown

NAME, PAGE, FOLDER = "restoration.json", "restoration.html", "restoration"
Document = dict[str, Any]


def write(folder: Path, document: Mapping[str, Any], shown: Sequence[Shown], code: str) -> Document:
    """Write them into a month's folder; the document with the pictures' paths. shown: in the order of the document's sites."""
    sites, pictures = [], {}
    (folder / FOLDER).mkdir()
    for number, (row, each) in enumerate(zip(document["sites"], shown, strict=True), 1):
        strip = strips.draw(each)
        path = f"{FOLDER}/{number:04d}.png" if strip is not None else None
        if strip is not None and path is not None:
            write_atomic(folder / path, strip)
            pictures[path] = strip
        sites.append({**row, "picture": path, "pictured": [season.year for season in each.seasons] if path else []})
    told = {**document, "sites": sites}
    write_atomic(folder / NAME, (json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace"))
    write_atomic(folder / PAGE, page.render(told, pictures, code).encode("utf-8", "replace"))
    return told


def read(folder: Path) -> Document | None:
    """A month's document; None where the month was made by a version that did not write it.

    Raises MinewardenError `MW-RESULT-DAMAGED` (exit 5).
    """
    file = folder / NAME
    if not file.is_file():
        return None
    try:
        found: Document = json.loads(file.read_text("utf-8"))
        if not isinstance(found["sites"], list):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise runjson.damaged(file) from error
    return found
