"""How the plan's numbers are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BOUNDS: Mapping[str, str] = {"at_most": "≤", "at_least": "≥"}


def amount(value: float | None) -> str:
    """Two decimals at most, none where they are noughts."""
    return "—" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")


def target(row: Mapping[str, Any]) -> str:
    if row["target"] is None:
        return "规划未给出数值"
    return f"目标 {BOUNDS[row['bound']]} {amount(row['target'])}"


def met(value: bool | None) -> str:
    return "—" if value is None else "达到" if value else "未达到"
