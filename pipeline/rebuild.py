"""Makes state again that is missing or damaged, from just the scenes that the finished months were made from."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline import months, store, survey, year
from pipeline.inputs import Inputs, of_month
from pipeline.ledger.ledger import Ledger
from pipeline.retention import files_of
from pipeline.sources.scene import Scene, UnreadableError, of_each
from pipeline.watching import begin_year, watch_month
from pipeline.year import model_file

Item = str
"""`2024`: a year's baseline and first alerts; `2024-05`: the alerts at a month's end."""


def needs(item: Item, first: str) -> list[Item]:
    """What an item is made from. first: the month in which monitoring began."""
    this, last = item[:4], str(int(item[:4]) - 1)
    if item == this:
        return [] if this == first[:4] else [last, f"{last}-12"]
    return [this] if item.endswith("-01") else [this, months.previous(item)]


def plan(wanted: Iterable[Item], sound: Callable[[Item], bool], first: str) -> list[Item]:
    """What has to be made, in order, so that all that is wanted is sound."""
    steps: list[Item] = []

    def make(item: Item) -> None:
        if item in steps or sound(item):
            return
        for each in needs(item, first):
            make(each)
        steps.append(item)

    for item in wanted:
        make(item)
    return steps


@dataclass(slots=True)
class Made:
    """What was made again, and what it could not be made from as before."""

    items: list[Item]
    changed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rebuild:
    """State of a county, and the runs (`run.json` by month) that it belongs to."""

    inputs: Inputs
    ledger: Ledger
    runs: dict[str, dict[str, Any]]

    def make(self, wanted: Sequence[Item]) -> Made:
        """Make what is wanted and not sound, with all it needs."""
        made = Made(plan(wanted, self._soundness(), self.inputs.monitor_from))
        for item in made.items:
            made.changed += self._year(item) if len(item) == 4 else self._month(item)
        return made

    def _soundness(self) -> Callable[[Item], bool]:
        known: dict[Item, bool] = {}

        def sound(item: Item) -> bool:
            if item not in known:
                self.inputs.setting.say(f"check {item}", 0, 1)
                known[item] = len(keys := self._keys(item)) == 1 and None not in keys
                self.inputs.setting.say(f"check {item}", 1, 1)
            return known[item]

        return sound

    def _keys(self, item: Item) -> set[str | None]:
        """Keys of the files of an item: just one where all are sound and belong together."""
        return {store.key_of(file) for file in files_of(self.inputs.setting.state, item, self.inputs.setting.grid)}

    def _year(self, item: Item) -> list[str]:
        file = model_file(self.inputs.setting.state, int(item))
        before = self._keys(item) - {None}
        wanted = {str(s["id"]): s["sha256"] for s in self.runs.get(f"{item}-01", {}).get("window", ())}
        if wanted:
            scenes = self._those(wanted, self.inputs.scenes)
        else:  # that January's run.json is lost, or an older version's
            ids = survey.window_of(file)
            scenes = of_each(self.known(), lambda each: each if ids is None or each.id in ids else None)
        begun = begin_year(replace(self.inputs, scenes=scenes), f"{item}-01", self.ledger)
        if gone := _gone(f"the baseline of {item}", wanted, {each["sha256"] for each in begun.window}):
            return gone
        same = len(before) != 1 or before == {store.key_of(file)}
        return [] if same else [f"The baseline of {item} could not be made as it was: its scenes, or what came before it, have changed since."]

    def _month(self, item: Item) -> list[str]:
        used = {str(s["id"]): s["sha256"] for s in self.runs.get(item, {}).get("scenes", ()) if s["used"]}
        scenes = of_month(self.inputs.scenes, item)
        if item in self.runs:
            scenes = self._those(used, scenes)
        model = survey.load(model_file(self.inputs.setting.state, int(item[:4])), self.inputs.setting.bands)
        good, _ = year.usable(scenes, self.inputs.setting, f"{item} survey")
        watch_month(self.inputs, item, model, good)
        return _gone(item, used, {self.inputs.sha256(scene) for scene, _ in good})

    def _those(self, wanted: Mapping[str, str], scenes: Iterable[Scene]) -> list[Scene]:
        """Deliveries by id; by what they hold, where none bears the id any more. wanted: hash by id. Oldest first."""
        every = [each for scene in scenes for each in scene.deliveries]
        found = [each for each in every if each.id in wanted]
        lost = {sha256 for id, sha256 in wanted.items() if id not in {each.id for each in found}}
        if lost:
            found += [each for each in every if each.id not in wanted and self._sha256(each) in lost]
        return sorted(found, key=lambda each: each.order)

    def _sha256(self, scene: Scene) -> str | None:
        with suppress(UnreadableError):
            return self.inputs.sha256(scene)
        return None

    def known(self) -> list[Scene]:
        """The archive without scenes that arrived after their month was made."""
        ids = {str(s["id"]) for run in self.runs.values() for s in run["scenes"]}
        return of_each(self.inputs.scenes, lambda each: each if months.of(each.day) not in self.runs or each.id in ids else None)


def _gone(what: str, wanted: Mapping[str, str], found: Container[str]) -> list[str]:
    """A line for each scene that something was made from and that is not there as it was. wanted: hash by id; found: hashes."""
    return [f"Scene {id}, which {what} was made from, is gone or has changed." for id, sha256 in wanted.items() if sha256 not in found]
