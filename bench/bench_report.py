"""What does the report of a large month cost to write, to send and to open?

    python bench/bench_report.py [--cases 3000] [--repeat 3] [--folder /tmp/minewarden-bench-report]

Made cases with evidence pictures (one noisy sheet, linked), names, histories of a year and verdicts, in a county of 300 rights and 20,000 parcels:
seconds of rendering, size, and, where there is a Chromium, milliseconds until the page is read and laid out after it was asked for, and the
seconds and size of its PDF.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from shapely.geometry import Point, box

from pipeline.errors import MinewardenError
from pipeline.layers.model import LayerSet, LegacyPatch, Right, Zone, ZoneKind
from pipeline.publish import report
from pipeline.publish.evidence.sheet import SHEET_HEIGHT, SHEET_WIDTH
from pipeline.publish.features import CASE_FIELDS, Feature
from pipeline.publish.report import pdf
from pipeline.publish.report.earlier import Earlier, Trend
from pipeline.publish.report.history import Course, Event, Kind
from pipeline.publish.runjson import LayerUse, RunFacts, SceneUse
from pipeline.publish.wgs84 import Projector

MONTH, SIDE = "2024-09", 70_000.0
WEST, NORTH = 400_000.0, 3_990_000.0
CODES = {"unlicensed": "疑似无证开采", "cross_boundary": "疑似越界开采", "expired_permit": "疑似许可过期开采", "unrestored": "逾期未修复"}
PROBE = "document.body.offsetHeight; document.documentElement.dataset.ms = performance.now();"


def layers(rng: np.random.Generator) -> LayerSet:
    def ground(least: float, most: float) -> object:
        return Point(WEST + rng.uniform(0, SIDE), NORTH - rng.uniform(0, SIDE)).buffer(rng.uniform(least, most), quad_segs=3)

    return LayerSet(
        area=box(WEST, NORTH - SIDE, WEST + SIDE, NORTH),
        rights=tuple(Right(id=f"C62042220{k:014d}", geometry=ground(200, 900), name=f"会宁县第{k}砖瓦用粘土矿") for k in range(300)),
        legacy=tuple(LegacyPatch(id=f"620422-LS-{k:04d}", geometry=ground(30, 150)) for k in range(500)),
        zones=tuple(
            Zone(id=f"JBNT{k:06d}", geometry=ground(50, 300), kind=ZoneKind.FARMLAND, layer="farmland", type="永久基本农田") for k in range(20_000)
        ),
    )


def case(number: int, rng: np.random.Generator, projector: Projector, known: LayerSet) -> Feature:
    written = projector.write(
        Point(WEST + rng.uniform(500, SIDE - 500), NORTH - rng.uniform(500, SIDE - 500)).buffer(rng.uniform(15, 120), quad_segs=6)
    )
    code, right = list(CODES)[number % len(CODES)], known.rights[number % len(known.rights)] if number % 2 else None
    id = f"620422-2024-{number:06d}"
    row = dict.fromkeys(CASE_FIELDS) | {
        "id": id, "patch_id": id, "month": MONTH, "new_this_month": number % 5 == 0, "finding": code, "finding_zh": CODES[code],
        "also": "prohibited_zone", "severity": 1 + number % 3, "status": "provisional" if number % 7 == 0 else "confirmed",
        "first_seen": "2024-05-12", "last_seen": "2024-09-28", "before_date": "2024-04-30", "after_date": "2024-09-28",
        "area_m2": written.area_m2, "area_mu": written.area_m2 * 3 / 2000, "growth_m2": 350.0 if number % 3 == 0 else 0.0, "confidence": 0.97,
        "mining_likelihood": 0.5 + number % 50 / 100, "right_id": right and right.id, "right_name": right and right.name,
        "holder": right and "甘肃陇原新型墙材有限公司", "valid_to": "2026-05-01", "distance_to_right_m": None if right else 512.0,
        "restriction": "JBNT000118;JBNT000119", "restriction_m2": 1234.0, "town": f"第{number % 28}镇", "lon": written.lon, "lat": written.lat,
        "evidence": f"evidence/{id}.png", "review": "pending", "review_note": "影像上可见新开挖的作业面，道路相连", "version": 1,
    }  # fmt: skip
    return Feature(written, row)


def course(row: dict[str, object]) -> Course:
    steps = [Event(f"2024-{k:02d}", Kind.GREW, 9000.0, 350.0) for k in range(3, 9)]
    first, verdict = (
        Event("2024-02", Kind.LISTED, 4000.0, code=str(row["finding"])),
        Event("2024-08-20", Kind.VERDICT, code="pending", who="王核查", why="再看"),
    )
    return Course((first, *steps, verdict), left_out=2)


def made_month(count: int, folder: Path) -> report.ReportInput:
    rng, projector = np.random.default_rng(5), Projector("EPSG:32648")
    known = layers(rng)
    flagged = [case(k + 1, rng, projector, known) for k in range(count)]
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "evidence").mkdir(parents=True)
    sheet = folder / "sheet.png"
    small = rng.integers(0, 255, (SHEET_HEIGHT // 8 + 1, SHEET_WIDTH // 8 + 1, 3), dtype=np.uint8)
    Image.fromarray(small.repeat(8, 0).repeat(8, 1)[:SHEET_HEIGHT, :SHEET_WIDTH]).save(sheet)
    for each in flagged:
        os.link(sheet, folder / str(each.properties["evidence"]))
    sha256 = "ab" * 32
    run = RunFacts(
        run_id=sha256, month=MONTH, version="bench", config_sha256=sha256, bands=("B02", "B03", "B04", "B08", "B11", "B12"),
        scenes=[SceneUse(f"S2A_MSIL2A_202409{k:02d}T034001", f"2024-09-{k:02d}", sha256, k % 4 > 0, "cloud", 0.7) for k in range(1, 31)],
        layers=[LayerUse("mining_rights", sha256[:12], sha256, 300)], observed_fraction=0.93, unobserved_ha=34_300.0, counts={}, timings={},
    )  # fmt: skip
    return report.ReportInput(
        county="会宁县", code="620422", run=run, flagged=flagged, patches=flagged, coverage=(), layers=known, projector=projector, folder=folder,
        last_month=Earlier("2024-08"), last_year=Earlier("2023-09"), trend=[Trend(f"2024-{k:02d}", 250 * k, 0.9) for k in range(1, 10)],
        courses={str(each.properties["id"]): course(each.properties) for each in flagged},
    )  # fmt: skip


def opened(browser: str, page: str, folder: Path) -> float:
    """Milliseconds until a page is read and laid out."""
    digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    probed = page.replace("script-src '", f"script-src 'sha256-{digest}' '").replace("</body>", f"<script>{PROBE}</script></body>")
    (folder / "probed.html").write_text(probed, "utf-8")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [
            "--headless",
            "--disable-gpu",
            "--no-sandbox",
            "--window-size=1366,768",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=1",
            "--dump-dom",
        ]
        dom = subprocess.run([browser, *options, (folder / "probed.html").as_uri()], capture_output=True, text=True, check=True).stdout
    return float(re.findall(r'data-ms="([\d.]+)"', dom)[0])


def median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/minewarden-bench-report"))
    options = parser.parse_args()
    given = made_month(options.cases, options.folder)
    wall, cpu = [], []
    for _ in range(options.repeat):
        began, busy = time.perf_counter(), time.process_time()
        report.write(options.folder / report.NAME, given)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
    page = (options.folder / report.NAME).read_text("utf-8")
    print(f"{options.cases} cases, {page.count('data:image/jpeg')} small pictures: {len(page.encode()) / 1e6:.1f} MB")
    print(f"written in {median(wall):.2f} s, {median(cpu):.2f} processor seconds")
    try:
        browser = pdf.find()
    except MinewardenError as missing:
        print(missing)
        return
    print(f"open after {median([opened(browser, page, options.folder) for _ in range(options.repeat)]):.0f} ms")
    began = time.perf_counter()
    pdf.write(options.folder / pdf.NAME, report.render(given, printed=True))
    print(f"printed in {time.perf_counter() - began:.1f} s: {(options.folder / pdf.NAME).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
