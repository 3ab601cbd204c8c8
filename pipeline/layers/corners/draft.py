"""What every reader of corner points ends in: parcels of rings of pairs, as written, and what the file says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.layers.table import Order, Remark

Pair = tuple[float, float]
"""Two numbers in the order in which they are written."""

MOST_POINTS = 50_000
"""Of a file: a county's register has some ten thousand."""


@dataclass(slots=True)
class Ring:
    points: list[Pair]
    """Without the repeated first one."""
    line: int
    """Where it begins in the file."""
    adds: bool = True
    """False: taken out of the parcel (扣除, a hole)."""
    doubt: str | None = None
    """Why it is not certain whether it is taken out; a person has to say."""


@dataclass(slots=True)
class Parcel:
    rings: list[Ring]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Said:
    """What a file says of its coordinates."""

    datum: str | None = None
    """A key of `frame.DATUMS`."""
    width: int | None = None
    """Of its zones, degrees: 3 or 6."""
    zone: int | None = None
    meridian: int | None = None
    order: Order | None = None
    binding: bool = False
    """The format fixes the order: another that would fit is an error of the file, not a custom."""
    shift: tuple[float, ...] | None = None
    spelled: bool = False
    """Some degrees are written with minutes and seconds: plain numbers beside them are decimal degrees."""


@dataclass(slots=True)
class Draft:
    parcels: list[Parcel]
    said: Said
    decided: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    """`feature` is the parcel's position."""

    def note(self, code: str, message: str, fix: str, *, parcel: int | None = None, fatal: bool = False) -> None:
        self.remarks.append(Remark(parcel, code, message, fix, fatal))


def closed(points: list[Pair]) -> bool:
    """Whether the first of several points stands at the end again."""
    return len(points) > 1 and points[0] == points[-1]
