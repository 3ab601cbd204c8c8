"""What a month is made from, and which of its scenes can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline import months, survey, year
from pipeline.config import Project
from pipeline.layers.model import LayerSet
from pipeline.patches.likelihood import Likelihood
from pipeline.publish import runjson
from pipeline.publish.runjson import SceneUse
from pipeline.registered import shift_m
from pipeline.sources.scene import Doubt, Refused, Scene, UnreadableError, of_each, same_pass
from pipeline.year import Seen, Setting


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a month is made from."""

    project: Project
    layers: LayerSet
    scenes: Sequence[Scene]
    """The whole archive, oldest first."""
    refused: Sequence[Refused]
    sha256: Callable[[Scene], str]
    setting: Setting
    monitor_from: str
    likelihood: Likelihood
    doubts: Sequence[Doubt] = ()

    def doubted(self, month: str) -> list[str]:
        """Why scenes of a month, or from before it, may be missing."""
        return [doubt.told for doubt in self.doubts if doubt.since <= month]

    @property
    def first_day(self) -> int:
        """Day (since 1970-01-01) when monitoring began."""
        return year.january(int(self.monitor_from[:4]))


def of_month(scenes: Iterable[Scene], month: str) -> list[Scene]:
    return [s for s in scenes if f"{s.day:%Y-%m}" == month]


def scenes_before(inputs: Inputs, month: str) -> list[SceneUse]:
    """What became of the scenes of the months before this one."""
    if month <= inputs.monitor_from:
        return []
    earlier = months.span(inputs.monitor_from, months.previous(month))
    return [use for each in earlier for use in runjson.read(inputs.project.output / each).scenes]


def trusted_scenes(inputs: Inputs, before: Sequence[SceneUse], left_out: Sequence[Refused] = ()) -> list[Scene]:
    """Scenes but those that this month or one before it (`scenes_before`) had to leave out."""
    bad = {refused.id for refused in left_out} | {use.id for use in before if not use.used}
    return of_each(inputs.scenes, lambda each: None if each.id in bad else each)


def settled(left_out: Iterable[Refused], used: Collection[str], scenes: Iterable[Scene]) -> tuple[Refused, ...]:
    """What was left out, each delivery once, and which delivery of its pass is used in its place. used: ids."""
    stands = {each.id: own.id for scene in scenes if scene.instead for own in scene.deliveries if own.id in used for each in scene.deliveries}
    out: dict[str, Refused] = {}
    for each in left_out:
        if each.id in used or each.id in out:
            continue
        own = stands.get(each.id)
        if own and each.duplicate_of:
            each = same_pass(each.id, each.day, own)
        elif own:
            each = replace(each, reason=f"{each.reason} {own}, of the same pass, is used instead.")
        out[each.id] = each
    return tuple(out.values())


def scene_uses(good: Seen, left_out: Sequence[Refused], inputs: Inputs) -> list[SceneUse]:
    """A scene that was found but left out is told with its hash too: `status` sees when it has been mended."""
    grid = inputs.setting.grid
    uses = [SceneUse(s.id, s.day.isoformat(), inputs.sha256(s), True, None, survey.clear_fraction(seen), shift_m(seen.off, grid)) for s, seen in good]
    found = {each.id: each for scene in inputs.scenes for each in scene.deliveries}
    for refused in left_out:
        sha256 = None
        with suppress(UnreadableError):
            sha256 = inputs.sha256(found[refused.id]) if refused.id in found and not refused.duplicate_of else None
        uses.append(SceneUse(refused.id, refused.day.isoformat() if refused.day else None, sha256, False, refused.told))
    return sorted(uses, key=lambda u: (u.date or "", u.id))
