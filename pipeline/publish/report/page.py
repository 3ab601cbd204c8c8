"""The report as one page: what is said of the month, put into its template."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pipeline.files import write_atomic
from pipeline.findings.names import FINDINGS
from pipeline.ledger import Review
from pipeline.publish import pages
from pipeline.publish.basis import basis
from pipeline.publish.evidence.text import FONT
from pipeline.publish.features import M2_PER_MU, Feature
from pipeline.publish.mines import ACTIVITIES, CONCERNS
from pipeline.publish.planning import assessment
from pipeline.publish.report import accuracy, svgmap, tallies, thumbnails
from pipeline.publish.report.earlier import Totals, totals
from pipeline.publish.report.followed import Share, precision
from pipeline.publish.report.given import ReportInput
from pipeline.publish.report.history import Course, Kind
from pipeline.publish.report.tell import Teller
from pipeline.publish.restoration import page as restoration
from pipeline.publish.say import Language, Say
from pipeline.publish.styles import SEVERITY_COLOURS, SEVERITY_NAMES
from pipeline.publish.words import CHECKS_OFF, LAYERS, REVIEWS, STANDINGS, STATUSES
from pipeline.scrub import scrub_text

NAME = "report.html"
BRIEF = 9
"""Cases of a group that the first screen names."""
MINES_TO_SEE = ("dug_after_end", "dug_after_stop_order")
"""What is said of a mine that a person should look into."""
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Line:
    """A case as a row of the list."""

    number: int
    row: Mapping[str, Any]
    basis: tuple[str, ...]
    course: tuple[str, ...]
    picture: str | None
    """The small picture, as a data URI."""
    linked: bool
    """Whether there is a large one."""


def write(path: Path, given: ReportInput, language: Language = Language.ZH) -> None:
    write_atomic(path, render(given, language).encode("utf-8", "replace"))


def render(given: ReportInput, language: Language = Language.ZH, *, printed: bool = False) -> str:
    """The report as HTML. printed: for paper, where pictures lead nowhere; with the font that ships, as the computer may have none for Chinese."""
    say, environment = Say(language), _environment()
    environment.globals.update(t=say, tell=Teller(say), given=given, run=given.run)
    font = base64.b64encode(FONT.read_bytes()).decode("ascii") if printed else ""
    style = environment.get_template("style.css").render(font=font) + restoration.styles()
    script = environment.get_template("script.js").render()
    return environment.get_template("report.html").render(
        lang="zh-CN" if language is Language.ZH else "en",
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        printed=printed,
        **_view(given, say),
    )


def _environment() -> Environment:
    environment = pages.environment(TEMPLATES)
    environment.filters.update(ha=_hectares, mu=_mu, m2=pages.whole, percent=pages.percent, share=_share, compact=_compact, between=_between)
    environment.globals.update(
        reviews=REVIEWS, statuses=STATUSES, findings=FINDINGS, layer_names=LAYERS, colours=SEVERITY_COLOURS, severities=SEVERITY_NAMES,
        rates=accuracy, standings={standing.value: chinese for standing, chinese in STANDINGS.items()}, activities=ACTIVITIES, concerns=CONCERNS,
        brief=BRIEF, most_lines=tallies.MOST_LINES,
    )  # fmt: skip
    return environment


def _between(share: Share) -> str:
    """A share with its interval."""
    low, high = share.interval
    return f"{pages.percent(share.share)} ({pages.percent(low)}–{pages.percent(high)})"


def _hash(text: str) -> str:
    """What a policy that allows just this text names it by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _view(given: ReportInput, say: Say) -> dict[str, Any]:
    run = given.run
    groups = tallies.groups(given)
    ordered = [case for group in groups for case in group.cases]
    used = [scene for scene in run.scenes if scene.used]
    now = totals([case.properties for case in ordered], run.observed_fraction, len(used), given.cell_area_m2)
    return {
        "groups": _lines(given, groups, say),
        "now": now,
        "map": svgmap.draw(given.layers, given.projector, ordered),
        "by_finding": tallies.by_finding(given, say),
        "by_town": tallies.by_town(given, say),
        "by_mine": tallies.by_mine(given, say),
        "worked": tallies.worked(given),
        "explained": tallies.explained(given, say),
        "total": tallies.total,
        "compared": [(earlier, earlier.totals) for earlier in (given.last_month, given.last_year)],
        "codes": _codes(now, given),
        "changed": len({each.properties["patch_id"] for each in given.patches if each.properties["status"] != "ended"}),
        "used": used,
        "left_out": [scene for scene in run.scenes if not scene.used],
        "off": [(LAYERS.get(name, name), CHECKS_OFF.get(name, "依赖此图层的检查未进行")) for name in given.layers.off],
        "warnings": [scrub_text(str(warning)) for warning in run.warnings],
        "became": {change["case_id"]: change["after"] for change in given.changes},
        "precision": precision(given.judged),
        "waiting": _waiting(ordered, given),
        "flown": _flown(given),
        "listed": {case.properties["id"] for case in ordered},
        "restoration": restoration.section(given.restoration, say) if given.restoration else None,
        "plan": assessment.section(given.plan, say) if given.plan else None,
        "words": json.dumps(_in_the_page(say), ensure_ascii=False),
    }


