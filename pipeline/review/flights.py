"""What drone flights show of a case: what they say of it, their pictures, and photos that were taken of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.publish.flight import record

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def of_case(output: Path, case_id: str) -> list[dict[str, Any]]:
    """Flights that speak of a case, the latest first; withdrawn ones do not count."""
    found = []
    for flight in record.flights(output):
        said = next((case for case in flight["cases"] if case["id"] == case_id), None)
        photos = [photo for photo in flight["photos"] if photo["case_id"] == case_id]
        if flight["withdrawn"] or (said is None and not photos):
            continue
        found.append(
            {
                "flight": flight["flight"],
                "captured": flight["captured"],
                "says": said["says"] if said else None,
                "why": said["why"] if said else None,
                "pictures": [[each["file"], each["title"]] for each in flight["pictures"]] if said else [],
                "photos": [{name: photo[name] for name in ("file", "taken", "azimuth", "distance_m", "doubts")} for photo in photos],
            }
        )
    return sorted(found, key=lambda each: str(each["captured"]), reverse=True)


def picture(output: Path, flight: str, name: str) -> tuple[Path, str] | None:
    """File and type of a picture that a flight's record names; None for anything else."""
    folder = output / "drone" / flight
    if flight not in {each["flight"] for each in record.flights(output)}:
        return None
    said = record.read(folder)
    named = {each["file"] for each in (*said["pictures"], *said["photos"])}
    file, kind = folder / name, KINDS.get(Path(name).suffix.lower())
    if name not in named or kind is None or not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
        return None
    return file, kind
