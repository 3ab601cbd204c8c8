"""What a request must be before anything is done for it: from this page, by somebody who is logged in and may do it.

The browser itself is the way in for an attacker who sits elsewhere: a page from the web that sends writes here (CSRF), a name that
is made to point here (DNS rebinding), text in a layer that becomes a script (XSS). Host, Origin, a token and the content-security
policy each close one of these; none of them is relied on alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.review.sessions import Session, Sessions
from pipeline.review.users import Role

MOST_BODY = 256 * 1024
"""Bytes of a write: an outline of MOST_POINTS corners takes a tenth of it."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer."""


class Refusal(Exception):
    """Why nothing is done for a request. status: of HTTP."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Guard:
    """Names under which the server may be asked, each with its port, and the origin that its page has there."""

    origins: Mapping[str, str]
    sessions: Sessions
    cookie: str

    def check_host(self, host: str | None) -> None:
        """Raises Refusal where the server is asked under a name that is not its own."""
        if host is None or host.lower() not in self.origins:
            raise Refusal(421, "MW-WEB-HOST", "The server is not known by that name.")

    def is_secure(self, host: str) -> bool:
        """Whether the page is reached by TLS under a name."""
        return self.origins[host.lower()].startswith("https:")

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Raises Refusal for a write that another page sent, or that is not what our page sends."""
        origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
        if origin is None or origin.lower() != self.origins[headers["Host"].lower()] or site not in (None, "same-origin"):
            raise Refusal(403, "MW-WEB-ORIGIN", "The write does not come from the review page.")
        if headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "MW-WEB-TYPE", "A write is JSON.")

    def session(self, cookie: str | None, *, keeps_alive: bool = True) -> Session:
        """Raises Refusal where nobody is logged in."""
        session = self.sessions.of_cookie(cookie, keeps_alive=keeps_alive)
        if session is None:
            raise Refusal(401, "MW-WEB-LOGIN", "Log in first.")
        return session

    def check_write(self, session: Session, token: str | None, *, audits: bool) -> None:
        """Raises Refusal for a forged write, or one that the user may not make."""
        if self.sessions.is_forged(session, token):
            raise Refusal(403, "MW-WEB-TOKEN", "The write carries no token of this session.")
        role: Role = session.user.role
        if not (role.audits if audits else role.decides):
            raise Refusal(403, "MW-WEB-ROLE", f"A {role} may not do this.")
