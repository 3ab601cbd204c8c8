"""`minewarden layers reconcile`: the ministry's issued patches against our cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import months
from pipeline.commands.common import check_target, config_argument, finished_month, json_option, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.ledgers import open_ledger

if TYPE_CHECKING:
    from pipeline.layers.issued import Issued
    from pipeline.reconcile import Match

QUARTER = 3
_SIDES = {"both": "both", "only_theirs": "only theirs", "only_ours": "only ours"}


@click.command("reconcile")
@config_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--issued", metavar="YYYY-MM-DD", help="When those patches were issued of which the file does not say it (its own 下发日期 counts).")
@click.option("--from", "first", metavar="YYYY-MM", help="First month that the patches cover. Default: two months before the last.")
@click.option("--to", "last", metavar="YYYY-MM", help="Last of them. Default: the month before they were issued, or the last that is done.")
@click.option("--field", "fields", multiple=True, metavar="NAME=COLUMN", help="Column of id, issued, before or after, where it has another name.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the table as a spreadsheet too (.xlsx).")
@json_option
@talking
def command(
    console: Console,
    config: Path,
    file: Path,
    issued: str | None,
    first: str | None,
    last: str | None,
    fields: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> Exit:
    """Hold the ministry's issued patches (卫片) against our cases: which both have, which only one has, and by how many days we led."""
    from pipeline import reconcile
    from pipeline.layers import issued as patches
    from pipeline.layers.load import county_area
    from pipeline.publish.spreadsheet import reconciled

    project = open_project(console, config)
    finished_month(project, None)
    if out is not None:
        check_target(project, out, (".xlsx",), "MW-ISSUED-OUT")
    area = county_area(project, project.config.grid.crs)
    found, doubts = patches.load(file, project.config.grid.crs, area, _day(issued), _fields(fields))
    since, until = _window(project, found, first, last)
    with open_ledger(project) as ledger:
        matches = reconcile.of_months(project, ledger, found, area, since, until)
    head = reconcile.summary(matches)
    if out is not None:
        reconciled.write(out, project.config.county.name, since, until, [match.row() for match in matches])
    if as_json:
        console.object({"from": since, "to": until, **head, "matches": [match.row() for match in matches], "doubts": doubts})
        return Exit.DONE
    for doubt in doubts:
        console.notice(doubt)
    console.result(f"{'':<12} {'issued patch':<24} {'issued':<11} {'case':<20} {'listed':<11} {'lead':>5}  finding, or why not")
    for match in matches:
        console.result(_line(match))
    lead = f", median lead {head['median_lead_days']:.0f} days" if head["median_lead_days"] is not None else ""
    console.result(
        f"{since} to {until}: {head['issued']} issued, {head['both']} of them ours too (we led on {head['led']}{lead}), "
        f"{head['only_theirs']} only theirs, {head['only_ours']} only ours"
    )
    if out is not None:
        console.result(f"Table: {out}")
    return Exit.DONE


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise MinewardenError("MW-ISSUED-DATE", f"{text!r} is no date.", "Write it as YYYY-MM-DD, e.g. 2024-10-15.") from error


def _fields(given: tuple[str, ...]) -> dict[str, str]:
    if wrong := next((each for each in given if "=" not in each), None):
        raise MinewardenError("MW-ISSUED-FIELD", f"--field {wrong} names no column.", "Write --field NAME=COLUMN, e.g. --field id=图斑编号.")
    return dict(each.split("=", 1) for each in given)


def _window(project: Project, issued: list[Issued], first: str | None, last: str | None) -> tuple[str, str]:
    """The months that the patches cover."""
    done = months.finished(project.output)
    if last is None:
        before = months.previous(months.of(min((each.issued for each in issued), default=months.today())))
        last = max((month for month in done if month <= before), default=done[-1])
    else:
        last = finished_month(project, last)
    first = months.check(first, months.today()) if first else months.earlier(last, QUARTER - 1)
    if first > last:
        raise MinewardenError("MW-ISSUED-MONTHS", f"--from {first} lies after --to {last}.", "Give the first and the last month of the patches.")
    return first, last


def _line(match: Match) -> str:
    row = match.row()
    lead = "" if match.lead_days is None else f"{match.lead_days:+d}"
    what = row["why"] or row["finding_zh"] or ""
    return (
        f"{_SIDES[row['side']]:<12} {row['issued_id'] or '–':<24} {row['issued'] or '–':<11} {row['case_id'] or '–':<20} "
        f"{row['listed'] or '–':<11} {lead:>5}  {what}"
    )
