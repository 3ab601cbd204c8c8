"""`minewarden run` and `repair`: the monthly job, and its state made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import lastrun, months, notify
from pipeline.commands.common import config_argument, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked

if TYPE_CHECKING:
    from pipeline.monthly import Result

MOST_WORKERS = 1024
"""More threads than any machine has cores: a slip of the keyboard."""

workers_option = click.option(
    "--workers", type=click.IntRange(min=1, max=MOST_WORKERS), help="Blocks worked at once, a thread each. Default: one per core."
)
scheduler_option = click.option("--scheduler", metavar="ADDRESS", help="Use a Dask cluster that exists.")


@click.command("run")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="The month to bring the archive up to. Default: the last that has ended.")
@workers_option
@scheduler_option
@click.option("--replay", is_flag=True, help="Redo that month and all after it, with scenes that arrived later; ids and verdicts stay.")
@talking
def command(console: Console, config: Path, month: str | None, workers: int | None, scheduler: str | None, replay: bool) -> Exit:
    """Find what changed in a month and hold it against the county's layers."""
    wanted = months.check(month, months.today())
    project = open_project(console, config, begins=True)
    console.at_end = _ending(console, project, wanted)
    _check_clock(project)
    return run_month(console, project, wanted, workers=workers, scheduler=scheduler, replay=replay)


@click.command("repair")
@config_argument
@workers_option
@scheduler_option
@talking
def repair(console: Console, config: Path, workers: int | None, scheduler: str | None) -> Exit:
    """Make damaged or missing state again from the scenes, and put back the ledger's last good copy; ids and verdicts stay."""
    project = open_project(console, config, begins=True)
    console.goes_on = True
    with locked(project.output):
        from pipeline import repair as work

        result = work.repair(project, workers, scheduler, console.progress)
    return tell(console, result)


def run_month(
    console: Console, project: Project, month: str, *, workers: int | None = None, scheduler: str | None = None, replay: bool = False
) -> Exit:
    console.goes_on = True
    with locked(project.output):
        if (project.output / "inbox").is_dir():
            _take_flights(console, project)
        from pipeline import layers

        ground = layers.load(project, project.config.grid.crs)  # a bad one is told before all else is loaded, which takes longer than they do
        from pipeline import monthly

        result = monthly.run(project, month, workers, scheduler, replay, console.progress, ground)
    return tell(console, result)


def _take_flights(console: Console, project: Project) -> None:
    """Flights that were dropped into the inbox; one that can't be used stops no month."""
    from pipeline import inbox

    taken, refused = inbox.take(project, console.progress)
    for line in taken:
        console.result(line)
    for line in refused:
        console.notice(line)


def tell(console: Console, result: Result) -> Exit:
    """Say how a job ended; what is not in order, or wants a person, is said even where `--quiet` was asked for."""
    console.progress.finish()
    say = console.result if result.exit is Exit.DONE else console.notice
    for line in result.lines:
        say(line)
    for line in result.wanting:
        console.notice(line)
    return result.exit


def _check_clock(project: Project) -> None:
    """A clock that was set back would have 'the last month that has ended' done already, and say so with exit code 0."""
    now = months.today()
    early = [month for month in months.finished(project.output) if months.last_day(month) >= now]
    if early:
        fix = f"Set the system's clock; if it is right and was ahead before, remove {', '.join(early)} from {project.output} and run again."
        raise MinewardenError("MW-CLOCK", f"The clock says {now} (UTC), but {early[-1]} is done already.", fix)


def _ending(console: Console, project: Project, month: str) -> Callable[[int], None]:
    """Notes how the run ended, and tells the program of `notify`."""
    began = datetime.now(UTC)

    def end(code: int) -> None:
        if code != Exit.LOCKED:
            lastrun.note(project.logs, month=month, began=began, exit_code=code, lines=console.said)
        if project.config.notify is None:
            return
        facts = {
            "MINEWARDEN_EXIT": str(code),
            "MINEWARDEN_MONTH": month,
            "MINEWARDEN_COUNTY": project.config.county.name,
            "MINEWARDEN_OUTPUT": str(project.output),
        }
        wrong = notify.send(project.config.notify, project.root, console.said, facts)
        if wrong:
            console.notice(f"MW-NOTIFY: The program of 'notify' {wrong}. The run's result stands. Fix: try it by hand, see {project.logs}.")

    return end