_FILTERS: Mapping[str, str] = {
    "kind": "本月情况", "finding": "疑似问题", "severity": "等级", "status": "监测状态", "review": "核查", "town": "乡镇", "mine": "矿权",
}  # fmt: skip
"""What the list is filtered by: the rows' `data-` attributes, and what they are called."""


def _in_the_page(say: Say) -> dict[str, Any]:
    """What the page's own script says."""
    return {
        "filters": [[key, say(title)] for key, title in _FILTERS.items()],
        "find": say("查找编号、矿名、地名……"),
        "shown": say("显示 {n} / {all} 条，合计 {ha} 公顷"),
        "reset": say("恢复"),
    }


def _lines(given: ReportInput, groups: Sequence[tallies.Group], say: Say) -> list[tuple[tallies.Group, list[Line]]]:
    pictures = thumbnails.thumbnails(given.folder, [case.properties for group in groups for case in group.cases])
    teller, found, number = Teller(say), [], 0
    for group in groups:
        lines = []
        for case in group.cases:
            number += 1
            row = case.properties
            course = tuple(teller.course(given.courses.get(row["id"], Course(()))))
            lines.append(Line(number, row, tuple(basis(row, say)), course, pictures.get(row["id"]), thumbnails.is_ours(row["evidence"])))
        found.append((group, lines))
    return found


def _codes(now: Totals, given: ReportInput) -> list[str]:
    """Findings that this month or one that it is compared with has, in the order of the rules."""
    held = set(now.by_finding)
    for earlier in (given.last_month, given.last_year):
        held |= set(earlier.totals.by_finding) if earlier.totals else set()
    known = [code for code in FINDINGS if code in held]
    return [*known, *sorted(held - set(known))]


def _waiting(ordered: Sequence[Feature], given: ReportInput) -> dict[str, int]:
    """Cases that need a person, by why."""
    rows = [case.properties for case in ordered]
    pending = [row for row in rows if row["review"] == Review.PENDING]
    reopened = [row for row in pending if _last_said(given.courses.get(row["id"])) == Review.DISMISSED]
    provisional = [row for row in rows if row["status"] == "provisional"]
    by_review = {str(review): sum(row["review"] == review for row in rows) for review in Review}
    mines = sum(any(concern in MINES_TO_SEE for concern in mine["concerns"]) for mine in given.mines)
    disputed = sum(each.disputed and not each.merged for each in given.judged)
    return (
        by_review
        | {"mines": mines, "disputed": disputed}
        | {"grave": sum(row["severity"] == 3 for row in pending), "reopened": len(reopened), "provisional": len(provisional)}
    )


def _flown(given: ReportInput) -> dict[str, int]:
    """What the month's flights leave for a person to look at."""
    contradicted = {case["id"] for flight in given.flights for case in flight["cases"] if case["says"] == "contradicts"}
    return {"new": sum(len(flight["new"]) for flight in given.flights), "contradicted": len(contradicted)}


def _last_said(course: Course | None) -> str | None:
    verdicts = [event.code for event in course.events if event.kind is Kind.VERDICT] if course else []
    return verdicts[-1] if verdicts else None


def _hectares(area_m2: float | None) -> str:
    return pages.NOTHING if area_m2 is None else f"{area_m2 / 10_000:,.2f}"


def _mu(area_m2: float | None) -> str:
    return pages.NOTHING if area_m2 is None else f"{area_m2 / M2_PER_MU:,.1f}"


def _share(share: float) -> str:
    return f"{share:.1%}"


def _compact(text: str) -> str:
    """Three thousand rows are the same without their indents."""
    return Markup("\n".join(line for each in text.splitlines() if (line := each.strip())))
