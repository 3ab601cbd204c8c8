"""Who is logged in: kept in memory, so that a server that is started anew asks for the token again."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.review.users import User, Users, sha256

IDLE_S = 2 * 3600.0
LONGEST_S = 12 * 3600.0
"""A session ends when nothing was asked for so long, and at the end of a working day in any case."""
MOST = 200
"""Sessions at once; then the one unused longest ends."""


@dataclass(slots=True)
class Session:
    user: User
    csrf: str
    began: float
    used: float


class Sessions:
    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self._users, self._clock = users, clock
        self._sessions: dict[str, Session] = {}

    def begin(self, token: str) -> tuple[str, Session] | None:
        """A cookie's value and its session for who has a token; None where nobody has it."""
        user = self._users.of_token(token)
        if user is None:
            return None
        value, now = secrets.token_urlsafe(32), self._clock()
        while len(self._sessions) >= MOST:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].used)]
        session = Session(user, secrets.token_urlsafe(32), now, now)
        self._sessions[_key(value)] = session
        return value, session

    def of_cookie(self, value: str | None, *, keeps_alive: bool) -> Session | None:
        """The session of a cookie, if it still holds. keeps_alive: a person asks, not a page that looks for news by itself."""
        session = self._sessions.get(_key(value)) if value else None
        if value is None or session is None:
            return None
        now = self._clock()
        known = self._users.all().get(session.user.name)
        if known != session.user or now - session.used > IDLE_S or now - session.began > LONGEST_S:
            self.end(value)
            return None
        if keeps_alive:
            session.used = now
        return session

    def end(self, value: str) -> None:
        self._sessions.pop(_key(value), None)

    @staticmethod
    def is_forged(session: Session, sent: str | None) -> bool:
        """Whether a write does not carry the token that only the page itself can know."""
        return sent is None or not hmac.compare_digest(session.csrf.encode(), sent.encode("utf-8", "surrogatepass"))


def _key(value: str) -> str:
    """Sessions are kept by a hash: looking one up then tells nothing of its cookie."""
    return sha256(value)
