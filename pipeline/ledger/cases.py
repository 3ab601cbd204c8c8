"""Names for cases: the part of a patch, or the site, that breaks a rule, kept for life."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.ledger import identity
from pipeline.ledger.audit import canonical
from pipeline.ledger.patches import REST_MONTHS
from pipeline.ledger.records import CaseDraft, CaseMonth, CaseRecord, KnownCase, RecordedCase
from pipeline.ledger.verdicts import Standing, standings
from pipeline.months import earlier

_KNOWN = """SELECT case_months.*, cases.first_month FROM cases JOIN case_months USING (case_id)
    WHERE month = (SELECT max(month) FROM case_months AS each WHERE each.case_id = cases.case_id)
    AND case_id NOT IN (SELECT id FROM merges WHERE kind = 'case') ORDER BY cases.first_month, case_id"""


class _Matching:
    """Old cases, oldest first, meeting the month's drafts."""

    def __init__(self, connection: sqlite3.Connection, drafts: Sequence[CaseDraft]) -> None:
        self.drafts = drafts
        self.known = connection.execute(_KNOWN).fetchall()
        self.taken: dict[int, int] = {}
        """Draft → old case."""
        merged = {row["id"]: row["into_id"] for row in connection.execute("SELECT id, into_id FROM merges WHERE kind = 'patch'")}
        places = [(_resolve(row["patch_id"], merged), row["part"]) for row in self.known]
        grounds: list[BaseGeometry] = [shapely.from_wkb(row["geometry"]) for row in self.known]
        self.here: dict[tuple[str | None, str], list[int]] = {}
        for k, draft in enumerate(drafts):
            self.here.setdefault((draft.patch_id, draft.part), []).append(k)
        on_ground = identity.choices(grounds, [draft.geometry for draft in drafts])
        self.same_place_and_ground = [
            [option for option in options if option[0] in self.here.get(place, ())] for options, place in zip(on_ground, places, strict=True)
        ]
        self.on_ground = [{option[0] for option in options} for options in on_ground]
        self.same_place = [[(k, 0.0) for k in self.here.get(place, ())] for place in places]
        # A site is the ground it was registered with, changed ground is not: they never become one another.
        self.same_ground = [
            [option for option in options if (drafts[option[0]].patch_id is None) == (row["patch_id"] is None)]
            for options, row in zip(on_ground, self.known, strict=True)
        ]

    def run(self) -> None:
        """The nearest kinship first: the same part of the same patch and its ground, then the part, then the ground."""
        for options in (self.same_place_and_ground, self.same_place, self.same_ground):
            held = set(self.taken.values())
            identity.assign(options, (old for old in range(len(self.known)) if old not in held), self.taken)

    def is_new_event(self, draft: int, month: str) -> bool:
        """Whether an old case's name now means other digging: elsewhere in its part, or after a long rest.

        A dismissal of then does not speak of it, and must not hide it.
        """
        old = self.taken.get(draft)
        if old is None:
            return False
        rested = str(self.known[old]["month"]) < earlier(month, REST_MONTHS)
        return rested or draft not in self.on_ground[old]

    def absorbed(self, last_month: str | None) -> dict[int, list[int]]:
        """Younger cases of last month whose ground now belongs to an older case, by the draft that took them in."""
        held = set(self.taken.values())
        found: dict[int, list[int]] = {}
        for old, options in enumerate(self.same_place_and_ground):
            if old not in held and options and self.known[old]["month"] == last_month:
                found.setdefault(options[0][0], []).append(old)
        return found


def _resolve(patch_id: str | None, merged: dict[str, str]) -> str | None:
    while patch_id in merged:
        patch_id = merged[patch_id]
    return patch_id


def identify(connection: sqlite3.Connection, county: str, month: str, drafts: Sequence[CaseDraft]) -> list[CaseRecord]:
    """Names of the month's cases, with growth and verdicts, and a record of them."""
    last_month = connection.execute("SELECT max(month) FROM months WHERE month < ?", (month,)).fetchone()[0]
    matching = _Matching(connection, drafts)
    matching.run()
    absorbed = matching.absorbed(last_month)
    names = {k: str(matching.known[old]["case_id"]) for k, old in matching.taken.items()}
    _name_new(connection, county, month, drafts, names)
    verdicts = standings(connection)
    records = []
    for k, draft in enumerate(drafts):
        before = matching.known[matching.taken[k]] if k in matching.taken else None
        taken_in = [matching.known[old] for old in absorbed.get(k, ())]
        standing = verdicts.get(names[k], Standing())
        reopened = standing.reopened_by(draft.area_m2, before["reopened_version"] if before else None, matching.is_new_event(k, month))
        connection.executemany("INSERT INTO merges VALUES ('case', ?, ?, ?)", ((row["case_id"], names[k], month) for row in taken_in))
        records.append(_record(connection, month, names[k], draft, before, taken_in, reopened, standing))
    return records


