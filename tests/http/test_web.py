"""Servers that are slow, broken, or lie: bounded tries, nothing believed, no secret told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline.errors import MinewardenError
from pipeline.sources.ranges import PIECE, RangeFile
from pipeline.sources.web import Denied, Web, WebError, WebStop, bare
from tests.servers import Reply, Server, ranged

SECRET = "sig=s3cr3t"


def web(server: Server, *others: Server, token: str | None = None) -> Web:
    return Web("the catalogue", [each.host for each in (server, *others)], token=token, trusted=[server.host])


def ask(server: Server, path: str = "/x") -> bytes:
    return web(server).ask("GET", f"{server.url}{path}?{SECRET}", most=1000).body


def raised(call: object, kind: type[MinewardenError] = WebStop) -> MinewardenError:
    with pytest.raises(kind) as caught:
        call()  # type: ignore[operator]
    assert "s3cr3t" not in str(caught.value)
    return caught.value


@pytest.fixture
def fine(server: Server) -> Server:
    server.routes.append(lambda asked: Reply(200, b"fine"))
    return server


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 507, 521])
def test_what_may_pass_is_tried_again(fine: Server, waits: list[float], status: int) -> None:
    fine.fault(Reply.page(status), Reply.page(status))
    assert ask(fine) == b"fine"
    assert len(waits) == 2
    assert waits[0] < waits[1] < 3


@pytest.mark.parametrize("status", [429, 503])
def test_but_not_for_ever(fine: Server, waits: list[float], status: int) -> None:
    fine.fault(*[Reply.page(status)] * 20)
    error = raised(lambda: ask(fine))
    assert (error.code, len(fine.asked)) == ("MW-WEB-AGAIN", 5)
    assert f"it says {status}; 5 tries" in error.message
    assert "Run again later" in error.fix


def test_as_long_as_the_server_asks(fine: Server, waits: list[float]) -> None:
    fine.fault(
        Reply(429, headers={"Retry-After": "7"}), Reply(503, headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=30))})
    )
    assert ask(fine) == b"fine"
    assert waits[0] == 7
    assert 20 < waits[1] <= 30


@pytest.mark.parametrize("said", ["-1", "soon", "Thu, 32 Foo 2024", "1e9", "²", "9" * 5000])
def test_nonsense_in_retry_after(fine: Server, waits: list[float], said: str) -> None:
    fine.fault(Reply(429, headers={"Retry-After": said}))
    assert ask(fine) == b"fine"
    assert 0 < waits[0] < 2


def test_a_server_that_asks_for_hours_is_left_alone(fine: Server, waits: list[float]) -> None:
    fine.fault(Reply(429, headers={"Retry-After": "86400"}))
    assert "86400 s of patience" in raised(lambda: ask(fine)).message
    assert waits == []


def test_broken_connections(fine: Server) -> None:
    fine.fault(Reply(hang_up=True), Reply(200, b"x" * 100, cut=True))
    assert ask(fine) == b"fine"
    fine.fault(*[Reply(200, b"x" * 100, cut=True)] * 9)
    assert "the connection broke" in raised(lambda: ask(fine)).message


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_denied_is_not_tried_again(fine: Server, waits: list[float], status: int) -> None:
    fine.fault(Reply.page(status))
    error = raised(lambda: ask(fine), Denied)
    assert (error.code, waits) == ("MW-WEB-DENIED", [])
    assert f"says {status} with text/html" in error.message


def test_what_is_not_there(fine: Server) -> None:
    fine.fault(Reply.page(404))
    error = raised(lambda: ask(fine), WebError)
    assert not isinstance(error, WebStop), "one file is missing: the rest goes on"
    assert error.code == "MW-WEB-STATUS"


def test_redirects_to_other_hosts(fine: Server, elsewhere: Server) -> None:
    elsewhere.routes.append(lambda asked: Reply(200, b"yours"))
    fine.fault(Reply(302, headers={"Location": f"{elsewhere.url}/x?{SECRET}"}))
    error = raised(lambda: ask(fine), WebError)
    assert error.code == "MW-WEB-HOST"
    assert elsewhere.asked == []
    fine.fault(Reply(301, headers={"Location": "/y"}))
    assert ask(fine) == b"fine"
    fine.fault(Reply(302, headers={"Location": f"https://[{SECRET}"}))
    assert raised(lambda: ask(fine), WebError).code == "MW-WEB-URL"
    fine.fault(Reply(302, b"x" * 1000, {"Location": "/y"}, drip_s=1))
    assert ask(fine) == b"fine", "what comes with a redirect is not waited for"
    fine.fault(*[Reply(302, headers={"Location": "/x"})] * 9)
    assert raised(lambda: ask(fine), WebError).code == "MW-WEB-REDIRECT"


def test_a_token_goes_to_its_own_hosts_only(fine: Server, elsewhere: Server) -> None:
    elsewhere.routes.append(lambda asked: Reply(200, b"allowed"))
    both = web(fine, elsewhere, token="t0ken")
    fine.fault(Reply(302, headers={"Location": f"{elsewhere.url}/x"}))
    assert both.ask("GET", f"{fine.url}/x", most=100).body == b"allowed"
    assert fine.asked[0].headers["Authorization"] == "Bearer t0ken"
    assert "Authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/x", "MW-WEB-URL"),
        ("https://example.org/x", "MW-WEB-HOST"),
        ("file:///etc/passwd", "MW-WEB-URL"),
        ("s3://eodata/x", "MW-WEB-URL"),
        ("https://user:s3cr3t@127.0.0.1/x", "MW-WEB-HOST"),
        ("https://127.0.0.1:99999/x", "MW-WEB-HOST"),
        ("https://[", "MW-WEB-URL"),
    ],
)
def test_addresses_that_are_not_asked(server: Server, url: str, code: str) -> None:
    assert raised(lambda: web(server).ask("GET", url, most=10), WebError).code == code


@pytest.mark.parametrize("declared", [True, False])
def test_answers_that_are_too_large(fine: Server, declared: bool) -> None:
    headers = {"Content-Length": "4000000000"} if declared else {}
    fine.fault(Reply(200, b"x" * 5000, headers))
    assert raised(lambda: ask(fine), WebError).code == "MW-WEB-SIZE"


def test_answers_that_swell(fine: Server) -> None:
    import gzip

    fine.fault(Reply(200, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}))
    assert raised(lambda: ask(fine), WebError).code == "MW-WEB-SIZE"


def test_an_answer_that_trickles_in(fine: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time; all of them would take a day."""
    monkeypatch.setattr("pipeline.sources.web.LONGEST_ANSWER_S", 0.3)
    fine.fault(*[Reply(200, b"x" * 100, drip_s=0.05)] * 9)
    error = raised(lambda: ask(fine))
    assert error.code == "MW-WEB-AGAIN"
    assert len(fine.asked) == 5


