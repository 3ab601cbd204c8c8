"""Reads the pixels of cases and draws their sheets, some neighbours at a time: memory holds few, and each tile is decoded once for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline import __version__
from pipeline.files import write_atomic
from pipeline.layers.model import LayerSet
from pipeline.projection import between
from pipeline.publish.coordinates import Position, positions, true_north
from pipeline.publish.evidence.case import Subject
from pipeline.publish.evidence.choose import Shown
from pipeline.publish.evidence.composite import Spectrum, read_spectra, shown_bands
from pipeline.publish.evidence.glance import neighbours
from pipeline.publish.evidence.locator import Locator
from pipeline.publish.evidence.looks import Archive
from pipeline.publish.evidence.overlay import Surroundings, overlay
from pipeline.publish.evidence.series import Series
from pipeline.publish.evidence.sheet import Date, Sheet, draw
from pipeline.publish.features import Feature
from pipeline.sources.scene import Refused, Scene, UnreadableError
from pipeline.year import Setting

AT_A_TIME = 48
"""Cases whose pixels are in memory together, about."""
MAKER = f"minewarden（矿卫）{__version__}"
NO_LOOK = "档案中没有该时期看清本处的影像"
UNREADABLE = "该影像已无法读取："
PUBLISHED = "EPSG:4326"
"""Of `lon` and `lat` in the files."""


@dataclass(frozen=True, slots=True)
class Photographer:
    """What pictures are made from, besides the cases."""

    county: str
    month: str
    scenes: Sequence[Scene]
    """Those that may be used, whatever their day."""
    sha256: Callable[[Scene], str]
    layers: LayerSet
    setting: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A case with all that its sheet shows but the pixels."""

    subject: Subject
    row: Feature
    """As it is published."""
    series: Series
    dates: tuple[Shown | None, Shown | None]


@dataclass(frozen=True, slots=True)
class _Where:
    at: tuple[float, float]
    """The published point, in the grid's CRS."""
    middle: Position
    """The same point, as surveyors write it."""
    corners: tuple[Position, Position]
    north: float


Taken = dict[tuple[int, int], Spectrum | Refused]
"""Pixels by case, and date (0 before, 1 after), or why there are none."""


def draw_all(portraits: Sequence[Portrait], by: Photographer, archive: Archive, folder: Path) -> None:
    """Write the sheet of every case. Scenes that can't be read are told to the archive, and in the sheets."""
    bring_all(portraits, by, archive)
    hashes = _hashes(portraits, by)
    places, surroundings, county = _places(portraits, by.setting), Surroundings(by.layers), Locator(by.layers)
    stage, done = f"{by.month} evidence", 0
    by.setting.say(stage, 0, len(portraits))
    with ThreadPoolExecutor(max_workers=max(by.setting.workers, 1)) as pool:
        for batch in _batches([each.subject for each in portraits]):
            taken: Taken = {}
            for found in pool.map(lambda task: _take(task, portraits, by, archive), list(_tasks(batch, portraits))):
                taken |= found

            def sheet(case: int, taken: Taken = taken) -> None:
                each, where = portraits[case], places[case]
                dates = tuple(_date(name, each.dates[k], taken.get((case, k)), hashes) for k, name in enumerate(("前时相", "后时相")))
                seen = overlay(each.subject, surroundings)
                made = Sheet(
                    each.subject, each.row.properties, by.county, by.month, MAKER, shown_bands(by.setting.bands), (dates[0], dates[1]), seen,
                    each.series, county.marked(*where.at), where.middle, where.corners, where.north,
                )  # fmt: skip
                write_atomic(folder / f"{each.subject.case_id}.png", draw(made))

            for _ in pool.map(sheet, [case for group in batch for case in group]):
                done += 1
                by.setting.say(stage, done, len(portraits))


def bring_all(portraits: Sequence[Portrait], by: Photographer, archive: Archive) -> None:
    """Have the files of all pictured scenes made that are not there."""
    if by.setting.stock is not None:
        _, refused = by.setting.stock.bring(_scenes(portraits), f"{by.month} evidence: store")
        archive.lost.add(*refused)


def _scenes(portraits: Sequence[Portrait]) -> list[Scene]:
    found = {scene.id: scene for each in portraits for shown in each.dates if shown for scene in shown.scenes}
    return [found[id] for id in sorted(found)]


def _hashes(portraits: Sequence[Portrait], by: Photographer) -> dict[str, str]:
    out = {}
    for scene in _scenes(portraits):
        with suppress(UnreadableError):
            out[scene.id] = by.sha256(scene)
    return out


def _places(portraits: Sequence[Portrait], setting: Setting) -> list[_Where]:
    """Where each case, by its published point, and the corners of its picture lie."""
    crs, frames = setting.grid.crs, [each.subject.frame for each in portraits]
    published = [(float(each.row.properties["lon"]), float(each.row.properties["lat"])) for each in portraits]
    to_grid = between(PUBLISHED, crs)
    at = [(float(x), float(y)) for x, y in (to_grid.transform(lon, lat) for lon, lat in published)]
    corners = positions(crs, [corner for frame in frames for corner in frame.corners])
    middles, angles = positions(PUBLISHED, published), true_north(crs, at)
    return [_Where(at[k], middles[k], (corners[2 * k], corners[2 * k + 1]), angles[k]) for k in range(len(portraits))]


def _batches(subjects: Sequence[Subject]) -> Iterator[list[list[int]]]:
    """Groups of neighbours, in order, until they are many enough."""
    batch: list[list[int]] = []
    for group in neighbours(subjects):
        batch.append(group)
        if sum(map(len, batch)) >= AT_A_TIME:
            yield batch
            batch = []
    if batch:
        yield batch


Task = tuple[tuple[Scene, ...], list[tuple[int, int]]]
"""Scenes of a pass, and the pictures (case, date) that show them."""


def _tasks(batch: Sequence[Sequence[int]], portraits: Sequence[Portrait]) -> Iterator[Task]:
    for group in batch:
        wanted: dict[tuple[str, ...], Task] = {}
        for case in group:
            for k, shown in enumerate(portraits[case].dates):
                if shown is not None:
                    _, pictures = wanted.setdefault(tuple(scene.id for scene in shown.scenes), (shown.scenes, []))
                    pictures.append((case, k))
        yield from wanted.values()


def _take(task: Task, portraits: Sequence[Portrait], by: Photographer, archive: Archive) -> Taken:
    """Pixels of one pass for neighbouring cases."""
    scenes, pictures = task
    frames = [portraits[case].subject.frame for case, _ in pictures]
    try:
        found = read_spectra(scenes, shown_bands(by.setting.bands), frames)
    except UnreadableError as met:
        archive.lost.add(met.refused)
        return dict.fromkeys(pictures, met.refused)
    return dict(zip(pictures, found, strict=True))


def _date(name: str, shown: Shown | None, taken: Spectrum | Refused | None, hashes: dict[str, str]) -> Date:
    if shown is None or taken is None:
        return Date(name, None, None, NO_LOOK, ())
    sha256 = tuple(hashes.get(scene.id, "未知") for scene in shown.scenes)
    if isinstance(taken, Refused):
        return Date(name, shown, None, UNREADABLE + taken.reason, sha256)
    return Date(name, shown, taken, "", sha256)