def _name_new(connection: sqlite3.Connection, county: str, month: str, drafts: Sequence[CaseDraft], names: dict[int, str]) -> None:
    """Give the rest names: those they had before the month was forgotten, or new ones."""
    new = sorted((k for k in range(len(drafts)) if k not in names), key=lambda k: (drafts[k].first_seen, -drafts[k].lat, drafts[k].lon, k))
    used = [str(row[0]) for row in connection.execute("SELECT case_id FROM cases")]
    retired = connection.execute("SELECT * FROM retired WHERE kind = 'case' ORDER BY id").fetchall()
    free = [row for row in retired if row["id"] not in set(used)]
    had = identity.names_again(free, [drafts[k].geometry for k in new], lambda at, row: _site(drafts[new[at]]) == row["site"])
    fresh = identity.numbers(f"{county}-{month[:4]}-", 6, used, {row["id"] for row in retired})
    for position, k in enumerate(new):
        names[k] = had.get(position) or next(fresh)
        connection.execute("INSERT INTO cases VALUES (?, ?)", (names[k], month))


def _site(draft: CaseDraft) -> str | None:
    return draft.part if draft.patch_id is None else None


def _record(
    connection: sqlite3.Connection,
    month: str,
    case_id: str,
    draft: CaseDraft,
    before: sqlite3.Row | None,
    taken_in: Sequence[sqlite3.Row],
    reopened: int | None,
    standing: Standing,
) -> CaseRecord:
    """Write the case's row of this month and answer what is known of it."""
    # Ground that younger cases brought along was reported before: it is no growth of this month.
    previous = None if before is None else round(sum(row["area_m2"] for row in (before, *taken_in)), 3)
    growth = draft.area_m2 if previous is None else max(0.0, round(draft.area_m2 - previous, 3))
    row = {
        **{name: getattr(draft, name) for name in ("patch_id", "part", "code", "severity", "status", "first_seen", "lon", "lat", "area_m2")},
        "case_id": case_id,
        "month": month,
        "first_month": before["first_month"] if before else month,
        "also": ";".join(draft.also),
        "geometry": shapely.to_wkb(draft.geometry),
        "growth_m2": growth,
        "previous_area_m2": previous,
        "reopened_version": reopened,
        "properties": canonical(dict(draft.properties)),
    }
    connection.execute(
        """INSERT INTO case_months VALUES (:case_id, :month, :patch_id, :part, :code, :also, :severity, :status, :first_seen,
           :lon, :lat, :geometry, :area_m2, :growth_m2, :previous_area_m2, :reopened_version, :properties)""",
        row,
    )
    return _answer(row, standing)


def _answer(row: sqlite3.Row | dict[str, object], standing: Standing) -> CaseRecord:
    value = dict(row)
    last = standing.last
    return CaseRecord(
        case_id=value["case_id"],
        patch_id=value["patch_id"],
        first_month=value["first_month"],
        new_this_month=value["first_month"] == value["month"],
        area_m2=value["area_m2"],
        growth_m2=value["growth_m2"],
        previous_area_m2=value["previous_area_m2"],
        version=standing.version,
        review=standing.review(value["reopened_version"]),
        review_reason=last.reason if last else None,
        review_note=last.note if last else None,
        reviewer=last.reviewer if last else None,
        reviewed_at=last.at if last else None,
        reopened=value["reopened_version"] is not None,
    )


def every(connection: sqlite3.Connection, since: str, until: str) -> list[KnownCase]:
    """Cases that a month from `since` to `until` recorded, ended ones too, as the last of these months has them."""
    rows = connection.execute(
        """SELECT case_months.*, cases.first_month FROM cases JOIN case_months USING (case_id)
           WHERE month = (SELECT max(month) FROM case_months AS each WHERE each.case_id = cases.case_id AND month BETWEEN ? AND ?)
           ORDER BY case_id""",
        (since, until),
    )
    return [
        KnownCase(
            **{name: row[name] for name in ("case_id", "code", "first_month", "first_seen", "status", "area_m2", "lon", "lat")},
            geometry=shapely.from_wkb(row["geometry"]),
        )
        for row in rows
    ]


def of_month(connection: sqlite3.Connection, month: str) -> list[RecordedCase]:
    """Cases that a month recorded and that had not ended, with their verdicts as of now."""
    verdicts = standings(connection)
    rows = connection.execute(
        """SELECT case_months.*, first_month FROM case_months JOIN cases USING (case_id)
           WHERE month = ? AND status <> 'ended' ORDER BY case_id""",
        (month,),
    )
    found = []
    for row in rows:
        draft = CaseDraft(
            **{name: row[name] for name in ("patch_id", "part", "code", "severity", "status", "first_seen", "lon", "lat", "area_m2")},
            geometry=shapely.from_wkb(row["geometry"]),
            also=tuple(row["also"].split(";")) if row["also"] else (),
            properties=json.loads(row["properties"]),
        )
        found.append(RecordedCase(_answer(row, verdicts.get(row["case_id"], Standing())), draft))
    return found


def course(connection: sqlite3.Connection, month: str) -> dict[str, list[CaseMonth]]:
    """Of each case that a month recorded, all that was recorded of it up to then, oldest first."""
    rows = connection.execute(
        """SELECT case_id, month, code, status, area_m2, growth_m2 FROM case_months
           WHERE month <= ? AND case_id IN (SELECT case_id FROM case_months WHERE month = ?) ORDER BY case_id, month""",
        (month, month),
    )
    found: dict[str, list[CaseMonth]] = {}
    for row in rows:
        found.setdefault(row["case_id"], []).append(CaseMonth(*tuple(row)[1:]))
    return found
