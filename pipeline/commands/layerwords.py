"""What `minewarden layers` says: for the clerk, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from pipeline.config import Project
from pipeline.console import Console
from pipeline.layers.diff import Change
from pipeline.layers.importing import Imported
from pipeline.layers.load import Checked
from pipeline.layers.model import Problem
from pipeline.layers.store import BEGINNING, Version
from pipeline.layers.words import title

MOST_TOLD = 20
"""Problems of one kind that are told one by one."""
_KINDS = {"added": "added 新增", "removed": "removed 减少", "changed": "changed 变更"}


def tell_checked(console: Console, layer: Checked) -> None:
    """A layer's line, and what is wrong with it."""
    features = "–" if layer.features is None else layer.features
    state = f"{len(layer.problems)} problem(s) 有问题" if layer.problems else "in order 正常"
    since = f"  imported, standing since {layer.since}" if layer.since else ""
    console.result(f"{layer.name:<20} {features:>8} features  {layer.version or '–':<12}  {state}{since}")
    tell_problems(console, layer.decided, layer.problems)


def tell_problems(console: Console, decided: Sequence[str], problems: Sequence[Problem]) -> None:
    for words in decided:
        console.result(f"  read so 读取方式: {words}")
    told: Counter[str] = Counter()
    for problem in problems:
        told[problem.code] += 1
        if told[problem.code] > MOST_TOLD:
            continue
        what = f" {problem.id}" if problem.id else ""
        say = console.notice if problem.fatal else console.result
        kind = "STOPS A RUN 必须改正" if problem.fatal else "warning 提醒"
        say(f"  {kind} {title(problem.code)} {problem.code}{what}\n      {problem.message}\n      Fix 办法: {problem.fix}")
    for code, count in told.items():
        if count > MOST_TOLD:
            console.result(f"  … {title(code)} {code}: {count - MOST_TOLD} more 另有同类问题; --json lists all")


def tell_import(console: Console, project: Project, layer: str, done: Imported) -> None:
    if done.version is None and done.against is None:
        console.notice(f"{layer}: nothing was imported 未导入.")
    elif done.version is None and done.against is not None:
        console.result(f"{layer}: it says what the version of {done.against.since} says; nothing was changed 无变化.")
    elif done.version is not None:
        file = done.version.file(project)
        console.result(f"{layer}: {done.version.features} features imported 已导入, standing since {done.version.since}: {file}")
        if done.against is not None:
            console.result(f"Against the version of {named(done.against)}: {counted(done.changes)}")
            tell_changes(console, done.changes)
        config = project.config.layers.get(layer)
        if config is not None and config.path is not None:
            console.result(f"From now on runs use the imported versions, not the file of the config ({config.path}).")


def tell_diff(console: Console, layer: str, old: Version, new: Version, changes: Sequence[Change]) -> None:
    console.result(f"{layer}: {named(old)} → {named(new)}: {counted(changes)}")
    tell_changes(console, changes)


def tell_changes(console: Console, changes: Sequence[Change]) -> None:
    for change in changes:
        name = f" {change.name}" if change.name else ""
        console.result(f"  {_KINDS[change.kind]} {change.id}{name}: {'; '.join(_parts(change))}")


def _parts(change: Change) -> list[str]:
    before, after = (None if area is None else f"{area / 1e4:.4f}" for area in (change.before_m2, change.after_m2))
    if change.kind != "changed":
        return [f"{after or before} ha", *([f"on the ground of {change.same_ground}, which is gone"] if change.same_ground else [])]
    parts = [f"{before} → {after} ha", f"boundary moved by up to {change.moved_m:g} m"] if change.moved_m is not None else []
    return parts + [f"{name}: {_shown(old)} → {_shown(new)}" for name, (old, new) in change.fields.items()]


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def tell_fixed(console: Console, project: Project, layer: str, written: dict[str, Any] | None) -> None:
    if written is None:
        return
    console.result(f"  mended copy 修正副本: {written['file']}")
    console.result(f"  what was changed 改动清单: {written['list']}")
    for change in written["changes"]:
        console.result(f"    {change}")
    console.result(f"  Look through the list; then: minewarden layers import {project.typed} {layer} {written['file']}")


def counted(changes: Sequence[Change]) -> str:
    return ", ".join(f"{sum(change.kind == kind for change in changes)} {words}" for kind, words in _KINDS.items())


def named(version: Version) -> str:
    since = "the beginning" if version.since == BEGINNING else version.since
    return f"{since} ({version.sha256[:12]}, from {version.source})"


def checked_as_json(layer: Checked, written: dict[str, Any] | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "name": layer.name,
        "features": layer.features,
        "version": layer.version,
        "since": layer.since.isoformat() if layer.since else None,
        "decided": list(layer.decided),
        "problems": problems_as_json(layer.problems),
    }
    return out | ({"fixed": written} if written else {})


def problems_as_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"id": p.id, "code": p.code, "title_zh": title(p.code), "message": p.message, "fix": p.fix, "fatal": p.fatal} for p in problems]


def import_as_json(done: Imported) -> dict[str, Any]:
    return {
        "state": "imported" if done.version else "unchanged" if done.against else "refused",
        "version": _version_as_json(done.version) if done.version else None,
        "decided": list(done.opened.decided),
        "problems": problems_as_json(done.opened.problems),
        "changes": [_change_as_json(change) for change in done.changes],
    }


def diff_as_json(layer: str, old: Version, new: Version, changes: Sequence[Change]) -> dict[str, Any]:
    versions = {"before": _version_as_json(old), "after": _version_as_json(new)}
    return {"layer": layer, **versions, "changes": [_change_as_json(change) for change in changes]}


def _version_as_json(version: Version) -> dict[str, Any]:
    return {
        "since": version.since.isoformat(),
        "version": version.sha256[:12],
        "sha256": version.sha256,
        "features": version.features,
        "source": version.source,
        "source_sha256": version.source_sha256,
    }


def _change_as_json(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "kind": change.kind,
        "name": change.name,
        "before_m2": change.before_m2,
        "after_m2": change.after_m2,
        "moved_m": change.moved_m,
        "same_ground": change.same_ground,
        "fields": {name: [_json_value(value) for value in values] for name, values in change.fields.items()},
    }


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
