"""`minewarden review fieldpack` and `photos`: what a team takes along to a case, and what it brings back."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.common import config_argument, finished_month, json_option, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit
from pipeline.ledgers import open_ledger
from pipeline.lock import locked


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


@click.command("photos")
@config_argument
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--reviewer", required=True, metavar="NAME", help="Who was there; it is recorded.")
@click.option("--visited", metavar="DATE", help="Day of the visit. Default: that of the photos.")
@json_option
@talking
def photos(console: Console, config: Path, folder: Path, reviewer: str, visited: str | None, as_json: bool) -> Exit:
    """Take in a visit's photos (a folder of JPEG): each goes to the case that it looks at; originals are kept with their hashes (实地核查)."""
    from pipeline.review.apply import checked_name

    project = open_project(console, config)
    finished_month(project, None)
    actor = checked_name(reviewer)
    with locked(project.output):
        from pipeline import visits

        found, is_new = visits.take(project, folder, visited, actor, console.progress)
    if not is_new:
        console.notice(f"Visit {found['flight']} brought these photos already; nothing is changed.")
    if as_json:
        kept = ("file", "sha256", "case_id", "distance_m", "off_degrees", "doubts")
        console.object({"visit": found["flight"], "photos": [{key: each[key] for key in kept} for each in found["photos"]]})
        return Exit.DONE
    for each in found["photos"]:
        console.result(f"{Path(each['file']).name}  {each['case_id'] or '—'}  {'; '.join(each['doubts'])}".rstrip())
    console.result(f"Visit {found['flight']}: {len(found['photos'])} photo(s)")
    return Exit.DONE
