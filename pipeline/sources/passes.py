"""The same pass delivered twice counts once.

A pass is known by satellite, tile or ground, and time; names tell more or less of these, so what one delivery does not
tell matches whatever the other says, and the ground is looked up in the files only where a tile is not named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.errors import MinewardenError
from pipeline.projection import between
from pipeline.sources import naming, whole
from pipeline.sources.bandfile import open_band
from pipeline.sources.header import header
from pipeline.sources.scene import Refused, Scene, same_pass, unreadable

SAME_PASS = timedelta(minutes=30)
"""A name gives the start of the datatake, metadata the middle of the tile: minutes apart. The next orbit is 100 minutes away."""
SAME_STRIP = timedelta(seconds=20)
"""Another processing of a datastrip may begin it some seconds earlier or later."""
_UNKNOWN = "-"

Bounds = tuple[float, float, float, float]


def pass_key(satellite: str, tile: str, stamp: naming.Stamp) -> str:
    """What is known of a pass, as `S2A T48SWE 20240703T034001`; `-` for what is not known."""
    when = stamp.moment.strftime("%Y%m%dT%H%M%S" if stamp.timed else "%Y%m%d")
    return f"{satellite or _UNKNOWN} {tile or _UNKNOWN} {when}"


@dataclass(frozen=True, slots=True)
class _Known:
    satellite: str
    tile: str
    time: datetime | None

    @classmethod
    def of(cls, scene: Scene) -> _Known:
        satellite, tile, when = scene.pass_key.split(" ")
        return cls(satellite, tile, scene.acquired if "T" in when else None)


def once_each(scenes: Iterable[Scene]) -> tuple[list[Scene], list[Refused]]:
    """Of each pass the whole delivery of most bands and the newest baseline, oldest pass first, the others behind it; and who these are."""
    days: dict[object, list[Scene]] = defaultdict(list)
    for scene in scenes:
        days[scene.day].append(scene)
    kept: list[Scene] = []
    left: list[Refused] = []
    for same_day in days.values():
        passes: list[list[Scene]] = []
        for scene in sorted(same_day, key=_worth, reverse=True):
            same = [each for each in passes if _same(scene, each[0])]
            if same:
                min(same, key=lambda each: _strips_apart(scene, each[0])).append(scene)
            else:
                passes.append([scene])
        for twins in passes:
            best, cut = _first_whole(twins)
            rest = [s for s in twins if s is not best]
            others = [*best.instead, *(each for s in rest for each in s.deliveries)]
            kept.append(replace(best, instead=tuple(sorted(others, key=_worth, reverse=True))))
            left += [cut.get(s.id) or same_pass(s.id, s.day, best.id) for s in rest]
    return sorted(kept, key=lambda s: s.order), sorted(left, key=lambda r: r.id)


def _first_whole(twins: Sequence[Scene]) -> tuple[Scene, dict[str, Refused]]:
    """Of a pass the best delivery that is whole, and by id why better ones are not: somebody has to copy them again. The best where none is."""
    cut: dict[str, Refused] = {}
    for scene in twins if len(twins) > 1 else ():
        why = broken_off(scene)
        if why is None:
            return scene, {id: each for id, each in cut.items() if id != scene.id}
        cut[scene.id] = why
    return twins[0], {}


def broken_off(scene: Scene) -> Refused | None:
    """Why not all of a delivery can be there, as far as can be told without reading pixels; None where it may be whole."""
    try:
        if scene.delivery is not None:
            scene.delivery.check()
        else:
            whole.check(scene)
            for path in scene.files:
                header(path)
    except (MinewardenError, OSError) as error:
        return unreadable(scene, error)
    return None


def _worth(scene: Scene) -> tuple[int, str, str, str]:
    """A delivery that lacks what another has is no better for being newer."""
    return len(scene.bands) + (scene.scl is not None), scene.baseline, naming.produced(scene.id), scene.id


def _same(a: Scene, b: Scene) -> bool:
    one, two = _Known.of(a), _Known.of(b)
    if _UNKNOWN not in (one.satellite, two.satellite) and one.satellite != two.satellite:
        return False
    if one.time is not None and two.time is not None and abs(one.time - two.time) > SAME_PASS:
        return False
    if a.strip and b.strip and a.baseline == b.baseline and abs(a.strip - b.strip) > SAME_STRIP:
        return False  # two halves of a pass; of different baselines, the newest has cut the pass anew
    if _UNKNOWN not in (one.tile, two.tile):
        return one.tile == two.tile
    return _same_ground(a, b)


def _strips_apart(a: Scene, b: Scene) -> timedelta:
    """How far apart two datastrips begin: an older half of a pass stands behind its own newer half."""
    return abs(a.strip - b.strip) if a.strip and b.strip else timedelta()


def _same_ground(a: Scene, b: Scene) -> bool:
    """Whether the smaller scene lies for the most part inside the larger. Unreadable ones are told apart later, by the reader."""
    try:
        one, two = _degrees(a), _degrees(b)
    except MinewardenError:
        return False
    west, south, east, north = max(one[0], two[0]), max(one[1], two[1]), min(one[2], two[2]), min(one[3], two[3])
    common = max(0.0, east - west) * max(0.0, north - south)
    return common > 0.5 * min(_extent(one), _extent(two))


def _degrees(scene: Scene) -> Bounds:
    if scene.delivery is not None:
        return scene.delivery.places["B04"].bounds_in("EPSG:4326")
    with open_band(scene.bands["B04"].path) as band:
        transformer = between(band.crs.to_wkt(), "EPSG:4326")
        west, south, east, north = transformer.transform_bounds(*band.bounds)
    return west, south, east, north


def _extent(bounds: Bounds) -> float:
    return (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])


def told_apart(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes with ids made unique: two sources may hold folders of one name that are different passes."""
    seen: dict[str, int] = defaultdict(int)

    def named(scene: Scene) -> Scene:
        seen[scene.id] += 1
        return scene if seen[scene.id] == 1 else replace(scene, id=f"{scene.id}~{seen[scene.id]}")

    first = [named(scene) for scene in scenes]
    return [replace(scene, instead=tuple(map(named, scene.instead))) for scene in first]
