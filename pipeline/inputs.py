"""What a month is made from, and which of its scenes can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline import months, survey, year
from pipeline.config import Project
from pipeline.layers.model import LayerSet
from pipeline.patches.likelihood import Likelihood
from pipeline.publish import runjson
from pipeline.publish.runjson import RunFacts, SceneUse
from pipeline.registered import shift_m
from pipeline.sources.scene import Doubt, Refused, Scene, UnreadableError, same_pass
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


def runs_until(inputs: Inputs, month: str) -> list[RunFacts]:
    """What became of the months up to and with this one, oldest first."""
    if month < inputs.monitor_from:
        return []
    return [runjson.read(inputs.project.output / each) for each in months.span(inputs.monitor_from, month)]


class Vetted:
    """What months found out about scenes: which deliveries they used, and which they had to leave out."""

    def __init__(self, runs: Iterable[RunFacts]) -> None:
        """runs: oldest first, for what is said later counts."""
        self.used: set[str] = set()
        self.left_out: set[str] = set()
        self._months: set[str] = set()
        self._windows: set[int] = set()
        for run in runs:
            left_out = [use.id for use in run.scenes if not use.used]
            self.learn(run.month, [use.id for use in run.scenes if use.used], left_out, [str(each["id"]) for each in run.window])

    def learn(self, month: str, used: Iterable[str], left_out: Iterable[str], window: Collection[str]) -> None:
        """Ids of what a month used and left out, and of what the baseline was fitted on, where it made one."""
        good, bad = {*used, *window}, {*left_out}
        self.used = (self.used - bad) | good
        self.left_out = (self.left_out | bad) - good
        self._months.add(month)
        if window:
            self._windows.add(int(month[:4]))

    def covers(self, scene: Scene) -> bool:
        """Whether a month has looked at all that there was of the scene's day: what it did not use has come since, or is of no use."""
        return months.of(scene.day) in self._months or any(year.window_of(each, [scene]) for each in self._windows)


def trusted_scenes(scenes: Iterable[Scene], vetted: Vetted) -> list[Scene]:
    """Of each pass what months used; where none has looked yet, the best delivery. Oldest first."""
    out: list[Scene] = []
    for scene in scenes:
        used = [each for each in scene.deliveries if each.id in vetted.used]
        if not used and not vetted.covers(scene):
            used = [each for each in scene.deliveries if each.id not in vetted.left_out][:1]
        out += used
    return sorted(out, key=lambda each: each.order)


def settled(left_out: Iterable[Refused], used: Collection[str], scenes: Iterable[Scene]) -> tuple[Refused, ...]:
    """What was left out, each delivery once, and which delivery of its pass is used in its place. used: ids."""
    told = [*left_out]
    better = {each.id: scene.id for scene in scenes for each in scene.instead}
    better |= {each.id: each.duplicate_of for each in told if each.duplicate_of and each.duplicate_of != each.id}

    def best(id: str) -> str:
        met = set()
        while id in better and id not in met:  # two sources may each have the same two, and not agree
            met.add(id)
            id = better[id]
        return id

    useless = {each.id for each in told if not each.duplicate_of}
    stands = {best(id): id for id in sorted(used, reverse=True)}
    out: dict[str, Refused] = {}
    for each in told:
        if each.id in used or each.id in out:
            continue
        own = stands.get(best(each.id))
        if own and each.duplicate_of:
            each = same_pass(each.id, each.day, own)
        elif own:
            each = replace(each, reason=f"{each.reason} {own}, of the same pass, is used instead.")
        elif each.duplicate_of and best(each.id) in useless:
            each = Refused(each.id, each.day, f"Another delivery of the pass of {each.duplicate_of}, and of no use either.")
        out[each.id] = each
    return tuple(out.values())


def scene_uses(good: Seen, used: Mapping[str, str], left_out: Sequence[Refused], inputs: Inputs) -> list[SceneUse]:
    """What became of each scene. used: by id the hashes of those that were shown, as they were then.

    A scene that was found but left out is told with its hash too: `status` sees when it has been mended.
    """
    grid = inputs.setting.grid
    uses = [SceneUse(s.id, s.day.isoformat(), used[s.id], True, None, survey.clear_fraction(seen), shift_m(seen.off, grid)) for s, seen in good]
    found = {each.id: each for scene in inputs.scenes for each in scene.deliveries}
    for refused in left_out:
        sha256 = None
        with suppress(UnreadableError):
            known = refused.id in found and not refused.duplicate_of and refused.code != year.CHANGED
            sha256 = inputs.sha256(found[refused.id]) if known else None
        uses.append(SceneUse(refused.id, refused.day.isoformat() if refused.day else None, sha256, False, refused.told))
    return sorted(uses, key=lambda u: (u.date or "", u.id))
