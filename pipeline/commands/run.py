"""`minewarden run`: the monthly job."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline import months
from pipeline.commands.common import config_argument, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.lock import locked


@click.command("run")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="The month to bring the archive up to. Default: the last that has ended.")
@click.option("--workers", type=click.IntRange(min=1), help="Blocks worked at once, a thread each. Default: one per core.")
@click.option("--scheduler", metavar="ADDRESS", help="Use a Dask cluster that exists.")
@click.option("--replay", is_flag=True, help="Redo that month and all after it, with scenes that arrived later; ids and verdicts stay.")
@talking
def command(console: Console, config: Path, month: str | None, workers: int | None, scheduler: str | None, replay: bool) -> Exit:
    """Find what changed in a month and hold it against the county's layers."""
    wanted = months.check(month, months.today())
    return run_month(console, open_project(console, config), wanted, workers=workers, scheduler=scheduler, replay=replay)


def run_month(
    console: Console, project: Project, month: str, *, workers: int | None = None, scheduler: str | None = None, replay: bool = False
) -> Exit:
    with locked(project.output):
        from pipeline import monthly

        result = monthly.run(project, month, workers, scheduler, replay, console.progress)
    console.progress.finish()
    tell = console.result if result.exit is Exit.DONE else console.notice
    for line in result.lines:
        tell(line)
    return result.exit
