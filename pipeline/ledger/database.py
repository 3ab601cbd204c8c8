"""The ledger's file: made whole or not at all, checked on opening, brought up to date, one writer at a time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import Exit, MinewardenError, disk_full
from pipeline.ledger import seals
from pipeline.ledger.migrations import APPLICATION_ID, MIGRATIONS


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Open (or make) the ledger at `path`, checked and at the current version.

    Raises MinewardenError `MW-LEDGER-FILE`, `-BUSY`, `-DAMAGED` or `-VERSION`.
    """
    with explained(path):
        _exist(path)
        connection = _open(path, busy_seconds)
        try:
            with _all_else_is_damage(path):
                _configure(connection)
                _check(connection, path)
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _exist(path: Path) -> None:
    try:
        if not path.exists():
            _create(path)
        empty = path.stat().st_size == 0
    except OSError as error:
        message = f"The ledger {path} can't be opened ({error.strerror})."
        raise MinewardenError("MW-LEDGER-FILE", message, "Check the folder and its permissions.") from error
    if empty:
        # SQLite would take an emptied file for a new database and forget every verdict.
        raise damaged(path, "it is empty")


def _open(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    # WAL needs shared memory, which network drives don't have; DELETE with FULL survives a pulled plug on both.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # A month in the making stays in memory, so that people can go on reading until it is committed.
    connection.execute("PRAGMA cache_spill = OFF")


def _create(path: Path) -> None:
    """Build a new ledger beside its place and rename it: an empty or half-made file is then always damage."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    connection = _open(draft, 0)
    _configure(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _migrate(connection)
    connection.close()
    if journal_of(path).exists():  # of a ledger that is gone
        os.replace(journal_of(path), journal_of(path.with_name(path.name + ".gone")))
    os.replace(draft, path)


def journal_of(path: Path) -> Path:
    """Where SQLite keeps what a commit at `path` would undo; it is there after a kill."""
    return path.with_name(path.name + "-journal")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise damaged(path, "it is not a minewarden ledger")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version < 1:
        raise damaged(path, "it has no version")
    if version > len(MIGRATIONS):
        raise MinewardenError(
            "MW-LEDGER-VERSION",
            f"{path} was written by a newer minewarden (ledger version {version}, this one knows up to {len(MIGRATIONS)}).",
            "Upgrade minewarden.",
            Exit.DAMAGED,
        )
    answer = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if answer != "ok":
        raise damaged(path, answer)
    altered = seals.broken(connection)
    if altered:
        raise damaged(path, altered)


def _migrate(connection: sqlite3.Connection) -> None:
    for version in range(int(connection.execute("PRAGMA user_version").fetchone()[0]), len(MIGRATIONS)):
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{MIGRATIONS[version]}\nPRAGMA user_version = {version + 1};")
            seals.renew_names(connection)
            seals.renew(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def damaged(path: Path, why: str) -> MinewardenError:
    return MinewardenError(
        "MW-LEDGER-DAMAGED",
        f"The ledger {path} fails its integrity check: {why}.",
        "Run 'minewarden repair CONFIG': it puts back the last good copy and redoes the months since.",
        Exit.DAMAGED,
    )


@contextlib.contextmanager
def _all_else_is_damage(path: Path) -> Iterator[None]:
    """While a ledger is opened: what `explained` does not know is no fault of ours but a file that is not what it should be."""
    try:
        with explained(path):
            yield
    except UnicodeDecodeError as error:
        raise damaged(path, "it holds text that is none") from error
    except (sqlite3.Error, LookupError, TypeError, ValueError, OverflowError) as error:
        raise damaged(path, str(error)) from error


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's exceptions about the file itself into messages; the rest are faults of ours and pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text:
            message = f"Another program is writing to {path}."
            raise MinewardenError("MW-LEDGER-BUSY", message, "Wait for it to end, then try again.", Exit.LOCKED) from error
        if "is full" in text:
            raise disk_full(path) from error
        if any(word in text for word in ("unable to open", "readonly", "disk I/O")):
            message = f"The ledger {path} can't be used ({text})."
            raise MinewardenError("MW-LEDGER-FILE", message, "Check the folder, its permissions and free space.") from error
        if any(word in text for word in ("malformed", "decode")):
            raise damaged(path, text) from error
        raise
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError):
        raise
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Everything inside is written or nothing is; joins a transaction that is already open."""
    if connection.in_transaction:
        yield
        return
    with explained(path):
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        with explained(path):
            seals.renew(connection)
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
