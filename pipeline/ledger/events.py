"""What happens to a case besides its standing verdict: events that are added and never changed, each under a key that is used once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.errors import MinewardenError
from pipeline.ledger.audit import canonical

_COLUMNS = "seq, key, case_id, kind, version, actor, at, detail"


class Kind(StrEnum):
    """What an event says."""

    VERDICT = "verdict"
    """A verdict was given on the page: what it says beyond its row among the verdicts."""
    LATE = "late"
    """A verdict that somebody else's came before: kept beside it."""
    AUDIT = "audit"
    """A second person agrees with a verdict, or not."""
    OUTLINE = "outline"
    """The ground as a person draws it; the machine's stays."""
    STEP = "step"
    """What the office did about a confirmed case."""


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    key: str
    """Of the writer: the same write, sent again, has the same key and is not applied twice."""
    case_id: str
    kind: Kind
    version: int
    """Of the case, after the event."""
    actor: str
    at: str
    detail: Mapping[str, Any]


def record(
    connection: sqlite3.Connection, case_id: str, kind: Kind, key: str, version: int, actor: str, at: str, detail: Mapping[str, Any]
) -> dict[str, object]:
    """Add an event; the row as written.

    Raises MinewardenError `MW-EVENT-KEY` where the key has been used.
    """
    if of_key(connection, key) is not None:
        raise MinewardenError("MW-EVENT-KEY", f"{case_id}: the key {key[:40]!r} has been used.", "Send a new write under a new key.")
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
    said = canonical(dict(detail))
    row: dict[str, object] = {
        "seq": last + 1, "key": key, "case_id": case_id, "kind": str(kind), "version": version, "actor": actor, "at": at, "detail": said,
    }  # fmt: skip
    put(connection, row)
    return row


def put(connection: sqlite3.Connection, row: Mapping[str, object]) -> None:
    """Add an event as it is."""
    connection.execute("INSERT INTO events VALUES (:seq, :key, :case_id, :kind, :version, :actor, :at, :detail)", dict(row))


def of_key(connection: sqlite3.Connection, key: str) -> Event | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM events WHERE key = ?", (key,)).fetchone()
    return None if row is None else _event(row)


def of_cases(connection: sqlite3.Connection, case_id: str | None = None) -> dict[str, tuple[Event, ...]]:
    """Events by case, oldest first; of one case or of all."""
    where, values = ("", ()) if case_id is None else (" WHERE case_id = ?", (case_id,))
    found: dict[str, list[Event]] = {}
    for row in connection.execute(f"SELECT {_COLUMNS} FROM events{where} ORDER BY seq", values):
        found.setdefault(row["case_id"], []).append(_event(row))
    return {name: tuple(events) for name, events in found.items()}


def _event(row: sqlite3.Row) -> Event:
    return Event(row["seq"], row["key"], row["case_id"], Kind(row["kind"]), row["version"], row["actor"], row["at"], json.loads(row["detail"]))
