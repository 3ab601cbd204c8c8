"""Pages from templates: what is put into one is text without signs that nobody sees, and a name that is misspelt is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.publish.plain import plain

NOTHING = "—"


def environment(templates: Path) -> Environment:
    """Of a folder of templates."""
    return Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen
    )


def _seen(value: Any) -> Any:
    """Text without signs that nobody sees: a mark in a name must not turn what stands around it."""
    return plain(value) if type(value) is str and not value.isprintable() else value


def whole(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}"
