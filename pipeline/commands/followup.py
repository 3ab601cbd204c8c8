"""`minewarden review holders`, `public` and `draw`: what an office makes of what was decided."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from pipeline import months
from pipeline.commands.common import config_argument, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger


def _list(console: Console, config: Path, name: str) -> Exit:
    from pipeline.review import lists

    project = open_project(console, config)
    finished_month(project, None)
    with open_ledger(project) as ledger:
        found = lists.violations(project.output, ledger)
    columns, rows = (lists.HOLDERS, lists.with_holder(found)) if name == "holders" else (lists.PUBLIC, lists.to_publish(found))
    target = project.output / "review" / f"{name}.csv"
    lists.write(target, columns, rows)
    console.result(f"{len(rows)} case(s): {target}")
    return Exit.DONE


@click.command("holders")
@config_argument
@talking
def holders(console: Console, config: Path) -> Exit:
    """Write who holds the mines of confirmed cases that are not closed (for 异常名录)."""
    return _list(console, config, "holders")


@click.command("public")
@config_argument
@talking
def public(console: Console, config: Path) -> Exit:
    """Write the cases that the office has acted on, without names of persons (for 信息公示)."""
    return _list(console, config, "public")


@click.command("draw")
@config_argument
@click.option("--count", type=click.IntRange(1, 10_000), required=True, help="How many mines.")
@click.option("--inspector", "inspectors", multiple=True, metavar="NAME", help="Who may be sent, once for each: two of them are drawn for each mine.")
@click.option("--seed", metavar="TEXT", help="Of an earlier draw, to repeat it. Default: a new one, which is told and kept.")
@click.option("--reviewer", required=True, metavar="NAME", help="Who draws; it is recorded.")
@talking
def draw(console: Console, config: Path, count: int, inspectors: tuple[str, ...], seed: str | None, reviewer: str) -> Exit:
    """Draw valid mines at random for inspection, and who inspects them (双随机)."""
    from pipeline import layers
    from pipeline.review.apply import checked_name
    from pipeline.review.draw import draw as cast

    project = open_project(console, config)
    finished_month(project, None)
    actor, people, chosen = checked_name(reviewer), [checked_name(name) for name in inspectors], seed or secrets.token_hex(16)
    ground, today = layers.load(project, project.config.grid.crs), months.today()
    drawn = cast(ground.rights, today, count, chosen, people)
    versions = {layer.name: layer.sha256 for layer in ground.versions if "rights" in layer.name}
    said = {"seed": chosen, "day": today.isoformat(), "layers": versions, "mines": [[each.right.id, *each.inspectors] for each in drawn]}
    with open_ledger(project) as ledger:
        ledger.audit(actor, "draw", said)
        ledger.back_up(project.backup)
    console.result(f"Seed: {chosen}")
    for number, each in enumerate(drawn, 1):
        console.result(f"{number:>3}  {each.right.id}  {each.right.name or ''}  {'、'.join(each.inspectors)}".rstrip())
    return Exit.DONE
