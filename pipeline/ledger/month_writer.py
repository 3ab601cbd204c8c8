"""One month in the ledger, from names to seal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.ledger import audit, cases, database, parts, patches, seals
from pipeline.ledger.parts import Change, PartRecord
from pipeline.ledger.records import CaseDraft, CaseRecord


class MonthWriter:
    """One month in the making: patches first, then cases, then `finish`."""

    def __init__(self, connection: sqlite3.Connection, path: Path, county: str, month: str) -> None:
        self._connection = connection
        self._path = path
        self._county = county
        self.month = month
        self.finished = False

    def identify_patches(
        self,
        geometries: Sequence[BaseGeometry],
        areas: Sequence[float],
        statuses: Sequence[str],
        cell_order: Sequence[tuple[str, float, float]],
    ) -> list[str]:
        """Ids of the month's patches. `cell_order` of each is (first_seen, −y, x): the order of new ids."""
        with database.explained(self._path):
            return patches.identify(self._connection, self._county, self.month, geometries, areas, statuses, cell_order)

    def identify_cases(self, drafts: Sequence[CaseDraft]) -> list[CaseRecord]:
        """Ids, growth and verdicts of the month's cases; all of them, dismissed ones too."""
        with database.explained(self._path):
            return cases.identify(self._connection, self._county, self.month, drafts)

    def said_before(self) -> tuple[list[PartRecord], list[PartRecord]]:
        """Parts of the month before, and of this month as people have read it, where it is being redone."""
        with database.explained(self._path):
            return parts.of_last_month(self._connection, self.month), parts.replaced(self._connection, self.month)

    def facts_before(self) -> Mapping[str, Any]:
        """What was noted when the month before was finished; nothing for the first."""
        with database.explained(self._path):
            row = self._connection.execute("SELECT facts FROM months WHERE month < ? ORDER BY month DESC LIMIT 1", (self.month,)).fetchone()
        return json.loads(row["facts"]) if row else {}

    def record_parts(self, said: Iterable[PartRecord], changes: Iterable[Change]) -> None:
        """Note what the law said of each piece of ground, and which findings became others."""
        with database.explained(self._path):
            parts.record(self._connection, self.month, said, changes)

    def finish(self, facts: Mapping[str, Any], scenes: Sequence[Mapping[str, Any]]) -> None:
        """Note the run's facts and the scenes used (id and sha256), and seal the month."""
        row = (self.month, audit.canonical(dict(facts)), audit.canonical([dict(scene) for scene in scenes]))
        with database.explained(self._path):
            self._connection.execute("INSERT INTO months VALUES (?, ?, ?, '')", row)
            self._connection.execute("UPDATE months SET seal = ? WHERE month = ?", (seals.of_month(self._connection, self.month), self.month))
        self.finished = True
