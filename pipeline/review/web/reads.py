"""What the page is shown."""

from __future__ import annotations

import asyncio
from datetime import date

from tornado.web import HTTPError

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.review import flights, overlay
from pipeline.review.ground import WIDER
from pipeline.review.pictures import VIEWS
from pipeline.review.web.base import Handler, day_of


class Page(Handler):
    """The page itself, which holds nothing of the county."""

    def get(self, *_: str) -> None:
        self.send(*self.assets.page(self.get_query_argument("lang", None)))


class Asset(Handler):
    def get(self, name: str) -> None:
        found = self.assets.file(name)
        if found is None:
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-cache")
        self.send(*found)


class Month(Handler):
    """What does not change: the list and the map."""

    async def get(self) -> None:
        self.session()
        self.send((await self.asked_desk()).listing, "application/json; charset=utf-8")


class States(Handler):
    """What people said, since a page last asked."""

    async def get(self) -> None:
        session = self.session(keeps_alive=False)
        since = _whole(self.get_query_argument("since", "0"))
        await self.room.look_for_news()
        found = self.room.states(await self.asked_desk(), since, months.today())
        if since == 0:
            found["seen"] = sorted(self.room.known.seen.get(session.user.name, ()))
        self.answer(found)


class Case(Handler):
    async def get(self, case_id: str) -> None:
        self.session()
        desk, wider = await self.asked_desk(), _wider(self)
        if case_id not in desk.rows:
            raise MinewardenError("MW-REVIEW-CASE", f"{desk.month} lists no case {case_id}.", "Take another month.")
        self.answer(await asyncio.to_thread(self.room.case, desk, case_id, wider, months.today()))


class Picture(Handler):
    async def get(self, case_id: str) -> None:
        self.session()
        desk, wider = await self.asked_desk(), _wider(self)
        pair = day_of(self.get_query_argument("before")), day_of(self.get_query_argument("after"))
        which, view = self.get_query_argument("which"), self.get_query_argument("view")
        known = {date.fromisoformat(day) for day in desk.pictures.days}
        if case_id not in desk.rows or which not in ("0", "1") or view not in VIEWS or not known.issuperset(pair):
            raise HTTPError(404)
        png = await self.room.paint(lambda: desk.pictures.png(case_id, pair, int(which), view, wider))
        self.set_header("Cache-Control", "private, max-age=3600")
        self.send(png, "image/png")


class Overlay(Handler):
    """A flight's orthophoto over a case's ground."""

    async def get(self, case_id: str, flight: str) -> None:
        self.session()
        desk, wider = await self.asked_desk(), _wider(self)
        if case_id not in desk.rows:
            raise HTTPError(404)
        frame, output = desk.grounds.frame(case_id, wider).geobox, self.room.office.project.output
        webp = await self.room.paint(lambda: overlay.picture(output, flight, frame))
        if webp is None:
            raise HTTPError(404)
        self.send(webp, "image/webp")


class Series(Handler):
    async def get(self, case_id: str) -> None:
        self.session()
        desk = await self.asked_desk()
        if case_id not in desk.rows:
            raise HTTPError(404)
        self.answer(await self.room.follow(lambda: desk.pictures.series(case_id)))


class Evidence(Handler):
    """A case's sheet, as it stands in the month's folder."""

    async def get(self, case_id: str) -> None:
        self.session()
        desk = await self.asked_desk()
        if case_id not in desk.rows:
            raise HTTPError(404)
        file = desk.finished.folder / "evidence" / f"{case_id}.png"
        if not file.is_file():
            raise HTTPError(404)
        self.send(await asyncio.to_thread(file.read_bytes), "image/png")


class FlightPicture(Handler):
    """A picture or photo of a drone flight."""

    async def get(self, flight: str, name: str) -> None:
        self.session()
        found = await asyncio.to_thread(flights.picture, self.room.office.project.output, flight, name)
        if found is None:
            raise HTTPError(404)
        self.send(await asyncio.to_thread(found[0].read_bytes), found[1])


def _wider(handler: Handler) -> int:
    text = handler.get_query_argument("wider", "1")
    if text not in map(str, WIDER):
        raise HTTPError(404)
    return int(text)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise HTTPError(400)
    return int(text)
