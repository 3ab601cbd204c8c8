"""`minewarden warm` (for `make setup`): compile the kernels, so that the first run does not wait for it."""

from __future__ import annotations

import importlib

import click

from pipeline.commands.common import talking
from pipeline.console import Console
from pipeline.errors import Exit


@click.command("warm", hidden=True)
@talking
def command(console: Console) -> Exit:
    """Fill the caches of compiled code."""
    warm = getattr(importlib.import_module("pipeline.detect"), "warm", None)
    if warm is not None:
        warm()
    return Exit.DONE
