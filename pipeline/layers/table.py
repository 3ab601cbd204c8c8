"""A layer as it stands in its file, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError

Order = Literal["north_east", "east_north"]
"""Which of two written numbers comes first; of degrees, latitude is the north."""
Degrees = Literal["decimal", "packed"]
"""How degrees are written as one number: 105.2515 is 105.2515°, or packed 105°25′15″ (ddd.mmss, as survey instruments and calculators do)."""
NEAR_DEGREES = 1.0
"""A layer of a county lies no further from it than this, about 100 km."""


@dataclass(frozen=True, slots=True)
class County:
    """Where the county lies, degrees: tells readings of the same numbers apart."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float, margin: float = 0.0) -> bool:
        """Whether a place lies in the county's box, or within a margin (degrees) of it."""
        return self.west - margin <= lon <= self.east + margin and self.south - margin <= lat <= self.north + margin

    def near(self, lon: float, lat: float) -> bool:
        return self.holds(lon, lat, NEAR_DEGREES)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person has said of a file that the file does not say, or says in two ways."""

    crs: str | None = None
    """`EPSG:…`; stands above what the file says."""
    order: Order | None = None
    degrees: Degrees | None = None
    deduct: bool | None = None
    """Whether rings in doubt are taken out (扣除) or added."""
    shift: tuple[float, ...] | None = None
    """Parameters of an old datum to CGCS2000: three or seven (datum.py)."""
    id: str | None = None
    """Of a file that holds one feature and does not say its id."""
    id_column: str | None = None
    """Column that tells one feature's corner points from the next's."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong in a file that its geometry and columns show no more."""

    feature: int | None
    """Position; None for the file as a whole."""
    code: str
    message: str
    """Goes on after 'feature C1 …'; of the file as a whole, after the file's name."""
    fix: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A layer as it stands in its file."""

    geometry: NDArray[np.object_]
    """Shapely geometries in `crs`; None where there is none or it can't be read."""
    columns: dict[str, list[Any]]
    crs: str
    driver: str
    decided: tuple[str, ...] = ()
    """What the file left open and was decided, and why."""
    remarks: tuple[Remark, ...] = ()
    accuracy_m: float = 0.0
    """What a shift of its datum adds to the error of its boundaries, 95 %."""
    shift: tuple[float, ...] | None = None
    """Parameters of a shift that stand in the file. Their units and signs are not said there: a person has to take them up."""
    closed: Mapping[int, BaseGeometry] = field(default_factory=dict)
    """Features whose rings are not closed, which can't be used as they are, as they would be with a straight line."""


Refuse = Callable[[str, str, str], MinewardenError]
"""(code, what is wrong, fix) → the error, with the names of layer and file."""


def refusal(layer: str, file: object) -> Refuse:
    """How a reader refuses a file."""

    def refuse(code: str, what: str, fix: str) -> MinewardenError:
        return MinewardenError(code, f"Layer {layer}: {file} {what}.", fix)

    return refuse
