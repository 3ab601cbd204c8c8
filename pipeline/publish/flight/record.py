"""flight.json: what a flight says, for the review page, the monthly job and other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.drone.judge import CaseSaid, Depth, Extraction, Overshoot, Piece
from pipeline.drone.photos import Shown
from pipeline.drone.raster import Role
from pipeline.drone.volume import Amount
from pipeline.files import write_atomic

NAME = "flight.json"
WITHDRAWN = "withdrawn.json"
FLIGHTS, VISITS = "drone", "visits"
"""Folders of the output folder. A visit has a record like a flight's, that shows nothing but photos."""
VERSION = 1
CONTROL, REPORTED = "control points", "report of the flight software"
"""Roles of what is handed in beside rasters."""


def encode(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")


def read(folder: Path) -> dict[str, Any]:
    """A flight's record, with `withdrawn` (who, why, when) where it was."""
    found: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
    away = folder / WITHDRAWN
    return {"replaces": []} | found | {"withdrawn": json.loads(away.read_text("utf-8")) if away.is_file() else None}


def folder(output: Path, id: str) -> Path:
    """Of a flight, or of a visit, whose id begins with a v."""
    return output / (VISITS if id.startswith("v") else FLIGHTS) / id


def write(folder: Path, found: Mapping[str, Any]) -> None:
    write_atomic(folder / NAME, encode(found))


def withdraw(folder: Path, by: str, why: str, at: str) -> None:
    write_atomic(folder / WITHDRAWN, encode({"by": by, "why": why, "at": at}))


def flights(output: Path) -> list[dict[str, Any]]:
    """Records of all flights, the oldest first, then of visits; those that do not stand too: `withdrawn`, or `replaced_by` another."""
    files = [file for name in (FLIGHTS, VISITS) for file in sorted((output / name).glob(f"*/{NAME}"))]
    found = [read(file.parent) for file in files if not file.parent.name.startswith(".")]
    instead = {former: each["flight"] for each in found if not each["withdrawn"] for former in each["replaces"]}
    return [each | {"replaced_by": instead.get(each["flight"])} for each in found]


def stands(flight: Mapping[str, Any]) -> bool:
    """Whether a flight counts: neither withdrawn, nor taken in again with more of its files by a flight that counts."""
    return not flight["withdrawn"] and not flight["replaced_by"]


def standing(output: Path) -> list[dict[str, Any]]:
    """Flights that count, by day."""
    return sorted((each for each in flights(output) if stands(each)), key=lambda each: (each["captured"], each["flight"]))


def orthophoto(flight: Mapping[str, Any]) -> str | None:
    """SHA-256 of the orthophoto as it was handed in."""
    return next((str(each["sha256"]) for each in flight.get("inputs", ()) if each["role"] == Role.ORTHO), None)


def hashes(flight: Mapping[str, Any]) -> frozenset[str]:
    """Of all files that were handed in. Records of before name only those photos that were kept."""
    photos = flight.get("photographs", [each["sha256"] for each in flight["photos"]])
    return frozenset([*(each["sha256"] for each in flight["inputs"]), *photos])


def amount(value: Amount) -> dict[str, Any]:
    return {"m3": round(value.m3, 1), "m3_95": [round(value.low, 1), round(value.high, 1)]}


def piece(value: Piece) -> dict[str, Any]:
    return {
        "kind": "cut" if value.is_cut else "fill",
        "what": value.kind.value,
        **amount(value.amount),
        "area_m2": round(value.area_m2, 1),
        "deepest_m": round(value.deepest_m, 2),
        "mean_m": round(value.mean_m, 2),
        "steepest_degrees": round(value.steepest_degrees, 1),
    }


def case(said: CaseSaid) -> dict[str, Any]:
    return {
        "id": said.case.id,
        "patch_id": said.case.patch_id,
        "finding": said.case.code,
        "says": said.says.value,
        "why": said.why,
        "m3": None if said.m3 is None else round(said.m3, 1),
        "iou": None if said.iou is None else round(said.iou, 3),
        "what": said.kind.value,
        "green": None if said.green is None else round(said.green, 2),
    }


def overshoot(value: Overshoot) -> dict[str, Any]:
    return {
        "right_id": value.right.id,
        "right_name": value.right.name,
        "overshoot_m2": round(value.area_m2, 1),
        "overshoot_max_m": value.max_m,
        "position_error_m": value.error_m,
        "overshoot_certain_m2": round(value.certain_m2, 1),
    }


def extraction(value: Extraction) -> dict[str, Any]:
    as_tonnes = value.limit_as_tonnes_m3
    return {
        "right_id": value.right.id,
        "right_name": value.right.name,
        "mineral": value.right.mineral,
        "scale": value.right.scale,
        **amount(value.amount),
        "years": round(value.years, 2),
        "dated": value.dated,
        "limit_m3": round(value.limit_m3, 1),
        "limit_as_tonnes_m3": None if as_tonnes is None else round(as_tonnes, 1),
        "finding": "over_extraction" if value.is_over else None,
        "in_doubt": value.may_be_over and not value.is_over,
    }


def depth(value: Depth) -> dict[str, Any]:
    return {
        "right_id": value.right.id,
        "right_name": value.right.name,
        "bottom_m": value.right.bottom,
        "lowest_m": round(value.lowest_m, 1),
        "below_m": round(value.below_m, 1),
        "height_system": value.height_system,
    }


def photo(shown: Shown) -> dict[str, Any]:
    taken = shown.photo
    return {
        "file": f"photos/{taken.name}",
        "sha256": taken.sha256,
        "lon": taken.lon,
        "lat": taken.lat,
        "altitude_m": taken.altitude_m,
        "height_m": taken.height_m,
        "azimuth": taken.azimuth,
        "pitch": taken.pitch,
        "taken": taken.taken.isoformat() if taken.taken else None,
        "case_id": shown.case_id,
        "distance_m": shown.distance_m,
        "off_degrees": shown.off_degrees,
        "doubts": list(shown.doubts),
    }
