"""Bringing a file in as a version of a layer, and comparing versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path

from pipeline.config import LayerConfig, Project
from pipeline.errors import MinewardenError
from pipeline.layers import canonical, licence, store
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


@dataclass(frozen=True, slots=True)
class _Before:
    """What a layer says on the day of an import."""

    version: Version
    content: bytes
    records: list[Record]
    kept: bool
    """False: it is the file of the config, which becomes the first version."""


def bring_in(
    project: Project, name: str, file: Path, config: LayerConfig, since: date, today: date, crs: str, extent: Extent | None = None
) -> Imported:
    """Import a file as what a layer says from a day on. Before the first import the config's file stands, and becomes a version too.

    extent: whether the file is the whole layer or only features to add; where that is not said, a file that lacks most of what stands is
    asked for (`MW-LAYER-ASK`), as are features to add that a later version would undo. Raises MinewardenError `MW-LAYER-SINCE`, `-NAME` or
    `-STORE`. A file with a problem that stops a run is not imported; the problems come back.
    """
    if since > today:
        fix = "Import it on that day: until then the version before it stands."
        raise MinewardenError("MW-LAYER-SINCE", f"{since} lies in the future (today is {today}).", fix)
    store.folder(project, name)
    setting = setting_of(project, crs, today)
    opened = open_layer(name, file, file, config, setting)
    if opened.fatal:
        return Imported(opened, None, None, ())
    before = _before(project, name, opened, since, setting, extent)
    content, adds = _content(opened), before is not None and extent is Extent.ADD
    if before is not None and adds:
        content = canonical.merged(before.content, content)
    whole = _stored(project, name, content, file, setting)
    opened.problems += [problem for problem in whole.problems if problem.fatal or (adds and problem.code in _BETWEEN)]
    if opened.fatal:
        return Imported(opened, None, None, ())
    changes = tuple(compare(before.records if before else [], whole.records, crs))
    if before is not None and before.kept and not changes:
        return Imported(opened, None, before.version, ())
    if before is not None and extent is None:
        _ask_for_extent(name, file, [record.id for record in before.records], [record.id for record in whole.records])
    if before is not None and adds:
        _ask_for_later(project, name, since, before.records, changes, setting)
    version = _version(name, since, content, whole, opened, today, before.version.accuracy_m if before is not None and adds else 0.0)
    if before is not None and not before.kept and changes:
        store.add(project, before.version, before.content)
    store.add(project, version, content)
    return Imported(opened, version, before.version if before is not None and changes else None, changes)


def _before(project: Project, name: str, new: Opened, since: date, setting: Setting, extent: Extent | None) -> _Before | None:
    """The version that stands on a day, else the file of the config; None where there is neither, or that file is to be replaced unread."""
    standing = standing_on(store.versions(project, name), since)
    if standing is not None:
        return _Before(standing, standing.file(project).read_bytes(), open_version(project, standing, setting).records, True)
    config = store.config_of(project, name)
    if config.path is None:
        return None
    file = project.path(config.path)
    opened = open_layer(name, config.path, file, config, setting)
    content = b"" if opened.fatal else _content(opened)
    whole = opened if opened.fatal else _stored(project, name, content, file, setting)
    if not whole.fatal:
        return _Before(_version(name, store.BEGINNING, content, whole, opened, setting.today or since), content, whole.records, False)
    if extent is Extent.ADD:
        stop([whole])
    if extent is None and opened.rows is None:
        what = f"What stands in {name} is the config's file, and that can't be read: {whole.fatal[0].message}"
        raise MinewardenError("MW-LAYER-ASK", what, f"Put it right; or say --whole ({new.file} is the whole layer).")
    if extent is None:
        _ask_for_extent(name, new.file, _ids(opened), _ids(new))
    return None


def _ids(opened: Opened) -> list[str]:
    """Of features that can't be used too."""
    rows = opened.rows
    return [rows.text(k, "id") or "" for k in range(rows.count)] if rows else []


def _content(opened: Opened) -> bytes:
    """A layer that was read, as the store keeps it."""
    assert opened.table is not None
    assert opened.rows is not None
    return canonical.render(opened.table.geometry, opened.table.crs, opened.table.columns, opened.rows.columns)


def _version(name: str, since: date, content: bytes, whole: Opened, source: Opened, today: date, accuracy_m: float = 0.0) -> Version:
    """accuracy_m: of what the file was put into."""
    accuracy = max(source.table.accuracy_m if source.table else 0.0, accuracy_m)
    digest = hashlib.sha256(content).hexdigest()
    return Version(name, since, digest, len(whole.records), source.file.name, source.sha256, today, source.decided, accuracy)


def _stored(project: Project, name: str, content: bytes, source: Path, setting: Setting) -> Opened:
    """A layer as it would be read from the store, before it is kept there: what can't be read back must not come in."""
    place, config = store.folder(project, name), store.config_of(project, name)
    place.mkdir(parents=True, exist_ok=True)
    draft = place / ".draft.geojson"
    try:
        draft.write_bytes(content)
        opened = open_layer(name, draft, draft, LayerConfig(kind=config.kind, accuracy_m=config.accuracy_m), setting)
    finally:
        draft.unlink(missing_ok=True)
    opened.problems = [replace(each, message=each.message.replace(str(draft), f"{source} as it would be kept")) for each in opened.problems]
    return opened


def _ask_for_extent(name: str, file: Path, old: Sequence[str], new: Sequence[str]) -> None:
    """Stop where a file lacks most of the ids that stand: it may be one right's, and not the register."""
    there = {licence.tidy(identity) for identity in new}
    gone = sorted(identity for identity in old if licence.tidy(identity) not in there)
    if 2 * len(gone) <= len(old):
        return
    what = f"{file} has {len(new)} feature(s); of the {len(old)} that stand in {name} it lacks {len(gone)}, such as {gone[0]}."
    fix = "Say --add (these are added or changed, the others stay), or --whole (it is the whole layer, the others are gone)."
    raise MinewardenError("MW-LAYER-ASK", what, fix)


def _ask_for_later(project: Project, name: str, since: date, before: Sequence[Record], changes: Sequence[Change], setting: Setting) -> None:
    """Stop where what is added would stand only until a later version begins, which says of it what was said before."""
    later = next((version for version in store.versions(project, name) if version.since > since), None)
    if later is None:
        return
    after = open_version(project, later, setting).records
    differ = {change.id: change for change in compare(before, after, setting.crs)}
    undone = [change.id for change in changes if _undone(change, differ.get(change.id))]
    if not undone:
        return
    more = f" and {len(undone) - 1} more" if len(undone) > 1 else ""
    what = f"{undone[0]}{more}, to be added to {name} on {since}, would stand only until {later.since}: that day's version does not say so"
    what += f" (from {later.source})."
    fix = f"Import the file with --add --date {later.since} first, so that it stands from then on, then again as now."
    fix += f" If it did end then, import the whole layer of {since} with --whole."
    raise MinewardenError("MW-LAYER-ASK", what, fix)


def _undone(change: Change, later: Change | None) -> bool:
    """Whether a later version has back what a change changed. later: what differs between it and what stood before the change."""
    if later is None:
        return True
    moved_back = change.moved_m is not None and later.moved_m is None
    return later.kind == change.kind == "changed" and (moved_back or bool(change.fields.keys() - later.fields.keys()))


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
