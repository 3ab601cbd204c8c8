"""A month's findings get their names and become its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from pipeline import months
from pipeline.config import Project
from pipeline.findings.finding import Finding
from pipeline.findings.mines import Mine
from pipeline.layers.model import LayerSet
from pipeline.ledger import Change
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.month_writer import MonthWriter
from pipeline.ledger.records import CaseDraft, RecordedCase
from pipeline.ledger.steps import overdue
from pipeline.patches.memory import Opinion
from pipeline.patches.patch import Patch
from pipeline.publish import changes, geojson, gpkg, lists, mines, report, runjson
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import Feature, Judged, Pictured, coverage_features, flagged_features, is_violation, patches_features, verdict_of
from pipeline.publish.flight.standing import flown_in
from pipeline.publish.planning import made as planned
from pipeline.publish.report import earlier, history
from pipeline.publish.report.followed import followed
from pipeline.publish.restoration import files as restoration_files
from pipeline.publish.runjson import RunFacts
from pipeline.publish.say import Language
from pipeline.publish.spreadsheet import book
from pipeline.publish.wgs84 import Projector


@dataclass(frozen=True, slots=True)
class MonthFiles:
    """What a month's files are written from."""

    project: Project
    layers: LayerSet
    judged: Sequence[Judged]
    unseen: Sequence[tuple[BaseGeometry, date | None]]
    facts: RunFacts
    projector: Projector
    pictured: Mapping[str, Pictured]
    """What the evidence pictures show, by case id."""
    ledger: Ledger
    """In which the month is being written."""
    changes: Sequence[Change] = ()
    """Findings that became others."""
    mines: Sequence[Mine] = ()


def name_cases(
    writer: MonthWriter, month: str, patches: Sequence[Patch], findings: Sequence[Finding], project: Project, projector: Projector
) -> list[Judged]:
    """Give patches and cases the ids the ledger knows them by."""
    outlines = projector.write_all([p.geometry for p in patches])
    order = [(p.first_seen.isoformat(), -w.lat, w.lon) for p, w in zip(patches, outlines, strict=True)]
    ids = writer.identify_patches([p.geometry for p in patches], [w.area_m2 for w in outlines], [p.status.value for p in patches], order)
    judged = [
        Judged(
            finding=f,
            written=written,
            patch_id=None if f.patch is None else ids[f.patch],
            patch=None if f.patch is None else patches[f.patch],
        )
        for f, written in zip(findings, projector.write_all([f.geometry for f in findings]), strict=True)
    ]
    cases = [j for j in judged if is_violation(j.finding, project.config.findings.min_likelihood)]
    records = writer.identify_cases([_draft(j) for j in cases])
    named = {id(j): record for j, record in zip(cases, records, strict=True)}
    return [replace(j, case=named.get(id(j))) for j in judged]


_SAID, _PATCH_M2 = "mining_likelihood", "patch_m2"


def opinions(cases: Iterable[RecordedCase]) -> list[Opinion]:
    """What a month said of the ground of its cases; nothing of those that claim no mining, or that an older version recorded."""
    known = ((case.draft.geometry, case.draft.properties) for case in cases)
    return [Opinion(ground, said[_PATCH_M2], said[_SAID]) for ground, said in known if _SAID in said]


def _draft(judged: Judged) -> CaseDraft:
    finding, written, patch = judged.finding, judged.written, judged.patch
    return CaseDraft(
        patch_id=judged.patch_id,
        part=finding.part,
        code=str(finding.code),
        geometry=finding.geometry,
        area_m2=round(written.area_m2, 1),
        first_seen=finding.first_seen.isoformat(),
        lon=written.lon,
        lat=written.lat,
        status=finding.status,
        severity=finding.severity,
        also=finding.also,
        properties={} if patch is None else {_SAID: patch.mining_likelihood, _PATCH_M2: round(patch.geometry.area, 2)},
    )


