"""What the archive's scenes show of the cases, looked up once for all of them or when it is asked for."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from pipeline.errors import MinewardenError
from pipeline.publish.evidence.case import Subject
from pipeline.publish.evidence.glance import NIR, RED, Look, look_at, neighbours
from pipeline.sources.lost import Lost
from pipeline.sources.scene import Scene, unreadable
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting


@dataclass(frozen=True, slots=True)
class DayLook:
    """What a day shows of a case: the scene that shows most of it, and the others that show some of it."""

    look: Look
    scenes: tuple[Scene, ...]


class Archive:
    """Looks of scenes at cases. A scene that proves unreadable in the survey is left out for all of them."""

    def __init__(self, subjects: Sequence[Subject], scenes: Iterable[Scene], setting: Setting) -> None:
        self.subjects, self.setting = subjects, setting
        self.lost = Lost()
        """Scenes that could not be read somewhere: to be told."""
        self._left_out: frozenset[str] = frozenset()
        self._scenes: dict[date, list[Scene]] = defaultdict(list)
        for scene in scenes:
            self._scenes[scene.day].append(scene)
        self._known: dict[tuple[int, str], Look | None] = {}
        self._there: dict[str, bool] = {}
        """By scene that was asked for singly: whether its files could be had. It is asked for once, so that all cases get the same answer."""
        self._asking: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    @property
    def days(self) -> list[date]:
        return sorted(self._scenes)

    def survey(self, days: Sequence[date], stage: str) -> None:
        """Look at all cases in the scenes of these days; a scene's file is opened once for cases that lie near each other."""
        scenes = self._brought([scene for day in days for scene in self._scenes[day]], stage)
        groups = neighbours(self.subjects)

        def work(scene: Scene) -> None:
            for group in groups:
                self._look(scene, group, values=True)

        self.setting.say(stage, 0, len(scenes))
        with ThreadPoolExecutor(max_workers=max(self.setting.workers, 1)) as pool:
            for done, _ in enumerate(pool.map(work, scenes), 1):
                self.setting.say(stage, done, len(scenes))
        # What is met later counts only where it is met: else it would depend on which thread comes first.
        self._left_out = self.lost.ids

    def at(self, case: int, day: date) -> DayLook | None:
        """What a day shows of a case; None where no scene covers any of it."""
        found = []
        for scene in self._scenes[day]:
            if scene.id in self._left_out:
                continue
            if (case, scene.id) not in self._known and self._is_there(scene):
                self._look(scene, [case], values=False)
            look = self._known.get((case, scene.id))
            if look is not None and look.seen > 0:
                found.append((look, scene))
        if not found:
            return None
        found.sort(key=lambda each: (-each[0].clear, -each[0].seen, each[1].id))
        return DayLook(found[0][0], tuple(scene for _, scene in found))

    def _is_there(self, scene: Scene) -> bool:
        with self._lock:
            asking = self._asking[scene.id]
        with asking:  # one thread asks, the others wait for its answer
            if scene.id not in self._there:
                self._there[scene.id] = bool(self._brought([scene], None))
            return self._there[scene.id]

    def _brought(self, scenes: Sequence[Scene], stage: str | None) -> Sequence[Scene]:
        """Scenes whose files are there."""
        if self.setting.stock is None:
            return scenes
        there, refused = self.setting.stock.bring(scenes, stage and f"{stage}: store", (RED, NIR))
        self.lost.add(*refused)
        return there

    def _look(self, scene: Scene, cases: Sequence[int], *, values: bool) -> None:
        found: Sequence[Look | None] = [None] * len(cases)
        try:
            found = look_at(scene, [self.subjects[k] for k in cases], values=values)
        except StoreError:
            raise  # a service that is down is not to be taken for a scene without data
        except (MinewardenError, OSError) as error:
            self.lost.add(unreadable(scene, error))
        with self._lock:
            self._known.update({(k, scene.id): look for k, look in zip(cases, found, strict=True)})
