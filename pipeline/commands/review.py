"""`minewarden review`: what people decide, on a page or by an edited file, into the ledger and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import months
from pipeline.commands import field, followup, keeping
from pipeline.commands.common import account, check_target, config_argument, day_of, finished_month, json_option, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.ledgers import open_ledger

if TYPE_CHECKING:
    from pipeline.review.apply import Applied
    from pipeline.review.users import Users


@click.group("review")
def group() -> None:
    """Verdicts: in the browser, or by an edited GeoJSON; and what follows them."""


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
    check_target(project, target, (".geojson", ".json"), "MW-REVIEW-OUT")
    with open_ledger(project) as ledger:
        count = write(ledger, find(project, wanted), target)
    console.result(f"{count} cases of {wanted}: {target}")
    return Exit.DONE


@group.command("serve")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="Which month's cases to begin with. Default: the last that is done.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the page.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--network", is_flag=True, help="Let other computers open the page: with --host.")
@click.option("--behind", metavar="URL", help="Address of a server with TLS before it that passes requests on: https://NAME.")
@talking
def serve(console: Console, config: Path, month: str | None, lang: str, port: int, host: str, network: bool, behind: str | None) -> Exit:
    """Open the review page: a server on this computer, until it is stopped (Ctrl+C)."""
    from pipeline.inputs import Vetted, runs_until, trusted_scenes
    from pipeline.monthly import prepare
    from pipeline.review.desk import Office
    from pipeline.review.web.server import Address, check_behind, check_host, run

    address = Address(check_host(host, network=network), port, check_behind(behind) if behind else None)
    project = open_project(console, config)
    wanted = finished_month(project, month)
    users = _users(project)
    if not users.all():
        raise MinewardenError("MW-REVIEW-USERS", "Nobody may open the page yet.", f"minewarden review user add {project.typed} NAME --role reviewer")
    open_ledger(project).close()
    inputs, _ = prepare(project, None, None, lambda *_: None, user="review", begins=False)
    office = Office(project, inputs.layers, inputs.setting, lambda each: trusted_scenes(inputs.scenes, Vetted(runs_until(inputs, each))))
    run(office, users, wanted, address, lang, lambda url: console.result(f"{wanted}: {address.behind or url}  (Ctrl+C ends it)"))
    return Exit.DONE


def _users(project: Project) -> Users:
    from pipeline.review.users import NAME, Users

    return Users(project.output / NAME)


@group.group("user")
def user() -> None:
    """Who may open the review page."""


@user.command("add")
@config_argument
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["reviewer", "auditor", "viewer"]), required=True, help="viewers look; reviewers decide; auditors audit too."
)
@talking
def add(console: Console, config: Path, name: str, role: str) -> Exit:
    """Let somebody in. The token is shown this once and kept nowhere."""
    from pipeline.review.users import CHANGED, Role

    project = open_project(console, config)
    finished_month(project, None)
    with open_ledger(project) as ledger:
        token = _users(project).add(name, Role(role))
        ledger.audit(account(), CHANGED, {"name": name.strip(), "role": role, "did": "added"})
    console.result(f"{name.strip()} ({role}) logs in with this token, which is shown only now:")
    console.answer(token)
    return Exit.DONE


@user.command("list")
@config_argument
@talking
def listed(console: Console, config: Path) -> Exit:
    """Names and roles."""
    for each in _users(open_project(console, config)).all().values():
        console.result(f"{each.name}  {each.role}  since {each.added[:10]}")
    return Exit.DONE


@user.command("remove")
@config_argument
@click.argument("name")
@talking
def remove(console: Console, config: Path, name: str) -> Exit:
    """Shut somebody out at once; what they decided stays."""
    from pipeline.review.users import CHANGED

    name, project = name.strip(), open_project(console, config)
    with open_ledger(project) as ledger:
        _users(project).remove(name)
        ledger.audit(account(), CHANGED, {"name": name, "did": "removed"})
    console.result(f"{name} is removed.")
    return Exit.DONE


@group.command("step")
@config_argument
@click.argument("case_id", metavar="ID")
@click.argument("step", type=click.Choice(["field_checked", "filed", "handled", "no_action", "rectified", "closed", "withdrawn"]))
@click.option("--date", "day", required=True, metavar="YYYY-MM-DD", help="When it was done.")
@click.option("--document", required=True, metavar="NUMBER", help="Number of the document that says so.")
@click.option("--due", metavar="YYYY-MM-DD", help="By when the next step is to follow, where the document says so.")
@click.option("--reviewer", required=True, metavar="NAME", help="Who did it.")
@talking
def step(console: Console, config: Path, case_id: str, step: str, day: str, document: str, due: str | None, reviewer: str) -> Exit:
    """Note what was done about a confirmed case: 实地核查, then 立案 / 非立案处理 / 不处理, 整改, 销号."""
    from pipeline.ledger.steps import Step
    from pipeline.review import decide
    from pipeline.review.apply import checked_name
    from pipeline.review.steps import NAMES

    project = open_project(console, config)
    finished_month(project, None)
    done, next_due = day_of(day, "MW-STEP-DATE"), day_of(due, "MW-STEP-DATE") if due else None
    actor, document = checked_name(reviewer), document.strip()
    with open_ledger(project) as ledger:
        key = decide.key_of_step(ledger, case_id, Step(step), (day, document, due or "", actor))
        known, write = ledger.event(key) is not None, decide.Write(key, case_id, 1, actor)
        decide.step(ledger, write, Step(step), done, document, next_due, months.office_day())
        ledger.back_up(project.backup)
    console.result(f"{case_id}  {step} ({NAMES[Step(step)]})  {done}  {document}{'  noted already' if known else ''}")
    return Exit.DONE


for _command in (followup.holders, followup.public, followup.draw, field.fieldpack, field.photos, keeping.backup, keeping.restore, keeping.log):
    group.add_command(_command)