def write_month(folder: Path, files: MonthFiles) -> list[Feature]:
    """Write all files of a month but disturbance.tif and the pictures, run.json last; returns the flagged features."""
    projector, month = files.projector, files.facts.month
    flagged = flagged_features(files.judged, month=month, layers_version=files.layers.version, pictured=files.pictured)
    patches = patches_features(files.judged)
    coverage = coverage_features(files.unseen, projector)
    geojson.write(folder / "flagged.geojson", flagged)
    geojson.write(folder / "patches.geojson", patches)
    geojson.write(folder / "coverage.geojson", coverage)
    gpkg.write(folder / "flagged.gpkg", flagged=flagged, patches=patches, coverage=coverage, layers=files.layers, projector=projector, month=month)
    lists.write(folder, lists.CHANGES, month, changes.rows(files.changes))
    lists.write(folder, lists.MINES, month, mines.rows(files.mines, flagged))
    counts = dict(files.facts.counts) | {"flagged": len(flagged), "explained": len(patches) - sum(p.properties["id"] is not None for p in patches)}
    facts = replace(files.facts, counts=counts)
    published = flagged, patches, coverage
    write_renewed(folder, report_input(folder, files.project, files.layers, files.ledger, facts, published, months.last_day(month), projector))
    runjson.write(folder, facts)
    return flagged


Published = tuple[Sequence[Feature], Sequence[Feature], Sequence[Feature]]
"""Flagged, patches, coverage."""


def write_renewed(folder: Path, given: report.ReportInput, language: Language = Language.ZH) -> None:
    """Write the files of a month that verdicts renew: report and spreadsheet."""
    report.write(folder / report.NAME, given, language)
    book.write(folder / book.NAME, given)


def report_input(
    folder: Path, project: Project, layers: LayerSet, ledger: Ledger, facts: RunFacts, features: Published, today: date, projector: Projector
) -> report.ReportInput:
    """What report and spreadsheet of the month in `folder` are made from."""
    config, month, (flagged, patches, coverage) = project.config, facts.month, features
    cell = config.grid.resolution**2
    said, before = history.Said.of(ledger), earlier.earlier(project.output, months.previous(month), cell)
    return report.ReportInput(
        county=config.county.name, code=config.county.code, run=facts, flagged=flagged, patches=patches, coverage=coverage, layers=layers,
        projector=projector, folder=folder, min_likelihood=config.findings.min_likelihood, min_coverage=config.coverage.min,
        cell_area_m2=cell, last_month=before, last_year=earlier.earlier(project.output, earlier.year_before(month), cell),
        trend=earlier.trend(project.output, month, len(flagged), facts.observed_fraction),
        gone=history.gone(ledger, said, before.ids, (str(each.properties["id"]) for each in flagged)),
        courses=history.courses(ledger, said, month, cell), decisions=history.decisions(said),
        overdue=overdue(said.standings, said.events, today, ledger.merged_cases()), judged=followed(ledger, said, month, today),
        changes=lists.read(folder, lists.CHANGES), mines=lists.read(folder, lists.MINES),
        flights=flown_in(project.output, month), restoration=restoration_files.read(folder),
        plan=planned.document(project, layers, folder, months.last_day(month)),
    )  # fmt: skip


def write_again(project: Project, layers: LayerSet, ledger: Ledger, finished: Finished, language: Language) -> report.ReportInput:
    """Write report and spreadsheet of a finished month again, with the verdicts of now; what they hold."""
    flagged = with_verdicts(ledger, finished.month, finished.cases)
    patches, coverage = (geojson.read(finished.folder / f"{name}.geojson") for name in ("patches", "coverage"))
    facts, projector = runjson.read(finished.folder), Projector(project.config.grid.crs)
    given = report_input(finished.folder, project, layers, ledger, facts, (flagged, patches, coverage), months.today(), projector)
    write_renewed(finished.folder, given, language)
    return given


def with_verdicts(ledger: Ledger, month: str, flagged: Sequence[Feature]) -> list[Feature]:
    """Cases of a finished month with what was decided on them by now."""
    now = {case.record.case_id: case.record for case in ledger.open_cases(month)}
    records = [now.get(str(each.properties["id"])) for each in flagged]
    return [replace(f, properties=f.properties | verdict_of(r)) if r else f for f, r in zip(flagged, records, strict=True)]
