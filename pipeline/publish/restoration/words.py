"""What restoration is called for people."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.publish.say import CHINESE, Say

KINDS: Mapping[str, str] = {"legacy": "历史遗留图斑", "closed": "关闭（过期）矿山", "working": "生产矿山"}
CLAIMS: Mapping[str, str] = {"agreed": "相符", "doubtful": "存疑", "contradicted": "不符"}
STATE_CLASSES: Mapping[str | None, str] = {
    "未治理": "unrestored", "治理中": "under-way", "自然恢复": "natural", "已治理": "restored", "退化": "regressed", None: "unseen",
}  # fmt: skip
"""Of the stylesheet `sections.css`."""
UNSEEN = "未看清"
SOON_DAYS = 180
"""Deadlines that come within so many days are told."""


_POINTS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def lie(slope: float, aspect: float | None) -> str:
    """Slope and aspect, e.g. 17° 南坡."""
    return f"{slope:.0f}° 平地" if aspect is None else f"{slope:.0f}° {_POINTS[round(aspect / 45) % 8]}坡"


def deadline(row: Mapping[str, object], say: Say = CHINESE) -> str:
    """Where a site stands against its deadline."""
    left = row["days_left"]
    if not isinstance(left, int):
        return say("未定期限")
    if row["overdue"]:
        return say("逾期 {days} 天", days=-left)
    return say("已到期，已恢复") if left < 0 else say("剩 {days} 天", days=left)
