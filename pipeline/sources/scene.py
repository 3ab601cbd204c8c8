"""What a scene is, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BandFile:
    """One band on disk. Reflectance = DN · scale + offset; DN 0 is no data."""

    path: Path
    scale: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One acquisition over the county, with the files of its bands."""

    id: str
    """Name of its folder."""
    acquired: datetime
    """UTC. Midnight where only the date is known."""
    bands: Mapping[str, BandFile]
    """`B02 B03 B04 B08 B11 B12`, those that are there."""
    scl: Path | None
    """Scene classification of Sen2Cor (SCL), if there is one."""
    baseline: str
    """Processing baseline as `0510`; empty where unknown."""
    pass_key: str
    """Names the pass (satellite, tile, time or at least date): the same pass delivered twice counts once."""

    @property
    def day(self) -> date:
        return self.acquired.date()


@dataclass(frozen=True, slots=True)
class Refused:
    """A scene that can't be used, and why (one sentence a person understands)."""

    id: str
    day: date | None
    reason: str
    duplicate_of: str | None = None
    """Scene that stands for the same pass: leaving this one out loses nothing."""


class Source(Protocol):
    """Where scenes come from."""

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes of the source, oldest first, and what had to be left out."""
        ...
