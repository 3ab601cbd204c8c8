"""A month's findings get their names and become its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from pipeline import months
from pipeline.config import Project
from pipeline.findings.finding import Finding
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet
from pipeline.ledger.ledger import Ledger, MonthWriter
from pipeline.ledger.records import CaseDraft
from pipeline.patches.patch import Patch
from pipeline.publish import geojson, gpkg, report, runjson
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import Feature, Judged, Pictured, coverage_features, flagged_features, is_violation, patches_features, verdict_of
from pipeline.publish.planning import made as planned
from pipeline.publish.restoration import files as restoration_files
from pipeline.publish.runjson import RunFacts
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
    grid: Grid
    pictured: Mapping[str, Pictured]
    """What the evidence pictures show, by case id."""


def name_cases(writer: MonthWriter, month: str, patches: Sequence[Patch], findings: Sequence[Finding], project: Project, grid: Grid) -> list[Judged]:
    """Give patches and cases the ids the ledger knows them by."""
    projector = Projector(grid.crs)
    outlines = [projector.write(p.geometry) for p in patches]
    order = [(p.first_seen.isoformat(), -w.lat, w.lon) for p, w in zip(patches, outlines, strict=True)]
    ids = writer.identify_patches([p.geometry for p in patches], [w.area_m2 for w in outlines], [p.status.value for p in patches], order)
    judged = [
        Judged(
            finding=f,
            written=projector.write(f.geometry),
            patch_id=None if f.patch is None else ids[f.patch],
            patch=None if f.patch is None else patches[f.patch],
        )
        for f in findings
    ]
    cases = [j for j in judged if is_violation(j.finding, project.config.findings.min_likelihood)]
    records = writer.identify_cases([_draft(j) for j in cases])
    named = {id(j): record for j, record in zip(cases, records, strict=True)}
    return [replace(j, case=named.get(id(j))) for j in judged]


def _draft(judged: Judged) -> CaseDraft:
    finding, written = judged.finding, judged.written
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
    )


def _gone(last: Path, flagged: Sequence[Feature]) -> list[str]:
    """Ids of last month's list that are not in this one; none where last month left no list."""
    try:
        listed = [str(each.properties["id"]) for each in geojson.read(last / "flagged.geojson")]
    except FileNotFoundError:
        return []
    still = {each.properties["id"] for each in flagged}
    return [id for id in listed if id not in still]


def write_month(folder: Path, files: MonthFiles) -> list[Feature]:
    """Write all files of a month but disturbance.tif and the pictures, run.json last; returns the flagged features."""
    projector, month = Projector(files.grid.crs), files.facts.month
    flagged = flagged_features(files.judged, month=month, layers_version=files.layers.version, pictured=files.pictured)
    patches = patches_features(files.judged)
    coverage = coverage_features(files.unseen, projector)
    geojson.write(folder / "flagged.geojson", flagged)
    geojson.write(folder / "patches.geojson", patches)
    geojson.write(folder / "coverage.geojson", coverage)
    gpkg.write(folder / "flagged.gpkg", flagged=flagged, patches=patches, coverage=coverage, layers=files.layers, projector=projector, month=month)
    counts = dict(files.facts.counts) | {"flagged": len(flagged), "explained": len(patches) - sum(p.properties["id"] is not None for p in patches)}
    facts = replace(files.facts, counts=counts)
    write_renewed(folder, files.project, files.layers, facts, flagged, patches, coverage)
    runjson.write(folder, facts)
    return flagged


def write_renewed(
    folder: Path,
    project: Project,
    layers: LayerSet,
    facts: RunFacts,
    flagged: Sequence[Feature],
    patches: Sequence[Feature],
    coverage: Sequence[Feature],
) -> None:
    """Write the files of a month that verdicts renew: report and spreadsheet."""
    config = project.config
    given = report.ReportInput(
        county=config.county.name, code=config.county.code, run=facts, flagged=flagged, patches=patches, coverage=coverage, layers=layers,
        projector=Projector(config.grid.crs), min_likelihood=config.findings.min_likelihood, min_coverage=config.coverage.min,
        restoration=restoration_files.read(folder), plan=planned.document(project, layers, folder, months.last_day(facts.month)),
        cell_area_m2=config.grid.resolution**2, gone=_gone(project.output / months.previous(facts.month), flagged),
    )  # fmt: skip
    report.write(folder / "report.html", given)
    book.write(folder / book.NAME, given)


def write_again(project: Project, layers: LayerSet, ledger: Ledger, finished: Finished) -> int:
    """Write report and spreadsheet of a finished month again, with the verdicts of now; how many cases they hold."""
    flagged = with_verdicts(ledger, finished.month, finished.cases)
    patches, coverage = (geojson.read(finished.folder / f"{name}.geojson") for name in ("patches", "coverage"))
    write_renewed(finished.folder, project, layers, runjson.read(finished.folder), flagged, patches, coverage)
    return len(flagged)


def with_verdicts(ledger: Ledger, month: str, flagged: Sequence[Feature]) -> list[Feature]:
    """Cases of a finished month with what was decided on them by now."""
    now = {case.record.case_id: case.record for case in ledger.open_cases(month)}
    records = [now.get(str(each.properties["id"])) for each in flagged]
    return [replace(f, properties=f.properties | verdict_of(r)) if r else f for f, r in zip(flagged, records, strict=True)]
