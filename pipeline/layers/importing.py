"""Bringing a file in as a version of a layer, and comparing versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.config import LayerConfig, Project
from pipeline.errors import MinewardenError
from pipeline.layers import canonical, store
from pipeline.layers.diff import Change, compare
from pipeline.layers.load import open_version, read_area, stop
from pipeline.layers.opened import Opened, Setting, open_layer
from pipeline.layers.store import Version


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


def bring_in(project: Project, name: str, file: Path, config: LayerConfig, since: date, today: date, crs: str) -> Imported:
    """Import a file as what a layer says from a day on.

    Raises MinewardenError `MW-LAYER-SINCE`, `-NAME` or `-STORE`. A file with a problem that stops a run is not imported; the problems
    come back.
    """
    if since > today:
        fix = "Import it on that day: until then the version before it stands."
        raise MinewardenError("MW-LAYER-SINCE", f"{since} lies in the future (today is {today}, UTC).", fix)
    store.folder(project, name)
    setting = setting_of(project, crs, today)
    opened = open_layer(name, file, file, config, setting)
    if opened.fatal or opened.table is None or opened.rows is None:
        return Imported(opened, None, None, ())
    standing = standing_on(store.versions(project, name), since)
    old = open_version(project, standing, setting).records if standing else []
    changes = tuple(compare(old, opened.records, crs))
    if standing is not None and not changes:
        return Imported(opened, None, standing, ())
    content = canonical.render(opened.table.geometry, opened.table.crs, opened.table.columns, opened.rows.columns)
    digest = hashlib.sha256(content).hexdigest()
    count = len(opened.table.geometry)
    version = Version(name, since, digest, count, file.name, opened.sha256, today, opened.decided, opened.table.accuracy_m)
    store.add(project, version, content)
    return Imported(opened, version, standing, changes)


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
