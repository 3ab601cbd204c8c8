"""`minewarden warm` (for `make setup`): compile the kernels, so that the first run does not wait for it."""

from __future__ import annotations

import click

from pipeline.commands.common import talking
from pipeline.console import Console
from pipeline.errors import Exit


@click.command("warm", hidden=True)
@talking
def command(console: Console) -> Exit:
    """Fill the caches of compiled code."""
    from pipeline.kernels import drop_old
    from pipeline.warmth import warm

    drop_old()
    count = warm()
    console.progress.line(f"{count} kernels compiled" if count else "all kernels were compiled already")
    return Exit.DONE
