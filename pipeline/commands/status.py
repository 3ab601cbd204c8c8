"""`minewarden status`: what is done, what came late, what waits for a person."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from pipeline import lastrun, months
from pipeline.commands.common import config_argument, json_option, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.ledgers import open_ledger
from pipeline.publish import runjson


@click.command("status")
@config_argument
@json_option
@talking
def command(console: Console, config: Path, as_json: bool) -> Exit:
    """Months done, coverage, late scenes, open cases, and what needs a person."""
    project = open_project(console, config)
    found = survey(project)
    if as_json:
        console.object(found)
    else:
        for line in _lines(found):
            console.result(line)
    return Exit.DONE


def survey(project: Project) -> dict[str, Any]:
    """What `--json` prints."""
    runs = finished(project.output)
    last = max(runs, default=None)
    flagged = _properties(project.output / last / "flagged.geojson") if last else []
    found: dict[str, Any] = {
        "county": project.config.county.name,
        "months": [_month(month, run) for month, run in runs.items()],
        "late_scenes": late_scenes(project, runs),
        "open_cases": dict(sorted(Counter(p["finding"] for p in flagged).items())),
        "open_patches": _open_patches(project.output / last) if last else 0,
    }
    said, ledger_needs = _decided(project, last, flagged) if last else ({"reviews": {}, "disputed": [], "overdue": []}, [])
    found |= said
    found["last_run"] = lastrun.read(project.logs)
    return found | {"needs_a_person": _needs(project, found, runs) + ledger_needs}


def finished(output: Path) -> dict[str, dict[str, Any]]:
    """run.json of every finished month, oldest first."""
    return {month: runjson.document(output / month) for month in months.finished(output)}


def late_scenes(project: Project, runs: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    """Scenes that finished months do not hold as they are now."""
    from pipeline import late, memory
    from pipeline.sources import HashCache, open_sources
    from pipeline.sources.scene import in_use, of_each

    if not runs:
        return []
    hashes = HashCache(project.state / "hashes.json")
    bands = memory.read(project.state / memory.FILE).bands if (project.state / memory.FILE).is_file() else ()
    scenes = of_each(open_sources(project).scenes, lambda each: in_use(each, bands))
    return [each.row() for each in late.late_scenes(scenes, runs, runs.__getitem__, hashes.scene)]


def _decided(project: Project, last: str, flagged: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """What people said of the last month's cases by now, and what is wrong with the ledger.

    Beside it, of all months, cases on which they disagree, and confirmed ones of which the next step is overdue.
    Without a ledger the verdicts are those of the month's end.
    """
    from pipeline.ledger.disputes import is_disputed
    from pipeline.ledger.steps import overdue

    reviews, disputed, late, needs = {}, [], [], []
    try:
        with open_ledger(project) as ledger:
            reviews = {case.record.case_id: str(case.record.review) for case in ledger.open_cases(last)}
            standings, events = ledger.standings(), ledger.events()
            merged = ledger.merged_cases()
            disputed = sorted(case for case, standing in standings.items() if case not in merged and is_disputed(standing, events.get(case, ())))
            late = overdue(standings, events, months.today(), merged)
    except MinewardenError as error:
        needs = [f"Ledger: {error}"]
    counted = Counter(reviews.get(str(row.get("id")), row["review"]) for row in flagged)
    rows = [{"id": each.case_id, "last_step": each.last, "due": each.due.isoformat()} for each in late]
    return {"reviews": dict(sorted(counted.items())), "disputed": disputed, "overdue": rows}, needs


def _open_patches(month: Path) -> int | None:
    """Patches of changed ground, flagged or explained, that have not ended; None where the month's file is gone."""
    file = month / "patches.geojson"
    return len({patch["patch_id"] for patch in _properties(file) if patch["status"] != "ended"}) if file.is_file() else None


