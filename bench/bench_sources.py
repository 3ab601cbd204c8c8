"""What do a month and a first fit from products cost beside decoding their JPEG 2000 images once?

    python bench/bench_sources.py [--side 2048] [--years 1] [--a-year 18] [--month 6] [--threads 2] [--repeat 3]

The archive of bench_speed.py turned into `.SAFE` products. Measured: decoding every tile of the month's images once and doing nothing
with it; filling the store with them; the month's survey and watch on an empty store, and again on the full one; the second run's look
into the store; and the first fit on an empty store beside decoding the window's images. Rounds take turns; medians are printed, and of
each round's own ratio to decoding the same images, with processor seconds beside them.
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
    month: Sequence[Scene]
    window: Sequence[Scene]
    store: Path

    def stock(self) -> Stock:
        setting = self.speed.setting
        room = Room(self.store, 10**12, self.store.parent, "bench")
        return Stock(room, setting.grid.geobox, setting.bands, HashCache(None), setting.workers, lambda *_: None)

    def fill(self) -> None:
        stock = self.stock()
        _, refused = stock.bring(shelved(stock, self.month), "store")
        assert not refused, refused

    def from_products(self) -> bench_speed.Bench:
        """The bench whose scenes are products: as a run does it, they go into the store first."""
        stock = self.stock()
        setting = replace(self.speed.setting, stock=stock)
        return replace(self.speed, month=shelved(stock, self.month), window=shelved(stock, self.window), setting=setting)

    def emptied(self) -> Bench:
        """Itself, nothing in the store."""
        shutil.rmtree(self.store, ignore_errors=True)
        return self


def shelved(stock: Stock, scenes: Sequence[Scene]) -> list[Scene]:
    return [there for scene in scenes if (there := stock.shelved(scene))]


def prepare(options: argparse.Namespace) -> Bench:
    speed = bench_speed.prepare(options)
    products = options.folder / "products"
    if not products.is_dir():
        safe.convert_all(options.folder / "scenes", products)
    scenes, refused = SafeSource(products).scenes()
    assert not refused, refused
    month = {scene.day for scene in speed.month}
    return Bench(speed, [s for s in scenes if s.day in month], [s for s in scenes if s.day not in month], options.folder / "store")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2048, help="cells a side, a multiple of 4")
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--a-year", type=int, default=18, help="scenes a year")
    parser.add_argument("--month", type=int, default=6, help="scenes of the month")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench-sources"))
    parser.set_defaults(block=1024)
    options = parser.parse_args()
    bench = prepare(options)
    bench.speed.setting.state.mkdir(parents=True, exist_ok=True)
    window, month = "decoding the window", "decoding the month"
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        window: (window, lambda: bench_speed.decode(bench.window, options.threads)),
        "first fit, empty store": (window, lambda: bench.emptied().from_products().first_fit()),
        "first fit, from a folder": (window, bench.speed.first_fit),
        month: (month, lambda: bench_speed.decode(bench.month, options.threads)),
        "filling the store": (month, lambda: bench.emptied().fill()),
        "looking into it again": (month, bench.fill),
        "month, empty store": (month, lambda: bench.emptied().from_products().one_month()),
        "month, full store": (month, lambda: bench.from_products().one_month()),
        "month, from a folder": (month, bench.speed.one_month),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for turn in range(options.repeat + 1):
        for name, (_, step) in steps.items():
            seconds = bench_speed.timed(step)
            # The first round compiles kernels and fills the disk's cache.
            if turn:
                found[name].append(seconds)
    for name, (base, _) in steps.items():
        wall, cpu = (statistics.median(s[k] for s in found[name]) for k in (0, 1))
        clock, processor = (statistics.median(s[k] / b[k] for s, b in zip(found[name], found[base], strict=True)) for k in (0, 1))
        print(f"{name:24} {wall:8.2f} s   {cpu:8.2f} processor seconds   {clock:6.3f} / {processor:6.3f} of {base}")


if __name__ == "__main__":
    main()
