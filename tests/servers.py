"""Local servers that serve, and servers that lie."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Send half of what is declared, then hang up."""
    drip_s: float = 0.0
    """Seconds between two bytes."""
    hang_up: bool = False
    """Close the connection without a word."""

    @classmethod
    def json(cls, said: Any, status: int = 200) -> Reply:
        return cls(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

    @classmethod
    def page(cls, status: int = 200) -> Reply:
        return cls(status, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"})


Answers = Callable[[Asked], Reply | None]


class Server:
    """Answers by `routes`, tried in order; before them the replies in `faults` are given once each, where their test holds."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.routes: list[Answers] = []
        self.faults: list[tuple[Callable[[Asked], bool], Reply]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def _any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, parts.path, parse_qs(parts.query, keep_blank_values=True), dict(self.headers), self.rfile.read(length))
                outer.answer(asked, self)

            do_GET = do_POST = do_HEAD = do_PUT = _any

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked has hung up
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, *replies: Reply, on: Callable[[Asked], bool] = lambda asked: True) -> None:
        self.faults += [(on, reply) for reply in replies]

    def answer(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.asked.append(asked)
            due = next((k for k, (test, _) in enumerate(self.faults) if test(asked)), None)
            reply = self.faults.pop(due)[1] if due is not None else None
        reply = reply or next((r for route in self.routes if (r := route(asked)) is not None), Reply.page(404))
        if reply.hang_up:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        length = {} if "Transfer-Encoding" in reply.headers else {"Content-Length": str(len(reply.body))}
        for name, value in {**length, **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if reply.drip_s:
            for byte in reply.body:
                handler.wfile.write(bytes([byte]))
                time.sleep(reply.drip_s)
            return
        handler.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        handler.close_connection = reply.cut or reply.headers.get("Content-Length") is not None


def ranged(content: bytes, asked: Asked, **headers: str) -> Reply:
    """Part of a file, as a server of files gives it."""
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("Range", ""))
    if not found:
        return Reply(200, content, headers)
    first, last = int(found[1]), min(int(found[2]), len(content) - 1)
    return Reply(206, content[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(content)}", **headers})


def files_under(folder: Path, prefix: str = "/files/") -> Answers:
    """Serves the files of a folder, by ranges."""

    def route(asked: Asked) -> Reply | None:
        if not asked.path.startswith(prefix):
            return None
        file = folder / asked.path.removeprefix(prefix)
        return ranged(file.read_bytes(), asked) if file.is_file() else None

    return route


COMMON = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B11": "swir16", "B12": "swir22", "SCL": "scl"}
"""Names that a catalogue gives to bands."""


def api(server: Server, pages: list[list[dict[str, Any]]], **changes: Any) -> None:
    """A STAC API whose last `next` link leads to an empty page."""

    def route(asked: Asked) -> Reply | None:
        if asked.path == "/":
            links = [{"rel": "self", "href": server.url}, {"rel": "root", "href": server.url}]
            links += [
                {"rel": "search", "href": f"{server.url}/search", "method": method, "type": "application/geo+json"} for method in ("GET", "POST")
            ]
            conforms = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
            said = {"type": "Catalog", "id": "c", "stac_version": "1.0.0", "description": "c", "links": links, "conformsTo": conforms}
            return Reply.json(said | changes)
        if asked.path != "/search":
            return None
        number = int(asked.query.get("page", ["0"])[0])
        features = pages[number] if number < len(pages) else []
        links = [{"rel": "next", "href": f"{server.url}/search?page={number + 1}", "method": "POST", "body": asked.json if asked.body else {}}]
        return Reply.json({"type": "FeatureCollection", "features": features, "links": links if number < len(pages) else []})

    server.routes.append(route)
