"""`minewarden review fieldpack`: what a team takes along to a case."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.common import config_argument, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger


@click.command("fieldpack")
@config_argument
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--month", metavar="YYYY-MM", help="A month that lists them. Default: the last that is done.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of sheets and forms.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write into. Default: fieldpack/<ids> in the output folder.")
@talking
def fieldpack(console: Console, config: Path, ids: tuple[str, ...], month: str | None, lang: str, out: Path | None) -> Exit:
    """Write what a team takes along to cases: map sheets and forms to print, KML and GPX (实地核查)."""
    project = open_project(console, config)
    wanted = finished_month(project, month)
    from pipeline import layers
    from pipeline.publish.fieldpack.write import write
    from pipeline.publish.say import Language

    ground = layers.load(project, project.config.grid.crs)
    with open_ledger(project) as ledger:
        files = write(project, ground, ledger, wanted, ids, out, Language(lang))
    for file in files:
        console.result(str(file))
    return Exit.DONE
