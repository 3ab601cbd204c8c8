"""What people decided: events that are added and never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import MinewardenError
from pipeline.ledger.records import Decided, Review

GROWTH_M2 = 400.0
GROWTH_SHARE = 0.10
"""A dismissed case comes back when it has grown by this area, and by this share, since the verdict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    version: int
    review: Review
    reason: str | None
    note: str | None
    reviewer: str
    at: str
    area_m2: float


@dataclass(frozen=True, slots=True)
class Standing:
    """All verdicts on a case, oldest first."""

    verdicts: tuple[Verdict, ...] = ()

    @property
    def version(self) -> int:
        return len(self.verdicts) + 1

    @property
    def last(self) -> Verdict | None:
        return self.verdicts[-1] if self.verdicts else None

    @property
    def dismissal(self) -> Verdict | None:
        return next((verdict for verdict in reversed(self.verdicts) if verdict.review is Review.DISMISSED), None)

    def reopened_by(self, area_m2: float, before: int | None, is_new_event: bool) -> int | None:
        """Version of the dismissal that no longer holds, if there is one.

        `before` is the last month's answer: once reopened, a case stays so until it is dismissed again, or a case
        at the threshold would come and go with the weather.
        """
        dismissal = self.dismissal
        if dismissal is None:
            return None
        grown = area_m2 - dismissal.area_m2
        if before == dismissal.version:
            return before
        if self.last is dismissal and (is_new_event or (grown >= GROWTH_M2 and grown >= GROWTH_SHARE * dismissal.area_m2)):
            return dismissal.version
        return None

    def review(self, reopened_version: int | None) -> Review:
        if self.last is None or (self.last.review is Review.DISMISSED and self.last.version == reopened_version):
            return Review.PENDING
        return self.last.review


def standings(connection: sqlite3.Connection, case_id: str | None = None) -> dict[str, Standing]:
    """Every case that has verdicts, with them; or only one."""
    found: dict[str, list[Verdict]] = {}
    where, values = ("", ()) if case_id is None else (" WHERE case_id = ?", (case_id,))
    for row in connection.execute(f"SELECT * FROM verdicts{where} ORDER BY case_id, version", values):
        verdict = Verdict(row["version"], Review(row["review"]), row["reason"], row["note"], row["reviewer"], row["at"], row["area_m2"])
        found.setdefault(row["case_id"], []).append(verdict)
    return {case_id: Standing(tuple(given)) for case_id, given in found.items()}


def decided(connection: sqlite3.Connection) -> list[Decided]:
    """Cases of changed ground with a verdict, by id. A verdict was given on the last month that showed the area it names."""
    found = []
    for case_id, standing in standings(connection).items():
        rows = connection.execute("SELECT month, patch_id, code, area_m2 FROM case_months WHERE case_id = ? ORDER BY month", (case_id,)).fetchall()
        last = standing.verdicts[-1]
        at = max((k for k, row in enumerate(rows) if row["area_m2"] == last.area_m2), default=len(rows) - 1)
        seen = [row for row in rows[: at + 1] if row["patch_id"] is not None]
        if seen:
            months = tuple(row["month"] for row in seen if row["patch_id"] == seen[-1]["patch_id"])
            found.append(Decided(case_id, seen[-1]["patch_id"], seen[-1]["code"], last.review, last.reason, last.at, months))
    return sorted(found, key=lambda each: each.case_id)


def record(
    connection: sqlite3.Connection, case_id: str, review: str, version: int, reviewer: str, reason: str | None, note: str | None, at: str
) -> dict[str, object]:
    """Add a verdict; the row as written.

    Raises MinewardenError `MW-VERDICT-UNKNOWN`, `-VALUE` or `-STALE`.
    """
    if review not in set(Review):
        raise MinewardenError("MW-VERDICT-VALUE", f"{case_id}: review {review!r} is not a verdict.", f"Use one of {', '.join(Review)}.")
    last = connection.execute("SELECT area_m2 FROM case_months WHERE case_id = ? ORDER BY month DESC LIMIT 1", (case_id,)).fetchone()
    if last is None:
        raise MinewardenError("MW-VERDICT-UNKNOWN", f"There is no case {case_id!r}.", "Take the id from the latest flagged.geojson.")
    current = 1 + int(connection.execute("SELECT count(*) FROM verdicts WHERE case_id = ?", (case_id,)).fetchone()[0])
    if version != current:
        raise MinewardenError(
            "MW-VERDICT-STALE",
            f"{case_id}: the verdict answers version {version}, but the case is at version {current}: somebody else has decided meanwhile.",
            "Look at the case again and repeat the verdict if it still holds.",
        )
    row = {
        "case_id": case_id,
        "version": version,
        "review": str(Review(review)),
        "reason": reason,
        "note": note,
        "reviewer": reviewer,
        "at": at,
        "area_m2": float(last["area_m2"]),
    }
    put(connection, row)
    return row


def put(connection: sqlite3.Connection, row: Mapping[str, object]) -> None:
    """Add a verdict as it is."""
    connection.execute("INSERT INTO verdicts VALUES (:case_id, :version, :review, :reason, :note, :reviewer, :at, :area_m2)", dict(row))
