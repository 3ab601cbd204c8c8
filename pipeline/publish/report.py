"""report.html: the month for people, in one file that needs no network and prints well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pipeline.files import write_atomic
from pipeline.findings.finding import EXPLAINED
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.layers.model import LayerSet
from pipeline.publish import svgmap
from pipeline.publish.basis import basis
from pipeline.publish.features import M2_PER_MU, Feature
from pipeline.publish.planning import assessment as planned
from pipeline.publish.restoration import page as restored
from pipeline.publish.runjson import RunFacts
from pipeline.publish.styles import SEVERITY_COLOURS, SEVERITY_NAMES
from pipeline.publish.wgs84 import Projector
from pipeline.publish.words import CHECKS_OFF, LAYERS, REVIEWS, STATUSES
from pipeline.scrub import scrub_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """All a report is made from: the published features, the run's facts and the layers."""

    county: str
    code: str
    run: RunFacts
    flagged: Sequence[Feature]
    patches: Sequence[Feature]
    coverage: Sequence[Feature]
    layers: LayerSet
    projector: Projector
    min_likelihood: float = 0.5
    min_coverage: float = 0.5
    """Below it the report warns that the month is incomplete."""
    cell_area_m2: float = 100.0
    """Growth of less than a cell is noise and not called growth."""
    gone: Sequence[str] = ()
    """Ids of last month's list that are not in this one."""
    restoration: Mapping[str, Any] | None = None
    """restoration.json of the month."""
    plan: Mapping[str, Any] | None = None
    """The county's plan against registers and pixels."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of the table that belong together."""

    title: str
    note: str
    cases: tuple[tuple[int, Mapping[str, Any], tuple[str, ...]], ...]
    """(number on the map, properties, what the finding rests on)."""


_GROUPS = (
    ("本月新增", "本月第一次列出的线索"),
    ("面积扩大", "以前已列出、本月继续扩大的线索"),
    ("其余在册线索", "以前已列出、本月没有明显扩大的线索"),
)


@dataclass(frozen=True, slots=True)
class Tally:
    name: str
    count: int
    area_m2: float


def write(path: Path, given: ReportInput) -> None:
    write_atomic(path, render(given).encode("utf-8", "replace"))


def render(given: ReportInput) -> str:
    """The report as HTML."""
    groups, ordered = _groups(given)
    run = given.run
    return _template().render(
        given=given,
        run=run,
        month_zh=f"{run.month[:4]}年{int(run.month[5:])}月",
        groups=groups,
        map=svgmap.draw(given.layers, given.projector, ordered),
        counts=[len(group.cases) for group in groups],
        pending=sum(case.properties["review"] == "pending" for case in ordered),
        total_m2=sum(case.properties["area_m2"] for case in ordered),
        by_finding=_tallies(ordered, lambda row: FINDINGS.get(row["finding"], row["finding"])),
        explained=_tallies(
            (each for each in given.patches if _is_explained(each.properties, given.min_likelihood)),
            lambda row: _explanation(row, given.min_likelihood),
        ),
        used=[scene for scene in run.scenes if scene.used],
        left_out=[scene for scene in run.scenes if not scene.used],
        off=[(LAYERS.get(name, name), CHECKS_OFF.get(name, "依赖此图层的检查未进行")) for name in given.layers.off],
        sections=[*([restored.section(given.restoration)] if given.restoration else []), *([planned.section(given.plan)] if given.plan else [])],
        warnings=[scrub_text(str(warning)) for warning in run.warnings],
    )


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(ha=_hectares, mu=_mu, m2=_square_metres, percent=_percent, share=_share)
    environment.globals.update(
        reviews=REVIEWS, statuses=STATUSES, findings=FINDINGS, causes=CAUSES, layer_names=LAYERS, colours=SEVERITY_COLOURS, severities=SEVERITY_NAMES
    )
    return environment.get_template("report.html")


def _groups(given: ReportInput) -> tuple[list[Group], list[Feature]]:
    """The cases in three groups, the gravest first in each, and all of them in that order."""
    kinds: tuple[list[Feature], list[Feature], list[Feature]] = ([], [], [])
    for case in sorted(given.flagged, key=lambda case: (-case.properties["severity"], -case.properties["area_m2"], case.properties["id"])):
        kinds[0 if case.properties["new_this_month"] else 1 if _grew(case.properties, given.cell_area_m2) else 2].append(case)
    groups: list[Group] = []
    ordered: list[Feature] = []
    for (title, note), cases in zip(_GROUPS, kinds, strict=True):
        rows = tuple((number, case.properties, tuple(basis(case.properties))) for number, case in enumerate(cases, len(ordered) + 1))
        ordered += cases
        groups.append(Group(title, note, rows))
    return groups, ordered


def _grew(row: Mapping[str, Any], cell_area_m2: float) -> bool:
    return not row["new_this_month"] and (row["growth_m2"] or 0) >= cell_area_m2


def _is_explained(row: Mapping[str, Any], min_likelihood: float) -> bool:
    """Ground that changed and is not flagged: lawful, not mining, older than monitoring, or too unlikely."""
    return row["status"] != "ended" and (row["finding"] in EXPLAINED or (row["mining_likelihood"] or 0) < min_likelihood)


def _explanation(row: Mapping[str, Any], min_likelihood: float) -> str:
    if row["finding"] not in EXPLAINED:
        return f"像采矿的可能性低于 {min_likelihood:.0%}，未列为线索"
    name = FINDINGS[row["finding"]]
    return f"{name}：{CAUSES.get(row['cause'], row['cause'])}" if row["finding"] == "not_mining" and row["cause"] else name


def _tallies(features: Iterable[Feature], name: Callable[[Mapping[str, Any]], str]) -> list[Tally]:
    areas: dict[str, list[float]] = defaultdict(list)
    for each in features:
        areas[name(each.properties)].append(each.properties["area_m2"])
    return sorted((Tally(key, len(values), sum(values)) for key, values in areas.items()), key=lambda each: (-each.count, each.name))


def _hectares(area_m2: float | None) -> str:
    return "—" if area_m2 is None else f"{area_m2 / 10_000:,.2f}"


def _mu(area_m2: float | None) -> str:
    return "—" if area_m2 is None else f"{area_m2 / M2_PER_MU:,.1f}"


def _square_metres(area_m2: float | None) -> str:
    return "—" if area_m2 is None else f"{area_m2:,.0f}"


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


def _share(share: float) -> str:
    return f"{share:.1%}"
