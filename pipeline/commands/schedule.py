"""`minewarden schedule`: the lines that make cron or systemd run the monthly job."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from pipeline.commands.common import config_argument, existing, open_project, talking
from pipeline.config import Project
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError

DAY, HOUR, MINUTE = 3, 2, 30
"""By the third day of a month the scenes of the last one's end have been published; at night nobody waits for the computer."""


@click.command("schedule")
@config_argument
@talking
def command(console: Console, config: Path) -> Exit:
    """Print the crontab line, and the systemd units, that run the monthly job."""
    project = open_project(console, config)
    if any(ord(sign) < 32 for sign in str(project.file)):
        raise MinewardenError("MW-SCHEDULE-PATH", f"{str(project.file)!r} holds a line break or control sign.", "Rename the folder.")
    for line in (*_cron(project), "", *_systemd(project)):
        console.result(line)
    return Exit.DONE


def arguments(project: Project) -> list[str]:
    """The monthly job's command, each path absolute."""
    program = Path(sys.executable).absolute().with_name("minewarden")
    start = [str(program)] if program.is_file() else [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
    return [*start, "run", str(project.file), "--quiet"]


def crontab_line(project: Project) -> str:
    # In a crontab a bare % ends the command and begins its standard input.
    return f"{MINUTE} {HOUR} {DAY} * * {shlex.join(arguments(project))}".replace("%", "\\%")


def _cron(project: Project) -> list[str]:
    return [
        f"# minewarden for {' '.join(project.config.county.name.split())}: the last month that has ended, on day {DAY} of each month.",
        "# Put the next line into the crontab of the user who owns the output folder (crontab -e).",
        "# Nothing is printed, and so nothing mailed, unless a person is needed. Missed months are made up by the next run.",
        crontab_line(project),
    ]


def _systemd(project: Project) -> list[str]:
    name = f"minewarden-{project.config.county.code}"
    run = " ".join(_unit_quoted(each) for each in arguments(project))
    return [
        "# Or with systemd, which also makes up for a night when the computer was off. Save the two parts as the files they are named after, then:",
        f"#   systemctl daemon-reload && systemctl enable --now {name}.timer",
        f"# /etc/systemd/system/{name}.service",
        "[Unit]",
        f"Description=minewarden {_specifiers(' '.join(project.config.county.name.split()))}",
        "[Service]",
        "Type=oneshot",
        f"User={_owner(project)}",
        f"ExecStart={run}",
        "# 3: done, but a scene was left out or too little was seen; the log says which.",
        "SuccessExitStatus=3",
        "Nice=10",
        "",
        f"# /etc/systemd/system/{name}.timer",
        "[Unit]",
        f"Description=minewarden {_specifiers(' '.join(project.config.county.name.split()))}, monthly",
        "[Timer]",
        f"OnCalendar=*-*-{DAY:02d} {HOUR:02d}:{MINUTE:02d}",
        "Persistent=true",
        "[Install]",
        "WantedBy=timers.target",
    ]


def _owner(project: Project) -> str:
    place = existing(project.output)
    try:
        return place.owner()
    except KeyError:  # a user of another machine
        return str(place.stat().st_uid)


def _specifiers(text: str) -> str:
    """systemd reads % as the beginning of a specifier."""
    return text.replace("%", "%%")


def _unit_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifiers(escaped)}"'
