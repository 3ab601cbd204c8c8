"""The pictures of the READMEs, made from the demo's results: `make pictures`. Needs Chromium, and a Chinese font for the page.

python docs/pictures/make.py DEMO
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from pipeline.commands.demo import MONTH
from pipeline.publish.geojson import read
from pipeline.publish.report import NAME, pdf

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1366, 1590
SHEET_WIDTH, QUALITY = 1110, 78


def page(report: Path, target: Path) -> None:
    """The first part of the report."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        shot = Path(name) / "shot.png"
        pdf.run(pdf.find(), Path(name), "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}", report.as_uri())
        with Image.open(shot) as image:
            image.convert("RGB").save(target, "WEBP", quality=QUALITY, method=6)


def sheet(month: Path, target: Path) -> None:
    """The evidence picture of the month's likeliest case of those that cross a boundary."""
    crossing = [each.properties for each in read(month / "flagged.geojson") if each.properties["finding"] == "cross_boundary"]
    best = max(crossing, key=lambda row: (row["mining_likelihood"], row["area_m2"]))
    with Image.open(month / best["evidence"]) as image:
        small = image.convert("RGB").resize((SHEET_WIDTH, round(image.height * SHEET_WIDTH / image.width)), Image.Resampling.LANCZOS)
    small.save(target, "WEBP", quality=QUALITY, method=6)


def main() -> None:
    month = Path(sys.argv[1]).resolve() / "out" / MONTH
    page(month / NAME, HERE / "report.webp")
    sheet(month, HERE / "evidence.webp")
    for picture in sorted(HERE.glob("*.webp")):
        print(f"{picture.relative_to(HERE.parents[1])}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
