"""`minewarden export`: a finished month in the forms that others ask for."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.common import config_argument, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger


@click.command("export")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="A month that is done. Default: the last of them.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["kml", "shp", "txt", "stac"]),
    required=True,
    help="kml and shp: the cases; txt: their corner points, CGCS2000 in a 3-degree zone; stac: an item for disturbance.tif.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write into. Default: export/YYYY-MM in the output folder.")
@click.option("--encoding", type=click.Choice(["gbk", "utf-8"]), default="gbk", show_default=True, help="Of txt; UTF-8 begins with its mark.")
@talking
def command(console: Console, config: Path, month: str | None, form: str, out: Path | None, encoding: str) -> Exit:
    """Write a finished month's cases, with the verdicts so far, as KML, Shapefile or corner points, or a STAC item of its raster."""
    project = open_project(console, config)
    wanted = finished_month(project, month)
    from pipeline.publish.export.write import export

    with open_ledger(project) as ledger:
        files = export(project, ledger, wanted, form, out, encoding)
    for file in files:
        console.result(str(file))
    return Exit.DONE
