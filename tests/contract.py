"""Does a finished month's folder keep what users and other programs rely on?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VIOLATIONS = _words("""unlicensed cross_boundary expired_permit closed_mine exploration_as_mining underground_as_open mineral_mismatch prohibited_zone
    legacy_remined unrestored restoration_regressed over_extraction""")
BESIDE = VIOLATIONS | {"farmland_clay"}
EXPLAINED = frozenset({"permitted", "approved", "not_mining", "before_monitoring"})
UNCHANGED = frozenset({"unrestored", "restoration_regressed", "over_extraction"})
"""They claim no new digging, and so carry no likelihood."""
CASE = _words(
    """id patch_id month new_this_month finding finding_zh also severity status first_seen last_seen before_date after_date area_m2
    area_mu growth_m2 confidence mining_likelihood cause right_id right_name holder mineral valid_to distance_to_right_m overshoot_m2
    overshoot_max_m position_error_m overshoot_certain_m2 legacy_id legacy_state deadline restriction restriction_m2 town lon lat evidence
    scenes_before scenes_after layers_version review review_reason review_note reviewer reviewed_at version"""
)
PATCH = _words("patch_id finding cause mining_likelihood area_m2 first_seen status")
RUN = _words("run_id month version config_sha256 bands scenes layers coverage counts timings outputs")
DATES = ("first_seen", "last_seen", "before_date", "after_date", "valid_to", "deadline")
HASHED = {"flagged.geojson", "patches.geojson", "coverage.geojson", "flagged.gpkg", "disturbance.tif"}
FILES = HASHED | {"report.html", "ledger.xlsx", "run.json"}
NODATA = 65535


def shortcomings(folder: Path) -> list[str]:
    """What of contract sections 5 and 6 a month's folder does not keep; empty when it keeps all."""
    missing = sorted(FILES - {each.name for each in folder.iterdir()})
    if missing:
        return [f"{name} is missing" for name in missing]
    said = [
        *_features(folder, "flagged", CASE),
        *_features(folder, "patches", PATCH),
        *_features(folder, "coverage", frozenset({"last_seen", "area_ha"})),
    ]
    said += _flagged(folder)
    said += [f"patches: {row['finding']!r}" for row in rows(folder, "patches") if row["finding"] not in VIOLATIONS | EXPLAINED]
    said += _run(folder)
    said += _raster(folder)
    said += [f"report.html loads {url}" for url in _loaded(folder)]
    return said


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Properties of a file's features."""
    return [each["properties"] for each in json.loads((folder / f"{name}.geojson").read_text("utf-8"))["features"]]


