"""A random draw of mines for inspection, and of who inspects them (双随机): whoever has its seed gets the same draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.errors import MinewardenError
from pipeline.layers.model import Right, Standing

A_PAIR = 2
"""Inspectors of a mine: nobody inspects alone."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mine, and who inspects it."""

    right: Right
    inspectors: tuple[str, ...]


def draw(rights: Sequence[Right], day: date, count: int, seed: str, inspectors: Sequence[str]) -> list[Drawn]:
    """So many of the rights that are valid on a day, in the order in which they were drawn.

    Each is ranked by a hash of the seed and its own id: the order of the layer's rows changes nothing.

    Raises MinewardenError `MW-DRAW-COUNT` or `MW-DRAW-INSPECTORS`.
    """
    valid = [right for right in rights if right.standing(day) is Standing.VALID]
    if count > len(valid):
        raise MinewardenError("MW-DRAW-COUNT", f"{len(valid)} mining rights are valid on {day}, fewer than {count}.", "Draw fewer.")
    people = sorted(set(inspectors))
    if len(people) == 1:
        raise MinewardenError("MW-DRAW-INSPECTORS", "There is one inspector.", f"Name {A_PAIR} or more, or none.")
    chosen = sorted(valid, key=lambda right: _lot(seed, right.id))[:count]
    return [Drawn(right, tuple(sorted(people, key=lambda name: _lot(seed, right.id, name))[:A_PAIR])) for right in chosen]


def _lot(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
