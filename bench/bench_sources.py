"""What does a month from products cost beside decoding their JPEG 2000 images once?

    python bench/bench_sources.py [--side 2048] [--month 6] [--threads 2] [--repeat 3]

The archive of bench_speed.py with its month turned into `.SAFE` products. Measured: decoding every tile of the month's images once
and doing nothing with it; filling the store with them; the month's survey and watch on an empty store, and again on the full one; and
the second run's look into the store. Rounds take turns and medians are printed, with processor seconds beside them.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "data" / "samples"))
sys.path.insert(0, str(Path(__file__).parent))

import bench_speed

import safe
from pipeline.sources import HashCache
from pipeline.sources.room import Room
from pipeline.sources.safe import SafeSource
from pipeline.sources.scene import Scene
from pipeline.sources.stock import Stock


@dataclass(frozen=True)
class Bench:
    """What is measured, on what."""

    speed: bench_speed.Bench
    products: Sequence[Scene]
    store: Path

    def stock(self) -> Stock:
        setting = self.speed.setting
        room = Room(self.store, 10**12, self.store.parent, "bench")
        return Stock(room, setting.grid.geobox, setting.bands, HashCache(None), setting.workers, lambda *_: None)

    def month(self, *, empty: bool) -> None:
        """As a run does it: store, survey, watch."""
        if empty:
            shutil.rmtree(self.store, ignore_errors=True)
        stock = self.stock()
        shelved = [s for scene in self.products if (s := stock.shelved(scene))]
        replace(self.speed, month=shelved, setting=replace(self.speed.setting, stock=stock)).one_month()

    def fill(self, *, empty: bool) -> None:
        if empty:
            shutil.rmtree(self.store, ignore_errors=True)
        stock = self.stock()
        _, refused = stock.bring([s for scene in self.products if (s := stock.shelved(scene))], "store")
        assert not refused, refused


def prepare(options: argparse.Namespace) -> Bench:
    speed = bench_speed.prepare(options)
    products = options.folder / "products"
    if not products.is_dir():
        for scene in speed.month:
            safe.convert(scene.bands["B04"].path.parent, products)
    scenes, refused = SafeSource(products).scenes()
    assert not refused, refused
    return Bench(speed, scenes, options.folder / "store")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2048, help="cells a side, a multiple of 4")
    parser.add_argument("--month", type=int, default=6, help="scenes of the month")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench-sources"))
    parser.set_defaults(years=1, a_year=18, block=1024)
    options = parser.parse_args()
    bench = prepare(options)
    bench.speed.setting.state.mkdir(parents=True, exist_ok=True)
    bench.speed.first_fit()
    steps: dict[str, Callable[[], object]] = {
        "decoding the images": lambda: bench_speed.decode(bench.products, options.threads),
        "filling the store": lambda: bench.fill(empty=True),
        "looking into it again": lambda: bench.fill(empty=False),
        "month, empty store": lambda: bench.month(empty=True),
        "month, full store": lambda: bench.month(empty=False),
        "month, from a folder": lambda: bench.speed.one_month(),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for turn in range(options.repeat + 1):
        for name, step in steps.items():
            seconds = bench_speed.timed(step)
            # The first round compiles kernels and fills the disk's cache.
            if turn:
                found[name].append(seconds)
    medians = {name: tuple(statistics.median(s[k] for s in rounds) for k in (0, 1)) for name, rounds in found.items()}
    base = medians["decoding the images"]
    for name, (wall, cpu) in medians.items():
        print(f"{name:22} {wall:8.2f} s   {cpu:8.2f} processor seconds   {wall / base[0]:6.3f} / {cpu / base[1]:6.3f} of decoding once")


if __name__ == "__main__":
    main()