def _rings(geometry: dict[str, Any]) -> Iterator[tuple[bool, list[list[float]]]]:
    """Whether a ring is the outer one, and its points."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        for k, ring in enumerate(polygon):
            yield k == 0, ring


def _decimals(number: float) -> int:
    mantissa, _, exponent = repr(float(number)).partition("e")
    return max(len(mantissa.partition(".")[2].rstrip("0")) - int(exponent or 0), 0)


def _features(folder: Path, name: str, fields: frozenset[str]) -> Iterator[str]:
    """RFC 7946: degrees, 7 decimals, closed rings, outer ones counter-clockwise; text as it is."""
    text = (folder / f"{name}.geojson").read_bytes().decode("utf-8")
    if re.search(r"\\u(?!00[01])", text):
        yield f"{name}: escaped text"
    if re.search(r"\b(NaN|Infinity)\b", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        yield f"{name}: numbers that JSON does not know"
    document = json.loads(text)
    if list(document) != ["type", "features"] or document["type"] != "FeatureCollection":
        yield f"{name}: members {list(document)}"
    for number, feature in enumerate(document["features"]):
        where = f"{name} {number}"
        if feature["geometry"]["type"] not in ("Polygon", "MultiPolygon"):
            yield f"{where}: a {feature['geometry']['type']}"
            continue
        if lacking := fields - set(feature["properties"]):
            yield f"{where}: no {', '.join(sorted(lacking))}"
        if "" in feature["properties"].values():
            yield f"{where}: an empty text where null is meant"
        for outer, ring in _rings(feature["geometry"]):
            points = np.array(ring)
            if points.shape[1] != 2 or len(points) < 4 or ring[0] != ring[-1]:
                yield f"{where}: no closed ring"
                continue
            if (np.abs(points) > (180, 90)).any():
                yield f"{where}: not in degrees"
            if max(_decimals(value) for point in ring for value in point) > 7:
                yield f"{where}: more than 7 decimals"
            x, y = (points - points[0]).T
            area = float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())
            if (area > 0) is not outer:
                yield f"{where}: a ring winds the wrong way"


def _flagged(folder: Path) -> Iterator[str]:
    found = rows(folder, "flagged")
    ids = [row["id"] for row in found]
    if ids != sorted(set(ids)):
        yield "flagged: ids twice, or out of order"
    for row in found:
        where = f"flagged {row['id']}"
        checks = {
            "id": re.fullmatch(r"\d{6}-\d{4}-\d{6}", str(row["id"])) is not None,
            "month": row["month"] == folder.name,
            "finding": row["finding"] in VIOLATIONS,
            "also": row["also"] is None or set(row["also"].split(";")) <= BESIDE - {row["finding"]},
            "severity": row["severity"] in (1, 2, 3),
            "status": row["status"] in ("provisional", "confirmed"),
            "review": row["review"] in ("pending", "confirmed", "needs_field_check"),
            "new_this_month": isinstance(row["new_this_month"], bool),
            "area_mu": abs(row["area_mu"] - row["area_m2"] * 3 / 2000) <= 0.01,
            "evidence": row["evidence"] is None or _pictured(folder, row),
            "first_seen": row["first_seen"] is not None and row["first_seen"] <= row["last_seen"],
        }
        for name in ("confidence", "mining_likelihood"):
            value = row[name]
            checks[name] = 0 <= value <= 1 if value is not None else row["finding"] in UNCHANGED
        checks |= {name: row[name] is None or re.fullmatch(r"\d{4}-\d\d-\d\d", row[name]) is not None for name in DATES}
        yield from (f"{where}: {name} {row[name]!r}" for name, kept in checks.items() if not kept)


def _pictured(folder: Path, row: dict[str, Any]) -> bool:
    """Whether the picture is there, of dates in order, each with its scenes."""
    dates, scenes = (row["before_date"], row["after_date"]), (row["scenes_before"], row["scenes_after"])
    return (
        row["evidence"] == f"evidence/{row['id']}.png"
        and (folder / row["evidence"]).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        and [date is None for date in dates] == [each is None for each in scenes]
        and (None in dates or dates[0] < dates[1])
    )


def _run(folder: Path) -> Iterator[str]:
    run = json.loads((folder / "run.json").read_text("utf-8"))
    if lacking := RUN - set(run):
        yield f"run.json: no {', '.join(sorted(lacking))}"
        return
    for scene in run["scenes"]:
        if lacking := {"id", "date", "sha256", "used", "reason", "clear_fraction"} - set(scene):
            yield f"run.json: scene without {', '.join(sorted(lacking))}"
        if not scene["used"] and not scene["reason"]:
            yield f"run.json: {scene['id']} was left out without a reason"
    listed = {each["path"]: each["sha256"] for each in run["outputs"]}
    if not set(listed) >= HASHED:
        yield f"run.json: no hash of {', '.join(sorted(HASHED - set(listed)))}"
    for path, sha256 in listed.items():
        if hashlib.sha256((folder / path).read_bytes()).hexdigest() != sha256:
            yield f"run.json: {path} is another file"


def _raster(folder: Path) -> Iterator[str]:
    with rasterio.open(folder / "disturbance.tif") as file:
        layout, nodata, types = file.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"), file.nodata, set(file.dtypes)
        status, first_day, confidence, looks = file.read()
    if (layout, nodata, types) != ("COG", NODATA, {"uint16"}):
        yield f"disturbance.tif: layout {layout}, nodata {nodata}, {types}"
    inside = status != NODATA
    if not (set(np.unique(status[inside])) <= {0, 1, 2, 3, 4, 5} and all((band != NODATA).sum() == inside.sum() for band in (confidence, looks))):
        yield "disturbance.tif: status codes, or bands that differ in their outline"
    if not ((status[inside] == 5) <= (looks[inside] == 0)).all() or confidence[inside].max(initial=0) > 10_000:
        yield "disturbance.tif: cells not seen that were seen, or a confidence above 10000"
    changed = np.isin(status, (1, 2, 3, 4))
    if not ((first_day > 0) & (first_day != NODATA))[changed].all() or first_day[inside & ~changed].any():
        yield "disturbance.tif: days of cells that did not change, or changed cells without one"


def _loaded(folder: Path) -> list[str]:
    html = (folder / "report.html").read_text("utf-8")
    return re.findall(r"""(?i)(?:src|href)\s*=\s*["']?((?:https?:)?//[^"'>\s]+)|@import[^;]+|url\((?!["']?(?:data:|#))[^)]+\)""", html)
