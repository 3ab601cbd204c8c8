"""GeoPackages are databases: one that would compute while it is read is not opened."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

_INDEX = re.compile(r"^\s*CREATE\s+VIRTUAL\s+TABLE\b.*\bUSING\s+rtree\b", re.IGNORECASE | re.DOTALL)
_COMPUTED = re.compile(r"\bAS\s*\(", re.IGNORECASE)
_BESIDE = ("-wal", "-journal")
"""What the names of files end in that hold changes of a database for a while."""


def unsaved(file: Path) -> Path | None:
    """The file beside a GeoPackage that holds changes which are not yet in it; None where there are none.

    Whoever reads the database reads them too, while a hash of its bytes does not know of them.
    """
    real = file.resolve()
    beside = (real.with_name(real.name + suffix) for suffix in _BESIDE)
    return next((each for each in beside if each.is_file() and each.stat().st_size), None)


def objection(file: Path) -> str | None:
    """Why a GeoPackage is not opened; None where it only holds tables.

    A view, a computed column or a virtual table runs whatever its author wrote, for ever if he likes. Triggers never run on reading.
    Raises sqlite3.Error for what is no database.
    """
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        held = [(kind, str(name), str(sql or "")) for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master")]
    for kind, name, sql in held:
        if kind == "view":
            return f"holds a view ({name[:60]})"
        if kind == "table" and sql.upper().lstrip().startswith("CREATE VIRTUAL") and not _INDEX.match(sql):
            return f"holds a virtual table ({name[:60]})"
        if kind == "table" and _COMPUTED.search(sql):
            return f"holds a computed column (in table {name[:60]})"
    if "gpkg_contents" not in {name.lower() for kind, name, _ in held if kind == "table"}:
        return "is a database, but no GeoPackage (it has no table gpkg_contents)"
    return None
