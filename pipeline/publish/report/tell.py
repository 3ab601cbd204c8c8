"""Events and names as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.findings.names import FINDINGS
from pipeline.publish.report.history import Course, Event, Gone, Kind
from pipeline.publish.say import Language, Say
from pipeline.publish.words import LAYER_FIELDS, LAYERS, REASONS, REVIEWS, STEPS

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]

_AUDITS = {"agrees": "复核同意", "disagrees": "复核不同意"}
_SAID = {Kind.VERDICT: REVIEWS, Kind.AUDIT: _AUDITS, Kind.STEP: STEPS}
"""What a person's word is called, by its code."""


class Teller:
    """Says in a language what is held as values."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def month(self, month: str) -> str:
        number = int(month[5:])
        return f"{month[:4]}年{number}月" if self._say.language is Language.ZH else f"{_MONTHS[number - 1]} {month[:4]}"

    def course(self, course: Course) -> Iterator[str]:
        """What became of a case; nothing where it was just listed."""
        if len(course.events) < 2:
            return
        for k, event in enumerate(course.events):
            yield f"{event.at} {self._event(event)}"
            if k == 0 and course.left_out:
                yield self._say("……（其间 {count} 次变动从略）", count=course.left_out)

    def _event(self, event: Event) -> str:
        say, area = self._say, f"{event.area_m2 / 10_000:.2f}"
        match event.kind:
            case Kind.LISTED:
                return say("首次列出：{finding}，{area} 公顷", finding=self._finding(event.code), area=area)
            case Kind.BACK:
                return say("再次列出，{area} 公顷", area=area)
            case Kind.GREW:
                return say("扩大 {by} 公顷，至 {area} 公顷", by=f"{event.by_m2 / 10_000:.2f}", area=area)
            case Kind.CHANGED:
                return say("改判为{finding}", finding=self._finding(event.code))
            case Kind.CONFIRMED:
                return say("变化得到证实")
            case Kind.TOOK_IN:
                return say("合并了 {id}", id=event.who)
            case Kind.OUTLINE:
                return say("{who}：重画范围，{area} 公顷", who=event.who, area=area)
        verdict = say("{who}：{verdict}", who=event.who, verdict=say(_SAID[event.kind].get(event.code, event.code)))
        return say("{verdict}（{why}）", verdict=verdict, why=self._why(event)) if event.why else verdict

    def _why(self, event: Event) -> str:
        """As it was written; a usual reason, with which a verdict's begins, in the language."""
        reason, space, note = event.why.partition(" ")
        return f"{self._say(reason)}{space}{note}" if event.kind is Kind.VERDICT and reason in REASONS else event.why

    def findings(self, codes: str | None) -> str:
        """A finding with the further ones, as a change names them."""
        return self._say("不再列出") if codes is None else self._say("、").join(self._finding(code) for code in codes.split("+"))

    def causes(self, change: Mapping[str, Any]) -> Iterator[str]:
        """Why a finding became another: what is different in the layers."""
        if not change["because"]:
            yield self._say("图层未变：地表或影像判断不同")
        for each in change["because"]:
            was, now = (self._value(each[when]) for when in ("before", "after"))
            layer, field = self._say(LAYERS.get(each["layer"], each["layer"])), self._say(LAYER_FIELDS.get(each["field"], each["field"]))
            yield self._say("{layer} {record}：{field} {was} → {now}", layer=layer, record=each["record"], field=field, was=was, now=now)

    def _value(self, value: Any) -> str:
        return "—" if value is None else self._say("是" if value else "否") if isinstance(value, bool) else str(value)

    def _finding(self, code: str) -> str:
        return self._say(FINDINGS.get(code, code))

    def gone(self, gone: Gone, became: str | None) -> str:
        """A case of last month, and why it is not listed any more. became: findings that its ground has now, where they are others."""
        say = self._say
        if gone.into is not None:
            why = say("已并入 {id}", id=gone.into)
        elif gone.dismissed_by is not None:
            why = say("{who} 于 {day} 排除", who=gone.dismissed_by, day=gone.dismissed_at)
        elif became is not None:
            why = say("改判为{finding}", finding=self.findings(became))
        else:
            why = say("已恢复或证据不足")
        return say("{id}（{why}）", id=gone.id, why=why)