def _properties(file: Path) -> list[dict[str, Any]]:
    try:
        return [feature["properties"] for feature in json.loads(file.read_text("utf-8"))["features"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise runjson.damaged(file) from error


def _month(month: str, run: dict[str, Any]) -> dict[str, Any]:
    return {
        "month": month,
        "observed_fraction": run["coverage"].get("observed_fraction"),
        "unobserved_ha": run["coverage"].get("unobserved_ha"),
        "scenes_used": sum(bool(s["used"]) for s in run["scenes"]),
        "scenes_left_out": sum(not s["used"] for s in run["scenes"]),
    }


def _needs(project: Project, found: dict[str, Any], runs: dict[str, dict[str, Any]]) -> list[str]:
    needs = []
    ended = months.last_ended(months.today())
    last = max(runs, default=None)
    if last is None or last < ended:
        needs.append(f"Run: {'no month is done' if last is None else f'the last month done is {last}'}; {ended} has ended.")
    run = found["last_run"]
    if run and run["exit_code"] not in (Exit.DONE, Exit.INCOMPLETE):
        needs.append(f"Run: the last one ({run['month']}, {run['ended'][:10]}) failed: {(run['lines'] or ['no message'])[-1]}")
    pending = found["reviews"].get("pending", 0)
    if pending:
        needs.append(f"Review: {pending} case(s) wait for a verdict.")
    field = found["reviews"].get("needs_field_check", 0)
    if field:
        needs.append(f"Field: {field} case(s) wait for a field check.")
    if found["disputed"]:
        needs.append(
            f"Disputed: people disagree on {len(found['disputed'])} case(s), {found['disputed'][0]} among them: one who has seen both decides."
        )
    if found["overdue"]:
        oldest = found["overdue"][0]
        needs.append(f"Overdue: {len(found['overdue'])} confirmed case(s) wait for their next step, {oldest['id']} since {oldest['due']}.")
    if found["late_scenes"]:
        first, number = min(scene["month"] for scene in found["late_scenes"]), len(found["late_scenes"])
        from pipeline import retention

        first = retention.start_for(project.state, first, min(runs))
        use = f"minewarden run {project.typed} --replay --month {first}"
        needs.append(f"Late scenes: {number} arrived, were replaced or were mended after their month was done. Use them: {use}")
    if last:
        seen = runs[last]["coverage"].get("observed_fraction") or 0
        if seen < project.config.coverage.min:
            needs.append(f"Coverage: only {seen:.0%} of the area was seen clearly in {last}.")
        needs += [f"Scene {s['id']} was left out of {last}: {s.get('reason')}" for s in runs[last]["scenes"] if not s["used"]]
    return needs


def _lines(found: dict[str, Any]) -> list[str]:
    from pipeline.findings.names import FINDINGS

    lines = [f"{found['county']}: {len(found['months'])} month(s) done"]
    for m in found["months"][-12:]:
        seen = "–" if m["observed_fraction"] is None else f"{m['observed_fraction']:.0%}"
        lines.append(f"  {m['month']}  seen {seen:>4}  scenes {m['scenes_used']} used, {m['scenes_left_out']} left out")
    if found["months"]:
        cases = found["open_cases"]
        lines.append(f"Open cases of {found['months'][-1]['month']}: {sum(cases.values()) or 'none'}")
        lines += [f"  {number:>4}  {finding} {FINDINGS.get(finding, '')}".rstrip() for finding, number in cases.items()]
        lines.append(f"Open patches, flagged or explained: {found['open_patches']}")
    if found["last_run"]:
        lines.append(f"Last run: {found['last_run']['month']} on {found['last_run']['ended'][:10]}, exit code {found['last_run']['exit_code']}")
    lines += [f"Late: {s['id']} ({s['date']}, {s['why']})" for s in found["late_scenes"][:10]]
    lines += [f"To do: {need}" for need in found["needs_a_person"]] or ["Nothing waits for a person."]
    return lines
