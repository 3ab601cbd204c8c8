"""The server of the review page: tornado, which dask brings along, on the loopback address."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.web import Application

from pipeline.errors import MinewardenError
from pipeline.review.desk import Office
from pipeline.review.room import ReviewRoom
from pipeline.review.sessions import Sessions
from pipeline.review.users import Users
from pipeline.review.web import reads, writes
from pipeline.review.web.assets import Assets
from pipeline.review.web.base import Handler, Missing
from pipeline.review.web.guard import MOST_BODY, Guard

MOST_HEADER, BACKLOG = 16 * 1024, 128
IDLE_S, BODY_S = 120, 20
"""A connection that says nothing is closed, as is one that sends its body drop by drop."""
_ID = r"([A-Za-z0-9-]{1,40})"

_ROUTES: tuple[tuple[str, type[Handler]], ...] = (
    (r"/", reads.Page),
    (rf"/case/{_ID}", reads.Page),
    (r"/static/([a-z0-9.-]{1,60})", reads.Asset),
    (r"/api/login", writes.Login),
    (r"/api/logout", writes.Logout),
    (r"/api/me", writes.Me),
    (r"/api/month", reads.Month),
    (r"/api/states", reads.States),
    (r"/api/seen", writes.Seen),
    (rf"/api/case/{_ID}", reads.Case),
    (rf"/api/case/{_ID}/picture", reads.Picture),
    (rf"/api/case/{_ID}/flight/{_ID}", reads.Overlay),
    (rf"/api/case/{_ID}/series", reads.Series),
    (rf"/api/case/{_ID}/evidence", reads.Evidence),
    (rf"/api/flight/{_ID}/(.{{1,200}})", reads.FlightPicture),
    (rf"/api/case/{_ID}/verdict", writes.Verdict),
    (rf"/api/case/{_ID}/undo", writes.Undo),
    (rf"/api/case/{_ID}/audit", writes.Audit),
    (rf"/api/case/{_ID}/outline", writes.Outline),
    (rf"/api/case/{_ID}/step", writes.StepTaken),
)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    """0: any that is free."""
    behind: str | None = None
    """Origin of a server with TLS that passes requests on."""


def check_host(host: str, *, network: bool) -> str:
    """An address to listen on. network: others than this computer may be let in.

    Raises MinewardenError `MW-REVIEW-HOST`.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise MinewardenError("MW-REVIEW-HOST", f"{host[:80]!r} is no address.", "Give an IP address of this computer.") from error
    if address.is_unspecified:
        fix = "Give the one address by which others reach this computer: answers under any name would let other pages in."
        raise MinewardenError("MW-REVIEW-HOST", f"{address} is no address of this computer but all of them.", fix)
    if not address.is_loopback and not network:
        fix = "Add --network if others shall open it; what they send can then be read on the way, so put a server with TLS before it."
        raise MinewardenError("MW-REVIEW-HOST", f"{address} can be reached from other computers.", fix)
    return str(address)


def check_behind(url: str) -> str:
    """The origin of a server with TLS, as browsers write it.

    Raises MinewardenError `MW-REVIEW-HOST`.
    """
    try:
        parts = urlsplit(url.lower())
        named = parts.hostname and parts.port != 0
    except ValueError:
        named = None
    if not named or parts.scheme != "https" or parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        fix = "Give it as browsers show it: https://NAME, with :PORT where it is not 443."
        raise MinewardenError("MW-REVIEW-HOST", f"{url[:80]!r} is no address of a server with TLS.", fix)
    return f"https://{parts.netloc.removesuffix(':443')}"


def origins_of(address: Address, port: int) -> dict[str, str]:
    """As what browsers may ask for the server, and what they call its page then."""
    host = address.host
    hosts = ("127.0.0.1", "localhost", "[::1]") if ipaddress.ip_address(host).is_loopback else (f"[{host}]" if ":" in host else host,)
    found = {f"{each}:{port}": f"http://{each}:{port}" for each in hosts}
    return found | ({address.behind.removeprefix("https://"): address.behind} if address.behind else {})


def _listen(address: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        opened = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        fix = "Is a review page open already? Else choose another --port."
        raise MinewardenError("MW-REVIEW-PORT", f"{address.host}:{address.port} can't be listened on ({error.strerror}).", fix) from error
    opened.setblocking(False)
    return opened


def application(room: ReviewRoom, users: Users, origins: Mapping[str, str], port: int, language: str) -> Application:
    guard = Guard(origins, Sessions(users), f"minewarden_{port}")  # cookies know no ports
    given = {"room": room, "guard": guard, "assets": Assets(language)}
    return Application(
        [(path, handler, given) for path, handler in _ROUTES],
        default_handler_class=Missing, default_handler_args=given, log_function=lambda _: None, compress_response=False,
    )  # fmt: skip


async def serve(office: Office, users: Users, month: str, address: Address, language: str, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """Answer until `stop`. ready: called with the page's address once it can be opened.

    Raises MinewardenError where the month or the ledger can't be used, or the address is taken.
    """
    listening = _listen(address)
    port = int(listening.getsockname()[1])
    room = ReviewRoom(office, month)
    try:
        await room.open()
        app = application(room, users, origins_of(address, port), port, language)
        server = HTTPServer(
            app, max_body_size=MOST_BODY, max_buffer_size=2 * MOST_BODY, max_header_size=MOST_HEADER, idle_connection_timeout=IDLE_S,
            body_timeout=BODY_S,
        )  # fmt: skip
        server.add_socket(listening)
        ready(f"http://{f'[{address.host}]' if ':' in address.host else address.host}:{port}/")
        await stop.wait()
        server.stop()
        await server.close_all_connections()
    finally:
        listening.close()
        await room.close()


def run(office: Office, users: Users, month: str, address: Address, language: str, ready: Callable[[str], None]) -> None:
    """Serve until the keyboard or the system says stop; a write at hand is finished first."""

    async def until_told() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows has no such handlers; there the keyboard raises
                loop.add_signal_handler(number, stop.set)
        await serve(office, users, month, address, language, ready, stop)

    asyncio.run(until_told())
