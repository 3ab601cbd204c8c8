"""How long does a reviewer wait for the review page of a month of thousands of cases?

    python bench/bench_review.py [--cases 10000] [--side 2048] [--a-year 24] [--next 40]

A made month on a made archive of 15 months, its server in a process of its own, and Chromium as a reviewer uses it: milliseconds until the
list stands (from asking for the page), and from the key for the next case until both its pictures are decoded and drawn: when the page had
time to fetch it ahead, when the key is pressed again at once, and after a verdict. Then how long the ledger takes to be opened, checked, and to
take one verdict more, once all cases are decided. Needs Debian's `chromium`.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from bench_evidence import DUG, LAST, MONTH, layers, make_archive, make_state
from bench_speed import BANDS, MEMORY_MB, NORTH, WEST
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.transform import Affine
from shapely.geometry import box

sys.path.insert(0, str(Path(__file__).parents[1]))
from pipeline.config import load
from pipeline.findings.finding import Code, Finding
from pipeline.grid import Block, Grid
from pipeline.ledger import CaseDraft, Ledger, Review
from pipeline.ledger.judgements import Judgement
from pipeline.publish import cog, geojson, runjson
from pipeline.publish.features import Feature, Judged, Pictured, flagged_features
from pipeline.publish.wgs84 import Projector
from pipeline.review import decide
from pipeline.review.answers import Answer
from pipeline.review.decide import Write
from pipeline.review.desk import Office
from pipeline.review.users import NAME, Role, Users
from pipeline.review.web.server import Address, serve
from pipeline.sources import FolderSource
from pipeline.sources.scene import Scene
from pipeline.year import Setting
from tests.chromium import Chromium
from tests.review_page import CONFIG

CODES = (Code.UNLICENSED, Code.CROSS_BOUNDARY, Code.EXPIRED_PERMIT, Code.UNRESTORED)
TIME_FOR_FETCHING_S = 1.0


def grid_of(side: int) -> Grid:
    return Grid(GeoBox((side, side), Affine(10, 0, WEST, 0, -10, NORTH), "EPSG:32648"))


def findings(count: int, side: int) -> Iterator[Finding]:
    rng = np.random.default_rng(9)
    for k in range(count):
        row, col = rng.integers(20, side - 40, 2).tolist()
        tall, wide = rng.integers(3, 14, 2).tolist()
        x, y = WEST + 10 * col, NORTH - 10 * row
        yield Finding(
            patch=k, part="open", code=CODES[k % len(CODES)], geometry=box(x, y - 10 * tall, x + 10 * wide, y), first_seen=DUG, last_seen=LAST,
            status="confirmed", confidence=0.98, mining_likelihood=float(rng.uniform(0.5, 1)), severity=1 + k % 3, town=f"第{k % 28}镇",
            right_name=f"会宁县第{k % 300}砖瓦用粘土矿", distance_to_right_m=120.0,
        )  # fmt: skip


def make_month(folder: Path, count: int, side: int, scenes: list[Scene]) -> None:
    """Ledger and files of a finished month."""
    out, grid = folder / "out", grid_of(side)
    shutil.rmtree(out, ignore_errors=True)
    (out / MONTH).mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    (folder / "aoi.geojson").write_text("{}", "utf-8")
    projector = Projector(grid.crs)
    judged = [Judged(finding=finding, written=projector.write(finding.geometry)) for finding in findings(count, side)]
    with Ledger(out / "ledger.sqlite", "620422") as ledger, ledger.month(MONTH) as writer:
        grounds, areas = [each.finding.geometry for each in judged], [each.written.area_m2 for each in judged]
        ids = writer.identify_patches(
            grounds, areas, ["confirmed"] * count, [(DUG.isoformat(), -each.written.lat, each.written.lon) for each in judged]
        )
        records = writer.identify_cases(
            [
                CaseDraft(
                    patch_id=id, part="open", code=str(each.finding.code), geometry=each.finding.geometry, area_m2=round(each.written.area_m2, 1),
                    first_seen=DUG.isoformat(), lon=each.written.lon, lat=each.written.lat, severity=each.finding.severity,
                )
                for id, each in zip(ids, judged, strict=True)
            ]
        )  # fmt: skip
        writer.finish({}, [])
    judged = [replace(each, case=record, patch_id=id) for each, record, id in zip(judged, records, ids, strict=True)]
    before = max((scene for scene in scenes if scene.day <= DUG - timedelta(days=5)), key=lambda scene: scene.day)
    pictured = {
        record.case_id: Pictured(f"evidence/{record.case_id}.png", before.day, scenes[-1].day, (before.id,), (scenes[-1].id,)) for record in records
    }
    rows: list[Feature] = flagged_features(judged, month=MONTH, layers_version="0123456789ab", pictured=pictured)
    month = out / MONTH
    geojson.write(month / "flagged.geojson", rows)
    geojson.write(month / "patches.geojson", [Feature(row.written, {"id": row.properties["id"], "rule_trace": ["likelihood"]}) for row in rows])
    cog.write(month / "disturbance.tif", grid, lambda: _blocks(grid))
    facts = runjson.RunFacts(
        run_id="bench", month=MONTH, version="0", config_sha256="", bands=list(BANDS), scenes=[], layers=[], observed_fraction=1.0, unobserved_ha=0.0,
        counts={}, timings={},
    )  # fmt: skip
    runjson.write(month, facts)


def _blocks(grid: Grid) -> Iterator[tuple[Block, NDArray[np.uint16]]]:
    for block in grid.blocks():
        planes = np.zeros((4, block.height, block.width), np.uint16)
        planes[0], planes[1] = 3, DUG.toordinal() - 719163
        yield block, planes


def serving(folder: Path, side: int, scenes: list[Scene], link: object) -> None:
    """The server's process; tells its address."""
    project, grid = load(folder / "config.yaml"), grid_of(side)
    known = layers(grid, np.random.default_rng(5))
    setting = Setting(grid, BANDS, known.area, folder / "state", 2, None, MEMORY_MB, lambda *_: None)
    office = Office(project, known, setting, lambda _: scenes)

    async def work() -> None:
        await serve(office, Users(project.output / NAME), MONTH, Address("127.0.0.1", 0), "zh", link.send, asyncio.Event())  # type: ignore[attr-defined]

    asyncio.run(work())


