"""What the law said of each piece of ground in a month, what that rested on, and what it said otherwise than before.

`basis` and `why` are JSON of the caller's: the ledger keeps them and does not read them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.ledger.audit import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """A piece of ground with its finding, flagged or explained by the law."""

    patch_id: str | None
    """None for a site."""
    part: str
    code: str
    geometry: BaseGeometry
    """In the grid's CRS."""
    case_id: str | None = None
    also: tuple[str, ...] = ()
    severity: int = 1
    basis: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A finding that became another."""

    case_id: str | None
    patch_id: str | None
    part: str
    before: str | None
    """Code (with `also` after +); None: there was no finding."""
    after: str | None
    why: Mapping[str, Any]


def record(connection: sqlite3.Connection, month: str, parts: Iterable[PartRecord], changes: Iterable[Change]) -> None:
    """Note what a month said, and what it said otherwise than before."""
    connection.executemany(
        "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (month, k, p.patch_id, p.part, p.case_id, p.code, ";".join(p.also), p.severity, shapely.to_wkb(p.geometry), canonical(dict(p.basis)))
            for k, p in enumerate(parts)
        ),
    )
    connection.executemany(
        "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((month, k, c.case_id, c.patch_id, c.part, c.before, c.after, canonical(dict(c.why))) for k, c in enumerate(changes)),
    )


def of_last_month(connection: sqlite3.Connection, month: str) -> list[PartRecord]:
    """Parts of the last month before `month`."""
    rows = connection.execute("SELECT * FROM parts WHERE month = (SELECT max(month) FROM months WHERE month < ?) ORDER BY number", (month,))
    return [_part(row) for row in rows]


def replaced(connection: sqlite3.Connection, month: str) -> list[PartRecord]:
    """Parts of `month` itself as people have read it, where it is being redone."""
    return [_part(row) for row in connection.execute("SELECT * FROM replaced_parts WHERE month = ? ORDER BY number", (month,))]


def put_aside(connection: sqlite3.Connection, month: str) -> None:
    """Keep what `month` and later ones said, in place of what was kept of them before."""
    connection.execute("DELETE FROM replaced_parts WHERE month >= ?", (month,))
    connection.execute("INSERT INTO replaced_parts SELECT * FROM parts WHERE month >= ?", (month,))


def changes_of(connection: sqlite3.Connection, month: str) -> list[Change]:
    """What a month said otherwise than before."""
    rows: Sequence[sqlite3.Row] = connection.execute("SELECT * FROM changes WHERE month = ? ORDER BY number", (month,)).fetchall()
    return [
        Change(
            **{name: row[name] for name in ("case_id", "patch_id", "part", "before", "after")},
            why=json.loads(row["why"]),
        )
        for row in rows
    ]


def _part(row: sqlite3.Row) -> PartRecord:
    return PartRecord(
        **{name: row[name] for name in ("patch_id", "part", "case_id", "code", "severity")},
        also=tuple(row["also"].split(";")) if row["also"] else (),
        geometry=shapely.from_wkb(row["geometry"]),
        basis=json.loads(row["basis"]),
    )
