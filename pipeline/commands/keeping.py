"""`minewarden review backup`, `restore` and `log`: what was said is kept, comes back, and can be answered for."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from pipeline import months
from pipeline.commands.common import config_argument, day_of, finished_month, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.ledgers import open_ledger
from pipeline.lock import locked


@click.command("backup")
@config_argument
@click.argument("folder", type=click.Path(path_type=Path))
@talking
def backup(console: Console, config: Path, folder: Path) -> Exit:
    """Copy the ledger into FOLDER, on another disk at best, while people go on working; the copy is verified."""
    from pipeline.ledger import Ledger

    project = open_project(console, config)
    finished_month(project, None)
    code = project.config.county.code
    file = folder / f"ledger-{code}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite"
    with open_ledger(project) as ledger:
        ledger.copy_to(file)
    with Ledger(file, code) as made:
        problems, last, entries = made.verify_audit(), made.last_month(), len(made.trail())
    if problems:
        file.unlink()
        raise MinewardenError("MW-LEDGER-COPY", f"The copy {file} is not sound: {problems[0]}", "Try another disk.", Exit.DAMAGED)
    console.result(f"{entries} entries, months up to {last}: {file}")
    return Exit.DONE


@click.command("restore")
@config_argument
@click.argument("file", type=click.Path(path_type=Path))
@talking
def restore(console: Console, config: Path, file: Path) -> Exit:
    """Put a copy of the ledger in its place, with what the ledger there proves to have been said since; that one is kept beside it."""
    from pipeline.ledger import backup as copies
    from pipeline.ledger.database import journal_of

    project = open_project(console, config)
    code = project.config.county.code
    if not file.is_file():
        raise MinewardenError("MW-LEDGER-COPY", f"{file} is no file.", "Give the file that 'review backup' wrote.")
    with locked(project.output):
        draft = project.ledger.with_name("ledger.sqlite.given")
        try:
            journal_of(draft).unlink(missing_ok=True)  # of a call that was killed
            shutil.copyfile(file, draft)
            _check_copy(draft, file, code)
            if copies.is_sound(project.ledger) and not copies.adds(project.ledger, draft):
                console.result(f"The ledger is sound and holds all that {file} holds: nothing to put back.")
                return Exit.DONE
            done = copies.put_back(project.ledger, draft)
        finally:
            draft.unlink(missing_ok=True)
    aside = f" The ledger that stood there is kept as {done.damaged.name}; verdicts taken over from it: {done.verdicts}." if done.damaged else ""
    console.result(f"Put back from {file}, which ends on {done.until}.{aside}")
    lacking = sorted(set(months.finished(project.output)) - set(done.months))
    if lacking:
        console.notice(f"It does not know of {', '.join(lacking)}: run 'minewarden repair {project.typed}', which makes them again.")
    if done.left and done.damaged:
        console.notice(f"{done.left} verdict(s) or step(s) in {done.damaged.name} do not follow on the copy and are not taken over: give them again.")
    return Exit.INCOMPLETE if lacking or done.left else Exit.DONE


def _check_copy(draft: Path, file: Path, code: str) -> None:
    """Raises MinewardenError `MW-LEDGER-COPY` where a copy is not sound, or another county's."""
    from pipeline.ledger import Ledger

    try:
        with Ledger(draft, code) as given:
            strangers = sorted(case for case in given.case_ids() if not case.startswith(f"{code}-"))
    except MinewardenError as error:
        why = error.message.replace(str(draft), str(file))
        raise MinewardenError("MW-LEDGER-COPY", f"{file} can't be put back. {why}", "Give another copy.", Exit.DAMAGED) from error
    if strangers:
        raise MinewardenError("MW-LEDGER-COPY", f"{file} is another county's: it knows {strangers[0]}.", f"Give a copy of {code}.")


@click.command("log")
@config_argument
@click.option("--case", "case_id", metavar="ID", help="Of one case.")
@click.option("--person", metavar="NAME", help="Of one person.")
@click.option("--since", metavar="YYYY-MM-DD", help="From that day on.")
@talking
def log(console: Console, config: Path, case_id: str | None, person: str | None, since: str | None) -> Exit:
    """Write who saw and did what, as the ledger's trail has it."""
    from pipeline.review import lists
    from pipeline.review.log import COLUMNS, entries

    project = open_project(console, config)
    finished_month(project, None)
    first = day_of(since, "MW-REVIEW-DATE").isoformat() if since else None
    with open_ledger(project) as ledger:
        found = entries(ledger, case_id=case_id, person=person, since=first)
    target = project.output / "review" / "log.csv"
    lists.write(target, COLUMNS, found)
    console.result(f"{len(found)} entries: {target}")
    return Exit.DONE
