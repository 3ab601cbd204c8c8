"""`minewarden layers`: are the county's layers fit for use?"""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands import reconcile
from pipeline.commands.common import config_argument, json_option, open_project, talking
from pipeline.commands.later import later
from pipeline.console import Console
from pipeline.errors import Exit


@click.group("layers")
def group() -> None:
    """Validate and load permits, legacy patches and zones."""


@group.command("check")
@config_argument
@json_option
@talking
def check(console: Console, config: Path, as_json: bool) -> Exit:
    """Read every layer of the config and list what is wrong with it."""
    from pipeline import layers
    from pipeline.sources.gridfit import metric_crs

    project = open_project(console, config)
    metric_crs(project.config.grid.crs)
    found = layers.check(project, project.config.grid.crs)
    if as_json:
        rows = [
            {
                "name": layer.name,
                "features": layer.features,
                "version": layer.version,
                "problems": [{"id": p.id, "code": p.code, "message": p.message, "fix": p.fix, "fatal": p.fatal} for p in layer.problems],
            }
            for layer in found
        ]
        console.object({"layers": rows})
    else:
        for layer in found:
            state = f"{len(layer.problems)} problem(s)" if layer.problems else "in order"
            console.result(
                f"{layer.name:<20} {layer.features if layer.features is not None else '–':>8} features  {layer.version or '–':<12}  {state}"
            )
            for problem in layer.problems:
                what = f" {problem.id}" if problem.id else ""
                tell = console.notice if problem.fatal else console.result
                tell(f"  {'STOPS A RUN' if problem.fatal else 'warning'} {problem.code}{what}: {problem.message} Fix: {problem.fix}")
    return Exit.BAD_INPUT if any(p.fatal for layer in found for p in layer.problems) else Exit.DONE


group.add_command(later("import", "layers import"))
group.add_command(reconcile.command)