def test_an_answer_in_chunks(fine: Server) -> None:
    fine.fault(Reply(200, b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}))
    assert ask(fine) == b"abcde"


def test_passwords_in_the_home_folder_are_not_used(fine: Server, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    home = Path(str(tmp_path))
    (home / ".netrc").write_text("machine 127.0.0.1 login me password s3cr3t\n")
    monkeypatch.setenv("HOME", str(home))
    ask(fine)
    assert "Authorization" not in fine.asked[0].headers


def test_what_may_be_told_of_an_address() -> None:
    assert bare(f"https://user:pw@host.org:8443/a/b.tif?{SECRET}#frag") == "https://host.org:8443/a/b.tif"


# Files read by ranges.

CONTENT = bytes(range(256)) * 8000
"""2 MB: four pieces."""


@pytest.fixture
def file(server: Server) -> Server:
    server.routes.append(lambda asked: ranged(CONTENT, asked, ETag='"1"'))
    return server


def opened(server: Server) -> RangeFile:
    return RangeFile(web(server), lambda fresh: f"{server.url}/b.tif?{'new' if fresh else SECRET}")


def test_only_what_is_asked_for_is_read(file: Server) -> None:
    source = opened(file)
    assert source.read(4) == CONTENT[:4]
    assert source.seek(-10, 2) == len(CONTENT) - 10
    assert source.read() == CONTENT[-10:]
    source.seek(PIECE - 5)
    assert source.read(10) == CONTENT[PIECE - 5 : PIECE + 5]
    assert len(file.asked) == 3


def test_a_link_that_ran_out_is_renewed_once(file: Server) -> None:
    file.fault(*[Reply.page(403)] * 9, on=lambda asked: "new" not in asked.query and "sig" in asked.query)
    file.routes.insert(0, lambda asked: None)
    assert opened(file).read(4) == CONTENT[:4]
    file.asked.clear()
    file.fault(*[Reply.page(403)] * 9)
    raised(lambda: opened(file), Denied)
    assert len(file.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(206, CONTENT[:PIECE], {"Content-Range": f"bytes 0-{PIECE - 1}/99000000000"}),
        Reply(206, CONTENT[:PIECE], {"Content-Range": f"bytes 5-{PIECE + 4}/{len(CONTENT)}"}),
        Reply(206, CONTENT[:100], {"Content-Range": f"bytes 0-{PIECE - 1}/{len(CONTENT)}"}),
        Reply(206, CONTENT[:PIECE]),
        Reply(206, b"", {"Content-Range": "bytes 0-0/0"}),
        Reply(206, b"x", {"Content-Range": f"bytes 0-0/{'9' * 5000}"}),
    ],
    ids=["huge", "elsewhere", "short", "unsaid", "empty", "endless"],
)
def test_ranges_that_are_not_what_was_asked_for(file: Server, reply: Reply) -> None:
    file.fault(reply)
    assert raised(lambda: opened(file), WebError).code == "MW-WEB-RANGE"


def test_a_page_with_status_200_in_place_of_a_range(file: Server) -> None:
    file.fault(Reply.page(200))
    error = raised(lambda: opened(file), WebError)
    assert "says 200 with text/html" in error.message


def test_a_file_that_changes_while_it_is_read(file: Server) -> None:
    source = opened(file)
    file.routes.insert(0, lambda asked: ranged(CONTENT, asked, ETag='"2"'))
    source.seek(PIECE)
    assert raised(lambda: source.read(1), WebError).code == "MW-WEB-CHANGED"
