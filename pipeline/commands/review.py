"""`minewarden review`: what people decide, from an edited file into the ledger, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.common import config_argument, finished_month, json_option, open_project, talking
from pipeline.commands.later import later
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
    from pipeline.ledger import Ledger
    from pipeline.review import answers
    from pipeline.review.apply import apply as take

    project = open_project(console, config)
    finished_month(project, None)
    crs = project.config.grid.crs
    given, unclear = answers.read_answers(file, county_area(project, crs), crs)
    with Ledger(project.ledger, project.config.county.code) as ledger:
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
    from pipeline.ledger import Ledger
    from pipeline.review.export import export as write

    project = open_project(console, config)
    wanted = finished_month(project, month)
    flagged = project.output / wanted / "flagged.geojson"
    target = out or project.output / "review" / f"{wanted}.geojson"
    if target.resolve() == flagged.resolve():
        raise MinewardenError("MW-REVIEW-OUT", f"{target} is a finished month's own file, which is never changed.", "Give another path.")
    with Ledger(project.ledger, project.config.county.code) as ledger:
        count = write(ledger, wanted, flagged, target)
    console.result(f"{count} cases of {wanted}: {target}")
    return Exit.DONE


group.add_command(later("serve", "review serve"))
