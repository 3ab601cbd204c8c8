"""What finished months of a county say, as cells of its grid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import shape
from truth import Cells, Frame

MINING = 0.5
"""The likelihood from which a patch is flagged (findings.min_likelihood)."""
NOT_OF_CHANGE = ("unrestored", "restoration_regressed")
"""Findings that claim no changed ground."""
OUTSIDE = 65535
Feature = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """A patch of changed ground as a month published it, its parts joined."""

    id: str
    cells: Cells
    likelihood: float | None
    """That it is mining; None where it changed before monitoring."""
    cause: str | None
    ended: bool

    @property
    def recognised(self) -> bool:
        return not self.ended and (self.likelihood or 0) >= MINING


@dataclass(frozen=True, slots=True)
class Month:
    """A finished month."""

    name: str
    patches: tuple[Published, ...]
    flagged: dict[str, Cells]
    """By patch: what of it is flagged; of a pit across a boundary only what lies beyond."""
    status: NDArray[np.int64]
    """(h, w): status of `disturbance.tif`: 2 provisional, 3 confirmed."""

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(h, w): cells in alert, before anything is made of them."""
        return (self.status == 2) | (self.status == 3)


def months(output: Path, until: str | None = None) -> list[str]:
    """Names of the finished months, in order, up to one."""
    return sorted(name for f in output.glob("????-??/run.json") if (name := f.parent.name) <= (until or name))


def frame(output: Path) -> Frame:
    """The grid of a county's months."""
    with rasterio.open(output / months(output)[0] / "disturbance.tif") as file:
        return Frame(np.asarray(file.read(1) != OUTSIDE), file.transform)


def read(output: Path, name: str) -> Month:
    """A finished month."""
    with rasterio.open(output / name / "disturbance.tif") as file:
        status, transform, crs = file.read(1).astype(np.int64), file.transform, file.crs
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def burnt(features: Sequence[Feature]) -> Cells:
        outlines = [shapely.transform(shape(f["geometry"]), lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1]))) for f in features]
        return np.flatnonzero(rasterize(outlines, out_shape=status.shape, transform=transform))

    patches = []
    for patch, parts in _by_patch(output / name / "patches.geojson").items():
        p, cells = parts[0]["properties"], burnt(parts)
        if cells.size:
            patches.append(Published(patch, cells, p["mining_likelihood"], p["cause"], p["status"] == "ended"))
    flagged = {patch: cells for patch, parts in _by_patch(output / name / "flagged.geojson").items() if (cells := burnt(parts)).size}
    return Month(name, tuple(patches), flagged, status)


def _by_patch(file: Path) -> dict[str, list[Feature]]:
    """Features that claim changed ground, by patch."""
    out: dict[str, list[Feature]] = {}
    for each in json.loads(file.read_text("utf-8"))["features"]:
        if each["properties"]["finding"] not in NOT_OF_CHANGE:
            out.setdefault(each["properties"]["patch_id"], []).append(each)
    return out
