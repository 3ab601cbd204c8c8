"""`minewarden review`: what people decide, from an edited file into the ledger, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.common import config_argument, finished_month, json_option, open_ledger, open_project, talking
from pipeline.commands.later import later
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

if TYPE_CHECKING:
    from pipeline.review.apply import Applied


@click.group("review")
def group() -> None:
    """Verdicts: by an edited GeoJSON."""


@group.command("apply")
@config_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reviewer", required=True, metavar="NAME", help="Who decided; it is recorded with every verdict.")
@click.option("--strict", is_flag=True, help="Take all rows, or, where one is refused, none.")
@json_option
@talking
def apply(console: Console, config: Path, file: Path, reviewer: str, strict: bool, as_json: bool) -> Exit:
    """Take the verdicts of an edited flagged.geojson into the ledger."""
    from pipeline.layers.load import county_area
    from pipeline.review import answers
    from pipeline.review.apply import apply as take

    project = open_project(console, config)
    finished_month(project, None)
    crs = project.config.grid.crs
    given, unclear = answers.read_answers(file, county_area(project, crs), crs)
    with open_ledger(project) as ledger:
        found = take(ledger, given, unclear, reviewer, strict=strict)
        if found.taken:
            ledger.back_up(project.backup)
    _tell(console, found, as_json)
    return Exit.INCOMPLETE if found.refused else Exit.DONE


def _tell(console: Console, found: Applied, as_json: bool) -> None:
    if as_json:
        console.object({"applied": len(found.taken), "refused": [{"id": each.case_id, "reason": each.reason} for each in found.refused]})
        return
    for each in found.taken:
        console.result(f"{each.case_id}  {each.review}{f' ({each.reason})' if each.reason else ''}")
    for refused in found.refused:
        console.notice(f"{refused.case_id}  REFUSED  {refused.reason}")
    console.result(f"{len(found.taken)} applied, {found.unchanged} unchanged, {len(found.refused)} refused")


@group.command("export")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="Which month's cases. Default: the last that is done.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to. Default: review/<YYYY-MM>.geojson in the output folder.")
@talking
def export(console: Console, config: Path, month: str | None, out: Path | None) -> Exit:
    """Write a month's cases with the verdicts of now, to be edited and applied."""
    from pipeline.publish.export.finished import find
    from pipeline.review.export import export as write

    project = open_project(console, config)
    wanted = finished_month(project, month)
    target = out or project.output / "review" / f"{wanted}.geojson"
    _check_target(project, target)
    with open_ledger(project) as ledger:
        count = write(ledger, find(project, wanted), target)
    console.result(f"{count} cases of {wanted}: {target}")
    return Exit.DONE


def _check_target(project: Project, target: Path) -> None:
    """Only a GeoJSON of its own may be written; in the output folder only below `review/`."""
    whole, fix = target.resolve(), "Give the path of a .geojson file outside the results."
    if target.suffix.lower() not in (".geojson", ".json") or target.is_dir():
        raise MinewardenError("MW-REVIEW-OUT", f"{target} is no path of a GeoJSON file.", fix)
    if whole.is_relative_to(project.output.resolve()) and not whole.is_relative_to((project.output / "review").resolve()):
        raise MinewardenError("MW-REVIEW-OUT", f"{target} lies among the results, which stay as they are.", fix)


group.add_command(later("serve", "review serve"))
