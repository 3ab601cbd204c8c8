"""Features of a file as rights, legacy patches, zones, approvals and towns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.layers.columns import Rows
from pipeline.layers.model import (
    ARABLE,
    BASIC_FARMLAND,
    EXPLORATION_STATUS,
    LEGACY_STATES,
    RIGHT_STATUS,
    Approval,
    BlockUse,
    LegacyPatch,
    PlanBlock,
    Problem,
    Right,
    Town,
    Zone,
    ZoneKind,
)

Record = Right | LegacyPatch | Zone | Approval | Town | PlanBlock
Geometries = NDArray[np.object_]
Build = Callable[[Rows, int, Geometries, str], Record]
"""(rows, feature's position, geometries, layer's name) → the record."""


def _period(rows: Rows, k: int, record: Right | Approval) -> None:
    start, end = record.valid_from, record.valid_to
    if start is not None and end is not None and end < start:
        rows.warn(k, "MW-LAYER-PERIOD", f"ends ({end}) before it begins ({start}).", "Are valid_from and valid_to mixed up?")


def _right(rows: Rows, k: int, geometry: Geometries, layer: str) -> Right:
    status = rows.one_of(k, "status", RIGHT_STATUS, "the right is judged by its dates alone")
    right = Right(
        id=rows.text(k, "id") or "",
        geometry=geometry[k],
        name=rows.text(k, "name"),
        holder=rows.text(k, "holder"),
        mineral=rows.text(k, "mineral"),
        method=rows.text(k, "method"),
        valid_from=rows.date(k, "valid_from"),
        valid_to=rows.date(k, "valid_to"),
        status=status,
        renewal_applied=rows.date(k, "renewal_applied"),
        renewal_unread=rows.no_date(k, "renewal_applied"),
        restore_by=rows.date(k, "restore_by"),
        scale=rows.number(k, "scale"),
        bottom=rows.number(k, "bottom"),
        top=rows.number(k, "top"),
        stopped=rows.date(k, "stopped"),
        resumed=rows.date(k, "resumed"),
        layer=layer,
        exploration=layer == "exploration_rights" or status == EXPLORATION_STATUS,
    )
    _period(rows, k, right)
    return right


def _legacy(rows: Rows, k: int, geometry: Geometries, layer: str) -> LegacyPatch:
    state = rows.one_of(k, "state", LEGACY_STATES, "it is left out")
    return LegacyPatch(id=rows.text(k, "id") or "", geometry=geometry[k], state=state, deadline=rows.date(k, "deadline"))


def _zone(rows: Rows, k: int, geometry: Geometries, layer: str) -> Zone:
    kind = ZoneKind(layer) if layer in (ZoneKind.REDLINE, ZoneKind.FARMLAND) else ZoneKind.ZONE
    sort = rows.one_of(k, "type", frozenset({BASIC_FARMLAND, ARABLE}), f"it is taken as {ARABLE}") if kind is ZoneKind.FARMLAND else None
    return Zone(id=rows.text(k, "id") or "", geometry=geometry[k], kind=kind, layer=layer, name=rows.text(k, "name"), type=sort)


def _approval(rows: Rows, k: int, geometry: Geometries, layer: str) -> Approval:
    approval = Approval(
        id=rows.text(k, "id") or "",
        geometry=geometry[k],
        layer=layer,
        name=rows.text(k, "name"),
        valid_from=rows.date(k, "valid_from"),
        valid_to=rows.date(k, "valid_to"),
    )
    _period(rows, k, approval)
    return approval


def _town(rows: Rows, k: int, geometry: Geometries, layer: str) -> Town:
    identity = rows.text(k, "id") or ""
    return Town(id=identity, geometry=geometry[k], name=rows.text(k, "name") or identity)


def _block(rows: Rows, k: int, geometry: Geometries, layer: str) -> PlanBlock:
    use = rows.one_of(k, "use", frozenset(BlockUse), "it counts as set aside, for whatever is mined there")
    return PlanBlock(id=rows.text(k, "id") or "", geometry=geometry[k], name=rows.text(k, "name"), use=use, mineral=rows.text(k, "mineral"))


@dataclass(frozen=True, slots=True)
class Kind:
    """What a layer's features become."""

    fields: tuple[str, ...]
    build: Build | None


AREA = Kind((), None)
"""The county's outline: ground alone."""
_RIGHT = "id name holder mineral method valid_from valid_to status renewal_applied restore_by scale bottom top stopped resumed"
RIGHT = Kind(tuple(_RIGHT.split()), _right)
ZONE = Kind(("id", "name"), _zone)
APPROVAL = Kind(("id", "name", "valid_from", "valid_to"), _approval)
KINDS = {
    "mining_rights": RIGHT,
    "exploration_rights": RIGHT,
    "legacy_patches": Kind(("id", "state", "deadline"), _legacy),
    "redline": ZONE,
    "farmland": Kind(("id", "name", "type"), _zone),
    "towns": Kind(("id", "name"), _town),
    "plan_blocks": Kind(("id", "name", "use", "mineral"), _block),
}


def kind_of(layer: str, kind: str | None) -> Kind:
    """What a layer is, by its name, else by the `kind` the config gives it."""
    return KINDS.get(layer) or (APPROVAL if kind == "approval" else ZONE)


def build(rows: Rows, geometry: Geometries, layer: str, kind: Kind) -> list[Record]:
    """Records of the features that have a geometry; what is wrong with their values is noted in `rows`."""
    if kind.build is None:
        return []
    records = [kind.build(rows, k, geometry, layer) for k in range(rows.count) if geometry[k] is not None]
    untyped = sum(isinstance(r, Zone) and r.type is None for r in records) if "type" in kind.fields else 0
    if untyped:
        message = f"{rows.file}: {untyped} of {len(records)} features have no known type; they are taken as {ARABLE}, where mining is not banned."
        rows.problems.append(Problem(None, "MW-LAYER-FARMLAND", message, f"Give each its type: {BASIC_FARMLAND} or {ARABLE}.", False))
    return records
