"""mines.json: a line for each right, the month's work of mines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.findings.mines import Mine
from pipeline.months import iso
from pipeline.publish.features import Feature

ACTIVITIES: Mapping[str, str] = {"digging": "开采中", "idle": "停采", "restored": "已恢复", "never_dug": "从未开采", "not_seen": "本月未看清"}
CONCERNS: Mapping[str, str] = {"dug_after_end": "期满或关闭后开采", "dug_after_stop_order": "停产期间开采", "never_dug": "从未开采"}


def rows(found: Sequence[Mine], flagged: Sequence[Feature]) -> list[dict[str, Any]]:
    """Lines as they are published, by the right's id. flagged: the month's cases."""
    cases: dict[str, list[str]] = {}
    for each in flagged:
        cases.setdefault(str(each.properties["right_id"]), []).append(str(each.properties["id"]))
    return [_row(mine, cases.get(mine.right.id, [])) for mine in found]


def _row(mine: Mine, cases: Sequence[str]) -> dict[str, Any]:
    right = mine.right
    concerns = {"dug_after_end": mine.after_end_m2 > 0, "dug_after_stop_order": mine.after_stop_m2 > 0, "never_dug": mine.never_dug}
    return {
        "right_id": right.id,
        "right_name": right.name,
        "holder": right.holder,
        "mineral": right.mineral,
        "layer": right.layer,
        "status": right.status,
        "standing": mine.standing.value,
        "valid_from": iso(right.valid_from),
        "valid_to": iso(right.valid_to),
        "stopped": iso(right.stopped),
        "resumed": iso(right.resumed),
        "activity": mine.activity.value,
        "activity_zh": ACTIVITIES[mine.activity],
        "since": iso(mine.since),
        "dug_ha": _ha(mine.dug_m2),
        "bare_before_ha": _ha(mine.bare_before_m2),
        "new_ha": _ha(mine.new_m2),
        "restored_ha": _ha(mine.restored_m2),
        "dug_after_end_ha": _ha(mine.after_end_m2),
        "dug_after_end_since": iso(mine.after_end_since),
        "dug_after_stop_ha": _ha(mine.after_stop_m2),
        "dug_after_stop_since": iso(mine.after_stop_since),
        "concerns": [name for name, holds in concerns.items() if holds],
        "cases": list(cases),
    }


def _ha(area_m2: float) -> float:
    return round(area_m2 / 10_000, 4) + 0.0
