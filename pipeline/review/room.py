"""What the page asks for and what it writes, whoever asks: months laid out, what is known of their cases, and writes into the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from shapely.geometry import Polygon

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.ledger import Ledger
from pipeline.ledger.verdicts import Standing
from pipeline.publish import traces
from pipeline.publish.wgs84 import Projector, Written
from pipeline.review import desk as desks
from pipeline.review import flights, known, overlay
from pipeline.review.decide import Outcome
from pipeline.review.desk import Desk, Office
from pipeline.review.known import Known
from pipeline.review.scribe import Scribe

NEWS_S = 5.0
"""How often it is looked whether others have written to the ledger."""
BACKUP_S = 600.0
"""How often the ledger is copied while people write."""
LARGEST_HA = 1000.0
MOST_POINTS = 500
NEAR_M = 300.0
"""An outline that a person draws lies on the case's ground, or so near."""

LOGGER = logging.getLogger("minewarden")
T = TypeVar("T")


class ReviewRoom:
    def __init__(self, office: Office, month: str) -> None:
        self.office, self.month = office, month
        self.scribe = Scribe(office.project.ledger, office.project.config.county.code)
        self.known = Known()
        self._desks: dict[str, tuple[tuple[int, int] | None, Desk]] = {}
        self._laying = asyncio.Lock()
        self._painters = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
        self._followers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="series")
        self._looked = 0.0
        self._backed_up: float | None = None
        self._unsaved = False
        """Something was written since the ledger was last copied."""

    async def open(self) -> None:
        """Read what there is; raises MinewardenError where the ledger or the month can't be used."""
        self.known.take(await self.scribe.do(known.read))
        await self.desk(self.month)

    async def close(self) -> None:
        if self._unsaved:
            await self._back_up()
        for pool in (self._painters, self._followers):
            pool.shutdown(cancel_futures=True)
        self.scribe.close()

    async def desk(self, month: str) -> Desk:
        """A finished month as it is now. Raises MinewardenError `MW-MONTH-…` or `MW-RESULT-DAMAGED`."""
        month = months.check(month, months.today())
        mark = desks.mark(self.office.project, month)
        held = self._desks.get(month)
        if held is not None and held[0] == mark:
            return held[1]
        async with self._laying:
            held = self._desks.get(month)
            if held is None or held[0] != mark:
                cases, patches = await self.scribe.do(lambda ledger: desks.recorded(ledger, month))
                laid = await self.paint(lambda: desks.lay_out(self.office, month, cases, patches))
                self._desks = {**{m: d for m, d in self._desks.items() if m == self.month}, month: (mark, laid)}
        return self._desks[month][1]

    async def paint(self, job: Callable[[], T]) -> T:
        """Work that reads pixels, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._painters, job)

    async def follow(self, job: Callable[[], T]) -> T:
        """Work that reads a year of pixels: one at a time, so that pictures need not wait."""
        return await asyncio.get_running_loop().run_in_executor(self._followers, job)

    async def look_for_news(self) -> None:
        """Take over what others have written meanwhile: an edited file that was applied, a month that was finished."""
        now = asyncio.get_running_loop().time()
        if now - self._looked < NEWS_S:
            return
        self._looked, mark = now, self.known.mark
        with suppress(MinewardenError):  # a ledger that is being written is asked again; until then the page shows what was known
            told = await self.scribe.do(lambda ledger: known.read(ledger) if ledger.foreign_changes() != mark else None)
            if told is not None:
                self.known.take(told)

    async def write(self, case_id: str, job: Callable[[Ledger], Outcome]) -> Outcome:
        """A write about a case. Raises MinewardenError as `decide` does, or `MW-LEDGER-…`."""

        def work(ledger: Ledger) -> tuple[Outcome, Standing, Any]:
            outcome = job(ledger)
            return outcome, ledger.standings(case_id).get(case_id, Standing()), ledger.events(case_id).get(case_id, ())

        outcome, standing, events = await self.scribe.do(work)
        self.known.take_case(case_id, standing, events)
        self._unsaved = True
        now = asyncio.get_running_loop().time()
        if self._backed_up is None or now - self._backed_up > BACKUP_S:
            self._backed_up = now
            await self._back_up()
        return outcome

    async def _back_up(self) -> None:
        """Copy the ledger. Where that fails the verdict stands all the same."""
        try:
            await self.scribe.do(lambda ledger: ledger.back_up(self.office.project.backup))
            self._unsaved = False
        except (MinewardenError, OSError) as error:
            LOGGER.warning("review page: no copy of the ledger: %s", error)

    async def see(self, reviewer: str, case_ids: set[str]) -> None:
        """Note who opened which cases."""
        fresh = sorted(case_ids - self.known.seen.get(reviewer, set()))
        if fresh:
            await self.scribe.do(lambda ledger: ledger.audit(reviewer, known.SEEN, {"reviewer": reviewer, "cases": fresh}))
            self.known.seen.setdefault(reviewer, set()).update(fresh)

    def states(self, desk: Desk, since: int, today: date) -> dict[str, Any]:
        """What changed of a month's cases after a serial number."""
        changed = [case_id for case_id, serial in self.known.changed.items() if serial > since and case_id in desk.rows]
        return {"serial": self.known.serial, "months": list(self.known.months), "states": {each: self.state(desk, each, today) for each in changed}}

    def state(self, desk: Desk, case_id: str, today: date) -> dict[str, Any]:
        return self.known.state(case_id, desk.reopened.get(case_id), today)

    def case(self, desk: Desk, case_id: str, wider: int, today: date) -> dict[str, Any]:
        """All that the page shows of a case but its pixels. Raises KeyError for one that the month does not list."""
        row, grounds = desk.rows[case_id], desk.grounds
        drawn, output = self.known.drawn(case_id), self.office.project.output
        flown = flights.of_case(output, case_id)
        return {
            "properties": row.properties,
            "trace": {"en": desk.traces.get(case_id, []), "zh": traces.all_in_chinese(desk.traces.get(case_id, []))},
            "state": self.state(desk, case_id, today),
            "history": self.known.history(case_id),
            "flights": flown,
            "overlays": overlay.of_case(output, flown),
            "place": grounds.place(case_id, wider),
            "lines": [[line.kind, line.name, line.path] for line in grounds.lines(case_id, wider)],
            "drawn": None
            if drawn is None
            else {
                "path": grounds.drawn_line(case_id, wider, drawn.detail["geometry"]),
                "area_m2": drawn.detail["area_m2"],
                "by": drawn.actor,
            },
        }

    def drawn(self, desk: Desk, case_id: str, points: list[tuple[float, float]]) -> Written:
        """An outline from its corners, columns and rows of the county's grid.

        Raises MinewardenError `MW-REVIEW-OUTLINE` where it is none, or none of this case.
        """
        fix = "Draw a simple outline around the case."
        affine = self.office.setting.grid.geobox.affine
        if not 3 <= len(points) <= MOST_POINTS:
            raise MinewardenError("MW-REVIEW-OUTLINE", f"The outline has {len(points)} corners.", fix)
        polygon = Polygon([affine @ point for point in points])
        ground = desk.grounds.subject(case_id).ground
        if not polygon.is_valid or polygon.area < self.office.setting.grid.cell_area_m2 or polygon.area > LARGEST_HA * 1e4:
            raise MinewardenError("MW-REVIEW-OUTLINE", "The outline crosses itself, or is too small or too large.", fix)
        if polygon.distance(ground) > NEAR_M or not polygon.intersects(self.office.layers.area):
            raise MinewardenError("MW-REVIEW-OUTLINE", "The outline lies elsewhere.", fix)
        return Projector(self.office.setting.grid.crs).write(polygon)
