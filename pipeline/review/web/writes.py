"""What the page sends: logging in and out, and all that is recorded of cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.ledger import Ledger
from pipeline.ledger.judgements import Judgement
from pipeline.ledger.steps import Step
from pipeline.review import decide
from pipeline.review.answers import answer_of, text_of
from pipeline.review.decide import Outcome, Write
from pipeline.review.sessions import Session
from pipeline.review.web.base import Handler, day_of
from pipeline.review.web.guard import Refusal

MOST_SEEN = 500
Job = Callable[[Ledger], Outcome]


class Login(Handler):
    def post(self) -> None:
        token = self.body().get("token")
        begun = self.guard.sessions.begin(token.strip()) if isinstance(token, str) and len(token) < 200 else None
        if begun is None:
            raise Refusal(401, "MW-WEB-LOGIN", "Nobody has this token.")
        value, session = begun
        secure = self.guard.is_secure(self.request.headers["Host"])
        self.set_cookie(self.guard.cookie, value, path="/", httponly=True, samesite="Strict", secure=secure)
        self.answer(_me(session))


class Logout(Handler):
    def post(self) -> None:
        value = self.cookie_value()
        if self.guard.sessions.is_forged(self.session(), self.request.headers.get("X-CSRF-Token")):
            raise Refusal(403, "MW-WEB-TOKEN", "The write carries no token of this session.")
        self.guard.sessions.end(value or "")
        self.clear_cookie(self.guard.cookie, path="/", httponly=True, samesite="Strict")
        self.answer({})


class Me(Handler):
    def get(self) -> None:
        self.answer(_me(self.session()))


def _me(session: Session) -> dict[str, Any]:
    role = session.user.role
    return {"name": session.user.name, "role": str(role), "decides": role.decides, "audits": role.audits, "csrf": session.csrf}


class Writing(Handler):
    """A write about a case."""

    audits = False

    async def post(self, case_id: str) -> None:
        session = self.session()
        self.guard.check_write(session, self.request.headers.get("X-CSRF-Token"), audits=self.audits)
        said = self.body()
        version = said.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise MinewardenError("MW-REVIEW-VALUE", "The write says no version.", "Send the version of the case that was seen.")
        write = Write(str(said.get("key", "")), case_id, version, session.user.name)
        desk = await self.asked_desk()
        outcome = await self.room.write(case_id, await self.job(write, said))
        state = self.room.state(desk, case_id, months.today())
        self.answer({"late": outcome.late, "version": outcome.version, "state": state, "history": self.room.known.history(case_id)})

    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        """What is to be done with the ledger. Raises MinewardenError or UnclearError for what can't be done."""
        raise NotImplementedError


class Verdict(Writing):
    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        answer = answer_of({**said, "id": write.case_id})
        judgement = said.get("judgement")
        if judgement is not None and judgement not in list(Judgement):
            raise MinewardenError("MW-REVIEW-VALUE", f"judgement is {str(judgement)[:40]!r}.", f"Use one of {', '.join(Judgement)}, or none.")
        return lambda ledger: decide.verdict(ledger, write, answer, Judgement(judgement) if judgement else None)


class Undo(Writing):
    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        return lambda ledger: decide.undo(ledger, write)


class Audit(Writing):
    audits = True

    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        agrees, note = said.get("agrees"), text_of(said, "note")
        if not isinstance(agrees, bool):
            raise MinewardenError("MW-REVIEW-VALUE", "The audit says neither yes nor no.", "Send agrees: true or false.")
        return lambda ledger: decide.audit(ledger, write, agrees, note)


class Outline(Writing):
    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        desk = await self.asked_desk()
        if write.case_id not in desk.rows:
            raise MinewardenError("MW-REVIEW-CASE", f"{desk.month} lists no case {write.case_id}.", "Open the list anew.")
        points = said.get("points")
        drawn = None if points is None else self.room.drawn(desk, write.case_id, _points(points))
        return lambda ledger: decide.outline(ledger, write, drawn)


class StepTaken(Writing):
    async def job(self, write: Write, said: dict[str, Any]) -> Job:
        what, document = said.get("step"), text_of(said, "document") or ""
        if what not in list(Step):
            raise MinewardenError("MW-REVIEW-VALUE", f"step is {str(what)[:40]!r}.", f"Use one of {', '.join(Step)}.")
        day, due = day_of(said.get("date")), day_of(said["due"]) if said.get("due") else None

        def work(ledger: Ledger) -> Outcome:
            return decide.step(ledger, write, Step(what), day, document, due, months.office_day())

        return work


class Seen(Handler):
    """Which cases were opened. A viewer's looking is noted as anybody's."""

    async def post(self) -> None:
        session = self.session(keeps_alive=False)
        if self.guard.sessions.is_forged(session, self.request.headers.get("X-CSRF-Token")):
            raise Refusal(403, "MW-WEB-TOKEN", "The write carries no token of this session.")
        cases, desk = self.body().get("cases"), await self.asked_desk()
        if not isinstance(cases, list) or len(cases) > MOST_SEEN or not all(isinstance(each, str) and each in desk.rows for each in cases):
            raise MinewardenError("MW-REVIEW-VALUE", "That is no list of cases.", "Send ids of the month's list.")
        await self.room.see(session.user.name, set(cases))
        self.answer({})


def _points(value: Any) -> list[tuple[float, float]]:
    """Corners, as columns and rows."""
    try:
        found = [(float(x), float(y)) for x, y in value]
    except (TypeError, ValueError, OverflowError):
        found = []
    if not found or not all(math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < 1e7 for x, y in found):
        raise MinewardenError("MW-REVIEW-OUTLINE", "The outline is no list of corners.", "Send columns and rows of the county's grid.")
    return found
