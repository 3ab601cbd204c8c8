"""Lists of a month that are no map: JSON files beside its GeoJSON, the same bytes for the same month."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.files import write_atomic

CHANGES, MINES = "changes", "mines"
"""Findings that became others; a line for each right."""


def write(folder: Path, name: str, month: str, rows: Sequence[Mapping[str, Any]]) -> None:
    text = json.dumps({"month": month, name: list(rows)}, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomic(folder / f"{name}.json", f"{text}\n".encode("utf-8", "replace"))


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Rows of a finished month; none for one of before there was such a list."""
    file = folder / f"{name}.json"
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))[name] if file.is_file() else []
    return found
