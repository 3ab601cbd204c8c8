"""What a case rests on, in words; only what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.findings.names import FINDINGS
from pipeline.publish.say import CHINESE, Say


def basis(row: Mapping[str, Any], say: Say = CHINESE) -> Iterator[str]:
    """Lines on a case, from its published properties."""
    if row["also"]:
        yield say("同时涉及：{findings}", findings=say("、").join(say(FINDINGS.get(code, code)) for code in row["also"].split(";")))
    if row["overshoot_m2"] is not None:
        yield _overshoot(row, say)
    elif row["distance_to_right_m"]:
        yield say("距最近的矿权 {metres} m", metres=f"{row['distance_to_right_m']:,.0f}")
    if row["valid_to"]:
        yield say("许可有效期至 {day}", day=row["valid_to"])
    if row["legacy_id"]:
        if row["legacy_state"]:
            yield say("历史遗留图斑 {id}（{state}）", id=row["legacy_id"], state=say(row["legacy_state"]))
        else:
            yield say("历史遗留图斑 {id}", id=row["legacy_id"])
    if row["deadline"]:
        yield say("治理期限 {day}", day=row["deadline"])
    if row["restriction"]:
        area = f" {row['restriction_m2']:,.0f} m²" if row["restriction_m2"] is not None else ""
        yield say("涉及禁采区或耕地 {ids}{area}", ids=row["restriction"], area=area)


def _overshoot(row: Mapping[str, Any], say: Say) -> str:
    text = say("越界 {area} m²", area=f"{row['overshoot_m2']:,.0f}")
    if row["overshoot_max_m"] is not None:
        text += say("，最远 {metres} m", metres=f"{row['overshoot_max_m']:,.0f}")
    if row["overshoot_certain_m2"] is not None and row["position_error_m"] is not None:
        certain, error = f"{row['overshoot_certain_m2']:,.0f}", f"{row['position_error_m']:.0f}"
        text += say("；扣除位置误差 {error} m 后仍有 {area} m²", error=error, area=certain)
    return text
