"""Which commands there are, and what a wrong command line is told."""

from __future__ import annotations

from collections.abc import Sequence

import click

import pipeline
from pipeline.commands import demo, doctor, drone, export, fetch, init, layers, plan, report, restoration, review, run, schedule, status, train, warm
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError


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


def answer(given: Sequence[str]) -> int:
    """The exit code of a command line."""
    try:
        return int(cli.main(given, prog_name="minewarden", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "minewarden"
        wrong = MinewardenError("MW-USAGE", error.format_message(), f"See '{path} --help'.")
        Console.of(given).error(wrong)
    return int(Exit.BAD_INPUT)
