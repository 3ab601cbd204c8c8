"""A made month with scenes, the server of its review page, and people who ask it things."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry.base import BaseGeometry

from pipeline import store
from pipeline.config import load
from pipeline.detect.state import Baseline, arrays
from pipeline.ledger import Ledger
from pipeline.review.desk import Office
from pipeline.review.users import NAME, Role, Users
from pipeline.review.web.server import Address, serve
from pipeline.sources.scene import BandFile, Scene
from pipeline.year import Setting
from tests import pictures
from tests.made_month import GRID, layers, publish, run_facts, two_months

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
DAYS = (date(2024, 3, 3), date(2024, 4, 27), date(2024, 7, 8), date(2024, 7, 28))
CONFIG = """\
county: {name: 会宁县, code: "620422"}
area: aoi.geojson
grid: {crs: EPSG:32648, resolution: 10}
sources:
  - {kind: folder, path: scenes}
output: out
"""
ANSWER_S = 20


def scene(folder: Path, day: date, level: int) -> Scene:
    """Ground of the made county, brighter from west to east."""
    folder.mkdir(parents=True)
    rows, cols = GRID.shape
    profile = {
        "driver": "GTiff",
        "width": cols,
        "height": rows,
        "count": 1,
        "nodata": 0,
        "crs": GRID.crs,
        "transform": GRID.geobox.affine,
        "tiled": True,
    }
    values = np.broadcast_to(np.linspace(1500, 1500 + level, cols).astype(np.uint16), (rows, cols))
    for band in BANDS:
        with rasterio.open(folder / f"{band}.tif", "w", dtype="uint16", compress="deflate", **profile) as target:
            target.write(values, 1)
    with rasterio.open(folder / "SCL.tif", "w", dtype="uint8", compress="deflate", **profile) as target:
        target.write(np.full((rows, cols), 5, np.uint8), 1)
    made = pictures.scene(day)
    bands = {band: BandFile(folder / f"{band}.tif", 0.0001, -0.1) for band in BANDS}
    return Scene(id=made.id, acquired=made.acquired, bands=bands, scl=folder / "SCL.tif", baseline="0510", pass_key=made.pass_key)


def make_office(folder: Path, *, scenes: bool = True) -> Office:
    """July 2024 of the made county, finished. scenes: with something to look at."""
    out = folder / "out"
    out.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    (folder / "aoi.geojson").write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    publish(out / "2024-07", two_months(out), run_facts())
    return office_of(folder, [scene(folder / "scenes" / f"{day}", day, 400 + 300 * k) for k, day in enumerate(DAYS)] if scenes else [])


def office_of(folder: Path, scenes: Sequence[Scene], *, baseline: bool = True) -> Office:
    """What the server needs of a county that was made before. baseline: to be made too, for what there is to look at."""
    project = load(folder / "config.yaml")
    for block in GRID.blocks() if scenes and baseline else ():
        base = Baseline.empty(len(BANDS), block.height, block.width)
        base.mean[:, 0], base.scale[:], base.looks[:] = 1800, 130, 60
        store.write(project.state / "2024" / f"{block.name}.base", arrays(base), "made")
    setting = Setting(GRID, BANDS, layers().area, project.state, 1, None, 512, lambda *_: None)
    return Office(project, layers(), setting, lambda _: scenes)


def ground_of(office: Office, case_id: str) -> BaseGeometry:
    """A case's ground in July."""
    with recorded(office) as ledger:
        (ground,) = (each.draft.geometry for each in ledger.open_cases("2024-07") if each.record.case_id == case_id)
    return ground


def orthophoto(path: Path, ground: BaseGeometry) -> None:
    """A flight's picture of just the ground's bounds, a metre a pixel: red in the west, blue in the east."""
    west, south, east, north = ground.bounds
    rows, cols = round(north - south), round(east - west)
    pixels = np.zeros((3, rows, cols), np.uint8)
    pixels[0, :, : cols // 2], pixels[2, :, cols // 2 :] = 200, 200
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "height": rows, "width": cols, "photometric": "RGB"}
    with rasterio.open(path, "w", crs=GRID.crs, transform=from_origin(west, north, 1, 1), **profile) as target:
        target.write(pixels)


def elsewhere(office: Office, folder: Path) -> Office:
    """A copy of a county's results, to do with as one likes; the scenes stay where they are."""
    shutil.copytree(office.project.root, folder, ignore=shutil.ignore_patterns("scenes"))
    return office_of(folder, office.scenes("2024-07"), baseline=False)


def users_of(office: Office) -> Users:
    return Users(office.project.output / NAME)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    """The server, in a thread."""

    def __init__(self, office: Office, port: int = 0, behind: str | None = None) -> None:
        """port: 0 for any that is free. behind: the address of a server with TLS before it."""
        self.office, self.users, self._address = office, users_of(office), Address("127.0.0.1", port, behind)
        self.url = ""
        self._ready, self._failed = threading.Event(), list[BaseException]()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(ANSWER_S)
        if self._failed:
            raise self._failed[0]

    def _run(self) -> None:
        async def work() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            await serve(self.office, self.users, "2024-07", self._address, "zh", self._opened, self._stop)

        try:
            asyncio.run(work())
        except BaseException as error:
            self._failed.append(error)
            self._ready.set()

    def _opened(self, url: str) -> None:
        self.url = url
        self._ready.set()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].strip("/"))

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(ANSWER_S)
        assert not self._thread.is_alive()
        assert not self._failed, self._failed


@dataclass
class Client:
    """Somebody's browser, or somebody who pretends to be one."""

    port: int
    cookie: str = ""
    csrf: str = ""
    name: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> Reply:
        """headers: besides or instead of a browser's own; None leaves one out. Names with `_` for `-`."""
        origin = f"127.0.0.1:{self.port}"
        given: dict[str, str | None] = {"Host": origin, "Cookie": self.cookie or None}
        if method == "POST":
            given |= {
                "Origin": f"http://{origin}",
                "Content-Type": "application/json",
                "X-CSRF-Token": self.csrf or None,
                "Sec-Fetch-Site": "same-origin",
            }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(data or b"")))
            connection.endheaders(data)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str | None) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str | None) -> Reply:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def login(self, token: str) -> Client:
        reply = self.post("/api/login", {"token": token})
        assert reply.status == 200, reply.body
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        self.csrf, self.name = reply.json["csrf"], reply.json["name"]
        return self


def logged_in(running: Running, name: str, role: Role) -> Client:
    return Client(running.port).login(running.users.add(name, role))


def recorded(office: Office) -> Ledger:
    return Ledger(office.project.ledger, "620422")
