"""The ledger's tables, as the steps that led to them. A step that was released is never edited: add one."""

from __future__ import annotations

APPLICATION_ID = 0x4D574C47
"""`MWLG`: tells a ledger from any other SQLite file."""

_TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE months (
    month TEXT PRIMARY KEY CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]'),
    facts TEXT NOT NULL,
    scenes TEXT NOT NULL,
    seal TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE patches (patch_id TEXT PRIMARY KEY, first_month TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE patch_months (
    patch_id TEXT NOT NULL REFERENCES patches,
    month TEXT NOT NULL,
    geometry BLOB NOT NULL,
    area_m2 REAL NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (patch_id, month)
);

CREATE TABLE cases (case_id TEXT PRIMARY KEY, first_month TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE case_months (
    case_id TEXT NOT NULL REFERENCES cases,
    month TEXT NOT NULL,
    patch_id TEXT REFERENCES patches,
    part TEXT NOT NULL,
    code TEXT NOT NULL,
    also TEXT NOT NULL,
    severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 3),
    status TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    lon REAL NOT NULL,
    lat REAL NOT NULL,
    geometry BLOB NOT NULL,
    area_m2 REAL NOT NULL,
    growth_m2 REAL NOT NULL,
    previous_area_m2 REAL,
    reopened_version INTEGER,
    properties TEXT NOT NULL,
    PRIMARY KEY (case_id, month)
);

CREATE INDEX patch_months_by_month ON patch_months (month);
CREATE INDEX case_months_by_month ON case_months (month);

CREATE TABLE merges (
    kind TEXT NOT NULL CHECK (kind IN ('patch', 'case')),
    id TEXT NOT NULL,
    into_id TEXT NOT NULL,
    month TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE retired (
    kind TEXT NOT NULL CHECK (kind IN ('patch', 'case')),
    id TEXT NOT NULL,
    site TEXT,
    first_geometry BLOB NOT NULL,
    last_geometry BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE verdicts (
    case_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    review TEXT NOT NULL CHECK (review IN ('pending', 'confirmed', 'dismissed', 'needs_field_check')),
    reason TEXT,
    note TEXT,
    reviewer TEXT NOT NULL,
    at TEXT NOT NULL,
    area_m2 REAL NOT NULL,
    PRIMARY KEY (case_id, version)
) WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TRIGGER verdicts_stay BEFORE UPDATE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are never changed'); END;
CREATE TRIGGER verdicts_last BEFORE DELETE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are never deleted'); END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;
CREATE TRIGGER audit_lasts BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never deleted'); END;
"""

_CONTENT_SEAL = "INSERT INTO settings VALUES ('content', '');"
"""From here on everything that no month's seal covers is sealed too (`seals.CONTENT`)."""

_PART = """(
    month TEXT NOT NULL,
    number INTEGER NOT NULL,
    patch_id TEXT,
    part TEXT NOT NULL,
    case_id TEXT,
    code TEXT NOT NULL,
    also TEXT NOT NULL,
    severity INTEGER NOT NULL,
    geometry BLOB NOT NULL,
    basis TEXT NOT NULL,
    PRIMARY KEY (month, number)
) WITHOUT ROWID;"""

_PARTS = f"""
CREATE TABLE parts {_PART}
CREATE TABLE replaced_parts {_PART}
CREATE TABLE changes (
    month TEXT NOT NULL,
    number INTEGER NOT NULL,
    case_id TEXT,
    patch_id TEXT,
    part TEXT NOT NULL,
    before TEXT,
    after TEXT,
    why TEXT NOT NULL,
    PRIMARY KEY (month, number)
) WITHOUT ROWID;
"""
"""From here on a month remembers what each finding rested on, and which became another."""

_EVENTS = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('verdict', 'late', 'audit', 'outline', 'step')),
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE INDEX events_by_case ON events (case_id);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""

_NAMES_SEAL = "INSERT INTO settings VALUES ('names', '');"
"""From here on names are sealed apart (`seals.NAMES`), so that a verdict need not seal all that there is."""

MIGRATIONS: tuple[str, ...] = (_TABLES, _CONTENT_SEAL, _PARTS, _EVENTS, _NAMES_SEAL)
"""Script n leads from `user_version` n to n + 1."""
