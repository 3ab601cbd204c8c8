"""Copies of the ledger, and what can be had back from them.

Those that the program keeps itself lie on the same disk: they help against a damaged file, not against a lost disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import Exit, MinewardenError
from pipeline.ledger import audit, database, events, verdicts
from pipeline.ledger.migrations import APPLICATION_ID

KEPT = 6
BUSY_SECONDS = 30.0
NO_MONTH = "none"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and what could not be."""

    copy: Path
    months: tuple[str, ...]
    """Months that the copy knows."""
    until: str
    """When its last entry was made."""
    verdicts: int
    """Verdicts given since, taken over from the damaged file: its audit trail proves them."""
    damaged: Path | None
    """Where the damaged file was put."""
    left: int
    """Verdicts, steps, audits and outlines of that file which are not in the ledger now: they do not follow on the copy."""


def copy(connection: sqlite3.Connection, file: Path) -> None:
    """Copy an open ledger to `file`, whole or not at all, whoever writes meanwhile."""
    with database.explained(file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise MinewardenError("MW-LEDGER-FILE", f"{file.parent} is no folder.", "Give another path.") from error
        draft = file.with_name(file.name + ".new")
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft)) as target:
            connection.backup(target)
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(draft, file)


def keep(connection: sqlite3.Connection, folder: Path, month: str) -> Path:
    """Copy an open ledger to `folder`; the oldest copies beyond `KEPT` go."""
    file = folder / f"ledger-{month}.sqlite"
    copy(connection, file)
    copies = sorted(_copies(folder), key=lambda each: (_entries(each), each.name))
    for old in copies[: max(len(copies) - KEPT, 0)]:
        old.unlink(missing_ok=True)
    return file


def restore(ledger: Path, folder: Path) -> Restored:
    """Put the newest sound copy in the place of a damaged or missing ledger, with the verdicts that were given since.

    Raises MinewardenError `MW-LEDGER-NO-COPY` where no copy is sound.
    """
    newest = _newest_sound(folder)
    if newest is None:
        raise MinewardenError(
            "MW-LEDGER-NO-COPY", f"{ledger} is damaged or gone, and {folder} holds no sound copy of it.",
            "Put back a copy of your own backup. Without one: move the file away and redo all months (run … --replay); verdicts are then lost.",
            Exit.DAMAGED,
        )  # fmt: skip
    return put_back(ledger, newest)


def put_back(ledger: Path, file: Path) -> Restored:
    """Put a sound copy in the place of a ledger, with what the trail of that proves to have been said since; the ledger is kept beside it."""
    draft = ledger.with_name(ledger.name + ".new")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    with closing(database.connect(draft, 0)) as target:
        until = target.execute("SELECT max(at) FROM audit").fetchone()[0] or ""
        months = tuple(row[0] for row in target.execute("SELECT month FROM months ORDER BY month"))
        with database.transaction(target, draft):
            taken = _carry_over(ledger, target) if ledger.is_file() else 0
        left = _left(ledger, target) if ledger.is_file() else 0
    aside, there = _free(ledger.with_name(ledger.name + ".damaged")), ledger.exists()
    # A journal that a kill left goes with its own file: SQLite would play it into whatever lies under the name.
    journal = database.journal_of(ledger)
    if journal.exists():
        os.replace(journal, database.journal_of(aside))
    if there:
        _set_aside(ledger, aside)
    os.replace(draft, ledger)
    return Restored(file, months, until, taken, aside if there else None, left)


def _set_aside(ledger: Path, aside: Path) -> None:
    """A second name, so that whoever kills us now finds the ledger in its place, to be asked again; on disks that know none it is moved."""
    try:
        os.link(ledger, aside)
    except OSError:
        os.replace(ledger, aside)


def _free(path: Path) -> Path:
    """The path, or one like it at which nothing lies: what was put aside before stays."""
    number = 1
    while (free := path if number == 1 else path.with_name(f"{path.name}-{number}")).exists() or database.journal_of(free).exists():
        number += 1
    return free


def is_sound(ledger: Path) -> bool:
    """Whether there is a ledger, and it passes its check."""
    if not ledger.exists():
        return False
    try:
        database.connect(ledger, BUSY_SECONDS).close()
    except MinewardenError as error:
        if error.code != "MW-LEDGER-DAMAGED":
            raise
        return False
    return True


def adds(ledger: Path, file: Path) -> bool:
    """Whether a sound copy holds entries that a sound ledger does not."""
    with closing(database.connect(ledger, 0)) as here, closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as there:
        last = there.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return last is not None and here.execute("SELECT 1 FROM audit WHERE seq = ? AND hash = ?", last).fetchone() is None


def is_behind(ledger: Path, folder: Path, finished: Sequence[str]) -> bool:
    """Whether a ledger lacks finished months and a sound copy knows more than it: someone put back an old one, or none."""
    with closing(database.connect(ledger, 0)) as connection:
        known = {row[0] for row in connection.execute("SELECT month FROM months")}
    copy = _newest_sound(folder)
    return not known.issuperset(finished) and copy is not None and _entries(copy) > _entries(ledger)


def _copies(folder: Path) -> list[Path]:
    return list(folder.glob("ledger-*.sqlite"))


def _entries(file: Path) -> int:
    """Number of the last entry in a copy's audit trail, which only ever grows: the clock may have been set back. −1 where it can't be read."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            if copy.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                return -1
            return int(copy.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0])
    except sqlite3.Error:
        return -1


def _newest_sound(folder: Path) -> Path | None:
    for file in sorted(_copies(folder), key=lambda each: (_entries(each), each.name), reverse=True):
        with contextlib.suppress(MinewardenError), closing(database.connect(file, 0)) as connection:
            if not audit.verify(connection):
                return file
    return None


def _carry_over(ledger: Path, target: sqlite3.Connection) -> int:
    """Take entries of the audit trail, and the verdicts and events they hold, from a damaged ledger as far as the chain of hashes proves them."""
    last = target.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last["seq"], last["hash"]) if last else (0, "")
    taken = 0
    for row in _later(ledger, seq):
        if not audit.follows(row, seq, previous):
            break
        if row["action"] == "verdict":
            verdicts.put(target, json.loads(row["detail"]))
            taken += 1
        elif row["action"] == "event":
            events.put(target, json.loads(row["detail"]))
        audit.put(target, row)
        seq, previous = row["seq"], row["hash"]
    return taken


def _left(ledger: Path, target: sqlite3.Connection) -> int:
    """How many verdicts and events a ledger's trail names that the target's does not."""
    known = {row[0] for row in target.execute("SELECT hash FROM audit")}
    of_a_verdict = f'"kind":"{events.Kind.VERDICT}"'  # such an event stands beside the verdict itself
    said = (row for row in _later(ledger, 0) if row["action"] == "verdict" or (row["action"] == "event" and of_a_verdict not in row["detail"]))
    return sum(row["hash"] not in known for row in said)


def _later(ledger: Path, seq: int) -> Iterator[dict[str, Any]]:
    """Entries after `seq` of a file that may break off anywhere."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as damaged:
        damaged.row_factory = sqlite3.Row
        for row in damaged.execute("SELECT * FROM audit WHERE seq > ? ORDER BY seq", (seq,)):
            yield dict(row)
