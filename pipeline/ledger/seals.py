"""Seals of the ledger: what SQLite's own check can't see, a flipped bit in an outline, a name or a verdict."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from pipeline.ledger import audit

CONTENT = "content"
"""Key in `settings` of the seal over all tables that no month's seal covers."""
SINCE = 2
"""Ledger version from which every ledger carries that seal."""

_SEALED = (
    "SELECT facts, scenes FROM months WHERE month = ?",
    "SELECT patch_id, geometry, area_m2, status FROM patch_months WHERE month = ? ORDER BY patch_id",
    """SELECT case_id, patch_id, part, code, also, severity, status, first_seen, lon, lat, geometry, area_m2, growth_m2, previous_area_m2,
       reopened_version, properties FROM case_months WHERE month = ? ORDER BY case_id""",
)
"""Columns by name: one that a later migration adds must not break the seals of older months."""
PARTS = 3
"""Ledger version from which months remember their parts."""
_SEALED_PARTS = (
    "SELECT number, patch_id, part, case_id, code, also, severity, geometry, basis FROM parts WHERE month = ? ORDER BY number",
    "SELECT number, case_id, patch_id, part, before, after, why FROM changes WHERE month = ? ORDER BY number",
)
"""A month of before has no rows there, and so the seal that it had."""

_REST = (
    "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    f"SELECT * FROM settings WHERE key <> '{CONTENT}' ORDER BY 1",
    "SELECT month, seal FROM months ORDER BY 1",
    *(f"SELECT * FROM {table} ORDER BY 1, 2" for table in ("patches", "cases", "merges", "retired", "verdicts", "audit")),
    *(f"SELECT DISTINCT month FROM {table} ORDER BY 1" for table in ("patch_months", "case_months")),
)
_REST_PARTS = (
    "SELECT * FROM replaced_parts ORDER BY 1, 2",
    *(f"SELECT DISTINCT month FROM {table} ORDER BY 1" for table in ("parts", "changes")),
)
EVENTS = 4
"""Ledger version from which there are events."""
_REST_EVENTS = ("SELECT * FROM events ORDER BY 1",)


def _digest(tables: Iterable[Iterable[sqlite3.Row]], between: bytes = b"\x1e") -> str:
    digest = hashlib.sha256()
    for rows in tables:
        for row in rows:
            for value in row:
                digest.update(value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass"))
                digest.update(b"\x1f")
        digest.update(between)
    return digest.hexdigest()


def of_month(connection: sqlite3.Connection, month: str) -> str:
    """Hash of what a month recorded."""
    queries = _SEALED + (_SEALED_PARTS if _version(connection) >= PARTS else ())
    return _digest((connection.execute(query, (month,)) for query in queries), between=b"")


def _content(connection: sqlite3.Connection) -> str:
    version = _version(connection)
    queries = _REST + (_REST_PARTS if version >= PARTS else ()) + (_REST_EVENTS if version >= EVENTS else ())
    return _digest(connection.execute(query) for query in queries)


def renew(connection: sqlite3.Connection) -> None:
    """Seal everything anew; to be called at the end of each transaction."""
    if _version(connection) >= SINCE:
        content = _content(connection)
        connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (CONTENT, content))


def broken(connection: sqlite3.Connection) -> str | None:
    """What does not match its seal; None where everything does."""
    for row in connection.execute("SELECT month, seal FROM months ORDER BY month").fetchall():
        if of_month(connection, row["month"]) != row["seal"]:
            return f"what it recorded for {row['month']} has been altered"
    if _version(connection) >= SINCE:
        kept = connection.execute("SELECT value FROM settings WHERE key = ?", (CONTENT,)).fetchone()
        if kept is None or kept["value"] != _content(connection):
            return next(iter(audit.verify(connection)), "its names or verdicts have been altered").rstrip(".")
    return None


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
