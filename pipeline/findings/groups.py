"""In what state of the law ground can lie, and the ground of a patch grouped by it."""

from __future__ import annotations

from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from pipeline.findings.ground import joined
from pipeline.layers.model import Standing

LEAST_M2 = 400.0
"""Smallest mapped area (contract section 7; DB64/T 2000-2024): less beyond a line or inside a zone is no finding."""
MOST_SHARE = 0.5
"""Ground belongs to a legacy patch or zone that holds this share of it, however small."""
APPROVED_SHARE = 0.8
"""An approval explains the whole of a group when it covers this share of it."""


class Ground(StrEnum):
    """In what state of the law a part of a patch lies."""

    BEFORE = "before"
    """Changed before monitoring."""
    OTHER = "other"
    """Changed, but not by mining."""
    APPROVED = "approved"
    VALID = "valid"
    """In a valid right or within its boundary's tolerance, outside banned zones."""
    BANNED = "banned"
    """In a valid right and in a zone where mining is banned."""
    CLOSED = "closed"
    EXPIRED = "expired"
    EXPLORATION = "exploration"
    BEYOND = "beyond"
    """Outside every right, dug on from a valid one."""
    OPEN = "open"
    """Outside every right."""


IN_RIGHT = {
    Standing.VALID: Ground.VALID,
    Standing.CLOSED: Ground.CLOSED,
    Standing.EXPIRED: Ground.EXPIRED,
    Standing.EXPLORATION: Ground.EXPLORATION,
}
"""Ground by a right's standing, in the order in which overlapping rights claim it. A right that does not hold yet claims nothing."""

NOWHERE = -1
Key = tuple[Ground, int]
"""Ground, and the position of its right among the county's (NOWHERE outside rights)."""
Groups = dict[Key, BaseGeometry]


def add(groups: Groups, key: Key, geometry: BaseGeometry) -> None:
    """Put ground into a group."""
    groups[key] = joined([groups[key], geometry]) if key in groups else geometry


def move(groups: Groups, key: Key, to: Key) -> None:
    """Let one group take in another."""
    add(groups, to, groups.pop(key))


def largest(groups: Groups, keys: list[Key]) -> Key:
    """The key with most ground; of equals the first."""
    return max(keys, key=lambda key: round(groups[key].area, 2))
