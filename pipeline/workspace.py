"""Memory lent again and again: fresh memory costs the system more than filling it does."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Take = Callable[[tuple[int, ...], Any], NDArray[Any]]
"""Makes an array of a shape and type that may hold anything."""

_FREE: list[NDArray[np.uint8]] = []
_LOCK = threading.Lock()
ALIGN = 64
"""Arrays in a room begin at multiples of so many bytes."""


class Room:
    """Memory from which arrays are taken, one after the other."""

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        self._memory, self._used = memory, 0

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array that holds anything at all; fresh memory where the room is full."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self._used + size > self._memory.size:
            return np.empty(shape, dtype)
        out: NDArray[Any] = self._memory[self._used : self._used + size].view(dtype).reshape(shape)
        self._used += -(-size // ALIGN) * ALIGN
        return out


def _rounded(size: int) -> int:
    """A little more than `size`: what is wanted in one block and the next should be of one size."""
    step = 1 << max(size.bit_length() - 4, 6)
    return -(-size // step) * step


@contextmanager
def lent(size: int) -> Iterator[Room]:
    """Room of so many bytes; taken back at the end, after which no array from it must be used."""
    size = _rounded(size)
    with _LOCK:
        # Much too large memory is left for those who need it; the largest that is too small makes way, or it would gather.
        _FREE.sort(key=len)
        fits = next((k for k, memory in enumerate(_FREE) if len(memory) >= size), len(_FREE))
        found = fits < len(_FREE) and len(_FREE[fits]) <= 2 * size
        memory = _FREE.pop(fits) if found else None
        if memory is None and fits:
            _FREE.pop(fits - 1)
    if memory is None:
        memory = np.empty(size, np.uint8)
    try:
        yield Room(memory)
    finally:
        with _LOCK:
            _FREE.append(memory)


def give_back() -> None:
    """Hand the memory that nobody uses back to the system."""
    with _LOCK:
        _FREE.clear()
