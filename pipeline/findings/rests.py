"""What a finding rests on: the records of the layers at its ground, with what the rules read of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.findings.lookup import Index, Lookup
from pipeline.layers.model import Approval, LegacyPatch, Right, Zone

Basis = Mapping[str, Mapping[str, Any]]
"""Record (`layer/id`) → what the rules read of it."""

_READ: Mapping[type, tuple[str, ...]] = {
    Right: ("valid_from", "valid_to", "status", "renewal_applied", "method", "mineral", "restore_by", "exploration", "stood_from", "stood_until"),
    LegacyPatch: ("state", "deadline", "stood_from", "stood_until"),
    Zone: ("type", "stood_from", "stood_until"),
    Approval: ("valid_from", "valid_to", "stood_from", "stood_until"),
}
COVERS, AWAY = "covers_m2", "away_m"
"""Of every record: how much of the ground it holds; where it holds none, how far off it lies."""


def rests_on(geometry: BaseGeometry, lookup: Lookup, reach_m: float) -> dict[str, dict[str, Any]]:
    """Records that hold some of the ground, or (rights) lie within reach of it. Two entries of a record differ by the day they stood from."""
    found: dict[str, dict[str, Any]] = {}
    indexes: tuple[tuple[Index[Any], float], ...] = ((lookup.rights, reach_m), (lookup.legacy, 0.0), (lookup.zones, 0.0), (lookup.approvals, 0.0))
    for index, reach in indexes:
        for k in index.near(geometry, reach):
            record = index.records[k]
            covers = round(record.geometry.intersection(geometry).area)
            if not covers and not reach:
                continue
            read = {name: _plain(getattr(record, name)) for name in _READ[type(record)]} | {COVERS: covers}
            if not covers:
                read[AWAY] = round(record.geometry.distance(geometry))
            found[_name(record)] = {name: value for name, value in read.items() if value not in (None, False)}
    return found


def _name(record: Right | LegacyPatch | Zone | Approval) -> str:
    day = f"@{record.stood_from}" if record.stood_from else ""
    layer = "legacy_patches" if isinstance(record, LegacyPatch) else record.layer
    return f"{layer}/{record.id}{day}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def differences(before: Basis, after: Basis) -> Iterator[tuple[str, str, Any, Any]]:
    """(record, field, before, after) of all that differs; of a record that came or went only how much of the ground it holds, or its distance."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, {}), after.get(name, {})
        whole = name in before and name in after
        for field in sorted(old.keys() | new.keys()):
            if old.get(field) != new.get(field) and (whole or field in (COVERS, AWAY)):
                yield name, field, old.get(field), new.get(field)
