"""docs/fields.md: the reference of a month's files, made from what writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.findings.finding import EXPLAINED
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.publish.cog import BANDS, MEANINGS
from pipeline.publish.fields import CASES, CHANGES, COVERAGE, MINES, PATCHES, RUN
from pipeline.publish.mines import ACTIVITIES, CONCERNS
from pipeline.publish.words import REVIEWS, STATUSES, TITLES

_TEXT_IN_TABLES = "in the GeoPackage objects and lists are JSON text"
_FILES = (
    ("flagged.geojson, and the layer `cases` of flagged.gpkg", "Every case that had not ended at the month's end, with its verdict so far.", CASES),
    ("patches.geojson, and the layer `patches`", f"Every part of every patch of changed ground, flagged or explained; {_TEXT_IN_TABLES}.", PATCHES),
    ("coverage.geojson, and the layer `coverage`", "Ground that was not seen clearly this month.", COVERAGE),
)  # fmt: skip

_LISTS = (
    ("mines.json", "`month`, and under `mines` a line for each right.", MINES),
    ("changes.json", "`month`, and under `changes` the findings that became others on the same ground.", CHANGES),
)


def markdown() -> str:
    """The reference, docs/fields.md."""
    lines = ["# What the files of a month hold", "", "Made from the code by `make reference`. Empty values are null.", ""]
    for name, about, fields in _FILES:
        rows = [(f"`{each.name}`", TITLES.get(each.name, ""), each.kind, each.meaning) for each in fields]
        lines += [f"## {name}", "", about, "", *_table(("field", "中文", "kind", "meaning"), rows)]
    for name, about, keys in _LISTS:
        lines += [f"## {name}", "", about, "", *_table(("key", "meaning"), [(f"`{key}`", meaning) for key, meaning in keys.items()])]
    lines += ["## run.json", "", *_table(("key", "meaning"), [(f"`{key}`", meaning) for key, meaning in RUN.items()])]
    bands = [(str(k), name, meaning) for k, (name, meaning) in enumerate(zip(BANDS, MEANINGS, strict=True), 1)]
    lines += ["## disturbance.tif", "", "A cloud-optimised GeoTIFF, uint16, nodata 65535.", "", *_table(("band", "name", "meaning"), bands)]
    lines += ["## Values", "", *_values("finding", FINDINGS, "`also` may hold `farmland_clay` too.")]
    lines += [*_values("cause", CAUSES), *_values("status", STATUSES), *_values("review", REVIEWS)]
    lines += [*_values("activity", ACTIVITIES, "Of a mine."), *_values("concerns", CONCERNS, "Of a mine.")]
    return "\n".join(lines).rstrip() + "\n"


def _values(name: str, values: Mapping[str, str], note: str = "") -> list[str]:
    explained = [f"`{code}`" for code in values if code in EXPLAINED]
    note += f" Explained, and only in patches.geojson: {', '.join(explained)}." if explained else ""
    return [f"**{name}** {note.strip()}".rstrip(), "", *_table(("value", "中文"), [(f"`{code}`", chinese) for code, chinese in values.items()])]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)] + [""]
