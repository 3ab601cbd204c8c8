"""Commands that this version names but does not have yet."""

from __future__ import annotations

import click

from pipeline.commands.common import talking
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError


def later(name: str, shown: str | None = None) -> click.Command:
    """A command that takes anything and says that it is not available yet (exit 2)."""
    full = shown or name

    @click.command(name, help="(not available yet)", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar="[…]")
    @talking
    def command(console: Console, rest: tuple[str, ...]) -> Exit:
        fix = "See the README for what this version does."
        raise MinewardenError("MW-NOT-YET", f"'minewarden {full}' is not available yet.", fix)

    return command
