"""`minewarden restoration`: how far each site has come, by the end of a finished month."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.common import config_argument, finished_month, json_option, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

if TYPE_CHECKING:
    from pipeline.config import Project


@click.command("restoration")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="Which month. Default: the last that is done.")
@json_option
@talking
def command(console: Console, config: Path, month: str | None, as_json: bool) -> Exit:
    """State, cover and hectares of legacy patches, closed mines and the dug ground of working ones."""
    project = open_project(console, config)
    wanted = finished_month(project, month)
    document = document_of(project, wanted)
    if as_json:
        console.object(document)
        return Exit.DONE
    for line in _lines(document):
        console.result(line)
    console.result(f"Page: {project.output / wanted / 'restoration.html'}")
    return Exit.DONE


def document_of(project: Project, month: str) -> dict[str, Any]:
    """restoration.json of a finished month.

    Raises MinewardenError `MW-RESTORATION-NONE` or `MW-RESULT-DAMAGED`.
    """
    from pipeline.publish.restoration import files

    found = files.read(project.output / month)
    if found is None:
        message = f"{month} was made by a version that did not look at restoration yet."
        raise MinewardenError("MW-RESTORATION-NONE", message, f"minewarden run {project.typed} --replay --month {month}")
    return found


def summary(document: dict[str, Any]) -> str:
    """One line: sites and hectares by state."""
    from pipeline.publish.restoration.words import UNSEEN

    return ", ".join(f"{each['sites']} {each['state'] or UNSEEN} ({each['area_ha']:.2f} ha)" for each in document["states"] if each["sites"])


def _lines(document: dict[str, Any]) -> list[str]:
    from pipeline.publish.restoration.words import CLAIMS, KINDS, UNSEEN, deadline

    lines = [f"{document['county']} {document['month']}: {len(document['sites'])} site(s)"]
    for row in document["sites"]:
        cover = "–" if row["cover"] is None else f"{row['cover']:.0%} of {row['reference_cover']:.0%}"
        hectares = "–" if row["bare_ha"] is None else f"{row['restored_ha']:.2f} of {row['area_ha']:.2f} ha restored, {row['bare_ha']:.2f} bare"
        claim = f"  登记已治理：{CLAIMS[row['claim']]}" if row["claim"] else ""
        lines.append(f"  {row['state'] or UNSEEN}  {KINDS[row['kind']]} {row['id']}  cover {cover}  {hectares}  {deadline(row)}{claim}")
    lines.append(summary(document) or "No ground has to be given back")
    for year in document["county_years"][-1:]:
        lines.append(f"By {year['year']}: {year['restored_ha']:.2f} of {year['disturbed_ha']:.2f} ha restored, {year['owed_ha']:.2f} owed")
    return lines
