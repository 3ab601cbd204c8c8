"""Seals of the ledger: what SQLite's own check can't see, a flipped bit in an outline, a name or a verdict."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from pipeline.ledger import audit

CONTENT = "content"
"""Key in `settings` of the seal over the settings themselves, with the other seals and the trail's head, and over the schema."""
SINCE = 2
"""Ledger version from which every ledger carries that seal; up to `NAMED` it covered all tables that no month's seal covers."""
NAMES = "names"
"""Key in `settings` of the seal over months and names: those tables change when a month is written, not with a verdict."""
NAMED = 5
"""Ledger version from which names have that seal of their own; verdicts, events and the trail are sealed by the trail's own chain."""

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

_SCHEMA = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
_SETTINGS = f"SELECT * FROM settings WHERE key <> '{CONTENT}' ORDER BY 1"
_MONTHS = "SELECT month, seal FROM months ORDER BY 1"
_OF_NAMES = ("patches", "cases", "merges", "retired")
_REST = (
    _SCHEMA, _SETTINGS, _MONTHS,
    *(f"SELECT * FROM {table} ORDER BY 1, 2" for table in (*_OF_NAMES, "verdicts", "audit")),
    *(f"SELECT DISTINCT month FROM {table} ORDER BY 1" for table in ("patch_months", "case_months")),
)  # fmt: skip
_REST_PARTS = (
    "SELECT * FROM replaced_parts ORDER BY 1, 2",
    *(f"SELECT DISTINCT month FROM {table} ORDER BY 1" for table in ("parts", "changes")),
)
EVENTS = 4
"""Ledger version from which there are events."""
_REST_EVENTS = ("SELECT * FROM events ORDER BY 1",)
_NAMED = (
    _MONTHS,
    *(f"SELECT * FROM {table} ORDER BY 1, 2" for table in (*_OF_NAMES, "replaced_parts")),
    *(f"SELECT DISTINCT month FROM {table} ORDER BY 1" for table in ("patch_months", "case_months", "parts", "changes")),
)


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


def _content(connection: sqlite3.Connection, version: int) -> str:
    if version >= NAMED:
        return _digest(connection.execute(query) for query in (_SCHEMA, _SETTINGS))
    queries = _REST + (_REST_PARTS if version >= PARTS else ()) + (_REST_EVENTS if version >= EVENTS else ())
    return _digest(connection.execute(query) for query in queries)


def renew_names(connection: sqlite3.Connection) -> None:
    """Seal months and names anew; to be called by whoever changes them, before the transaction ends."""
    if _version(connection) >= NAMED:
        _set(connection, NAMES, _digest(connection.execute(query) for query in _NAMED))


def renew(connection: sqlite3.Connection) -> None:
    """Seal the settings anew; to be called at the end of each transaction. It takes as long for ten thousand verdicts as for one."""
    version = _version(connection)
    if version >= SINCE:
        _set(connection, CONTENT, _content(connection, version))


def broken(connection: sqlite3.Connection) -> str | None:
    """What does not match its seal; None where everything does."""
    for row in connection.execute("SELECT month, seal FROM months ORDER BY month").fetchall():
        if of_month(connection, row["month"]) != row["seal"]:
            return f"what it recorded for {row['month']} has been altered"
    version = _version(connection)
    if version < SINCE:
        return None
    whole = _kept(connection, CONTENT) == _content(connection, version)
    if version >= NAMED:
        whole = whole and _kept(connection, NAMES) == _digest(connection.execute(query) for query in _NAMED)
    if whole and version < NAMED:
        return None
    told = audit.verify(connection) or ([] if whole else ["its names or settings have been altered"])
    return told[0].rstrip(".") if told else None


def _set(connection: sqlite3.Connection, key: str, seal: str) -> None:
    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, seal))


def _kept(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return None if row is None else row["value"]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
