"""What all commands share: their options, and the config they begin with."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from pipeline import months
from pipeline.config import Project, load
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

Body = Callable[..., Exit | None]

config_argument = click.argument("config", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else there.")


def talking(body: Body) -> Callable[..., int]:
    """Give a command `--log-format` and `--quiet`, a Console as its first argument, and an exit code whatever happens."""

    @click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of messages on standard error.")
    @click.option("--quiet", is_flag=True, help="Say only what needs a person.")
    @functools.wraps(body)
    def command(log_format: str, quiet: bool, **arguments: Any) -> int:
        console = Console(as_json=log_format == "json", quiet=quiet)
        return console.guard(lambda: body(console, **arguments))

    return command


def open_project(console: Console, config: Path, *, begins: bool = False) -> Project:
    """Load a config and let the log go beside its results.

    Only a command that `begins` results makes the output folder: one made by whoever looked first, root perhaps, would keep out cron's user.
    """
    project = load(config)
    console.config = project.typed
    if begins or project.output.is_dir():
        console.use_log(project.logs / "minewarden.log")
    return project


def account() -> str:
    """Of this computer, under which a command runs: who gave it, where it names nobody."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container
        return "minewarden"


def day_of(text: str, code: str) -> date:
    """A day as it was typed. Raises MinewardenError with `code`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MinewardenError(code, f"{text[:40]!r} is no date.", "Write it as YYYY-MM-DD.") from error


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def check_target(project: Project, target: Path, suffixes: tuple[str, ...], code: str) -> None:
    """Only a file of its own kind may be written; in the output folder only below `review/`. Raises MinewardenError with `code`."""
    fix = f"Give the path of a {suffixes[0]} file outside the results."
    if target.suffix.lower() not in suffixes or target.is_dir():
        raise MinewardenError(code, f"{target} is no path of a {suffixes[0]} file.", fix)
    whole, results = target.resolve(), project.output.resolve()
    if whole.is_relative_to(results) and not whole.is_relative_to(results / "review"):
        raise MinewardenError(code, f"{target} lies among the results, which stay as they are.", fix)


def finished_month(project: Project, asked: str | None) -> str:
    """A month that is done: the one asked for, or the last.

    Raises MinewardenError `MW-MONTH-FORMAT`, `-FUTURE`, `-NONE` or `-MISSING`.
    """
    wanted = months.check(asked, months.today()) if asked else None
    done = months.finished(project.output)
    if not done:
        raise MinewardenError("MW-MONTH-NONE", "No month is done yet.", f"minewarden run {project.typed}")
    if wanted is not None and wanted not in done:
        raise MinewardenError("MW-MONTH-MISSING", f"{wanted} is not done.", f"Ask for a finished month, e.g. {done[-1]}.")
    return wanted or done[-1]
