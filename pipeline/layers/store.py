"""Imported versions of the layers: each a file that is never changed, with the day from which it stands, its source, and the source's hash.

`<output>/layers/<layer>/versions.json` lists them; beside it lie the versions, `<day>-<hash>.geojson`, in CGCS2000 (EPSG:4490).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.config import LAYERS, LayerConfig, Project
from pipeline.errors import Exit, MinewardenError
from pipeline.files import sha256_file, write_atomic

INDEX = "versions.json"
BEGINNING = date.min
"""Day of what stood before anything was imported: the file of the config."""
_NAME = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a layer."""

    layer: str
    since: date
    """Day from which it stands."""
    sha256: str
    """Of its own file."""
    features: int
    source: str
    """Name of the file it came from."""
    source_sha256: str
    imported: date
    decided: tuple[str, ...]
    """What the source left open and was decided, and why."""
    accuracy_m: float = 0.0
    """What a shift of its datum adds to the error of its boundaries."""

    @property
    def name(self) -> str:
        return f"{self.since.isoformat()}-{self.sha256[:12]}.geojson"

    def file(self, project: Project) -> Path:
        return project.registers / self.layer / self.name


def config_of(project: Project, name: str) -> LayerConfig:
    """How the config has a layer; a standard one needs no lines there. Raises MinewardenError `MW-LAYER-NAME`."""
    if name in project.config.layers:
        return project.config.layers[name]
    if name in LAYERS:
        return LayerConfig()
    fix = f"Use one of {', '.join(LAYERS)}; for another, write under 'layers:' in the config: {name[:40]}: {{kind: zone}} or {{kind: approval}}."
    raise MinewardenError("MW-LAYER-NAME", f"{project.file} has no layer {name[:60]!r}.", fix)


def folder(project: Project, name: str) -> Path:
    """Where a layer's versions lie. Raises MinewardenError where its name is none for a folder, or the folder lies elsewhere by a link."""
    if not _NAME.fullmatch(name):
        raise MinewardenError(
            "MW-LAYER-NAME", f"{name[:60]!r} can't be the name of an imported layer.", "Use letters, digits, - and _ in the config."
        )
    place = project.registers / name
    if not place.resolve().is_relative_to(project.output.resolve()):
        fix = "Take the link out: versions lie in the output folder."
        raise MinewardenError("MW-LAYER-STORE", f"{place} leads out of the output folder.", fix)
    return place


def imported(project: Project) -> list[str]:
    """Standard layers that were imported."""
    return [name for name in LAYERS if (project.registers / name / INDEX).is_file()]


def versions(project: Project, name: str) -> list[Version]:
    """Versions of a layer by the day from which each stands; of several of one day the last imported.

    Raises MinewardenError `MW-LAYER-STORE` (exit 5) where the list or a version was changed by another hand.
    """
    if not _NAME.fullmatch(name):
        return []
    index = folder(project, name) / INDEX
    if not index.is_file():
        return []
    fix = "Put the folder back from a copy, or remove it and import the layer's versions again."
    try:
        read = [_version(name, each) for each in json.loads(index.read_text("utf-8"))["versions"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MinewardenError("MW-LAYER-STORE", f"{index} can't be read ({type(error).__name__}).", fix, Exit.DAMAGED) from error
    last = {version.since: version for version in read}
    for version in last.values():
        file = version.file(project)
        if not file.is_file() or sha256_file(file) != version.sha256:
            raise MinewardenError("MW-LAYER-STORE", f"{file} is missing or not what was imported.", fix, Exit.DAMAGED)
    return [last[since] for since in sorted(last)]


def _version(name: str, said: dict[str, Any]) -> Version:
    return Version(
        name,
        date.fromisoformat(said["since"]),
        str(said["sha256"]),
        int(said["features"]),
        str(said["source"]),
        str(said["source_sha256"]),
        date.fromisoformat(said["imported"]),
        tuple(map(str, said["decided"])),
        float(said["accuracy_m"]),
    )


def sha256(of: Sequence[Version]) -> str:
    """One hash of a layer's versions: of a single one its file's."""
    if len(of) == 1:
        return of[0].sha256
    return hashlib.sha256("".join(f"{version.since} {version.sha256}\n" for version in of).encode()).hexdigest()


def add(project: Project, version: Version, content: bytes) -> None:
    """Keep a version. Its file is written before the list, so that a list never names what is not there."""
    place = folder(project, version.layer)
    place.mkdir(parents=True, exist_ok=True)
    index = place / INDEX
    said = json.loads(index.read_text("utf-8"))["versions"] if index.is_file() else []
    line = {key: str(value) if isinstance(value, date) else value for key, value in asdict(version).items() if key != "layer"}
    write_atomic(version.file(project), content)
    write_atomic(index, (json.dumps({"versions": [*said, line]}, ensure_ascii=False, indent=1) + "\n").encode())
