"""HTTP to the few hosts that a source may speak to: bounded in tries, time and bytes, and silent about secrets.

Nothing here is imported by sources of local files.
"""

from __future__ import annotations

import email.utils
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from pipeline.errors import Exit, MinewardenError
from pipeline.sources.transcode import StoreError

TRIES = 5
LONGEST_WAIT_S = 120.0
"""A server that asks for more patience than this is asked again by the next run."""
TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two pieces of an answer."""
LONGEST_ANSWER_S = 600.0
"""From the question to the last byte of an answer: one that trickles in is a broken connection."""
AGAIN = frozenset({408, 429, *range(500, 600)})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
_PIECE = 1 << 16
pause: Callable[[float], None] = time.sleep
clock: Callable[[], float] = time.monotonic


class WebError(MinewardenError):
    """An answer that can't be used."""


class WebStop(WebError, StoreError):
    """A service that can't be used now: no scene is at fault. The next run goes on where this one stopped."""


class Denied(WebStop):
    """401 or 403: a link, a token or a quota that has run out, or never held."""

    status = 403


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Own(AuthBase):
    """Keeps requests from looking for passwords in the home folder."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    """Leaves redirects alone: the package looks ahead even where it is told not to follow, and reads all that comes with one, however much."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def bare(url: str) -> str:
    """A URL as it may be told: without user, query and fragment, where secrets are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is no address"
    return f"{parts.scheme}://{host_of(url)}{parts.path}"


def join(url: str, other: str) -> str:
    """An address that is given in relation to another; as it is where it is none, to be refused later."""
    try:
        return urljoin(url, other)
    except ValueError:
        return other


def host_of(url: str) -> str:
    """`host`, or `host:port` where one is written; empty where there is none."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return ""


class Web:
    """Requests to allowed hosts."""

    def __init__(
        self, service: str, hosts: Collection[str], *, token: str | None = None, trusted: Collection[str] = (), patience_unit_s: float = 1.0
    ) -> None:
        """service: what a person calls it. hosts: `host` or `host:port`. token: a bearer token, sent to `trusted` hosts only.

        patience_unit_s: what a number in Retry-After means; Sentinel Hub counts in milliseconds.
        """
        self.service, self.hosts, self.patience_unit_s = service, frozenset(hosts), patience_unit_s
        self._token, self._trusted = token, frozenset(trusted)
        self._local = threading.local()

    @property
    def _session(self) -> requests.Session:
        """A session of this thread's own."""
        if not hasattr(self._local, "session"):
            session = _Session()
            session.auth = _Own()
            session.headers["User-Agent"] = "minewarden"
            self._local.session = session
        own: requests.Session = self._local.session
        return own

    def check(self, url: str) -> None:
        """Raises WebError for what is no web address of an allowed host."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise WebError("MW-WEB-URL", f"{self.service} points to what is no address.", "Check the source's url.") from None
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise WebError("MW-WEB-URL", f"{self.service}: {bare(url)[:200]} is no https address.", "Check the source's url.")
        if host_of(url) not in self.hosts or parts.username or parts.password:
            fix = "If that host is right, add it to `hosts` of the source."
            raise WebError("MW-WEB-HOST", f"{self.service} points to {bare(url)[:200]}, which is not one of its hosts.", fix)

    def ask(
        self,
        method: str,
        url: str,
        *,
        most: int,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        accept: Collection[int] = (200,),
    ) -> Answer:
        """The answer to a request, of at most `most` bytes, with a status of `accept`.

        Tries again, a bounded number of times, what may pass: 429 and 5xx, waiting as long as the server asks, and broken connections.
        """
        if query:
            url = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query, doseq=True)}"
        self.check(url)
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._once(method, url, most, headers, json, form)
            except (requests.RequestException, HTTPError, OSError) as error:
                problem, wait = f"the connection broke ({type(error).__name__})", None
            else:
                if answer.status in accept:
                    return answer
                if answer.status in (401, 403):
                    fix = "Check the credentials in the environment, and the quota of the account."
                    denied = Denied("MW-WEB-DENIED", f"{self.service}: {bare(url)} says {answer.status}{_reason(answer)}.", fix)
                    denied.status = answer.status
                    raise denied
                if answer.status not in AGAIN:
                    raise WebError("MW-WEB-STATUS", f"{self.service}: {bare(url)} says {answer.status}{_reason(answer)}.", "Check the source's url.")
                problem, wait = f"it says {answer.status}", _retry_after(answer.headers, self.patience_unit_s)
            if attempt == TRIES or (wait is not None and wait > LONGEST_WAIT_S):
                asked = f", and asks for {wait:.0f} s of patience" if wait else ""
                raise WebStop(
                    "MW-WEB-AGAIN", f"{self.service}: {bare(url)} can't be had ({problem}{asked}; {attempt} tries).",
                    "Run again later: what is there already is kept.", Exit.FAULT,
                )  # fmt: skip
            pause(wait if wait is not None else 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0))
        raise AssertionError("unreachable")

    def _once(self, method: str, url: str, most: int, headers: Mapping[str, str] | None, json: Any, form: Mapping[str, str] | None) -> Answer:
        until = clock() + LONGEST_ANSWER_S
        for _ in range(MOST_REDIRECTS + 1):
            own = {"Authorization": f"Bearer {self._token}"} if self._token and host_of(url) in self._trusted else {}
            with self._session.request(
                method, url, headers={**own, **(headers or {})}, json=json, data=form, stream=True, allow_redirects=False, timeout=TIMEOUT_S
            ) as reply:
                if reply.status_code in REDIRECTS and reply.headers.get("Location"):
                    url = join(url, reply.headers["Location"])
                    self.check(url)
                    continue
                return Answer(reply.status_code, reply.headers, self._body(reply, url, most, until))
        raise WebError("MW-WEB-REDIRECT", f"{self.service}: {bare(url)} leads on and on.", "Check the source's url.")

    def _body(self, reply: requests.Response, url: str, most: int, until: float) -> bytes:
        """What an answer holds, no more than may be: a length can be declared wrong, and packed content swells. until: by `clock`."""
        declared = _whole(reply.headers.get("Content-Length", ""))
        out = bytearray()
        if declared is None or declared <= most:
            # What has come in is taken at once: waiting for more would let a server keep us for ever by a byte a minute.
            while piece := reply.raw.read1(_PIECE, decode_content=True):
                out += piece
                if len(out) > most:
                    break
                if clock() > until:
                    raise TimeoutError(f"more than {LONGEST_ANSWER_S:.0f} s")
            else:
                return bytes(out)
        raise WebError("MW-WEB-SIZE", f"{self.service}: {bare(url)} sends more than the {most} bytes that were expected.", "Check the source's url.")


def _whole(said: str) -> int | None:
    """A whole number that a header says; None where it says none, or one beyond all bounds."""
    return int(said) if re.fullmatch(r"[0-9]{1,18}", said) else None


def _reason(answer: Answer) -> str:
    """The kind of an answer that is no data: a page to sign in, often."""
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    return f" with {kind[:40]}" if kind else ""


def _retry_after(headers: Mapping[str, str], unit_s: float) -> float | None:
    """Seconds that a server asks to wait, as a number or as a date."""
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    asked = _whole(said)
    if asked is not None:
        return asked * unit_s
    try:
        when = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    return max((when - datetime.now(UTC)).total_seconds(), 0.0) if when.tzinfo else None
