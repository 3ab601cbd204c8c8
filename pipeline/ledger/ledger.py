"""The county's ledger: what we said before, and what people decided."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.errors import Exit, MinewardenError
from pipeline.ledger import audit, backup, cases, database, events, parts, seals, verdicts
from pipeline.ledger.events import Event, Kind
from pipeline.ledger.forget import forget
from pipeline.ledger.month_writer import MonthWriter
from pipeline.ledger.parts import Change
from pipeline.ledger.records import CaseMonth, Decided, KnownCase, MonthFacts, RecordedCase
from pipeline.ledger.verdicts import Standing

BUSY_SECONDS = 30.0
"""How long a verdict waits for a month that is being written."""
_OPENINGS = itertools.count()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _RehearsedError(Exception):
    """Ends a rehearsal, so that nothing of it stays."""


class Ledger:
    """`ledger.sqlite`. A context manager; one writer at a time."""

    def __init__(self, path: Path, county: str, *, clock: Callable[[], datetime] = _utc_now, busy_seconds: float = BUSY_SECONDS) -> None:
        if not re.fullmatch(r"\d{6}", county):
            raise ValueError(f"not a division code: {county!r}")
        self.path = path
        self._county = county
        self._clock = clock
        self._connection = database.connect(path, busy_seconds)
        self._opening = next(_OPENINGS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """Several changes at once, or none of them."""
        return database.transaction(self._connection, self.path)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is of one moment."""
        with database.explained(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def month(self, month: str, actor: str = "minewarden") -> Iterator[MonthWriter]:
        """Write a month in one transaction, committed at the end of the block: rename the output folder right after.

        What the ledger already holds from this month on (a run killed between commit and rename) is made anew.
        """
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise ValueError(f"not a month: {month!r}")
        with self.transaction():
            self.forget_from(month, actor=actor)
            writer = MonthWriter(self._connection, self.path, self._county, month)
            yield writer
            if not writer.finished:
                raise RuntimeError(f"month {month} was not finished")
            seals.renew_names(self._connection)
            self.audit(actor, "month", {"month": month})

    @contextlib.contextmanager
    def rehearsal(self, month: str) -> Iterator[MonthWriter]:
        """Names that a month would get if it were written now; nothing of it stays, and nobody waits for it long."""
        with contextlib.suppress(_RehearsedError), self.transaction():
            self.forget_from(month)
            yield MonthWriter(self._connection, self.path, self._county, month)
            raise _RehearsedError

    def forget_from(self, month: str, *, keep_ids: bool = False, actor: str = "minewarden") -> int:
        """Make `month` and later ones anew; how many were forgotten. Verdicts and the audit trail stay.

        Ids with a verdict come back on the same ground and never on other ground. With `keep_ids` (a replay: people have
        read those months) the others do too; without, numbering goes as if the months ran for the first time.
        """
        with self.transaction(), database.explained(self.path):
            months = forget(self._connection, month, keep_ids)
            if months:
                seals.renew_names(self._connection)
                self.audit(actor, "forget", {"from": month, "months": months, "keep_ids": keep_ids})
        return months

    def months(self) -> list[str]:
        """Finished months, oldest first."""
        return [str(row[0]) for row in self._query("SELECT month FROM months ORDER BY month")]

    def must_know(self, finished: Iterable[str]) -> None:
        """Raises MinewardenError `MW-LEDGER-MONTH` where a finished month is not known: ids would be given out twice, verdicts be lost."""
        unknown = sorted(set(finished) - set(self.months()))
        if unknown:
            raise MinewardenError(
                "MW-LEDGER-MONTH", f"{unknown[0]} is finished, but the ledger {self.path} does not know of it.",
                "Put back the ledger that belongs to these results, or run 'minewarden repair CONFIG': it redoes those months.", Exit.DAMAGED,
            )  # fmt: skip

    def must_be_of_county(self) -> None:
        """Raises MinewardenError `MW-CODE-CHANGED` where ids were given, but none under the county's code: those that follow would be strangers."""
        every = "SELECT case_id AS id FROM cases UNION ALL SELECT patch_id FROM patches"
        (row,) = self._query(f"SELECT min(id) AS first, sum(substr(id, 1, 7) = ?) AS own FROM ({every})", f"{self._county}-")
        if row["first"] is not None and not row["own"]:
            message = f"county.code is {self._county}, but ids in {self.path} begin with another code, e.g. {row['first']}."
            raise MinewardenError("MW-CODE-CHANGED", message, "Undo that change in the config, or use a new output folder.")

    def last_month(self) -> str | None:
        months = self.months()
        return months[-1] if months else None

    def facts(self, month: str) -> MonthFacts | None:
        """What was noted when `month` was finished; None for a month that is not."""
        rows = self._query("SELECT * FROM months WHERE month = ?", month)
        return MonthFacts(month, json.loads(rows[0]["facts"]), tuple(json.loads(rows[0]["scenes"]))) if rows else None

    def changes(self, month: str) -> list[Change]:
        """Findings that became others in `month`, and why."""
        with database.explained(self.path):
            return parts.changes_of(self._connection, month)

    def open_cases(self, month: str) -> list[RecordedCase]:
        """Cases of a month that had not ended, with their verdicts as of now; dismissed ones too (see `record.listed`)."""
        with database.explained(self.path):
            return cases.of_month(self._connection, month)

    def patch_grounds(self, month: str) -> dict[str, BaseGeometry]:
        """Outlines of a month's patches in the grid's CRS, by id."""
        rows = self._query("SELECT patch_id, geometry FROM patch_months WHERE month = ?", month)
        return {str(row["patch_id"]): shapely.from_wkb(row["geometry"]) for row in rows}

    def course(self, month: str) -> dict[str, list[CaseMonth]]:
        """Of each case that `month` recorded, all that was recorded of it up to then, oldest first."""
        with database.explained(self.path):
            return cases.course(self._connection, month)

    def cases_between(self, since: str, until: str) -> list[KnownCase]:
        """Cases that a month from `since` to `until` recorded, as the last of these months has them."""
        with database.explained(self.path):
            return cases.every(self._connection, since, until)

    def standings(self, case_id: str | None = None) -> dict[str, Standing]:
        """Every case that has verdicts, with them; or only one."""
        with database.explained(self.path):
            return verdicts.standings(self._connection, case_id)

    def events(self, case_id: str | None = None) -> dict[str, tuple[Event, ...]]:
        """Events by case, oldest first; of one case or of all."""
        with database.explained(self.path):
            return events.of_cases(self._connection, case_id)

    def event(self, key: str) -> Event | None:
        """What was recorded under a key."""
        with database.explained(self.path):
            return events.of_key(self._connection, key)

    def case_ids(self) -> set[str]:
        """Ids of all cases there ever were."""
        return {str(row["case_id"]) for row in self._query("SELECT case_id FROM cases")}

    def has_case(self, case_id: str) -> bool:
        """Whether there ever was such a case."""
        return bool(self._query("SELECT 1 FROM cases WHERE case_id = ?", case_id))

    def merged_cases(self) -> dict[str, str]:
        """Ids of cases that were taken in by another, with the id of that."""
        return {str(row["id"]): str(row["into_id"]) for row in self._query("SELECT id, into_id FROM merges WHERE kind = 'case' ORDER BY month")}

    def mergers(self, month: str) -> list[tuple[str, str, str]]:
        """Cases that were taken in up to `month`: their ids, those of the cases that took them in, and when."""
        rows = self._query("SELECT id, into_id, month FROM merges WHERE kind = 'case' AND month <= ? ORDER BY month, id", month)
        return [(str(row["id"]), str(row["into_id"]), str(row["month"])) for row in rows]

    def last_audit(self, action: str) -> list[tuple[str, dict[str, Any]]]:
        """When an action was noted, and its details, the latest first."""
        rows = self._query("SELECT at, detail FROM audit WHERE action = ? ORDER BY seq DESC", action)
        return [(str(row["at"]), json.loads(row["detail"])) for row in rows]

    def trail(self) -> list[tuple[int, str, str, str, dict[str, Any]]]:
        """Who did what, oldest first: number, time, person, action, details."""
        return [
            (row["seq"], row["at"], row["actor"], row["action"], json.loads(row["detail"])) for row in self._query("SELECT * FROM audit ORDER BY seq")
        ]

    def decided(self) -> list[Decided]:
        """Cases of changed ground that people have judged, by id."""
        with database.explained(self.path):
            return verdicts.decided(self._connection)

    def record_verdict(self, case_id: str, review: str, *, version: int, reviewer: str, reason: str | None = None, note: str | None = None) -> int:
        """Add a verdict that answers `version` of a case; the version the case has now.

        Raises MinewardenError `MW-VERDICT-UNKNOWN`, `-VALUE` or `-STALE`.
        """
        with self.transaction(), database.explained(self.path):
            row = verdicts.record(self._connection, case_id, review, version, reviewer, reason, note, self._now())
            self.audit(reviewer, "verdict", row)
        return version + 1

    def record_event(self, case_id: str, kind: Kind, *, key: str, version: int, actor: str, detail: Mapping[str, Any]) -> None:
        """Add an event of a case. version: that the case has after it.

        Raises MinewardenError `MW-EVENT-KEY`.
        """
        with self.transaction(), database.explained(self.path):
            row = events.record(self._connection, case_id, kind, key, version, actor, self._now(), detail)
            self.audit(actor, "event", row)

    def foreign_changes(self) -> tuple[int, int]:
        """A mark that is another one after somebody else has written to the ledger, and in a ledger that was opened anew: another may lie there."""
        return self._opening, int(self._query("PRAGMA data_version")[0][0])

    def audit(self, actor: str, action: str, detail: Mapping[str, Any]) -> None:
        """Add an entry to the audit trail."""
        with self.transaction(), database.explained(self.path):
            audit.append(self._connection, self._now(), actor, action, detail)

    def back_up(self, folder: Path) -> Path:
        """Keep a copy in `folder` beside earlier ones, named after the last finished month."""
        return backup.keep(self._connection, folder, self.last_month() or backup.NO_MONTH)

    def copy_to(self, file: Path) -> None:
        """Write a copy of all there is, whoever writes meanwhile."""
        backup.copy(self._connection, file)

    def verify_audit(self) -> list[str]:
        """What is wrong with the audit trail, a sentence each; empty when it is whole."""
        return audit.verify(self._connection)

    def _query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with database.explained(self.path):
            return self._connection.execute(sql, values).fetchall()
