"""What all answers of the server share."""

from __future__ import annotations

import json
import logging
from datetime import date
from http.cookies import CookieError, SimpleCookie
from typing import Any

from tornado.web import HTTPError, RequestHandler

from pipeline.errors import Exit, MinewardenError
from pipeline.review.answers import UnclearError
from pipeline.review.desk import Desk
from pipeline.review.room import ReviewRoom
from pipeline.review.sessions import Session
from pipeline.review.web.assets import Assets
from pipeline.review.web.guard import HEADERS, Guard, Refusal

LOGGER = logging.getLogger("minewarden")
_STALE = ("MW-VERDICT-STALE", "MW-REVIEW-SELF", "MW-REVIEW-UNDO", "MW-STEP-ORDER", "MW-STEP-VERDICT", "MW-EVENT-KEY", "MW-REVIEW-KEY")
"""What meets the state of a case and not the form of the request."""


class Handler(RequestHandler):
    """What all answers share."""

    def initialize(self, room: ReviewRoom, guard: Guard, assets: Assets) -> None:
        self.room, self.guard, self.assets = room, guard, assets

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        self.guard.check_host(self.request.headers.get("Host"))
        if self.request.method == "POST":
            self.guard.check_origin(self.request.headers)

    def compute_etag(self) -> None:
        """None: nothing is to be kept by browsers."""

    def cookie_value(self) -> str | None:
        try:
            found = SimpleCookie(self.request.headers.get("Cookie", "")).get(self.guard.cookie)
        except CookieError:
            return None
        return found.value if found else None

    def session(self, *, keeps_alive: bool = True) -> Session:
        return self.guard.session(self.cookie_value(), keeps_alive=keeps_alive)

    def body(self) -> dict[str, Any]:
        """Raises MinewardenError `MW-WEB-BODY`."""
        try:
            found = json.loads(self.request.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise MinewardenError("MW-WEB-BODY", "The request's body is no JSON object.", "Send one.")
        return found

    def answer(self, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self.send(text.encode("utf-8", "replace"), "application/json; charset=utf-8")

    def send(self, content: bytes, kind: str) -> None:
        self.set_header("Content-Type", kind)
        self.finish(content)

    async def asked_desk(self) -> Desk:
        return await self.room.desk(self.get_query_argument("month", self.room.month))

    def write_error(self, status_code: int, **given: Any) -> None:
        """One JSON object, without a trace of the program."""
        error = given["exc_info"][1] if "exc_info" in given else None
        code, message, fix = "MW-WEB", self._reason, ""
        if isinstance(error, Refusal):
            status_code, code, message = error.status, error.code, error.message
        elif isinstance(error, UnclearError):
            status_code, code, message = 400, "MW-REVIEW-VALUE", str(error)
        elif isinstance(error, MinewardenError):
            status_code, code, message, fix = _status(error), error.code, error.message, error.fix
        self.set_status(status_code)
        self.answer({"code": code, "message": message, "fix": fix})

    def log_exception(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Refusal | HTTPError):
            LOGGER.info("review page: %s %s: %s", self.request.method, self.request.path[:200], error)
        elif isinstance(error, MinewardenError | UnclearError):
            LOGGER.warning("review page: %s", error)
        else:
            LOGGER.error("review page", exc_info=error)


def _status(error: MinewardenError) -> int:
    """Of HTTP."""
    if error.exit_code is Exit.LOCKED:
        return 503
    if error.exit_code in (Exit.DAMAGED, Exit.FAULT) or error.code.startswith("MW-LEDGER"):
        return 500  # nothing is wrong with the write: the page keeps it and sends it again
    return 409 if error.code in _STALE else 404 if error.code == "MW-REVIEW-CASE" or error.code.startswith("MW-MONTH") else 400


class Missing(Handler):
    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


def day_of(text: Any) -> date:
    """Raises MinewardenError `MW-REVIEW-VALUE`."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise MinewardenError("MW-REVIEW-VALUE", f"{str(text)[:40]!r} is no date.", "Write it as YYYY-MM-DD.") from error
