"""No address but local servers can be reached, and nobody waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.sources import web
from tests.servers import Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """Another host, that nobody has allowed."""
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr(web, "pause", waited.append)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return waited
