"""Pages from templates: what is put into one is text without signs that nobody sees, and a name that is misspelt is an error."""

from __future__ import annotations

from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from pipeline.publish.plain import plain

NOTHING = "—"


class _Compiled(BytecodeCache):
    """Templates that this process has compiled: each environment would else compile its own, and many months have many."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def environment(templates: Path) -> Environment:
    """Of a folder of templates."""
    return Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen,
        bytecode_cache=_COMPILED,
    )  # fmt: skip


def _seen(value: Any) -> Any:
    """Text without signs that nobody sees: a mark in a name must not turn what stands around it."""
    return plain(value) if type(value) is str and not value.isprintable() else value


def whole(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}"
