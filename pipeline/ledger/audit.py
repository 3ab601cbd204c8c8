"""The audit trail: append-only, each entry sealed with the hash of the one before."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

_HEAD = "audit_head"
_TABLES = {"verdict": ("verdicts", "case_id, version"), "event": ("events", "seq")}
"""Tables, and their keys, whose rows have an entry of their own each, by its action. Older ledgers have no events."""


canonical: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
"""JSON that is the same for the same value. `json.dumps` would make an encoder for each of many thousand entries."""


def _hash(seq: int, at: str, actor: str, action: str, detail: str, previous: str) -> str:
    return hashlib.sha256(canonical([seq, at, actor, action, detail, previous]).encode("utf-8", "surrogatepass")).hexdigest()


def append(connection: sqlite3.Connection, at: str, actor: str, action: str, detail: Mapping[str, Any]) -> None:
    """Add an entry. The head is noted in `settings` too, so that entries cut off at the end are missed."""
    last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, "")
    text = canonical(detail)
    hashed = _hash(seq, at, actor, action, text, previous)
    put(connection, {"seq": seq, "at": at, "actor": actor, "action": action, "detail": text, "previous": previous, "hash": hashed})


def put(connection: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    """Add an entry as it is."""
    connection.execute("INSERT INTO audit VALUES (:seq, :at, :actor, :action, :detail, :previous, :hash)", dict(entry))
    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_HEAD, f"{entry['seq']}:{entry['hash']}"))


def follows(entry: Mapping[str, Any], seq: int, previous: str) -> bool:
    """Whether an entry is sound and comes right after the one with that number and hash."""
    own = _hash(*(entry[name] for name in ("seq", "at", "actor", "action", "detail", "previous")))
    return bool(entry["seq"] == seq + 1 and entry["previous"] == previous and entry["hash"] == own)


def verify(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the trail, a sentence each; nothing when it is whole.

    Verdicts and events are held against their entries too: the tables people see must be those that were sealed.
    """
    problems: list[str] = []
    try:
        rows = connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        tables = {
            action: connection.execute(f"SELECT * FROM {table} ORDER BY {key}").fetchall()
            for action, (table, key) in _TABLES.items()
            if table in there
        }
        head = connection.execute("SELECT value FROM settings WHERE key = ?", (_HEAD,)).fetchone()
    except sqlite3.DatabaseError as error:
        return [f"The audit trail can't be read: {error}."]
    previous, sealed = "", dict[str, set[str]]({action: set() for action in _TABLES})
    for expected, row in enumerate(rows, 1):
        if row["seq"] != expected:
            problems.append(f"Entry {expected} is missing before entry {row['seq']}.")
            break
        if row["previous"] != previous:
            problems.append(f"Entry {expected} does not follow the entry before it.")
        if _hash(row["seq"], row["at"], row["actor"], row["action"], row["detail"], row["previous"]) != row["hash"]:
            problems.append(f"Entry {expected} ({row['action']}, {row['at']}) has been altered.")
        if row["action"] in sealed:
            sealed[row["action"]].add(row["detail"])
        previous = row["hash"]
    if (head["value"] if head else "0:") != f"{len(rows)}:{previous}" and not problems:
        problems.append("Entries are missing at the end.")
    for action, stored in tables.items():
        standing = {canonical(dict(row)): row for row in stored}
        unsealed = (row for text, row in standing.items() if text not in sealed[action])
        problems += [f"The {action} on {row['case_id']}, version {row['version']}, is not in the audit trail." for row in unsealed]
        problems += [f"One {action} of the audit trail is missing: {text}." for text in sorted(sealed[action] - standing.keys())]
    return problems
