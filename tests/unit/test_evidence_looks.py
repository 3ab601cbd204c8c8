"""Scenes whose files the store can't have."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.publish.evidence import looks
from pipeline.publish.evidence.case import subject
from pipeline.publish.evidence.glance import Look
from pipeline.publish.evidence.looks import Archive
from pipeline.sources.scene import Refused, Scene
from tests import pictures
from tests.made_month import GRID

GONE, THERE = date(2021, 6, 3), date(2021, 6, 8)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_scene_is_brought_once_for_all_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    asked: list[str] = []

    def bring(scenes: Sequence[Scene], stage: str | None, bands: Sequence[str]) -> tuple[list[Scene], list[Refused]]:
        asked.extend(scene.id for scene in scenes)
        time.sleep(0.02)
        bad = [Refused(scene.id, scene.day, "B04 is cut short") for scene in scenes if scene.day == GONE]
        return [scene for scene in scenes if scene.day != GONE], bad

    monkeypatch.setattr(looks, "look_at", lambda scene, cases, values: [Look(1, 1, 1)] * len(cases))
    subjects = [subject(each, GRID) for each in pictures.cases(tmp_path)]
    scenes = [pictures.scene(GONE), pictures.scene(THERE)]
    setting: Any = SimpleNamespace(stock=SimpleNamespace(bring=bring), workers=workers, say=lambda *_: None)
    archive = Archive(subjects, scenes, setting)
    with ThreadPoolExecutor(workers) as pool:
        gone = list(pool.map(lambda case: archive.at(case, GONE), range(len(subjects))))
        there = list(pool.map(lambda case: archive.at(case, THERE), range(len(subjects))))
    assert len(subjects) > 3
    assert gone == [None] * len(subjects)
    assert all(each is not None and each.scenes == (scenes[1],) for each in there)
    assert sorted(asked) == sorted(scene.id for scene in scenes)
    (told,) = archive.lost.told("evidence")
    assert told.startswith(f"evidence: scene {scenes[0].id} could not be used: ")
    assert "B04 is cut short" in told
