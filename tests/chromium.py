"""Debian's Chromium, driven by its own protocol over tornado's websocket: no driver to install, nothing to keep in step with it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from pipeline.publish.report.pdf import BROWSERS

PROGRAM = next((found for name in BROWSERS if (found := shutil.which(name))), None)
PATIENCE_S = 20.0
_CODES = {"Enter": 13, "Escape": 27, "Backspace": 8, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9}


class Chromium:
    """One tab. Every method returns once the browser has answered."""

    def __init__(self, profile: Path, width: int, height: int) -> None:
        assert PROGRAM is not None
        self.console: list[str] = []
        self._process = subprocess.Popen(
            [
                PROGRAM, *(["--no-sandbox"] if os.geteuid() == 0 else []), "--headless=new", "--disable-gpu", "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-port=0", f"--user-data-dir={profile}",
                f"--window-size={width},{height}", "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._socket: WebSocketClientConnection = self._wait_for(self._connect(self._address(profile)))
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)

    def _address(self, profile: Path) -> str:
        port = _until(lambda: (profile / "DevToolsActivePort").read_text().split()[0] if (profile / "DevToolsActivePort").is_file() else None)

        def tab() -> str | None:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE_S) as answer:
                return next((str(each["webSocketDebuggerUrl"]) for each in json.load(answer) if each["type"] == "page"), None)

        return str(_until(tab))

    async def _connect(self, url: str) -> WebSocketClientConnection:
        socket = await websocket_connect(url, max_message_size=100_000_000)
        self._reader = asyncio.create_task(self._read(socket))
        return socket

    async def _read(self, socket: WebSocketClientConnection) -> None:
        while (text := await socket.read_message()) is not None:
            said = json.loads(text)
            if said.get("id") in self._answers:
                self._answers.pop(said["id"]).set_result(said)
            elif said.get("method") == "Runtime.exceptionThrown":
                self.console.append(json.dumps(said["params"]["exceptionDetails"], ensure_ascii=False)[:600])
            elif said.get("method") == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
                self.console.append(str(said["params"]["entry"]["text"]))

    def _wait_for(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        async def ask() -> Any:
            self._number += 1
            number = self._number
            answer = self._answers[number] = self._loop.create_future()
            await self._socket.write_message(json.dumps({"id": number, "method": method, "params": given}))
            return await answer

        said = self._wait_for(ask())
        assert "error" not in said, said["error"]
        found: dict[str, Any] = said["result"]
        return found

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._socket.close)
        self._wait_for(asyncio.wait([self._reader]))
        self._process.kill()
        self._process.wait()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- what a person does and sees

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def look(self, script: str) -> Any:
        """The value of a script in the page."""
        said = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of a script once it is true."""

        def value() -> Any:
            try:
                return self.look(script)
            except AssertionError:  # the page is being replaced
                return None

        return _until(value, lambda: f"{script}\n{self.console}")

    def press(self, *keys: str) -> None:
        for key in keys:
            text = key if len(key) == 1 else {"Enter": "\r"}.get(key, "")
            code = _CODES.get(key, ord(key.upper()) if len(key) == 1 else 0)
            down = {"type": "keyDown", "key": key, "windowsVirtualKeyCode": code} | ({"text": text} if text else {})
            self.call("Input.dispatchKeyEvent", **down)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def spot(self, selector: str, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """A point of an element, in the window."""
        find = f"const e = document.querySelector({json.dumps(selector)}); e?.scrollIntoView({{ block: 'nearest' }});"
        measure = "const b = e?.getBoundingClientRect(); return b && b.width ? [b.x, b.y, b.width, b.height] : null;"
        box = self.wait(f"(() => {{ {find} {measure} }})()")
        return box[0] + across * box[2], box[1] + down * box[3]

    def click(self, selector: str, across: float = 0.5, down: float = 0.5) -> None:
        self.click_at(*self.spot(selector, across, down))

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1, buttons=1 if kind == "mousePressed" else 0)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        for kind, (x, y), held in (("mouseMoved", start, 0), ("mousePressed", start, 1), ("mouseMoved", end, 1), ("mouseReleased", end, 0)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if kind != "mouseMoved" else "none", clickCount=1, buttons=held)

    def picture(self) -> bytes:
        """A PNG of the window."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


def _until(look: Callable[[], Any], told: Callable[[], str] = str) -> Any:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing after {PATIENCE_S} s: {told()}")
