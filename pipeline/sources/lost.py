"""Scenes that prove unreadable in the middle of the work: left out by name, and told."""

from __future__ import annotations

import threading

from pipeline.sources.scene import Refused


class Lost:
    """Why scenes could not be read, noted by several threads."""

    def __init__(self) -> None:
        self._found: dict[str, Refused] = {}
        self._lock = threading.Lock()

    def add(self, *refused: Refused) -> None:
        """Remember why scenes could not be read; of several reasons always the same."""
        with self._lock:
            for each in refused:
                self._found[each.id] = min(each, self._found.get(each.id, each), key=lambda one: one.told)

    @property
    def ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._found)

    def told(self, work: str) -> list[str]:
        """Warnings. work: what the scenes could not be used for."""
        with self._lock:
            return [f"{work}: scene {id} could not be used: {each.told}" for id, each in sorted(self._found.items())]
