"""Bringing a file in as a version of a layer, and comparing versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

from pipeline.config import LayerConfig, Project
from pipeline.errors import MinewardenError
from pipeline.layers import canonical, store
from pipeline.layers.diff import Change, compare
from pipeline.layers.load import open_version, read_area, stop
from pipeline.layers.opened import Opened, Setting, open_layer
from pipeline.layers.records import Record
from pipeline.layers.store import Version


class Extent(Enum):
    """What of a layer a file holds."""

    WHOLE = "whole"
    ADD = "add"
    """Features to add, or to put in the place of those of the same id."""


_BETWEEN = ("MW-LAYER-OVERLAP", "MW-LAYER-DUPLICATE")
"""Problems of features with one another."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    opened: Opened
    version: Version | None
    """None where nothing was imported: the file stops a run, or says what the version that stands on that day says."""
    against: Version | None
    """The version that it was compared with."""
    changes: tuple[Change, ...]


def setting_of(project: Project, crs: str, today: date | None) -> Setting:
    """Raises MinewardenError where the county's area can't be read."""
    area, ground = read_area(project, crs)
    stop([area])
    return Setting(crs, ground, today)


def bring_in(
    project: Project, name: str, file: Path, config: LayerConfig, since: date, today: date, crs: str, extent: Extent | None = None
) -> Imported:
    """Import a file as what a layer says from a day on.

    extent: whether the file is the whole layer or only features to add; where that is not said, a file that lacks most of what stands is
    asked for (`MW-LAYER-ASK`). Raises MinewardenError `MW-LAYER-SINCE`, `-NAME` or `-STORE`. A file with a problem that stops a run is not
    imported; the problems come back.
    """
    if since > today:
        fix = "Import it on that day: until then the version before it stands."
        raise MinewardenError("MW-LAYER-SINCE", f"{since} lies in the future (today is {today}, UTC).", fix)
    place, setting = store.folder(project, name), setting_of(project, crs, today)
    opened = open_layer(name, file, file, config, setting)
    if opened.fatal or opened.table is None or opened.rows is None:
        return Imported(opened, None, None, ())
    standing = standing_on(store.versions(project, name), since)
    content = canonical.render(opened.table.geometry, opened.table.crs, opened.table.columns, opened.rows.columns)
    old, whole = open_version(project, standing, setting).records if standing else [], opened
    if standing is not None and extent is Extent.ADD:
        content = canonical.merged(standing.file(project).read_bytes(), content)
        whole = _opened(name, content, place, config, setting)
        opened.problems += [problem for problem in whole.problems if problem.code in _BETWEEN]
    changes = tuple(compare(old, whole.records, crs))
    if standing is not None and not changes:
        return Imported(opened, None, standing, ())
    if standing is not None and extent is None:
        _ask_for_extent(name, file, old, whole.records)
    accuracy = max(opened.table.accuracy_m, standing.accuracy_m if standing and extent is Extent.ADD else 0.0)
    digest, count = hashlib.sha256(content).hexdigest(), len(whole.records)
    version = Version(name, since, digest, count, file.name, opened.sha256, today, opened.decided, accuracy)
    store.add(project, version, content)
    return Imported(opened, version, standing, changes)


def _opened(name: str, content: bytes, place: Path, config: LayerConfig, setting: Setting) -> Opened:
    """A layer that is no file yet."""
    place.mkdir(parents=True, exist_ok=True)
    draft = place / ".draft.geojson"
    try:
        draft.write_bytes(content)
        return open_layer(name, draft, draft, LayerConfig(kind=config.kind, accuracy_m=config.accuracy_m), setting)
    finally:
        draft.unlink(missing_ok=True)


def _ask_for_extent(name: str, file: Path, old: Sequence[Record], new: Sequence[Record]) -> None:
    """Stop where a file lacks most of what stands: it may be one right's, and not the register."""
    gone = {record.id for record in old} - {record.id for record in new}
    if 2 * len(gone) <= len(old):
        return
    what = f"{file} has {len(new)} feature(s); of the {len(old)} that stand in {name} it lacks {len(gone)}, such as {sorted(gone)[0]}."
    fix = "Say --add (these are added or changed, the others stay), or --whole (it is the whole layer, the others are gone)."
    raise MinewardenError("MW-LAYER-ASK", what, fix)


def standing_on(versions: Sequence[Version], day: date) -> Version | None:
    """The version that stands on a day: the first has stood from the beginning."""
    until = [version for version in versions if version.since <= day]
    return until[-1] if until else versions[0] if versions else None


def difference(project: Project, name: str, first: str | None, second: str | None, crs: str) -> tuple[Version, Version, list[Change]]:
    """Two versions of a layer, by default the last two, and what differs. Raises MinewardenError `MW-LAYER-VERSION`."""
    store.config_of(project, name)
    versions = store.versions(project, name)
    new = _named(versions, second, name) if second else versions[-1] if versions else None
    old = _named(versions, first, name) if first else versions[-2] if len(versions) > 1 else None
    if old is None or new is None:
        what = f"{name} has {len(versions)} imported version(s); two are needed for a comparison."
        raise MinewardenError("MW-LAYER-VERSION", what, "Import the next one: minewarden layers import CONFIG LAYER FILE.")
    setting = setting_of(project, crs, None)
    records = [open_version(project, version, setting).records for version in (old, new)]
    return old, new, compare(records[0], records[1], crs)


def _named(versions: Sequence[Version], said: str, name: str) -> Version:
    """A version by its day, by a day on which it stood, or by the beginning of its hash."""
    found = [version for version in versions if len(said) >= 4 and version.sha256.startswith(said.lower())]
    if len(found) == 1:
        return found[0]
    try:
        version = standing_on(versions, date.fromisoformat(said))
    except ValueError:
        version = None
    if version is None:
        known = ", ".join(f"{each.since} ({each.sha256[:12]})" for each in versions) or "none"
        raise MinewardenError("MW-LAYER-VERSION", f"{name} has no version {said[:40]!r}.", f"Give a day (2024-06-30), or one of: {known}.")
    return version
