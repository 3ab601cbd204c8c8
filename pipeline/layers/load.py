"""Loads and checks all layers of a county."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.config import LayerConfig, Project
from pipeline.errors import MinewardenError
from pipeline.layers import store
from pipeline.layers.history import Edition, Plain, along_time, plain_along_time
from pipeline.layers.model import Approval, LayerSet, LayerVersion, LegacyPatch, PlanBlock, Problem, Right, Town, Zone
from pipeline.layers.opened import Opened, Setting, open_area, open_layer
from pipeline.layers.records import Record

AREA = "area"
JUDGED = ("mining_rights", "legacy_patches", "redline", "farmland")
"""Standard layers without which a check is off."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `layers check` says of a layer."""

    name: str
    features: int | None
    """None where the file can't be read."""
    version: str | None
    problems: tuple[Problem, ...]
    decided: tuple[str, ...] = ()
    """What the file left open and was decided, and why."""
    since: date | None = None
    """Day from which it stands, of an imported layer."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer with its versions, the newest last; of one that was never imported the config's file alone."""

    opened: tuple[Opened, ...]
    since: tuple[date, ...]
    sha256: str

    @property
    def newest(self) -> Opened:
        return self.opened[-1]

    @property
    def version(self) -> LayerVersion | None:
        count = len(self.newest.table.geometry) if self.newest.table else None
        return None if count is None else LayerVersion(self.newest.name, self.sha256[:12], self.sha256, count)


def names(project: Project) -> list[str]:
    """The layers of a county: those of its config in their order, then the standard ones that were only imported."""
    imported = [name for name in store.imported(project) if name not in project.config.layers]
    return [*project.config.layers, *imported]


def read_area(project: Project, crs: str) -> tuple[Opened, BaseGeometry]:
    return open_area(AREA, project.config.area, project.path(project.config.area), crs)


def open_version(project: Project, version: store.Version, setting: Setting) -> Opened:
    """An imported version: its columns have our names, and what its source left open is decided."""
    config, file = store.config_of(project, version.layer), version.file(project)
    accuracy = max(config.accuracy_m, version.accuracy_m)
    return open_layer(version.layer, file, file, LayerConfig(kind=config.kind, accuracy_m=accuracy), setting)


def _open(project: Project, name: str, setting: Setting) -> _Layer:
    """Every version of a layer that was imported; of one that was not, the file of the config."""
    config = store.config_of(project, name)
    versions = store.versions(project, name)
    if versions:
        opened = tuple(open_version(project, version, setting) for version in versions)
        return _Layer(opened, tuple(v.since for v in versions), store.sha256(versions))
    if config.path is None:
        layer = Opened(name, project.file)
        fix = f"Import it: minewarden layers import {project.typed} {name} FILE. Or give its path."
        layer.problems.append(Problem(None, "MW-LAYER-FILE", f"Layer {name}: it has no path, and nothing was imported.", fix, True))
        return _Layer((layer,), (), "")
    layer = open_layer(name, config.path, project.path(config.path), config, setting)
    return _Layer((layer,), (), layer.sha256)


def newest(project: Project, name: str, setting: Setting) -> Opened:
    """A layer as it stands now."""
    return _open(project, name, setting).newest


def _open_all(project: Project, crs: str, today: date | None) -> tuple[BaseGeometry, list[_Layer]]:
    """The area, then the layers in the config's order."""
    area, ground = read_area(project, crs)
    setting = Setting(crs, ground, today)
    layers = [_Layer((area,), (), area.sha256)]
    return ground, layers + [_open(project, name, setting) for name in names(project)]


def county_area(project: Project, crs: str) -> BaseGeometry:
    """The county's outline alone, in `crs`. Raises MinewardenError (`MW-LAYER-…`) as `load` does."""
    area, ground = read_area(project, crs)
    stop([area])
    return ground


def check(project: Project, crs: str, today: date | None = None) -> list[Checked]:
    """Read the area and every layer and list what is wrong with them, what would stop a run too. today: for checks that depend on the day."""
    return [
        Checked(
            layer.newest.name,
            layer.version.features if layer.version else None,
            layer.version.version if layer.version else None,
            tuple(sorted(_problems(layer), key=lambda p: not p.fatal)),
            layer.newest.decided,
            layer.since[-1] if layer.since else None,
        )
        for layer in _open_all(project, crs, today)[1]
    ]


def _problems(layer: _Layer) -> list[Problem]:
    """Of every version, as a run reads them all: what stops it, and the newest's warnings. What an earlier one warns of was told when it came in."""
    earlier = [problem for opened in layer.opened[:-1] for problem in opened.fatal]
    return [*layer.newest.problems, *earlier]


def stop(layers: Iterable[Opened]) -> None:
    """Raise the first problem that stops a run, and say how many more there are."""
    fatal = [(layer.name, p) for layer in layers for p in layer.fatal]
    if not fatal:
        return
    name, first = fatal[0]
    more = f" And {len(fatal) - 1} more: 'minewarden layers check' lists them." if len(fatal) > 1 else ""
    message = first.message if first.message.startswith("Layer ") else f"Layer {name}: {first.message}"
    raise MinewardenError(first.code, message + more, first.fix)


def _rights(layers: Iterable[_Layer]) -> tuple[tuple[Right, ...], tuple[Right, ...]]:
    """Rights as they stand now, and earlier entries, over the versions of each register."""
    now: list[Right] = []
    former: list[Right] = []
    for layer in layers:
        if len(layer.opened) == 1:
            now += layer.newest.rights
        elif layer.newest.rights or any(opened.rights for opened in layer.opened):
            stand, past = along_time(Edition(since, opened.rights) for since, opened in zip(layer.since, layer.opened, strict=True))
            now, former = now + list(stand), former + list(past)
    return tuple(now), tuple(former)


def _plain(layers: Iterable[_Layer]) -> tuple[list[Record], list[Plain]]:
    """Records of all other layers as they stand now, and earlier entries."""
    now: list[Record] = []
    past: list[Plain] = []
    for layer in layers:
        editions = [(since, [r for r in opened.records if isinstance(r, Plain)]) for since, opened in zip(layer.since, layer.opened, strict=False)]
        if len(editions) < 2 or not any(records for _, records in editions):
            now += layer.newest.records
            continue
        stand, former = plain_along_time(editions)
        now, past = now + list(stand), past + list(former)
    return now, past


def load(project: Project, crs: str) -> LayerSet:
    """All layers of a county in `crs`, the grid's. As they stood from day to day where one was imported more than once.

    Raises MinewardenError (`MW-LAYER-…`) for what stops a run: a file that can't be read, no CRS, a geometry that is missing,
    empty, no polygon or not finite, an id that is missing or not unique. Everything else is kept in `LayerSet.problems`.
    """
    ground, layers = _open_all(project, crs, None)
    stop(opened for layer in layers for opened in layer.opened)
    every, past = _plain(layers)
    now, former = _rights(layers)
    return LayerSet(
        area=ground or MultiPolygon(),
        rights=now,
        former=former,
        past=tuple(past),
        legacy=tuple(r for r in every if isinstance(r, LegacyPatch)),
        zones=tuple(r for r in every if isinstance(r, Zone)),
        approvals=tuple(r for r in every if isinstance(r, Approval)),
        towns=tuple(r for r in every if isinstance(r, Town)),
        blocks=tuple(r for r in every if isinstance(r, PlanBlock)),
        versions=tuple(layer.version for layer in layers if layer.version),
        off=tuple(name for name in JUDGED if name not in names(project)),
        problems={layer.newest.name: tuple(layer.newest.problems) for layer in layers if layer.newest.problems},
    )
