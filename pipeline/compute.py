"""How blocks are spread: threads of this process through Dask, or a Dask cluster that exists already.

Kernels, decoding and compression all release Python's lock, so threads use every core of one machine without copying
anything, listening on a port or starting processes; a cluster is reached by its address.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import dask
from dask import local, threaded
from dask.callbacks import Callback

from pipeline import workspace
from pipeline.errors import MinewardenError

ANSWERS_IN_S = 5
"""How long a scheduler may take to answer."""
T = TypeVar("T")


class _Count(Callback):  # type: ignore[misc]
    """Tells how many of some tasks are done; what they share are tasks too, and not counted."""

    def __init__(self, keys: set[str], say: Callable[[int], None]) -> None:
        super().__init__(posttask=self._done)
        self.left, self.count, self.say = keys, 0, say

    def _done(self, key: Any, *_: Any) -> None:
        if key in self.left:
            self.count += 1
            self.say(self.count)


def workers_or_default(workers: int | None) -> int:
    return workers if workers else len(os.sched_getaffinity(0))


def each_block(task: Callable[..., T], blocks: Sequence[Any], *args: Any, workers: int, scheduler: str | None, say: Callable[[int], None]) -> list[T]:
    """Run `task(block, *args)` for every block, one Dask task each; results in the order of blocks.

    scheduler: address of a running Dask scheduler that sees the same files. say: called with the number of blocks done.
    """
    say(0)
    if scheduler:
        return list(_on_cluster(task, blocks, args, scheduler, say))
    shared = [dask.delayed(a, pure=True, traverse=False) for a in args]
    tasks = [dask.delayed(task, pure=False)(block, *shared) for block in blocks]
    with _Count({each.key for each in tasks}, say):
        # Schedulers, not their names: to know a name Dask imports its cluster too, which takes the better part of a second.
        get = threaded.get if workers > 1 else local.get_sync
        results: tuple[T, ...] = dask.compute(*tasks, scheduler=get, num_workers=workers, optimize_graph=False)
    workspace.give_back()
    return list(results)


def check_scheduler(address: str) -> None:
    """Raises MinewardenError `MW-SCHEDULER` where no Dask scheduler answers."""
    from distributed.comm import connect

    async def reach() -> None:
        await (await connect(address, timeout=ANSWERS_IN_S)).close()

    try:
        asyncio.run(reach())
    except (OSError, ValueError, TypeError, OverflowError) as error:
        fix = "Start it there, correct --scheduler, or leave it out."
        raise MinewardenError("MW-SCHEDULER", f"No Dask scheduler answers at {address[:200]!r}.", fix) from error


def _on_cluster(task: Callable[..., T], blocks: Sequence[Any], args: tuple[Any, ...], scheduler: str, say: Callable[[int], None]) -> Iterator[T]:
    from distributed import Client

    check_scheduler(scheduler)
    with Client(scheduler, set_as_default=False) as client:
        shared = client.scatter(list(args), broadcast=True)
        futures = [client.submit(task, block, *shared, pure=False) for block in blocks]
        for k, future in enumerate(futures):
            yield future.result()
            say(k + 1)
