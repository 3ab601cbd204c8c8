"""规划实施评估: the yearly assessment as a document that opens without a network and prints, and the figures it is made from as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.files import write_atomic
from pipeline.plan.checks import CODES
from pipeline.publish.mines import ACTIVITIES
from pipeline.publish.planning.words import BOUNDS, amount, met, target
from pipeline.publish.restoration.page import template
from pipeline.publish.say import CHINESE, Say

SPARK_W, SPARK_H = 120.0, 30.0


def write(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write `assessment-<day>.html` and `.json`; the path of the former."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"assessment-{document['day']}"
    write_atomic(folder / f"{stem}.json", (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace"))
    write_atomic(folder / f"{stem}.html", render(document).encode("utf-8", "replace"))
    return folder / f"{stem}.html"


def render(document: Mapping[str, Any]) -> str:
    return _filled("plan_assessment.html", document)


def section(document: Mapping[str, Any], say: Say = CHINESE) -> Markup:
    """The report's section. The template escapes what it is given."""
    return Markup(_filled("plan_section.html", document, say))


def _filled(name: str, document: Mapping[str, Any], say: Say = CHINESE) -> str:
    rows = [(row, _spark(row)) for row in document["indicators"]]
    words = {"codes": CODES, "bounds": BOUNDS, "amount": amount, "met": met, "target": target, "activities": ACTIVITIES}
    return template(name, say).render(document=document, rows=rows, year=int(document["day"][:4]), **words)


def _spark(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """A small line of what was, with the target; None where fewer than two values are known."""
    points = [(each["at"], each["value"]) for each in row["series"]]
    if len(points) < 2:
        return None
    every = [value for _, value in points] + ([] if row["target"] is None else [row["target"]])
    low, high = min(every), max(every)
    first, last = points[0][0], points[-1][0]

    def place(at: float, value: float) -> str:
        x = 3 + (SPARK_W - 6) * (at - first) / max(last - first, 0.1)
        return f"{x:.1f} {3 + (SPARK_H - 6) * (high - value) / max(high - low, 1e-9):.1f}"

    aim = None if row["target"] is None else place(first, row["target"]).split()[1]
    return {
        "line": "M" + "L".join(place(*each) for each in points),
        "aim": aim,
        "width": SPARK_W,
        "height": SPARK_H,
        "dot": place(*points[-1]).split(),
    }
