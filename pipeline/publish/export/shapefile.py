"""The cases as a Shapefile in CGCS2000: GBK, names of at most ten characters, and a key to them."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from pipeline import months
from pipeline.publish.export.finished import Finished
from pipeline.publish.export.gbk import MISSING, Speller
from pipeline.publish.gpkg import CRS, NUMBERS
from pipeline.publish.plain import plain
from pipeline.publish.words import TITLES

LONGEST = 254
"""Bytes of a text in a DBF table."""
KEY = "字段对照.csv"
CODE_PAGE, CP936 = 29, 0x4D
"""Where a DBF table says its code page, for programs that don't read the .cpg."""

NAMES: Mapping[str, str] = {
    "new_this_month": "new_month",
    "before_date": "before",
    "after_date": "after",
    "mining_likelihood": "likelihood",
    "distance_to_right_m": "dist_m",
    "overshoot_m2": "over_m2",
    "overshoot_max_m": "over_max_m",
    "position_error_m": "error_m",
    "overshoot_certain_m2": "certain_m2",
    "legacy_state": "leg_state",
    "restriction": "restrict",
    "restriction_m2": "restric_m2",
    "scenes_before": "n_before",
    "scenes_after": "n_after",
    "layers_version": "layers_ver",
    "review_reason": "rev_reason",
    "review_note": "rev_note",
    "reviewed_at": "rev_at",
} | {name: name for name in TITLES if len(name) <= 10}  # fmt: skip
"""Field of a property in the table; most are short enough as they are."""

_DATES = frozenset({"first_seen", "last_seen", "before_date", "after_date", "valid_to", "deadline"})


def render(month: Finished, work: Path) -> dict[str, bytes]:
    """Files by name: the Shapefile's parts and the key. GDAL writes them in a folder under `work`, which it leaves empty."""
    speller = Speller()
    rows = [each.properties for each in month.cases]
    columns = [_column(name, rows, speller) for name in TITLES]
    outlines = np.array([shapely.to_wkb(each.written.geometry) for each in month.cases], object)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=work) as folder:
        pyogrio.raw.write(
            Path(folder) / f"{month.stem}.shp",
            outlines,
            [values for values, _ in columns],
            [NAMES[name] for name in TITLES],
            field_mask=[mask for _, mask in columns],
            driver="ESRI Shapefile",
            # A polygon of a Shapefile may have any number of parts.
            geometry_type="MultiPolygon",
            crs=CRS,
            encoding="GBK",
            # Else the day on which it was written.
            layer_options={"DBF_DATE_LAST_UPDATE": months.last_day(month.month).isoformat()},
        )
        files = {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())}
    table = bytearray(files[f"{month.stem}.dbf"])
    table[CODE_PAGE] = CP936
    return files | {f"{month.stem}.dbf": bytes(table), f"{month.stem}-{KEY}": _key(speller)}


def _column(name: str, rows: Sequence[Mapping[str, Any]], speller: Speller) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A property's values, and where it is null."""
    values = [row[name] for row in rows]
    mask = np.array([value is None for value in values], bool)
    if name in _DATES:
        return np.array([None if value is None else date.fromisoformat(value) for value in values], "datetime64[D]"), mask
    kind = NUMBERS.get(name)
    if kind in (int, float):
        return np.array([kind() if value is None else value for value in values], np.int32 if kind is int else np.float64), mask
    texts = [None if value is None else speller.spell(_text(value), LONGEST, (str(row["id"]), name)) for value, row in zip(values, rows, strict=True)]
    return np.array(texts, object), mask


def _text(value: Any) -> str:
    return ("是" if value else "否") if isinstance(value, bool) else plain(str(value))


def _key(speller: Speller) -> bytes:
    """What the short names mean, and what of the text could not be kept: a CSV that spreadsheets open with its Chinese in order."""
    target = io.StringIO()
    write = csv.writer(target).writerow
    write(("字段", "全名", "中文"))
    for name, title in TITLES.items():
        write((NAMES[name], name, title))
    if speller.replaced:
        write(())
        write(("图斑编号", "全名", f"GBK 中没有、以 {MISSING} 代替的字符"))
        for row in speller.replaced:
            write(row)
    if speller.cut:
        write(())
        write(("图斑编号", "全名", f"超过 {LONGEST} 字节而截断的文字"))
        for id, name in speller.cut:
            write((id, name, "截断"))
    return target.getvalue().encode("utf-8-sig")
