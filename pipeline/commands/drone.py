"""`minewarden drone`: a flight taken in, or taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import config_argument, json_option, open_project, talking
from pipeline.console import Console
from pipeline.errors import Exit, MinewardenError
from pipeline.lock import locked

_file = click.Path(path_type=Path)


@click.group("drone")
def group() -> None:
    """Ad hoc drone imagery: outline, volume and pictures of a site."""


@group.command("ingest")
@config_argument
@click.argument("ortho", type=_file)
@click.option("--dsm", type=_file, help="The flight's surface, heights in metres.")
@click.option("--dsm-before", "before", type=_file, help="An earlier surface of the same ground.")
@click.option("--captured", metavar="DATE", help="Day of the flight. Default: that of its photos.")
@click.option("--photos", type=_file, help="Folder of photos with position (JPEG).")
@click.option("--gcp", type=_file, help="Surveyed points: OpenDroneMap's gcp_list.txt, or a CSV.")
@json_option
@talking
def ingest(
    console: Console,
    config: Path,
    ortho: Path,
    dsm: Path | None,
    before: Path | None,
    captured: str | None,
    photos: Path | None,
    gcp: Path | None,
    as_json: bool,
) -> Exit:
    """Take in a flight: ORTHO is a GeoTIFF, or the folder of an OpenDroneMap project."""
    project = open_project(console, config, begins=True)
    with locked(project.output):
        from pipeline import flights
        from pipeline.drone.project import gathered
        from pipeline.publish.flight import record

        found, is_new = flights.ingest(project, gathered(ortho, dsm, before, photos, gcp), captured, console.progress)
    if not is_new:
        instead = f" It has made way for {found['replaced_by']}." if found["replaced_by"] else ""
        console.notice(f"Flight {found['flight']} was taken in already; nothing is changed.{instead}")
    elif found["replaces"]:
        console.notice(f"It stands in the place of {', '.join(found['replaces'])}, of the same orthophoto.")
    folder = record.folder(project.output, found["flight"])
    if as_json:
        kept = ("flight", "shift_m", "cut_m3", "fill_m3", "cut_m3_95", "patches", "too_coarse", "cases", "replaces", "warnings")
        console.object({**{key: found[key] for key in kept}, "report": str(folder / found["report"])})
        return Exit.DONE
    for line in _lines(found):
        console.result(line)
    for warning in found["warnings"]:
        console.notice(warning)
    console.result(f"Report: {folder / found['report']}")
    return Exit.DONE


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"Flight {found['flight']}"]
    if found["cut_m3"] is not None:
        low, high = found["cut_m3_95"]
        lines.append(f"Cut {found['cut_m3']:,.0f} m³ (95 %: {low:,.0f} to {high:,.0f}), fill {found['fill_m3']:,.0f} m³")
    lines += [f"{case['id']}  {case['says']}" for case in found["cases"]]
    lines += [f"new digging, {piece['area_m2']:,.0f} m², in no case" for piece in found["new"]]
    lines += [f"{each['right_id']}  beyond its licensed scale" for each in found["extractions"] if each["finding"]]
    return lines


@group.command("withdraw")
@config_argument
@click.argument("flight")
@click.option("--by", required=True, metavar="NAME", help="Who takes it back; it is recorded.")
@click.option("--why", required=True, metavar="TEXT", help="For what reason; it is recorded.")
@talking
def withdraw(console: Console, config: Path, flight: str, by: str, why: str) -> Exit:
    """Take a flight, or a visit's photos, back: it stays on record, and nothing rests on it any more."""
    project = open_project(console, config)
    from pipeline.publish.plain import plain

    who, reason = plain(by), plain(why)
    if not (who and reason):
        raise MinewardenError("MW-USAGE", "--by or --why is empty.", "Say who withdraws the flight, and why.")
    with locked(project.output):
        from pipeline import flights

        found = flights.withdraw(project, flight, who, reason)
    console.result(f"{'Visit' if found.get('visit') else 'Flight'} {found['flight']} is withdrawn.")
    return Exit.DONE
