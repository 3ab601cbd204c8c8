"""Loads and checks all layers of a county."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.config import LayerConfig, Project
from pipeline.errors import MinewardenError
from pipeline.layers import place, records
from pipeline.layers.columns import rows
from pipeline.layers.model import Approval, LayerSet, LayerVersion, LegacyPatch, PlanBlock, Problem, Right, Town, Zone
from pipeline.layers.read import SHAPEFILE, Table, locate, read, sha256
from pipeline.layers.shapes import NOWHERE, clean
from pipeline.layers.whereabouts import guess

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


@dataclass(slots=True)
class _Layer:
    """A layer on its way in."""

    name: str
    records: list[records.Record] = field(default_factory=list)
    ground: BaseGeometry = field(default_factory=MultiPolygon)
    """Of the area only."""
    corners: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    """Coordinates as they stand in the file, in `crs`."""
    crs: str = ""
    version: LayerVersion | None = None
    problems: list[Problem] = field(default_factory=list)


def _open(layer: _Layer, given: Path, file: Path, crs: str, config: LayerConfig | None) -> None:
    """Read a layer, or (without `config`) the area; whatever is wrong becomes a Problem."""
    kind = records.kind_of(layer.name, config.kind) if config else records.AREA
    try:
        table, digest = _whole(layer.name, given, file)
        count = len(table.geometry)
        layer.version = LayerVersion(layer.name, digest[:12], digest, count)
        of = rows(str(file), table.columns, config.fields if config else {}, kind.fields, count, table.driver == SHAPEFILE)
        geometry, found = clean(table.geometry, table.crs, crs, of.note)
        layer.corners, layer.crs = shapely.get_coordinates(table.geometry), table.crs
    except MinewardenError as error:
        layer.problems.append(Problem(None, error.code, error.message, error.fix, True))
        return
    if config:
        of.check_ids()
        layer.records = records.build(of, geometry, layer.name, kind)
    else:
        layer.ground = shapely.union_all([g for g in geometry if g is not None])
    layer.problems += of.problems + found


def _whole(layer: str, given: Path, file: Path) -> tuple[Table, str]:
    """A layer and the hash of just what was read: somebody may be saving the file meanwhile."""
    locate(layer, given, file)
    for _ in range(2):
        before = sha256(file)
        table = read(layer, given, file)
        if sha256(file) == before:
            return table, before
    raise MinewardenError("MW-LAYER-CHANGED", f"Layer {layer}: {file} changes while it is read.", "Let whoever writes it finish, then run again.")


def _open_area(project: Project, crs: str) -> _Layer:
    layer, file = _Layer(AREA), project.path(project.config.area)
    _open(layer, project.config.area, file, crs, None)
    if layer.ground.is_empty and not any(p.fatal for p in layer.problems):
        fix = "Give a file with the county's outline."
        layer.problems.append(Problem(None, "MW-LAYER-EMPTY", f"{file}: the area of the county is empty.", fix, True))
    return layer


def _open_all(project: Project, crs: str) -> list[_Layer]:
    """The area, then the layers in the config's order."""
    area = _open_area(project, crs)
    layers = [area]
    for name, config in project.config.layers.items():
        layer, file = _Layer(name), str(project.path(config.path))
        _open(layer, config.path, Path(file), crs, config)
        if not area.ground.is_empty and layer.crs:
            layer.problems += _misplaced(layer, file, area.ground, crs)
        layer.problems += place.overlaps(file, [r for r in layer.records if isinstance(r, Right)])
        layers.append(layer)
    return layers


def _misplaced(layer: _Layer, file: str, area: BaseGeometry, crs: str) -> list[Problem]:
    """Features that lie elsewhere; where some lie nowhere on earth, that problem is told what its coordinates look like."""

    def like() -> str | None:
        return guess(layer.corners, layer.crs, area, crs)

    lost = next((k for k, p in enumerate(layer.problems) if p.code == NOWHERE), None)
    words = like() if lost is not None else None
    if lost is not None and words:
        layer.problems[lost] = replace(layer.problems[lost], message=f"{layer.problems[lost].message} By their coordinates {words}.")
    return place.outside(file, layer.records, area, like)


def county_area(project: Project, crs: str) -> BaseGeometry:
    """The county's outline alone, in `crs`. Raises MinewardenError (`MW-LAYER-…`) as `load` does."""
    area = _open_area(project, crs)
    _stop([area])
    return area.ground


def check(project: Project, crs: str) -> list[Checked]:
    """Read the area and every layer and list what is wrong with them, what would stop a run too."""
    return [
        Checked(
            layer.name,
            layer.version.features if layer.version else None,
            layer.version.version if layer.version else None,
            tuple(sorted(layer.problems, key=lambda p: not p.fatal)),
        )
        for layer in _open_all(project, crs)
    ]


def _stop(layers: Iterable[_Layer]) -> None:
    fatal = [(layer.name, p) for layer in layers for p in layer.problems if p.fatal]
    if not fatal:
        return
    name, first = fatal[0]
    more = f" And {len(fatal) - 1} more: 'minewarden layers check' lists them." if len(fatal) > 1 else ""
    message = first.message if first.message.startswith("Layer ") else f"Layer {name}: {first.message}"
    raise MinewardenError(first.code, message + more, first.fix)


def load(project: Project, crs: str) -> LayerSet:
    """All layers of a county in `crs`, the grid's.

    Raises MinewardenError (`MW-LAYER-…`) for what stops a run: a file that can't be read, no CRS, a geometry that is missing,
    empty, no polygon or not finite, an id that is missing or not unique. Everything else is kept in `LayerSet.problems`.
    """
    layers = _open_all(project, crs)
    _stop(layers)
    every = [record for layer in layers for record in layer.records]
    return LayerSet(
        area=layers[0].ground,
        rights=tuple(r for r in every if isinstance(r, Right)),
        legacy=tuple(r for r in every if isinstance(r, LegacyPatch)),
        zones=tuple(r for r in every if isinstance(r, Zone)),
        approvals=tuple(r for r in every if isinstance(r, Approval)),
        towns=tuple(r for r in every if isinstance(r, Town)),
        blocks=tuple(r for r in every if isinstance(r, PlanBlock)),
        versions=tuple(layer.version for layer in layers if layer.version),
        off=tuple(name for name in JUDGED if name not in project.config.layers),
        problems={layer.name: tuple(layer.problems) for layer in layers if layer.problems},
    )
