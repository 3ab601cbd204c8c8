"""A drone's flight, from the files that were handed in to a folder of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline import flown, layers
from pipeline.config import Project
from pipeline.drone import control, judge, measure, photos, register
from pipeline.drone.judge import KnownCase, Said
from pipeline.drone.kinds import green_share
from pipeline.drone.measure import Measured
from pipeline.drone.photos import Trip
from pipeline.drone.place import footprint, tagged_day
from pipeline.drone.project import Given
from pipeline.drone.raster import Raster, Role
from pipeline.drone.reference import placed
from pipeline.drone.register import Placement
from pipeline.drone.sight import hidden
from pipeline.drone.surface import burnt, frame_around, heights_at, picture
from pipeline.errors import MinewardenError
from pipeline.files import fsync_folder
from pipeline.handed import HandedIn, Say, look
from pipeline.layers.model import LayerSet
from pipeline.monthly import prepare
from pipeline.publish.flight import record
from pipeline.publish.flight.write import Flight, Frame, write

CONTROLLED_M = 2.0
"""Where ground control leaves less than this, the orthophoto lies better than the satellite's pictures."""


def ingest(project: Project, given: Given, captured: str | None, say: Say) -> tuple[dict[str, Any], bool]:
    """Take a flight in; its record, and whether it is new. The same flight again, or some of its files, changes nothing.

    All of its files and more, or all of them for another day, are taken in anew and stand in the place of the former flight.

    Raises MinewardenError (`MW-DRONE-…`) where it can't be used; nothing is changed then.
    """
    ground = layers.load(project, project.config.grid.crs)
    handed = look(project, given, captured, ground, say)
    known = _known(project, handed, dated=captured is not None)
    if known is not None:
        return known, False
    folder = record.folder(project.output, handed.id)
    replaces = tuple(each["flight"] for each in record.flights(project.output) if _of_the_same(handed, each))
    cases, patches = flown.known_ground(project)
    placement = _placement(project, handed, say)
    say("surfaces", 0, 1)
    measured = _measured(project, handed, cases)
    say("surfaces", 1, 1)
    flight = _flight(project, handed, placement, measured, replaces)
    said = _judged(flight, ground, cases, patches)
    shown = photos.attach(handed.photos, cases, project.config.grid.crs, _trip(flight))
    partial = folder.with_name(f".{handed.id}.partial")
    for left in folder.parent.glob(".*.partial"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        found = write(partial, flight, said, shown if given.album else photos.telling(shown), ground, given.photos, say)
        fsync_folder(partial)
        with flown.ledger_of(project) as ledger, ledger.transaction():
            ledger.audit("minewarden", flown.INGESTED, flown.event(found))
            os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    fsync_folder(folder.parent)
    return found, True


def _trip(flight: Flight) -> Trip:
    """For the flight's photos; its own surface tells what hides what."""
    if (measured := flight.measured) is None:
        return Trip(flight.captured, flight.frame, "航飞", "航飞范围")
    return Trip(flight.captured, flight.frame, "航飞", "航飞范围", lambda here, case, above: hidden(measured.new, measured.box, here, case, above))


def withdraw(project: Project, flight: str, by: str, why: str) -> dict[str, Any]:
    """Take a flight back: its record stays, with who and why, and nothing rests on it any more.

    Raises MinewardenError `MW-DRONE-UNKNOWN` or `-WITHDRAWN`.
    """
    known = {each["flight"]: each for each in record.flights(project.output)}
    if flight not in known:
        there = f"There are: {', '.join(sorted(known))}." if known else "There is none."
        raise MinewardenError("MW-DRONE-UNKNOWN", f"There is no flight {flight!r}.", there)
    if known[flight]["withdrawn"]:
        raise _was_withdrawn(known[flight])
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    folder = record.folder(project.output, flight)
    with flown.ledger_of(project) as ledger, ledger.transaction():
        ledger.audit(by, flown.WITHDRAWN, {"flight": flight, "why": why})
        record.withdraw(folder, by, why, at)
    return record.read(folder)


def _was_withdrawn(flight: dict[str, Any]) -> MinewardenError:
    said = flight["withdrawn"]
    message = f"Flight {flight['flight']} was withdrawn by {said['by']} ({said['why']})."
    return MinewardenError("MW-DRONE-WITHDRAWN", message, "Hand in the corrected files; the withdrawn ones stay withdrawn.")


def _of_the_same(handed: HandedIn, flight: dict[str, Any]) -> bool:
    """Whether a flight that was not withdrawn has the same orthophoto."""
    return not flight["withdrawn"] and record.orthophoto(flight) == handed.ortho.sha256


def _known(project: Project, handed: HandedIn, *, dated: bool) -> dict[str, Any] | None:
    """The flight that was taken in already with all these files, or more of them; where a kill kept it from the ledger, it is noted now.

    dated: the day was given, and must be the same. Raises MinewardenError `MW-DRONE-WITHDRAWN`, or `-FEWER` where what was measured would be lost.
    """
    flights = record.flights(project.output)
    same = next((each for each in flights if each["flight"] == handed.id), None)
    if same is not None and same["withdrawn"]:
        raise _was_withdrawn(same)
    for each in flights:
        if record.stands(each) and _of_the_same(handed, each):
            same_day = not dated or each["captured"] == handed.captured.isoformat()
            if handed.hashes <= record.hashes(each) and same_day:
                same = each
            elif not handed.hashes >= record.hashes(each):
                raise _fewer(each, handed)
    if same is None:
        return None
    with flown.ledger_of(project) as ledger:
        if all(detail["flight"] != same["flight"] for _, detail in ledger.last_audit(flown.INGESTED)):
            ledger.audit("minewarden", flown.INGESTED, flown.event(same))
    return same


def _fewer(flight: dict[str, Any], handed: HandedIn) -> MinewardenError:
    lacking = [f"{each['role']} {each['name']}" for each in flight["inputs"] if each["sha256"] not in handed.hashes] or ["photos"]
    message = f"Flight {flight['flight']} ({flight['captured']}) has this orthophoto, and besides: {', '.join(lacking)}."
    return MinewardenError("MW-DRONE-FEWER", message, "Hand in all of its files together with what is new, or withdraw it first.")


def _placement(project: Project, handed: HandedIn, say: Say) -> Placement:
    """Where the orthophoto lies against the satellite's pictures; weak, with the reason, where there are none."""
    try:
        inputs, _ = prepare(project, 1, None, say, user="drone", begins=False)
    except MinewardenError as error:
        if not error.code.startswith("MW-SOURCE"):
            raise
        return replace(register.NOWHERE, weak=f"there is no picture of the satellite ({error.code})")
    return placed(handed.ortho, handed.ground, handed.captured, inputs.scenes, inputs.setting, lambda n, of: say("looks of the satellite", n, of))


def _measured(project: Project, handed: HandedIn, cases: Sequence[KnownCase]) -> Measured | None:
    crs = project.config.grid.crs
    if handed.dsm is None:
        return None
    shown = footprint(handed.dsm, crs)
    if handed.before is None:
        return measure.alone(handed.dsm, shown, crs, [case for case in cases if case.geometry.intersects(shown)])
    common = shown.intersection(footprint(handed.before, crs))
    if common.is_empty:
        raise MinewardenError("MW-DRONE-APART", "The two surfaces show no common ground.", "Give an earlier DSM of the same site.")
    return measure.between(handed.dsm, handed.before, common, crs, [case for case in cases if case.geometry.intersects(common)])


def _flight(project: Project, handed: HandedIn, placement: Placement, measured: Measured | None, replaces: tuple[str, ...]) -> Flight:
    """Put in place: the orthophoto, and what was measured, in one frame."""
    crs, horizontal = project.config.grid.crs, handed.reported.horizontal_m if handed.reported else None
    (east, north), by = _applied(placement, measured, horizontal)
    if measured is not None:
        fit = measured.fit if measured.fit is not None and not measured.fit.weak else None
        # Two surfaces lie where the earlier one does, a single one where the orthophoto does.
        measured = measure.moved(measured, (fit.east if fit else 0.0) - east, (fit.north if fit else 0.0) - north)
    ortho = handed.ortho.moved(east, north, crs)
    error = judge.position_error_m(control_m=horizontal, residual_m=placement.residual_m if by is Frame.SATELLITE else None)
    return Flight(
        county=project.config.county.name, crs=crs, id=handed.id, captured=handed.captured, earlier=_earlier(project, handed.before),
        inputs=handed.inputs, photographs=tuple(each.sha256 for each in handed.photos), replaces=replaces, ortho=ortho, frame=footprint(ortho, crs),
        placement=placement, applied=(east, north), frame_of=by, measured=measured, position_error_m=error, control=_heights_off(handed),
        control_m=horizontal, heights=handed.dsm.vertical if handed.dsm else None, notes=handed.notes,
    )  # fmt: skip


def _applied(placement: Placement, measured: Measured | None, control_m: float | None) -> tuple[tuple[float, float], Frame]:
    """By how much the orthophoto is taken back, and on what it then lies.

    Ground control is better than any picture of the satellite. Without both it is laid where the earlier surface lies.
    """
    if control_m is not None and control_m <= CONTROLLED_M:
        return (0.0, 0.0), Frame.CONTROL
    if not placement.weak:
        return (placement.east, placement.north), Frame.SATELLITE
    if measured is not None and measured.fit is not None and not measured.fit.weak:
        return (measured.fit.east, measured.fit.north), Frame.EARLIER
    return (0.0, 0.0), Frame.OWN


def _heights_off(handed: HandedIn) -> control.HeightError | None:
    """How far the flight's surface lies off surveyed points."""
    dsm, listed = handed.dsm, handed.control
    if dsm is None or listed is None:
        return None
    return control.height_error(listed, dsm.crs, lambda x, y: heights_at(dsm, x, y))


def _earlier(project: Project, before: Raster | None) -> date | None:
    """When the earlier surface was flown: known of flights that were taken in here, else as its file says."""
    if before is None:
        return None
    for each in record.flights(project.output):
        if not each["withdrawn"] and any(said["role"] == Role.DSM and said["sha256"] == before.sha256 for said in each["inputs"]):
            return date.fromisoformat(each["captured"])
    return tagged_day(before.taken) if before.taken else None


def _judged(flight: Flight, ground: LayerSet, cases: Sequence[KnownCase], patches: dict[str, BaseGeometry]) -> Said:
    """The flight held against cases, rights and limits."""
    said = _compared(flight, ground, cases, patches)
    pieces = flight.measured.pieces if flight.measured else ()
    return replace(said, cases=tuple(judge.with_kind(each, pieces, _green(flight, each.case), flight.captured) for each in said.cases))


def _green(flight: Flight, case: KnownCase) -> float | None:
    """Share of a case that is green in the orthophoto; None where too little of it is shown."""
    box = frame_around(case.geometry, flight.crs)
    return green_share(*picture(flight.ortho, box), burnt(case.geometry, box))


def _compared(flight: Flight, ground: LayerSet, cases: Sequence[KnownCase], patches: dict[str, BaseGeometry]) -> Said:
    """What heights say."""
    measured = flight.measured
    shown = tuple(sorted(name for name, outline in patches.items() if outline.intersects(flight.frame)))
    if measured is None:
        silent = judge.of_cases(cases, (), flight.frame, measured=False, earlier=None, detection_m=None)
        return Said(cases=tuple(silent), patches=shown)
    seen = measure.outlined(np.isfinite(measured.new), measured.box)
    change, pieces = measured.change, measured.pieces
    detection = change.detection_m if change else None
    then = ground.stood_on(flight.captured)
    rights = [right for right in then if right.geometry.intersects(seen)]
    amounts = [(right, measured.amount_in(right.geometry)) for right in rights]
    lowest = [(right, measured.lowest_in(right.geometry)) for right in rights]
    return Said(
        cases=tuple(judge.of_cases(cases, pieces, seen, measured=change is not None, earlier=flight.earlier, detection_m=detection)),
        new=tuple(judge.new_digging(pieces, [*patches.values(), *(case.geometry for case in cases)])),
        overshoots=tuple(judge.overshoots(pieces, then, flight.captured, flight.position_error_m)),
        extractions=tuple(
            found for right, amount in amounts if amount.m3 > 0 and (found := judge.extraction(right, amount, flight.earlier, flight.captured))
        ),
        depths=tuple(under for right, low in lowest if low is not None and (under := judge.depth_below(right, low, flight.heights))),
        patches=shown,
    )