def summary(name: str, took: list[float]) -> str:
    ranked = sorted(took)
    return f"{name:34} median {statistics.median(ranked):6.0f}   95 % {ranked[int(0.95 * (len(ranked) - 1))]:6.0f}   most {ranked[-1]:6.0f} ms"


def measure(url: str, token: str, cases: int, turns: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:  # Chromium may still be tidying up
        page = Chromium(Path(profile), 1366, 768)
        try:
            page.open(url)
            page.click(".token")
            page.write(token)
            page.press("Enter")
            page.wait("document.body.dataset.ready")
            opened = []
            for _ in range(5):
                page.open("about:blank")
                page.open(url)
                page.wait("document.body?.dataset.ready && performance.getEntriesByName('ready').length")
                opened.append(float(page.look("performance.getEntriesByName('ready')[0].startTime")))
            print(summary(f"list of {cases} cases", opened))
            page.press("j")
            page.wait("document.body.dataset.shown")

            def follow(pause_s: float, *keys: str) -> list[float]:
                took = []
                for _ in range(turns):
                    time.sleep(pause_s)
                    last = page.look("document.body.dataset.shown")
                    page.press(*keys)
                    page.wait(f"document.body.dataset.shown !== '{last}' && location.pathname.endsWith(document.body.dataset.shown)")
                    took.append(float(page.look("Number(document.body.dataset.took)")))
                return took

            steps: dict[str, Callable[[], list[float]]] = {
                "next case, fetched ahead": lambda: follow(TIME_FOR_FETCHING_S, "j"),
                "next case, key pressed at once": lambda: follow(0.0, "j"),
                "next case after a verdict": lambda: follow(TIME_FOR_FETCHING_S, "c"),
                "next case after a reason": lambda: follow(TIME_FOR_FETCHING_S, "d", "2"),
            }
            for name, step in steps.items():
                print(summary(name, step()))
            page.wait("!Object.keys(localStorage).some((name) => JSON.parse(localStorage[name]).length)")
        finally:
            page.close()


def measure_ledger(path: Path, turns: int) -> None:
    """Once everything is decided."""

    def verdict(ledger: Ledger, case_id: str, version: int) -> None:
        answer = Answer(case_id, version, Review.CONFIRMED, None, "现场核实属实", None)
        decide.verdict(ledger, Write(secrets.token_hex(16), case_id, version, "bench"), answer, Judgement.UNLAWFUL)

    with Ledger(path, "620422") as ledger:
        ids, known = sorted(ledger.case_ids()), ledger.standings()
        with ledger.transaction():
            for case_id in ids:
                if case_id not in known:
                    verdict(ledger, case_id, 1)
        known, took = ledger.standings(), []
        for case_id in ids[:turns]:
            began = time.perf_counter()
            verdict(ledger, case_id, known[case_id].version)
            took.append(1000 * (time.perf_counter() - began))
    print(summary(f"a verdict, {len(ids)} decided", took))
    opened = []
    for _ in range(5):
        began = time.perf_counter()
        Ledger(path, "620422").close()
        opened.append(1000 * (time.perf_counter() - began))
    print(summary("ledger opened and verified", opened))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=2048, help="cells a side, a multiple of 4")
    parser.add_argument("--a-year", type=int, default=24, help="scenes a year")
    parser.add_argument("--next", type=int, default=40, help="cases looked at in each way")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench-review"))
    options = parser.parse_args()
    make_archive(options.folder, options.side, options.a_year, 2)
    scenes = list(FolderSource(options.folder / "scenes").scenes()[0])
    grid = grid_of(options.side)
    make_state(Setting(grid, BANDS, grid.geobox.boundingbox, options.folder / "state", 2, None, MEMORY_MB, lambda *_: None))
    make_month(options.folder, options.cases, options.side, scenes)
    token = Users(options.folder / "out" / NAME).add("bench", Role.REVIEWER)
    own, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serving, args=(options.folder, options.side, scenes, theirs))
    began = time.perf_counter()
    server.start()
    try:
        url = own.recv()
        print(f"server started in {time.perf_counter() - began:.1f} s; {len(scenes)} scenes of {options.side} × {options.side} cells")
        measure(url, token, options.cases, options.next)
    finally:
        server.kill()
        server.join()
    measure_ledger(options.folder / "out" / "ledger.sqlite", options.next)


if __name__ == "__main__":
    main()
