"""Who saw and did what, as the ledger's trail has it, for whoever has to answer for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.flown import INGESTED, VISITED, WITHDRAWN
from pipeline.ledger import Kind, Ledger
from pipeline.publish.words import REVIEWS, STEPS
from pipeline.review.known import SEEN
from pipeline.review.users import CHANGED

_NAMES: Mapping[str, str] = {
    "verdict": "核实", SEEN: "查看", "draw": "双随机抽取", "month": "生成月度成果", "forget": "重做月份", "train": "训练模型", CHANGED: "人员",
    INGESTED: "航飞", WITHDRAWN: "撤回航飞或照片", VISITED: "现场核查照片",
}  # fmt: skip
_EVENTS: Mapping[str, str] = {
    Kind.VERDICT: "判定", Kind.LATE: "同时核实（未采用）", Kind.AUDIT: "复核", Kind.OUTLINE: "勾绘范围", Kind.STEP: "处置",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the trail, or, of several cases that were seen at once, one of them."""

    number: int
    at: str
    person: str
    what: str
    case_id: str | None
    said: str


COLUMNS: Sequence[tuple[str, Callable[[Entry], Any]]] = (
    ("序号", lambda each: each.number),
    ("时间（UTC）", lambda each: each.at[:19].replace("T", " ")),
    ("人员", lambda each: each.person),
    ("事项", lambda each: each.what),
    ("图斑编号", lambda each: each.case_id),
    ("内容", lambda each: each.said),
)


def entries(ledger: Ledger, *, case_id: str | None = None, person: str | None = None, since: str | None = None) -> list[Entry]:
    """Oldest first; of a case, of a person, from a day on. What a verdict's row says already is not said twice."""
    found = (each for line in ledger.trail() for each in _of(*line))
    return [each for each in found if case_id in (None, each.case_id) and person in (None, each.person) and (since is None or each.at >= since)]


def _of(number: int, at: str, person: str, action: str, detail: Mapping[str, Any]) -> Iterator[Entry]:
    if action == SEEN:
        yield from (Entry(number, at, person, _NAMES[SEEN], case_id, "") for case_id in detail["cases"])
    elif action == "verdict":
        yield Entry(number, at, person, _NAMES[action], detail["case_id"], _verdict(detail))
    elif action == "event":
        said = json.loads(detail["detail"])
        if detail["kind"] != Kind.VERDICT or said.get("judgement") or said.get("undoes"):
            yield Entry(number, at, person, _EVENTS[detail["kind"]], detail["case_id"], _event(detail["kind"], said))
    else:
        yield Entry(number, at, person, _NAMES.get(action, action), None, json.dumps(detail, ensure_ascii=False, sort_keys=True))


def _verdict(said: Mapping[str, Any]) -> str:
    return _joined(REVIEWS[said["review"]], said["reason"], said["note"])


def _event(kind: str, said: Mapping[str, Any]) -> str:
    if kind == Kind.STEP:
        return _joined(STEPS[said["step"]], said["date"], said["document"], said["due"] and f"下一步期限 {said['due']}")
    if kind == Kind.AUDIT:
        return _joined("同意" if said["agrees"] else "不同意", said["note"])
    if kind == Kind.OUTLINE:
        return "恢复机器范围" if said["area_m2"] is None else f"{said['area_m2']:.0f} m²"
    if kind == Kind.LATE:
        return _joined(_verdict(said), said["judgement"])
    return _joined(said.get("judgement"), f"撤销第 {said['undoes']} 次核实" if said.get("undoes") else None)


def _joined(*parts: str | None) -> str:
    return " ".join(filter(None, parts))
