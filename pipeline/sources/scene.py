"""What a scene is, wherever it comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from pipeline.errors import MinewardenError
from pipeline.sources.place import Crop, Place


@dataclass(frozen=True, slots=True)
class BandFile:
    """One band on disk. Reflectance = DN · scale + offset; DN 0 is no data."""

    path: Path
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Mark:
    """By what a file is known again without reading it."""

    key: str
    """Its path; in a zip, with its name there."""
    size: int
    changed_ns: int


class Hashes(Protocol):
    """What is known of files' hashes."""

    def sha256(self, path: Path) -> str: ...
    def known(self, mark: Mark) -> str | None: ...
    def is_older(self, mark: Mark) -> bool: ...
    def learn(self, mark: Mark, digest: str) -> None: ...


class Delivery(Protocol):
    """Where the bands of a scene come from that are not on this disk as the reader wants them: the store has them made."""

    @property
    def places(self) -> Mapping[str, Place]:
        """Where each band lies, `SCL` too, as its metadata say."""
        ...

    def check(self) -> None:
        """Raises MinewardenError where a part is missing, as far as can be told without reading pixels."""
        ...

    def named(self, band: str) -> str:
        """What tells its files from those that others deliver of the same product: numbers in them may mean something else."""
        ...

    def mark(self, band: str) -> Mark | None:
        """By which the file that `origin` is a hash of is known again; None where there is no such file."""
        ...

    def origin(self, band: str, hashes: Hashes) -> str:
        """What the band's file is made from: another value, another file."""
        ...

    def sha256(self, band: str, path: Path, hashes: Hashes) -> str:
        """Hash of the band as it was delivered. path: its file in the store."""
        ...

    def units(self, band: str, crop: Crop) -> float:
        """Processing units that the band will cost; 0 where nobody counts."""
        ...

    def size(self, band: str) -> int | None:
        """Bytes of the band's file where it is kept as it was delivered; None where it is cut to the county and packed anew."""
        ...

    def learn(self, band: str, sha256: str, hashes: Hashes) -> None:
        """The store has the band's file, made from what the delivery is now. sha256: of that file."""
        ...

    def write(self, band: str, crop: Crop, target: Path, hashes: Hashes) -> None:
        """Make a band's file. Raises MinewardenError or OSError where the band can't be read, StoreError where the file can't be written."""
        ...


class MadeAnew:
    """What is alike of deliveries whose files in the store are not what was delivered."""

    __slots__ = ()

    def size(self, band: str) -> int | None:
        return None

    def learn(self, band: str, sha256: str, hashes: Hashes) -> None:
        """Nothing: the hash of the file in the store is not that of what was delivered."""


class WebDelivery(MadeAnew):
    """What is alike of deliveries that a service sends."""

    __slots__ = ()

    def check(self) -> None:
        """Nothing can be told without asking the service."""

    def mark(self, band: str) -> Mark | None:
        """None: there is no file of which `origin` is the hash."""
        return None

    def sha256(self, band: str, path: Path, hashes: Hashes) -> str:
        """Of the county's part, as it was sent: nobody has read the whole file."""
        return hashes.sha256(path)


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
    strip: datetime | None = None
    """Start of its datastrip, where that is known: where one ends inside a tile, the tile comes as two products, each filled in part."""
    masked: bool = True
    """False where the source says `mask: none`: then every look counts as clear."""
    delivery: Delivery | None = None
    """How its files come into the store; None where they are files of the source itself."""
    instead: tuple[Scene, ...] = ()
    """Other deliveries of the same pass, the best first: what is used where this one proves damaged."""

    @property
    def deliveries(self) -> tuple[Scene, ...]:
        """All deliveries of the pass, the best first; none of them names others."""
        return (replace(self, instead=()), *self.instead) if self.instead else (self,)

    @property
    def day(self) -> date:
        return self.acquired.date()

    @property
    def order(self) -> tuple[datetime, str]:
        """By which scenes are sorted: oldest first, and always alike where two are of one moment."""
        return self.acquired, self.id

    @property
    def files(self) -> list[Path]:
        """Of its bands, and of its classification."""
        return [*(band.path for band in self.bands.values()), *([self.scl] if self.scl else [])]


def of_each(scenes: Iterable[Scene], keep: Callable[[Scene], Scene | None]) -> list[Scene]:
    """Scenes as `keep` makes each of their deliveries; without those of which it makes none."""
    kept = ([made for each in scene.deliveries if (made := keep(each))] for scene in scenes)
    return [replace(found[0], instead=tuple(found[1:])) for found in kept if found]


def in_use(scene: Scene, bands: Sequence[str]) -> Scene:
    """A delivered scene with only the bands that are decoded, and so hashed; scenes that are files of their source stay as they are."""
    if scene.delivery is None:
        return scene
    return replace(scene, bands={band: file for band, file in scene.bands.items() if band in bands})


MEND = "Mend the scene's folder, or remove it."


@dataclass(frozen=True, slots=True)
class Refused:
    """A scene that can't be used, and why (one sentence a person understands)."""

    id: str
    day: date | None
    reason: str
    duplicate_of: str | None = None
    """Scene that stands for the same pass: leaving this one out loses nothing."""
    code: str = "MW-SCENE-UNUSABLE"
    fix: str = MEND

    @property
    def told(self) -> str:
        """The reason with its code and fix, as every message has them."""
        return self.reason if self.duplicate_of else f"{self.code}: {self.reason} Fix: {self.fix}"


def same_pass(id: str, day: date | None, used: str) -> Refused:
    """Why a delivery of a pass is left out of which another is used."""
    return Refused(id, day, f"The same pass as {used}, which is used.", duplicate_of=used)


class UnreadableError(Exception):
    """A scene that could not be read where a block needed it: found out only in the middle of the work."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


def unreadable(scene: Scene, error: MinewardenError | OSError) -> Refused:
    """Why a scene is left out that can't be read; without the path of this machine."""
    if isinstance(error, MinewardenError):
        text = error.message
        for folder in {file.path.parent for file in scene.bands.values()}:
            text = text.replace(f"{folder}{os.sep}", "")
        return Refused(scene.id, scene.day, text, code=error.code, fix=error.fix)
    what = Path(str(error.filename)).name if error.filename else "A file"
    return Refused(
        scene.id, scene.day, f"{what} can't be read ({error.strerror}).", code="MW-SCENE-READ", fix="Check the disk and the file's rights."
    )


@contextmanager
def reading(scene: Scene) -> Iterator[None]:
    """What can't be read inside is told as an UnreadableError of the scene."""
    try:
        yield
    except (MinewardenError, OSError) as error:
        raise UnreadableError(unreadable(scene, error)) from error


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why there may be more scenes than a source gave."""

    since: str
    """The first month, `YYYY-MM`, in which scenes may be missing."""
    told: str


class Source(Protocol):
    """Where scenes come from."""

    @property
    def doubts(self) -> Sequence[Doubt]:
        """Why there may be more scenes than were given."""
        ...

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes of the source, oldest first, and what had to be left out."""
        ...
