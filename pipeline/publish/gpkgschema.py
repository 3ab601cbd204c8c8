"""What a GeoPackage itself says of its columns (its extension `schema`): titles, and the values that a verdict may have."""

from __future__ import annotations

import sqlite3

from pipeline.publish.features import CASE_FIELDS
from pipeline.publish.words import REVIEWS, TITLES

_TABLES = """
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
    constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
    min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_EXTENSION = "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"


def describe(connection: sqlite3.Connection) -> None:
    """Describe the columns of the table `cases`."""
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.execute(statement)
    connection.executemany(_EXTENSION, [("gpkg_data_columns",), ("gpkg_data_column_constraints",)])
    connection.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, constraint_name) VALUES ('cases', ?, ?, ?, ?)",
        [(name, name, TITLES[name], "review" if name == "review" else None) for name in CASE_FIELDS],
    )
    connection.executemany(
        "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) VALUES ('review', 'enum', ?, ?)",
        list(REVIEWS.items()),
    )
