"""Months that are made anew: what they recorded goes, what people said and the names they used stay."""

from __future__ import annotations

import sqlite3

from pipeline.ledger import parts

_FIRST = "SELECT geometry FROM {0}_months WHERE {0}_id = given.{0}_id ORDER BY month LIMIT 1"
_LAST = "SELECT geometry FROM {0}_months WHERE {0}_id = given.{0}_id ORDER BY month DESC LIMIT 1"

_RETIRE_CASES = f"""INSERT OR REPLACE INTO retired
    SELECT 'case', case_id, (SELECT CASE WHEN patch_id IS NULL THEN part END FROM case_months WHERE case_id = given.case_id LIMIT 1),
           ({_FIRST.format("case")}), ({_LAST.format("case")})
    FROM cases AS given WHERE first_month >= :month AND (:all OR case_id IN (SELECT case_id FROM verdicts))"""

_RETIRE_PATCHES = f"""INSERT OR REPLACE INTO retired
    SELECT 'patch', patch_id, NULL, ({_FIRST.format("patch")}), ({_LAST.format("patch")})
    FROM patches AS given WHERE first_month >= :month
    AND (:all OR patch_id IN (SELECT patch_id FROM case_months JOIN verdicts USING (case_id)))"""


def forget(connection: sqlite3.Connection, month: str, keep_ids: bool) -> int:
    """Remove what the ledger holds of `month` and later; how many months that were.

    Names given in those months are put aside so that the same ground gets them again: those with a verdict, or all.
    """
    (months,) = connection.execute("SELECT count(*) FROM months WHERE month >= ?", (month,)).fetchone()
    if not months:
        return 0
    values = {"month": month, "all": keep_ids}
    connection.execute(_RETIRE_CASES, values)
    connection.execute(_RETIRE_PATCHES, values)
    if keep_ids:
        parts.put_aside(connection, month)
    for table, column in (
        ("changes", "month"),
        ("parts", "month"),
        ("case_months", "month"),
        ("patch_months", "month"),
        ("cases", "first_month"),
        ("patches", "first_month"),
        ("merges", "month"),
        ("months", "month"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} >= ?", (month,))
    return int(months)
