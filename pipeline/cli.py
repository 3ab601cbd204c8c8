"""The command line: which commands there are, and what a wrong one is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

import click

import pipeline
from pipeline.commands import demo, doctor, drone, export, fetch, init, layers, plan, report, restoration, review, run, schedule, status, train, warm
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.speech import open_closed


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipeline.__version__, prog_name="minewarden")
def cli() -> None:
    """minewarden (矿卫): monthly satellite monitoring for mine enforcement."""


_COMMANDS = (
    demo.command, init.command, fetch.command, run.command, run.repair, status.command, report.command, export.command, layers.group,
    review.group, drone.group, restoration.command, plan.command, train.command, doctor.command, schedule.command, warm.command,
)  # fmt: skip
for _command in _COMMANDS:
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code (contract section 2)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese must not stop a run
    try:
        return int(cli.main(given, prog_name="minewarden", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "minewarden"
        wrong = MinewardenError("MW-USAGE", error.format_message(), f"See '{path} --help'.")
        Console(as_json="json" in _values(given, "--log-format")).error(wrong)
    return int(Exit.BAD_INPUT)


def _values(arguments: Sequence[str], option: str) -> set[str]:
    """Values given to an option in a command line that could not be parsed."""
    after = {value for key, value in pairwise(arguments) if key == option}
    return after | {a.removeprefix(f"{option}=") for a in arguments if a.startswith(f"{option}=")}
