"""What was handed in: single files, or the folder of an OpenDroneMap project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import MinewardenError

ORTHOPHOTO = ("odm_orthophoto/odm_orthophoto.tif", "odm_orthophoto.tif", "orthophoto.tif")
SURFACE = ("odm_dem/dsm.tif", "dsm.tif")
CONTROL = ("gcp_list.txt", "odm_georeferencing/gcp_list.txt")
PHOTOS = ("images",)


@dataclass(frozen=True, slots=True)
class Given:
    """Files of a flight."""

    ortho: Path
    dsm: Path | None = None
    before: Path | None = None
    photos: Path | None = None
    control: Path | None = None
    project: Path | None = None
    """OpenDroneMap's folder, where it is one."""
    album: bool = True
    """Whether the photos were handed in as such: all are kept then. A project's own are those it was computed from, often thousands."""


def holds_orthophoto(folder: Path) -> bool:
    return any((folder / name).exists() for name in ORTHOPHOTO)


def gathered(ortho: Path, dsm: Path | None, before: Path | None, photos: Path | None, control: Path | None) -> Given:
    """The flight's files; what is not given is looked for where `ortho` is a project folder.

    Its `bounds.geojson` is not asked: it can hold metres without saying of which system; the orthophoto says where it lies.
    Raises MinewardenError `MW-DRONE-PROJECT` where the folder holds no orthophoto.
    """
    if not ortho.is_dir():
        return Given(ortho, dsm, before, photos, control)

    def found(names: tuple[str, ...]) -> Path | None:
        return next((ortho / name for name in names if (ortho / name).exists()), None)

    picture = found(ORTHOPHOTO)
    if picture is None:
        message = f"{ortho} is a folder without an orthophoto ({ORTHOPHOTO[0]})."
        raise MinewardenError("MW-DRONE-PROJECT", message, "Give the folder of a finished OpenDroneMap project, or the orthophoto itself.")
    images = found(PHOTOS)
    return Given(picture, dsm or found(SURFACE), before, photos or images, control or found(CONTROL), ortho, photos is not None)
