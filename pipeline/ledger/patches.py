"""Names for patches of changed ground, kept while they grow, merge, split or rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.ledger import identity
from pipeline.months import earlier

REST_MONTHS = 12
"""Ground that ended and changes again within these months is the same patch; later it is a new one."""


def identify(
    connection: sqlite3.Connection,
    county: str,
    month: str,
    geometries: Sequence[BaseGeometry],
    areas: Sequence[float],
    statuses: Sequence[str],
    cell_order: Sequence[tuple[str, float, float]],
) -> list[str]:
    """Names of the month's patches, and a record of them."""
    known = connection.execute(
        """SELECT patch_id, geometry FROM patches JOIN patch_months AS last USING (patch_id)
           WHERE month = (SELECT max(month) FROM patch_months AS each WHERE each.patch_id = patches.patch_id)
           AND (status <> 'ended' OR month >= ?) AND patch_id NOT IN (SELECT id FROM merges WHERE kind = 'patch')
           ORDER BY first_month, patch_id""",
        (earlier(month, REST_MONTHS),),
    ).fetchall()
    names = [str(row["patch_id"]) for row in known]
    options = identity.choices([shapely.from_wkb(row["geometry"]) for row in known], geometries)
    taken: dict[int, int] = {}
    identity.assign(options, range(len(names)), taken)
    ids = {new: names[old] for new, old in taken.items()}
    continued = set(taken.values())
    for old, name in enumerate(names):
        if options[old] and old not in continued:
            connection.execute("INSERT INTO merges VALUES ('patch', ?, ?, ?)", (name, ids[options[old][0][0]], month))
    _name_new(connection, county, month, geometries, cell_order, ids)
    connection.executemany(
        "INSERT INTO patch_months VALUES (?, ?, ?, ?, ?)",
        ((ids[k], month, shapely.to_wkb(geometries[k]), areas[k], statuses[k]) for k in sorted(ids, key=ids.__getitem__)),
    )
    return [ids[k] for k in range(len(geometries))]


def _name_new(
    connection: sqlite3.Connection,
    county: str,
    month: str,
    geometries: Sequence[BaseGeometry],
    cell_order: Sequence[tuple[str, float, float]],
    ids: dict[int, str],
) -> None:
    """Give the rest of `ids` names: those they had before the month was forgotten, or new ones."""
    new = sorted((k for k in range(len(geometries)) if k not in ids), key=lambda k: (cell_order[k], k))
    used = [str(row[0]) for row in connection.execute("SELECT patch_id FROM patches")]
    retired = connection.execute("SELECT id, first_geometry, last_geometry FROM retired WHERE kind = 'patch' ORDER BY id").fetchall()
    free = [row for row in retired if row["id"] not in set(used)]
    had = identity.names_again(free, [geometries[k] for k in new])
    fresh = identity.numbers(f"{county}-P{month[:4]}-", 5, used, {row["id"] for row in retired})
    for position, k in enumerate(new):
        ids[k] = had.get(position) or next(fresh)
        connection.execute("INSERT INTO patches VALUES (?, ?)", (ids[k], month))
