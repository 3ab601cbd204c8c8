"""The Process and Catalog API of Sentinel Hub, and of the Copernicus Data Space Ecosystem, which runs the same.

Requests are put together by the `sentinelhub` package, and sent by our own client: its downloads wait without end when told to, keep
half-written files, and save a page to sign in as an image.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock
from sentinelhub import CRS, BBox, DataCollection, MimeType, SentinelHubRequest

from pipeline.files import write_atomic
from pipeline.sources.listing import Bounds
from pipeline.sources.place import Place
from pipeline.sources.web import Answer, Denied, Web, WebError, WebStop, host_of

CDSE = "https://sh.dataspace.copernicus.eu"
TOKENS = {
    "sh.dataspace.copernicus.eu": "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
    "services.sentinel-hub.com": "https://services.sentinel-hub.com/auth/realms/main/protocol/openid-connect/token",
}
"""Where a service's tokens come from, by its host; else `<url>/oauth/token`."""
CLIENT_ID, CLIENT_SECRET = "MINEWARDEN_SENTINELHUB_ID", "MINEWARDEN_SENTINELHUB_SECRET"
PIECE = 2048
"""Pixels a side of a request; the service gives at most 2,500."""
AROUND = timedelta(minutes=10)
"""A tile's own time and that of its neighbours in a pass differ by less; the next pass is more than an hour away."""
MOST_PAGES = 1000
MOST_JSON = 20_000_000
_EARLY_S = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where it is, and what it may cost. Holds no secret."""

    url: str
    collection: str
    ledger: Path
    """Folder in which spent units are counted, a file a calendar month."""
    most_units: float

    @property
    def token_url(self) -> str:
        return TOKENS.get(host_of(self.url), f"{self.url}/oauth/token")


def units(width: int, height: int, bands: int) -> float:
    """Processing units of a request: one is 512 × 512 pixels of three bands of 16 bits."""
    return max(width * height / 512**2 * bands / 3, 0.005)


class _Session:
    """A connection to a service with its token, shared by the threads of this process."""

    def __init__(self, service: Service) -> None:
        hosts = {host_of(service.url), host_of(service.token_url)}
        self.service = service
        self.web = Web(f"Sentinel Hub {urlsplit(service.url).hostname}", hosts, patience_unit_s=0.001)
        self._guard = threading.Lock()
        self._token, self._until = "", 0.0

    def ask(self, path: str, body: Any, *, most: int, accept: str) -> Answer:
        """A POST with a token; one that the service has dropped is renewed once."""
        for again in (False, True):
            headers = {"Authorization": f"Bearer {self._valid_token(again)}", "Accept": accept}
            try:
                return self.web.ask("POST", f"{self.service.url}{path}", most=most, headers=headers, json=body)
            except Denied as denied:
                if denied.status == 401 and not again:
                    continue
                if denied.status == 403:
                    raise WebStop(
                        "MW-SH-QUOTA", f"{self.web.service} refuses to go on (403): the quota of the account is used up, or it lacks the right.",
                        "Wait for the next month or raise the quota, then run again: what is there already is kept.",
                    ) from denied  # fmt: skip
                raise
        raise AssertionError("unreachable")

    def _valid_token(self, renew: bool) -> str:
        with self._guard:
            if renew or time.monotonic() >= self._until:
                client, secret = os.environ.get(CLIENT_ID, "").strip(), os.environ.get(CLIENT_SECRET, "").strip()
                if not client or not secret:
                    fix = f"Set {CLIENT_ID} and {CLIENT_SECRET} (docs/sources.md says where they come from)."
                    raise WebStop("MW-SH-CREDENTIALS", "kind sentinelhub finds no credentials in the environment.", fix)
                form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
                try:
                    answer = self.web.ask("POST", self.service.token_url, most=MOST_JSON, form=form)
                except WebError as error:
                    if isinstance(error, WebStop) and not isinstance(error, Denied):
                        raise
                    message = f"{self.web.service} does not accept the credentials: {error.message}"
                    raise WebStop(
                        "MW-SH-CREDENTIALS", message, f"Check {CLIENT_ID} and {CLIENT_SECRET}, and whether the client has run out."
                    ) from error
                try:
                    said = json.loads(answer.body)
                    self._token, lasts = str(said["access_token"]), float(said["expires_in"])
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise WebStop("MW-SH-CREDENTIALS", f"{self.web.service} gives no token.", "Check the credentials.") from error
                self._until = time.monotonic() + max(lasts - _EARLY_S, 0.0)
            return self._token


_sessions: dict[Service, _Session] = {}
_guard = threading.Lock()


def session_of(service: Service) -> _Session:
    with _guard:
        return _sessions.setdefault(service, _Session(service))


def find(service: Service, bounds: Bounds, first: date, last: date) -> Iterator[dict[str, Any]]:
    """Products of a period that touch the bounds, page by page."""
    body: dict[str, Any] = {
        "bbox": list(bounds),
        "datetime": f"{first}T00:00:00Z/{last}T23:59:59Z",
        "collections": [service.collection],
        "limit": 100,
    }
    for _ in range(MOST_PAGES):
        answer = session_of(service).ask("/api/v1/catalog/1.0.0/search", body, most=MOST_JSON, accept="application/geo+json")
        try:
            page = json.loads(answer.body)
            features, more = page["features"], page.get("context", {}).get("next")
            if not isinstance(features, list):
                raise TypeError("features")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise WebStop("MW-SH-CATALOG", f"{service.url} does not answer as a catalogue does.", "Check the source's url.") from error
        yield from (item for item in features if isinstance(item, dict))
        if more is None or not features:
            return
        body = body | {"next": more}
    raise WebStop("MW-SH-CATALOG", f"{service.url} lists pages without end.", "Check the source's url.")


def image(service: Service, bands: Sequence[str], place: Place, moment: datetime) -> bytes:
    """A GeoTIFF with digital numbers of bands, as they were delivered. Raises WebStop where it would cost more units than are allowed."""
    script = resources.files("pipeline.sources").joinpath("evalscript.js").read_text("utf-8")
    kinds = ["DN" for _ in bands]
    script += f"\nvar BANDS = {json.dumps(list(bands))};\nvar UNITS = {json.dumps(kinds)};\n"
    span = f"{moment - AROUND:%Y-%m-%dT%H:%M:%SZ}", f"{moment + AROUND:%Y-%m-%dT%H:%M:%SZ}"
    collection = DataCollection.SENTINEL2_L2A
    data = SentinelHubRequest.input_data(collection, time_interval=span, other_args={"processing": {"harmonizeValues": False}})
    data["type"] = service.collection
    body = SentinelHubRequest.body(
        SentinelHubRequest.bounds(bbox=BBox(place.bounds, CRS(place.crs))),
        [data],
        script,
        SentinelHubRequest.output(size=(place.width, place.height), responses=[SentinelHubRequest.output_response("default", MimeType.TIFF)]),
    )
    cost = units(place.width, place.height, len(bands))
    most = place.width * place.height * len(bands) * 2 * 2 + 100_000
    _count(service, cost)
    try:
        return session_of(service).ask("/api/v1/process", body, most=most, accept="image/tiff").body
    except BaseException:
        _count(service, -cost)  # a request that fails costs nothing
        raise


def _count(service: Service, cost: float) -> None:
    """Count units before they are spent; WebStop MW-SH-UNITS where the month has no more of them."""
    month = datetime.now(UTC).strftime("%Y-%m")
    service.ledger.mkdir(parents=True, exist_ok=True)
    file = service.ledger / f"units-{month}.json"
    with FileLock(service.ledger / ".lock"):
        spent = spent_units(service, month)
        if spent + cost > service.most_units:
            raise WebStop(
                "MW-SH-UNITS", f"{math.ceil(spent)} processing units were spent in {month}; max_processing_units allows {service.most_units:g}.",
                "Go on next month, or raise max_processing_units: what is there already is kept.",
            )  # fmt: skip
        write_atomic(file, json.dumps({"units": spent + cost}).encode())


def spent_units(service: Service, month: str) -> float:
    try:
        return float(json.loads((service.ledger / f"units-{month}.json").read_bytes())["units"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
