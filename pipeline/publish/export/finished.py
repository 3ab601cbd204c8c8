"""A finished month as it stands on the disk: what exports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import months
from pipeline.config import Project
from pipeline.errors import MinewardenError
from pipeline.files import sha256_file
from pipeline.publish import geojson, runjson
from pipeline.publish.features import Feature

SOURCES = ("flagged.geojson", "disturbance.tif")
"""Files of the month that exports are made from."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A month's folder and what is said in it."""

    county: str
    code: str
    month: str
    folder: Path
    cases: Sequence[Feature]
    """Of flagged.geojson."""
    outputs: Mapping[str, str]
    """SHA-256 of the month's files, as run.json has them."""

    @property
    def stem(self) -> str:
        """Begins the names of the files that are made."""
        return f"{self.code}-{self.month}"

    @property
    def raster(self) -> Path:
        return self.folder / "disturbance.tif"


def find(project: Project, month: str) -> Finished:
    """A finished month, whose files are as they were written.

    Raises MinewardenError `MW-MONTH-MISSING` or `MW-RESULT-DAMAGED`.
    """
    folder, county = project.output / month, project.config.county
    if not (folder / runjson.NAME).is_file():
        done = months.finished(project.output)
        fix = f"Run it first, or take one that is done ({done[0]} to {done[-1]})." if done else "Run it first."
        raise MinewardenError("MW-MONTH-MISSING", f"{month} is not done: there is no {folder / runjson.NAME}.", fix)
    try:
        outputs = {str(each["path"]): str(each["sha256"]) for each in runjson.document(folder)["outputs"]}
    except (KeyError, TypeError) as error:
        raise runjson.damaged(folder / runjson.NAME) from error
    for name in SOURCES:
        file = folder / name
        if not file.is_file() or sha256_file(file) != outputs.get(name):
            raise runjson.damaged(file)
    return Finished(county.name, county.code, month, folder, geojson.read(folder / "flagged.geojson"), outputs)
