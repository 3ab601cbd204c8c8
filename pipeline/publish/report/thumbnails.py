"""Evidence pictures made small enough to stand in the report itself."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from pipeline.publish.evidence.sheet import PAIR, SHEET_HEIGHT, SHEET_WIDTH

WIDTH, HEIGHT = 348, 144
"""Pixels: before and after side by side, in the proportions of `PAIR`."""
QUALITY = 70
BUDGET = 8_000_000
"""Most signs that all pictures of a report may take."""
AT_A_TIME = 32
_OURS = re.compile(r"evidence/[0-9A-Za-z-]+\.png")


def is_ours(path: str | None) -> bool:
    """Whether a row's picture is one that stands in the month's folder: nothing else is opened or linked."""
    return path is not None and _OURS.fullmatch(path) is not None


def thumbnails(folder: Path, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Data URIs by case id, in the order of the rows, as far as the budget reaches."""
    found: dict[str, str] = {}
    left, pictured = BUDGET, [row for row in rows if is_ours(row["evidence"])]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(pictured), AT_A_TIME):
            group = pictured[start : start + AT_A_TIME]
            for row, uri in zip(group, pool.map(lambda row: pair(folder / row["evidence"]), group), strict=True):
                left -= len(uri or "")
                if left < 0:
                    return found
                if uri is not None:
                    found[str(row["id"])] = uri
    return found


def pair(file: Path, size: tuple[int, int] = (WIDTH, HEIGHT), quality: int = QUALITY) -> str | None:
    """Before and after in true colour, as a data URI; None where the picture is gone, damaged or of another form: the link still stands."""
    try:
        with Image.open(file, formats=("PNG",)) as sheet:
            if sheet.size != (SHEET_WIDTH, SHEET_HEIGHT):
                return None
            both = sheet.convert("RGB").resize(size, Image.Resampling.BOX, box=PAIR)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError):  # what Pillow raises for files that are broken in one way or another
        return None
    target = io.BytesIO()
    both.save(target, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode("ascii")
