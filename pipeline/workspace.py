"""Large arrays lent again and again: fresh memory costs the system more than filling it does."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FREE: list[NDArray[np.uint8]] = []
_LOCK = threading.Lock()


@contextmanager
def borrowed(shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """An array that holds anything at all; taken back at the end, after which it must not be used."""
    size = max(math.prod(shape) * np.dtype(dtype).itemsize, 1)
    with _LOCK:
        # Much too large ones are left for those who need them; too small ones make way, or they would gather.
        place = next((k for k, buffer in enumerate(_FREE) if size <= buffer.size <= 2 * size), None)
        buffer = _FREE.pop(place) if place is not None else None
        if buffer is None and _FREE:
            _FREE.pop(0)
    if buffer is None:
        buffer = np.empty(size, np.uint8)
    try:
        yield buffer[:size].view(dtype).reshape(shape)
    finally:
        with _LOCK:
            _FREE.append(buffer)


def give_back() -> None:
    """Hand the memory that nobody uses back to the system."""
    with _LOCK:
        _FREE.clear()
