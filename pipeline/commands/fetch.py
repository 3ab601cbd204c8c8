"""`minewarden fetch`: fill the store ahead of a run."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline import months
from pipeline.commands.common import config_argument, open_project, talking
from pipeline.commands.run import tell, workers_option
from pipeline.console import Console
from pipeline.errors import Exit


@click.command("fetch")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="The month to fetch for, with all before it that is not done. Default: the last that has ended.")
@click.option("--dry-run", is_flag=True, help="Only say what there is to fetch, and what it takes.")
@workers_option
@talking
def command(console: Console, config: Path, month: str | None, dry_run: bool, workers: int | None) -> Exit:
    """Decode or download ahead what a month's run needs."""
    wanted = months.check(month, months.today())
    project = open_project(console, config, begins=True)
    from pipeline.fetching import fetch

    return tell(console, fetch(project, wanted, workers, console.progress, console.result, only_estimate=dry_run))
