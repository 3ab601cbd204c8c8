"""What a case rests on, in words; only what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.findings.names import FINDINGS


def basis(row: Mapping[str, Any]) -> Iterable[str]:
    """Lines on a case, from its published properties."""
    if row["also"]:
        yield "同时涉及：" + "、".join(FINDINGS.get(code, code) for code in row["also"].split(";"))
    if row["overshoot_m2"] is not None:
        yield _overshoot(row)
    elif row["distance_to_right_m"]:
        yield f"距最近的矿权 {row['distance_to_right_m']:,.0f} m"
    if row["valid_to"]:
        yield f"许可有效期至 {row['valid_to']}"
    if row["legacy_id"]:
        state = f"（{row['legacy_state']}）" if row["legacy_state"] else ""
        yield f"历史遗留图斑 {row['legacy_id']}{state}"
    if row["deadline"]:
        yield f"治理期限 {row['deadline']}"
    if row["restriction"]:
        area = f" {row['restriction_m2']:,.0f} m²" if row["restriction_m2"] is not None else ""
        yield f"涉及禁采区或耕地 {row['restriction']}{area}"


def _overshoot(row: Mapping[str, Any]) -> str:
    text = f"越界 {row['overshoot_m2']:,.0f} m²"
    if row["overshoot_max_m"] is not None:
        text += f"，最远 {row['overshoot_max_m']:,.0f} m"
    if row["overshoot_certain_m2"] is not None and row["position_error_m"] is not None:
        text += f"；扣除位置误差 {row['position_error_m']:.0f} m 后仍有 {row['overshoot_certain_m2']:,.0f} m²"
    return text
