"""A pack written into a folder of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline import months
from pipeline.config import Project
from pipeline.errors import MinewardenError
from pipeline.files import write_atomic
from pipeline.layers.model import LayerSet
from pipeline.ledger import Ledger
from pipeline.publish.export import kml
from pipeline.publish.export.finished import find
from pipeline.publish.export.folder import made
from pipeline.publish.fieldpack import gpx, page
from pipeline.publish.month import with_verdicts
from pipeline.publish.say import Language, Say
from pipeline.publish.wgs84 import Projector

FOLDER = "fieldpack"
NAMED = 4
"""So many cases give a pack's folder its name; more are told by a hash."""


def write(
    project: Project, layers: LayerSet, ledger: Ledger, month: str, ids: Sequence[str], out: Path | None, language: Language = Language.ZH
) -> list[Path]:
    """Sheets and forms, KML and GPX for cases of a finished month; the files, by default in `<output>/fieldpack/<ids>/`.

    Raises MinewardenError `MW-FIELDPACK-CASE`, `MW-EXPORT-OUT` or `MW-RESULT-DAMAGED`; nothing is written then.
    """
    finished = find(project, month)
    rows = {str(each.properties["id"]): each for each in with_verdicts(ledger, month, finished.cases)}
    wanted = list(dict.fromkeys(ids))
    unknown = [each for each in wanted if each not in rows]
    if unknown:
        fix = "Ask for ids of its flagged.geojson" + (f", e.g. {next(iter(rows))}." if rows else ": it lists none.")
        raise MinewardenError("MW-FIELDPACK-CASE", f"{month} lists no case {', '.join(each[:40] for each in unknown[:5])}.", fix)
    pack = page.Pack(
        replace(finished, cases=[rows[each] for each in wanted]), layers, project.config.grid.crs, months.last_day(month), project.output
    )
    projector, say = Projector(pack.crs), Say(language)
    near = page.neighbours(pack)
    outlines = projector.degrees([outline for _, outline in near])
    files = {
        "sheets.html": page.render(pack, language).encode("utf-8", "replace"),
        "cases.kml": kml.render(pack.month, [(name, outline) for (name, _), outline in zip(near, outlines, strict=True)]),
        "cases.gpx": gpx.render(pack.month.cases, finished.county, say),
    }
    folder = made(project.output / FOLDER / _name(wanted) if out is None else out, project.output)
    for name, data in files.items():
        write_atomic(folder / name, data)
    return [folder / name for name in files]


def _name(ids: Sequence[str]) -> str:
    """Of a pack's folder: the same cases have the same one."""
    if len(ids) <= NAMED:
        return "+".join(ids)
    return f"{ids[0]}+{len(ids) - 1}-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:6]}"
