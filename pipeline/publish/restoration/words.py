"""What restoration is called for people."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {"legacy": "历史遗留图斑", "closed": "关闭（过期）矿山", "working": "生产矿山"}
CLAIMS: Mapping[str, str] = {"agreed": "相符", "doubtful": "存疑", "contradicted": "不符"}
STATE_COLOURS: Mapping[str | None, str] = {
    "未治理": "#b4462f", "治理中": "#d19a26", "自然恢复": "#7fa650", "已治理": "#2f7d4a", "退化": "#7b3fa0", None: "#8a929c",
}  # fmt: skip
UNSEEN = "未看清"


def deadline(row: Mapping[str, object]) -> str:
    """Where a site stands against its deadline."""
    left = row["days_left"]
    if not isinstance(left, int):
        return "未定期限"
    if row["overdue"]:
        return f"逾期 {-left} 天"
    if left < 0:
        return "已到期，已恢复"
    return f"剩 {left} 天"
