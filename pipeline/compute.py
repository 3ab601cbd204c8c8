"""How blocks are spread: threads of this process through Dask, or a Dask cluster that exists already.

Kernels, decoding and compression all release Python's lock, so threads use every core of one machine without copying
anything, listening on a port or starting processes; a cluster is reached by its address.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import dask
from dask.callbacks import Callback

T = TypeVar("T")


class _Count(Callback):  # type: ignore[misc]
    """Tells how many tasks are done."""

    def __init__(self, say: Callable[[int], None]) -> None:
        super().__init__(posttask=self._done)
        self.count, self.say = 0, say

    def _done(self, *_: Any) -> None:
        self.count += 1
        self.say(self.count)


def workers_or_default(workers: int | None) -> int:
    return workers if workers else len(os.sched_getaffinity(0))


def each_block(
    task: Callable[..., T], blocks: Sequence[Any], *args: Any, workers: int | None, scheduler: str | None, say: Callable[[int], None]
) -> list[T]:
    """Run `task(block, *args)` for every block, one Dask task each; results in the order of blocks.

    scheduler: address of a running Dask scheduler that sees the same files. say: called with the number of blocks done.
    """
    if scheduler:
        return list(_on_cluster(task, blocks, args, scheduler, say))
    count = workers_or_default(workers)
    shared = [dask.delayed(a, pure=True, traverse=False) for a in args]
    tasks = [dask.delayed(task, pure=False)(block, *shared) for block in blocks]
    with _Count(lambda n: say(min(n, len(blocks)))):
        results: tuple[T, ...] = dask.compute(*tasks, scheduler="threads" if count > 1 else "sync", num_workers=count, optimize_graph=False)
    return list(results)


def _on_cluster(task: Callable[..., T], blocks: Sequence[Any], args: tuple[Any, ...], scheduler: str, say: Callable[[int], None]) -> Iterator[T]:
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        shared = client.scatter(list(args), broadcast=True)
        futures = [client.submit(task, block, *shared, pure=False) for block in blocks]
        for k, future in enumerate(futures):
            yield future.result()
            say(k + 1)
