"""Finds items in a STAC API, through pystac-client, or in a static catalogue, link by link."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import date
from typing import Any

from pipeline.errors import MinewardenError
from pipeline.sources.item import Item
from pipeline.sources.listing import Bounds
from pipeline.sources.web import Web, WebError, WebStop, bare, join

MOST = 20_000_000
"""Bytes of one answer."""
MOST_DOCUMENTS = 5_000
"""Of a static catalogue, and pages of an API: a list that leads in circles comes to an end."""
MOST_ITEMS = 50_000
"""Three years of thirty tiles are 13,000."""
PAGE = 100
NO_CATALOGUE = "MW-STAC-CATALOGUE"


def find(web: Web, url: str, collection: str, bounds: Bounds, first: date, last: date) -> Iterator[dict[str, Any]]:
    """Items of a collection that touch the bounds (degrees) on the days from first to last."""
    root = _document(web, url)
    if any(link.get("rel") == "search" for link in _links(root)):
        found = _search(web, url, collection, bounds, first, last)
    else:
        found = (item for item in _walk(web, url, root, collection) if _fits(item, bounds, first, last))
    for number, item in enumerate(found):
        if number == MOST_ITEMS:
            raise WebStop(NO_CATALOGUE, f"{bare(url)} lists more than {MOST_ITEMS} items.", "Ask for a shorter time: set since of the source.")
        yield item


def _links(document: dict[str, Any]) -> list[dict[str, Any]]:
    links = document.get("links")
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []


def _document(web: Web, url: str) -> dict[str, Any]:
    try:
        said = json.loads(web.ask("GET", url, most=MOST).body)
    except (ValueError, RecursionError) as error:
        raise WebStop(NO_CATALOGUE, f"{bare(url)} answers with something that is no JSON.", "Check the source's url.") from error
    if not isinstance(said, dict):
        raise WebStop(NO_CATALOGUE, f"{bare(url)} is no STAC catalogue.", "Check the source's url.")
    return said


def _search(web: Web, url: str, collection: str, bounds: Bounds, first: date, last: date) -> Iterator[dict[str, Any]]:
    try:
        from pystac_client import Client
        from pystac_client.stac_api_io import StacApiIO
    except ImportError as error:
        raise MinewardenError("MW-SOURCE-EXTRA", "kind stac needs packages that are not installed.", "pip install 'minewarden[stac]'") from error

    class Guarded(StacApiIO):
        """Speaks through our own connection only: allowed hosts, bounded tries, no files of this disk."""

        asked = 0

        def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
            if "://" not in str(getattr(source, "href", source)):
                raise WebStop(NO_CATALOGUE, f"{bare(url)} points to a file of this computer.", "Check the source's url.")
            return super().read_text(source, *args, **kwargs)

        def request(self, href: str, method: str | None = None, headers: Any = None, parameters: Any = None) -> str:
            self.asked += 1
            if self.asked > MOST_DOCUMENTS:
                raise WebStop(NO_CATALOGUE, f"{bare(url)} lists pages without end.", "Use another catalogue.")
            posts = (method or "GET").upper() == "POST"
            query = None if posts else parameters
            answer = web.ask("POST" if posts else "GET", href, most=MOST, json=parameters if posts else None, query=query)
            return answer.body.decode("utf-8")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = Client.open(url, stac_io=Guarded())
            period = f"{first}T00:00:00Z/{last}T23:59:59Z"
            yield from client.search(collections=[collection], bbox=bounds, datetime=period, limit=PAGE, max_items=None).items_as_dicts()
    except MinewardenError:
        raise
    except Exception as error:  # whatever a malformed answer makes the client throw
        raise WebStop(NO_CATALOGUE, f"{bare(url)} does not answer as a STAC API does ({type(error).__name__}).", "Check the url.") from error


def _walk(web: Web, url: str, root: dict[str, Any], collection: str) -> Iterator[dict[str, Any]]:
    """Items of a static catalogue; of the collection only, where it has collections."""
    seen, todo = {url}, [(url, root)]
    while todo:
        at, document = todo.pop()
        if document.get("type") == "Collection" and document.get("id") != collection:
            continue
        for link in _links(document):
            rel, href = link.get("rel"), link.get("href")
            if rel not in ("child", "item") or not isinstance(href, str) or (full := join(at, href)) in seen:
                continue
            seen.add(full)
            if len(seen) > MOST_DOCUMENTS:
                raise WebStop(NO_CATALOGUE, f"{bare(url)} holds more than {MOST_DOCUMENTS} documents.", "Use a STAC API.")
            if rel == "child":
                todo.append((full, _document(web, full)))
            else:
                yield _absolute(_item(web, full), full)


def _item(web: Web, url: str) -> dict[str, Any]:
    """An item; one that is missing or broken is named, to be refused by that name."""
    try:
        return _document(web, url)
    except WebError as error:
        if isinstance(error, WebStop) and error.code != NO_CATALOGUE:
            raise
        return {"id": bare(url).rpartition("/")[2].removesuffix(".json")}


def _absolute(item: dict[str, Any], url: str) -> dict[str, Any]:
    """An item whose assets and own link are whole addresses."""
    assets = item.get("assets")
    if isinstance(assets, dict):
        for asset in assets.values():
            if isinstance(asset, dict) and isinstance(asset.get("href"), str):
                asset["href"] = join(url, asset["href"])
    return item | {"links": [{"rel": "self", "href": url}]}


def _fits(item: dict[str, Any], bounds: Bounds, first: date, last: date) -> bool:
    """Whether an item lies in the bounds and the period; one that does not say is kept, to be refused by name."""
    box, properties = item.get("bbox"), item.get("properties")
    if isinstance(box, list) and len(box) in (4, 6) and all(isinstance(each, int | float) for each in box):
        half = len(box) // 2
        west, south, east, north = box[0], box[1], box[half], box[half + 1]
        if west > bounds[2] or east < bounds[0] or south > bounds[3] or north < bounds[1]:
            return False
    acquired = Item(properties, {}).acquired if isinstance(properties, dict) else None
    return acquired is None or first <= acquired.date() <= last
