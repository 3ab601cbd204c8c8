"""What tells a command to stop: the keyboard, a terminal that is closed, the system or somebody else that ends it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

WHY = {
    signal.SIGINT: "Stopped from the keyboard.",
    signal.SIGTERM: "Stopped by the system or another program (SIGTERM).",
    signal.SIGHUP: "Stopped because its terminal was closed (SIGHUP).",
}
TOGETHER_S = 2.0
"""A terminal or a system that closes sends several at once; one that comes later is somebody who can't wait."""


class _Heard:
    number: int | None = None
    at = 0.0
    ending = False


def why() -> str:
    """What stopped the command, for a person."""
    return WHY[signal.Signals(_Heard.number or signal.SIGINT)]


def asked() -> bool:
    """Whether a stop was asked for. Libraries in C turn the exception that says so into others, an ImportError for instance."""
    return _Heard.number is not None


def let_end() -> None:
    """From now on the command ends by itself, and is left to say and note how."""
    _Heard.ending = True


@contextmanager
def heeded() -> Iterator[None]:
    """Inside, each of these signals raises KeyboardInterrupt, but those that whoever started us wants ignored (nohup)."""
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        ours = [number for number in WHY if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)]
        before = {number: signal.signal(number, _hear) for number in ours}
    hooks = sys.excepthook, sys.unraisablehook
    sys.excepthook, sys.unraisablehook = _unless_asked(hooks[0]), _unless_asked(hooks[1])
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = hooks
        _Heard.number, _Heard.ending = None, False
        for number, handler in before.items():
            signal.signal(number, handler)


def _unless_asked(tell: Callable[..., None]) -> Callable[..., None]:
    """Libraries in C print the exception that they turn into another (numpy while it is imported): no news where a stop was asked for."""

    def hook(*what: Any) -> None:
        if not asked():
            tell(*what)

    return hook


def _hear(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if _Heard.ending or (asked() and now - _Heard.at < TOGETHER_S):
        return
    _Heard.number, _Heard.at = number, now
    raise KeyboardInterrupt
