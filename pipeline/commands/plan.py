"""`minewarden plan`: the county's plan against registers and pixels, and the yearly assessment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline import months
from pipeline.commands.common import config_argument, json_option, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked

if TYPE_CHECKING:
    from pipeline.config import Project


@click.command("plan")
@config_argument
@json_option
@talking
def command(console: Console, config: Path, as_json: bool) -> Exit:
    """Indicators, new mines, zones and blocks of the plan named in the config; writes the yearly assessment (规划实施评估)."""
    project = open_project(console, config)
    file = project.plan
    if file is None:
        fix = "Add e.g. 'plan: huining-plan.yaml' to the config; configs/huining-plan.yaml is one."
        raise MinewardenError("MW-PLAN-NONE", f"{project.file} names no plan.", fix)
    document, written = assessed(project, file)
    if as_json:
        console.object(document)
        return Exit.DONE
    for line in _lines(document):
        console.result(line)
    console.result(f"Assessment: {written}" if written else "The assessment is written once a month is done.")
    return Exit.DONE


def assessed(project: Project, file: Path) -> tuple[dict[str, Any], Path | None]:
    """The plan against registers and the last finished month, and the assessment that was written; none where no month is done."""
    from pipeline import layers
    from pipeline.plan import model
    from pipeline.publish.planning import assessment, made

    model.load(file)  # said before layers are read
    ground = layers.load(project, project.config.grid.crs)
    done = months.finished(project.output)
    document = made.document(project, ground, project.output / done[-1] if done else None, months.last_day(done[-1]) if done else months.today())
    assert document is not None
    if not done:
        return document, None
    with locked(project.output):
        return document, assessment.write(project.output / "plan", document)


def summary(document: dict[str, Any]) -> str:
    """One line."""
    known = [row["met"] for row in document["indicators"] if row["met"] is not None]
    return f"{sum(known)} of {len(known)} targets met, {len(document['checks'])} breach(es)"


def _lines(document: dict[str, Any]) -> list[str]:
    from pipeline.publish.planning.words import amount, met, target

    lines = [f"{document['plan']}, {document['county']}, {document['day']}"]
    for row in document["indicators"]:
        trend = "" if row["projected"] is None else f"  {document['period']['last']}: {amount(row['projected'])}"
        lines.append(f"  {met(row['met'])}  {row['name']}: {amount(row['value'])} {row['unit']}, {target(row)}{trend}")
    for zone in document["zones"]:
        most = zone["rights"] + zone["planned"]
        lines.append(f"  {zone['name']}: {zone['rights_now']} of {most} rights, {zone['scale_now']:g} of {zone['total']:g} {zone['unit']}")
    for each in document["blocks"]:
        drawn = "" if each["drawn"] is None else f", {each['drawn']} drawn, {each['used']} in use"
        lines.append(f"  {each['use']} {each['mineral']}: {each['count']} planned{drawn}")
    for rule in document["new_mines"]:
        least = f"{rule['least']:g} {rule['unit']}" if rule["least"] is not None else rule["size"]
        lines.append(f"  新建 {rule['town'] or '全县'} {'、'.join(rule['minerals'])}: ≥ {least}")
    for check in document["checks"]:
        lines.append(f"  {check['code']}  {check['right_id']}  {check['message']}")
    lines.append(f"{len(document['checks'])} breach(es) of the plan" if document["checks"] else "No breach of the plan")
    return [*lines, *(f"Not compared: {each}" for each in document["off"])]
