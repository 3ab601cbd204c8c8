"""Pictures of all cases of a month: what the archive shows of them, which dates are pictured, and the sheets."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline import months
from pipeline.publish.evidence.case import Subject, subject
from pipeline.publish.evidence.choose import Shown, choose
from pipeline.publish.evidence.looks import Archive
from pipeline.publish.evidence.series import series_of
from pipeline.publish.evidence.studio import Photographer, Portrait, draw_all
from pipeline.publish.features import Judged, Pictured, flagged_features
from pipeline.year import series_start

FOLDER = "evidence"


def make(folder: Path, judged: Sequence[Judged], by: Photographer) -> tuple[dict[str, Pictured], list[str]]:
    """Write `evidence/<id>.png` into a month's folder for each of its listed cases: what each shows, and warnings.

    Pictures that are there already make way.
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    subjects = [subject(each, by.setting.grid) for each in judged if each.case is not None and each.case.listed]
    if not subjects:
        return {}, []
    (folder / FOLDER).mkdir()
    last, first = months.last_day(by.month), series_start(by.month)
    archive = Archive(subjects, (scene for scene in by.scenes if scene.day <= last), by.setting)
    archive.survey([day for day in archive.days if day >= first], f"{by.month} evidence looks")
    with ThreadPoolExecutor(max_workers=max(by.setting.workers, 1)) as pool:
        chosen = list(pool.map(lambda case: choose(case, archive), range(len(subjects))))
    series = series_of(archive, by.month, by.setting)
    pictured = {each.case_id: _pictured(each, dates) for each, dates in zip(subjects, chosen, strict=True)}
    rows = {str(row.properties["id"]): row for row in flagged_features(judged, month=by.month, layers_version=by.layers.version, pictured=pictured)}
    portraits = [
        Portrait(subject=each, row=rows[each.case_id], series=line, dates=dates) for each, line, dates in zip(subjects, series, chosen, strict=True)
    ]
    draw_all(portraits, by, archive, folder / FOLDER)
    return pictured, archive.lost.told("evidence")


def _pictured(each: Subject, dates: tuple[Shown | None, Shown | None]) -> Pictured:
    before, after = dates
    return Pictured(
        f"{FOLDER}/{each.case_id}.png",
        before.day if before else None,
        after.day if after else None,
        tuple(scene.id for scene in before.scenes) if before else (),
        tuple(scene.id for scene in after.scenes) if after else (),
    )
