"""`minewarden report`: a finished month's report and spreadsheet again, with the verdicts so far."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.common import config_argument, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger
from pipeline.lock import locked
from pipeline.publish.say import Language


@click.command("report")
@config_argument
@click.option("--month", metavar="YYYY-MM", help="Which month. Default: the last that is done.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the report.")
@click.option("--pdf", "as_pdf", is_flag=True, help="Print it to report.pdf too; needs Chromium, Chrome or Edge.")
@talking
def command(console: Console, config: Path, month: str | None, lang: str, as_pdf: bool) -> Exit:
    """Write a month's report and spreadsheet again, with what people have decided since."""
    project = open_project(console, config)
    wanted = finished_month(project, month)
    folder, language = project.output / wanted, Language(lang)
    with locked(project.output):
        from pipeline import layers
        from pipeline.publish import report, runjson
        from pipeline.publish.export.finished import find
        from pipeline.publish.month import write_again
        from pipeline.publish.report import pdf

        ground = layers.load(project, project.config.grid.crs)
        with open_ledger(project) as ledger:
            given = write_again(project, ground, ledger, find(project, wanted), language)
        used = {layer["name"]: layer["sha256"] for layer in runjson.document(folder)["layers"]}
    changed = [layer.name for layer in ground.versions if used.get(layer.name) != layer.sha256]
    if changed:
        console.notice(f"{wanted} was judged by other versions of {', '.join(changed)}: findings stand as they were, maps show today's boundaries.")
    console.result(f"{len(given.flagged)} cases of {wanted}: {folder / report.NAME}")
    if (folder / pdf.NAME).is_file() and not as_pdf:
        (folder / pdf.NAME).unlink()
        console.notice(f"{pdf.NAME} told of an earlier state and is gone; --pdf prints it again.")
    if as_pdf:
        pdf.write(folder / pdf.NAME, report.render(given, language, printed=True))
        console.result(str(folder / pdf.NAME))
    return Exit.DONE
