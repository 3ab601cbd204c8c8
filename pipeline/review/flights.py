"""What drone flights show of a case: what they say of it, their pictures, and photos that were taken of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.publish.flight import record

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def of_case(output: Path, case_id: str) -> list[dict[str, Any]]:
    """Flights that speak of a case, the latest first; only those that stand."""
    found = []
    for flight in reversed(record.standing(output)):
        said = next((case for case in flight["cases"] if case["id"] == case_id), None)
        photos = [photo for photo in flight["photos"] if photo["case_id"] == case_id]
        if said is None and not photos:
            continue
        found.append(
            {
                "flight": flight["flight"],
                "captured": flight["captured"],
                "says": said["says"] if said else None,
                "why": said["why"] if said else f"现场核查照片，{flight['by']}" if flight.get("visit") else None,
                "pictures": [[each["file"], each["title"]] for each in flight["pictures"]] if said else [],
                "photos": [{name: photo[name] for name in ("file", "taken", "azimuth", "distance_m", "doubts")} for photo in photos],
            }
        )
    return found


def picture(output: Path, flight: str, name: str) -> tuple[Path, str] | None:
    """File and type of a picture that the record of a flight that stands names; None for anything else."""
    folder = record.folder(output, flight)
    if flight not in {each["flight"] for each in record.standing(output)}:
        return None
    said = record.read(folder)
    named = {each["file"] for each in (*said["pictures"], *said["photos"])}
    file, kind = folder / name, KINDS.get(Path(name).suffix.lower())
    if name not in named or kind is None or not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
        return None
    return file, kind
