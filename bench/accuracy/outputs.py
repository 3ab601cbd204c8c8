"""What finished months of a county say, as cells of its grid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Published:
    """A patch of changed ground as a month published it, its parts joined."""

    id: str
    cells: Cells
    likelihood: float | None
    """That it is mining; None where it changed before monitoring."""
    cause: str | None
    ended: bool
    flagged: bool

    @property
    def recognised(self) -> bool:
        return not self.ended and (self.likelihood or 0) >= MINING


@dataclass(frozen=True, slots=True)
class Month:
    """A finished month."""

    name: str
    patches: tuple[Published, ...]
    status: NDArray[np.int64]
    """(h, w): status of `disturbance.tif`: 2 provisional, 3 confirmed."""

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(h, w): cells in alert, before anything is made of them."""
        return (self.status == 2) | (self.status == 3)


def months(output: Path) -> list[str]:
    """Names of the finished months, in order."""
    return sorted(f.parent.name for f in output.glob("????-??/run.json"))


def frame(output: Path) -> Frame:
    """The grid of a county's months."""
    with rasterio.open(output / months(output)[0] / "disturbance.tif") as file:
        return Frame(np.asarray(file.read(1) != OUTSIDE), file.transform)


def read(output: Path, name: str) -> Month:
    """A finished month."""
    with rasterio.open(output / name / "disturbance.tif") as file:
        status, transform, crs = file.read(1).astype(np.int64), file.transform, file.crs
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    parts: dict[str, list[tuple[shapely.Geometry, dict[str, object]]]] = {}
    for each in json.loads((output / name / "patches.geojson").read_text("utf-8"))["features"]:
        outline = shapely.transform(shape(each["geometry"]), lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1])))
        parts.setdefault(each["properties"]["patch_id"], []).append((outline, each["properties"]))
    flagged = {p["patch_id"] for p in _flagged(output / name)}
    patches = []
    for patch_id, pieces in parts.items():
        mask = rasterize([outline for outline, _ in pieces], out_shape=status.shape, transform=transform)
        p = pieces[0][1]
        cells = np.flatnonzero(mask)
        if cells.size:
            patches.append(Published(patch_id, cells, p["mining_likelihood"], p["cause"], p["status"] == "ended", patch_id in flagged))  # type: ignore[arg-type]
    return Month(name, tuple(patches), status)


def _flagged(folder: Path) -> Iterator[dict[str, object]]:
    for each in json.loads((folder / "flagged.geojson").read_text("utf-8"))["features"]:
        if each["properties"]["finding"] not in NOT_OF_CHANGE:
            yield each["properties"]
