"""The server of the review page as an attacker meets it, and as people do who work on it at the same time."""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.ledger import Ledger, Review, backup
from pipeline.review.desk import Desk
from pipeline.review.room import ReviewRoom
from pipeline.review.users import Role
from pipeline.review.web import server
from tests.made_month import FORMULA, HOSTILE
from tests.review_page import Client, Reply, Running, ground_of, logged_in, make_office, orthophoto, recorded

STATIC = Path(server.__file__).parent / "static"
Read = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(make_office(tmp_path_factory.mktemp("review") / "county"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def reviewer(running: Running) -> Client:
    return logged_in(running, "王核查", Role.REVIEWER)


@pytest.fixture(scope="module")
def auditor(running: Running) -> Client:
    return logged_in(running, "李复核", Role.AUDITOR)


@pytest.fixture(scope="module")
def viewer(running: Running) -> Client:
    return logged_in(running, "赵只读", Role.VIEWER)


@pytest.fixture(scope="module")
def ids(reviewer: Client) -> list[str]:
    return [row[0] for row in reviewer.get("/api/month").json["rows"]]


@pytest.fixture
def ledger(running: Running) -> Iterator[Ledger]:
    with recorded(running.office) as opened:
        yield opened


def everything(ledger: Ledger) -> Read:
    return ledger.standings(), ledger.events()


def key() -> str:
    return secrets.token_hex(16)


def version(client: Client, case_id: str) -> int:
    return int(client.get(f"/api/case/{case_id}").json["state"]["version"])


def verdict(client: Client, case_id: str, review: str = "confirmed", **said: Any) -> Reply:
    body = {"key": key(), "version": said.pop("version", None) or version(client, case_id), "review": review, **said}
    return client.post(f"/api/case/{case_id}/verdict", body)


# --- who may not


WRITES = ("verdict", "undo", "audit", "outline", "step")


def bodies(case_version: int) -> dict[str, dict[str, Any]]:
    """A write of each kind that would be taken."""
    first = {"key": key(), "version": case_version}
    return {
        "verdict": first | {"review": "confirmed"}, "undo": first, "audit": first | {"agrees": True}, "outline": first | {"points": None},
        "step": first | {"step": "field_checked", "date": "2024-08-01", "document": "1"},
    }  # fmt: skip


FORGED: dict[str, Callable[[Client], tuple[Client, dict[str, str | None], int]]] = {
    "nobody": lambda c: (Client(c.port), {}, 401),
    "a cookie of our own making": lambda c: (Client(c.port, cookie=f"minewarden_{c.port}=AAAA", csrf=c.csrf), {}, 401),
    "a cookie that is none": lambda c: (Client(c.port, cookie='minewarden="\\', csrf=c.csrf), {}, 401),
    "no token": lambda c: (c, {"X_CSRF_Token": None}, 403),
    "another token": lambda c: (c, {"X_CSRF_Token": "AAAA"}, 403),
    "a token that is no text": lambda c: (c, {"X_CSRF_Token": "\xe9\xff"}, 403),
    "another site": lambda c: (c, {"Origin": "http://evil.example"}, 403),
    "another port": lambda c: (c, {"Origin": "http://127.0.0.1:1"}, 403),
    "a sandboxed frame": lambda c: (c, {"Origin": "null"}, 403),
    "no origin": lambda c: (c, {"Origin": None}, 403),
    "a page of the same site": lambda c: (c, {"Sec_Fetch_Site": "same-site"}, 403),
    "a form": lambda c: (c, {"Content_Type": "text/plain"}, 415),
    "no type": lambda c: (c, {"Content_Type": None}, 415),
    "a name that was made to point here": lambda c: (c, {"Host": f"evil.example:{c.port}", "Origin": f"http://evil.example:{c.port}"}, 421),
    "no port": lambda c: (c, {"Host": "127.0.0.1", "Origin": "http://127.0.0.1"}, 421),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_write_changes_nothing(
    running: Running, reviewer: Client, ids: list[str], ledger: Ledger, forged: Callable[[Client], tuple[Client, dict[str, str | None], int]]
) -> None:
    before = everything(ledger)
    client, headers, status = forged(reviewer)
    case_version = version(reviewer, ids[0])
    for what, body in bodies(case_version).items():
        reply = client.post(f"/api/case/{ids[0]}/{what}", body, **headers)
        assert reply.status == status, (what, reply.body)
        assert "Traceback" not in reply.body.decode()
    assert client.post("/api/seen", {"cases": ids[:1]}, **headers).status == status
    assert everything(ledger) == before
    assert ledger.last_audit("seen") == []


def test_a_viewer_looks_and_does_not_write(viewer: Client, ids: list[str], ledger: Ledger) -> None:
    before = everything(ledger)
    assert viewer.get(f"/api/case/{ids[0]}").status == 200
    for what, body in bodies(version(viewer, ids[0])).items():
        reply = viewer.post(f"/api/case/{ids[0]}/{what}", body)
        assert (reply.status, reply.json["code"]) == (403, "MW-WEB-ROLE")
    assert everything(ledger) == before


def test_nobody_sees_anything_without_a_token(running: Running, ids: list[str]) -> None:
    nobody = Client(running.port)
    paths = ["/api/month", "/api/states", "/api/me", f"/api/case/{ids[0]}", f"/api/case/{ids[0]}/series", f"/api/case/{ids[0]}/evidence"]
    paths.append(f"/api/case/{ids[0]}/picture?before=2024-04-27&after=2024-07-28&which=0&view=natural")
    assert [nobody.get(path).status for path in paths] == [401] * len(paths)
    page = nobody.get("/").body.decode()
    assert ids[0] not in page
    assert nobody.post("/api/login", {"token": ""}).status == 401
    for wrong in (None, 1, ["a"], "x" * 10_000, "' OR 1=1 --"):
        assert nobody.post("/api/login", {"token": wrong}).status == 401
    assert nobody.post("/api/login", b"[", Content_Type="application/json").status == 400


def test_every_answer_forbids_what_the_page_does_not_need(running: Running, reviewer: Client) -> None:
    for reply in (
        Client(running.port).get("/"),
        reviewer.get("/api/month"),
        reviewer.get("/static/app.js"),
        reviewer.get("/nothing"),
        Client(running.port).get("/api/me"),
    ):
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "Server" not in reply.headers
    cookie = Client(running.port)
    reply = cookie.post("/api/login", {"token": running.users.add("cookie", Role.VIEWER)})
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in reply.headers["Set-Cookie"].split(";")}


@pytest.mark.parametrize(
    "path",
    ["/static/../server.py", "/static/..%2f..%2fusers.py", "/static/%2e%2e/guard.py", "/static//etc/passwd", "/../out/reviewers.json",
     "/api/case/..%2f..%2freviewers.json/evidence", "/api/case/x%00y/evidence", "/static/index.html", "/out/ledger.sqlite",
     "/api/month?month=../../out", "/api/month?month=2024-06"],
)  # fmt: skip
def test_no_path_leads_out(reviewer: Client, path: str) -> None:
    reply = reviewer.get(path)
    assert reply.status in (400, 404), reply.body[:200]
    assert b"sha256" not in reply.body


def test_bodies_have_a_limit_and_a_form(reviewer: Client, ids: list[str], ledger: Ledger) -> None:
    before = everything(ledger)
    path, now = f"/api/case/{ids[1]}/verdict", version(reviewer, ids[1])
    good = {"key": key(), "version": now, "review": "confirmed"}
    try:
        huge = reviewer.post(path, b'{"a": "' + b"x" * 300_000 + b'"}').status
    except (BrokenPipeError, ConnectionResetError):
        huge = 400  # the server hangs up on what it will not read
    assert huge == 400
    wrong: list[Any] = [
        b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, good | {"review": "maybe"}, good | {"review": ["confirmed"]}, good | {"version": "1"},
        good | {"version": True}, good | {"version": 0}, good | {"version": 99}, good | {"key": "../../x"}, good | {"key": ""},
        good | {"judgement": "也许"}, good | {"judgement": ["合法"]}, good | {"review_note": "x" * 2001},
    ]  # fmt: skip
    for body in wrong:
        reply = reviewer.post(path, body)
        assert 400 <= reply.status < 500, (body, reply.body)
        assert set(reply.json) == {"code", "message", "fix"}
    points: list[Any] = [
        "x",
        [],
        [[0, 0]],
        [[0, 0], [1, 1], ["a", 2]],
        [[0, 0], [5, 5], [5, 0], [0, 5]],
        [[0, 0], [0, 1e300], [1, 1]],
        [[1, 1], [9, 1], [9, 9]],
        [[0, 0]] * 501,
        [[None, 1]] * 4,
    ]
    for each in points:
        reply = reviewer.post(f"/api/case/{ids[1]}/outline", {"key": key(), "version": now, "points": each})
        assert (reply.status, reply.json["code"]) == (400, "MW-REVIEW-OUTLINE"), each
    assert reviewer.post(f"/api/case/{ids[1]}/step", {"key": key(), "version": now, "step": ["filed"], "date": None}).status == 400
    assert reviewer.post("/api/seen", {"cases": ["nothing"]}).status == 400
    assert reviewer.post("/api/case/nothing/verdict", good).status == 404
    assert everything(ledger) == before


def test_half_a_sign_in_a_note_loses_no_verdict(reviewer: Client, ids: list[str], ledger: Ledger) -> None:
    """As a browser sends it that cut an emoji in two; a server that fails on it would be asked again for ever."""
    body = json.dumps({"key": key(), "version": version(reviewer, ids[-1]), "review": "confirmed", "review_note": "属实\ud83d"})
    assert reviewer.post(f"/api/case/{ids[-1]}/verdict", body.encode()).status == 200
    last = ledger.standings(ids[-1])[ids[-1]].last
    assert last is not None
    assert last.note == "属实"


def test_hostile_text_stays_text(reviewer: Client) -> None:
    listing = reviewer.get("/api/month")
    assert listing.headers["Content-Type"].startswith("application/json")
    assert HOSTILE in {row[6] for row in listing.json["rows"]}
    scripts = "".join(file.read_text("utf-8") for file in STATIC.glob("*.js"))
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser"):
        assert way not in scripts


def test_behind_a_server_with_tls_its_name_alone_is_let_in_too(running: Running) -> None:
    name = "jiancha.example:8443"
    proxied = Running(running.office, behind=f"https://{name}")
    try:
        token = {"token": running.users.add("经由代理", Role.REVIEWER)}
        client, own = Client(proxied.port), {"Host": name, "Origin": f"https://{name}"}
        reply = client.post("/api/login", token, **own)
        assert (reply.status, "Secure" in reply.headers["Set-Cookie"]) == (200, True)
        cookie, csrf = reply.headers["Set-Cookie"].split(";")[0], reply.json["csrf"]
        assert client.get("/api/me", Host=name, Cookie=cookie).status == 200
        seen: dict[str, list[str]] = {"cases": []}
        assert client.post("/api/seen", seen, **own, Cookie=cookie, X_CSRF_Token=csrf).status == 200
        for wrong in ({"Origin": f"http://{name}"}, {"Origin": f"http://127.0.0.1:{proxied.port}"}, {"Origin": "https://evil.example"}):
            assert client.post("/api/seen", seen, **own | wrong, Cookie=cookie, X_CSRF_Token=csrf).status == 403
        assert client.post("/api/login", token, Host="jiancha.example", Origin=f"https://{name}").status == 421
        reply = client.post("/api/login", token)
        assert (reply.status, "Secure" in reply.headers["Set-Cookie"]) == (200, False), "this computer itself"
    finally:
        proxied.close()


def test_a_removed_user_is_out_at_once(running: Running) -> None:
    client = logged_in(running, "临时", Role.REVIEWER)
    assert client.get("/api/me").status == 200
    running.users.remove("临时")
    assert client.get("/api/me").status == 401


def test_logging_out_ends_the_session(running: Running) -> None:
    client = logged_in(running, "下班", Role.VIEWER)
    assert client.post("/api/logout", X_CSRF_Token=None).status == 403
    assert client.post("/api/logout").status == 200
    assert client.get("/api/me").status == 401


# --- who may


def test_drone_flights_of_a_case_are_shown(running: Running, reviewer: Client, ids: list[str]) -> None:
    output = running.office.project.output
    folder = output / "drone" / "20240710-0123abcd"
    (folder / "photos").mkdir(parents=True)
    for name in ("after.png", "photos/机 1.JPG", "report.html"):
        (folder / name).write_bytes(b"pixels")
    photo = {"file": "photos/机 1.JPG", "case_id": ids[0], "taken": "2024-07-10T10:00:00", "azimuth": 90.0, "distance_m": 3.0, "doubts": [], "lon": 1}
    said = {
        "flight": folder.name, "captured": "2024-07-10", "cases": [{"id": ids[0], "why": "地面下降", "says": "confirms"}],
        "pictures": [{"file": name, "title": "题"} for name in ("after.png", "report.html", "../../reviewers.json")], "photos": [photo],
    }  # fmt: skip
    (folder / "flight.json").write_text(json.dumps(said), "utf-8")
    (shown,) = reviewer.get(f"/api/case/{ids[0]}").json["flights"]
    assert (shown["captured"], shown["why"], shown["photos"][0]["file"]) == ("2024-07-10", "地面下降", "photos/机 1.JPG")
    assert reviewer.get(f"/api/case/{ids[1]}").json["flights"] == []
    path = f"/api/flight/{folder.name}/"
    for name, kind in (("after.png", "image/png"), ("photos/%E6%9C%BA%201.JPG", "image/jpeg")):
        reply = reviewer.get(path + name)
        assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, kind, b"pixels")
        assert Client(running.port).get(path + name).status == 401
    for name in ("report.html", "flight.json", "../../reviewers.json", "..%2f..%2freviewers.json", "photos/", "after.png%00"):
        assert reviewer.get(path + name).status in (400, 404), name
    assert reviewer.get("/api/flight/..%2fdrone/after.png").status == 404
    (folder / "withdrawn.json").write_text('{"by": "王核查"}', "utf-8")
    assert reviewer.get(f"/api/case/{ids[0]}").json["flights"] == []
    assert reviewer.get(path + "after.png").status == 404, "nor are its pictures given any more"


def test_an_orthophoto_is_laid_over_the_very_cells_of_a_case(running: Running, reviewer: Client, ids: list[str]) -> None:
    ground = ground_of(running.office, ids[2])
    output = running.office.project.output
    folder = output / "drone" / "20240711-0123abcd"
    folder.mkdir(parents=True)
    orthophoto(folder / "orthophoto.tif", ground)
    said = {"flight": folder.name, "captured": "2024-07-11", "cases": [{"id": ids[2], "why": "", "says": "silent"}], "pictures": [], "photos": []}
    (folder / "flight.json").write_text(json.dumps(said), "utf-8")
    case = reviewer.get(f"/api/case/{ids[2]}").json
    assert case["overlays"] == [{"flight": folder.name, "captured": "2024-07-11"}]
    path = f"/api/case/{ids[2]}/flight/{folder.name}"
    reply = reviewer.get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(reply.body)) as image:
        shown = np.asarray(image).astype(int)
    times = shown.shape[0] / case["place"]["rows"]
    assert shown.shape[1] == times * case["place"]["cols"]
    a = running.office.setting.grid.geobox.affine
    west, _, east, north = ground.bounds
    row = int(((a.f - north) / 10 + 1 - case["place"]["top"]) * times)
    seen = np.flatnonzero(shown[row, :, 3] > 127)
    left = (west - a.c) / 10 - case["place"]["left"]
    assert abs(seen[0] / times - left) < 0.2
    assert abs(seen[-1] / times - left - (east - west) / 10) < 0.2
    first, last = shown[row, seen[2]], shown[row, seen[-3]]
    assert first[0] > 150 > 60 > first[2]
    assert last[2] > 150 > 60 > last[0]
    assert Client(running.port).get(path).status == 401
    for wrong in (
        f"/api/case/{ids[2]}/flight/20240711-ffffffff",
        f"/api/case/nothing/flight/{folder.name}",
        f"{path}?wider=9",
        f"/api/case/{ids[2]}/flight/..%2f",
    ):
        assert reviewer.get(wrong).status == 404, wrong
    (folder / "withdrawn.json").write_text('{"by": "王核查"}', "utf-8")
    assert reviewer.get(path).status == 404


def test_what_a_case_shows(reviewer: Client, ids: list[str]) -> None:
    expired = next(row[0] for row in reviewer.get("/api/month").json["rows"] if row[1] == "expired_permit")
    said = reviewer.get(f"/api/case/{expired}").json
    assert said["properties"]["right_id"] == FORMULA
    assert said["trace"] == {
        "en": ["expired_permit: yes, outside every right on 2024-06-03"],
        "zh": ["疑似许可过期开采：成立，2024-06-03 在所有矿权以外"],
    }
    kinds = [line[0] for line in said["lines"]]
    assert kinds[-1] == "case"
    assert "right" in kinds
    wide = reviewer.get(f"/api/case/{expired}?wider=4").json["place"]
    assert (wide["rows"], wide["cols"]) == (4 * said["place"]["rows"], 4 * said["place"]["cols"])
    assert reviewer.get(f"/api/case/{expired}?wider=3").status == 404


def pixels(reply: Reply) -> Any:
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png"), reply.body[:200]
    with Image.open(io.BytesIO(reply.body)) as image:
        return np.asarray(image)


def test_two_dates_share_cells_and_stretch(reviewer: Client, ids: list[str]) -> None:
    place = reviewer.get(f"/api/case/{ids[0]}").json["place"]
    path = f"/api/case/{ids[0]}/picture?before=2024-04-27&after=2024-07-28&view=natural&which="
    before, after = pixels(reviewer.get(path + "0")), pixels(reviewer.get(path + "1"))
    assert before.shape == after.shape == (place["rows"], place["cols"], 3)
    assert after.mean() > before.mean() + 5, "the later scene is brighter, and one stretch shows it"
    same = f"/api/case/{ids[0]}/picture?before=2024-07-28&after=2024-07-28&view=natural&which="
    assert (pixels(reviewer.get(same + "0")) == pixels(reviewer.get(same + "1"))).all()
    for wrong in ("before=2024-04-28", "before=x", "which=2", "view=secret", "wider=1000"):
        name = wrong.split("=")[0]
        assert reviewer.get("&".join([*(p for p in (path + "0&wider=1").split("&") if not p.split("?")[-1].startswith(name)), wrong])).status in (
            400,
            404,
        )


def test_the_series_is_that_of_the_ground(reviewer: Client, ids: list[str]) -> None:
    series = reviewer.get(f"/api/case/{ids[0]}/series").json
    assert [look[0] for look in series["looks"]] == ["2024-03-03", "2024-04-27", "2024-07-08", "2024-07-28"]
    assert len(series["season"]["days"]) == len(series["season"]["ndvi"][0])


def test_verdicts_land_in_the_ledger_and_come_back(running: Running, reviewer: Client, ids: list[str], ledger: Ledger) -> None:
    reply = verdict(reviewer, ids[2], "dismissed", review_reason="耕作", review_note="春耕", judgement="伪变化")
    assert reply.status == 200, reply.body
    last = ledger.standings()[ids[2]].last
    assert last is not None
    assert (last.review, last.reason, last.note, last.reviewer) == (Review.DISMISSED, "耕作", "春耕", "王核查")
    assert reply.json["state"] == {
        "version": 2, "review": "dismissed", "reason": "耕作", "note": "春耕", "by": "王核查", "at": last.at, "judgement": "伪变化", "undo": "王核查",
    }  # fmt: skip
    assert reviewer.get("/api/states?since=0").json["states"][ids[2]] == reply.json["state"]
    undone = reviewer.post(f"/api/case/{ids[2]}/undo", {"key": key(), "version": 2})
    assert undone.json["state"]["review"] == "pending"
    assert "undo" not in undone.json["state"]
    again = reviewer.post(f"/api/case/{ids[2]}/undo", {"key": key(), "version": 3})
    assert (again.status, again.json["code"]) == (409, "MW-REVIEW-UNDO")
    assert [str(v.review) for v in ledger.standings()[ids[2]].verdicts] == ["dismissed", "pending"]
    assert ledger.verify_audit() == []
    with Ledger(running.office.project.backup / "ledger-2024-07.sqlite", "620422") as copy:
        assert copy.last_month() == "2024-07", "copied while people write"


def test_the_same_write_sent_again_is_applied_once(reviewer: Client, auditor: Client, ids: list[str], ledger: Ledger) -> None:
    case_version, write = version(reviewer, ids[3]), key()
    body = {"key": write, "version": case_version, "review": "needs_field_check"}
    first = reviewer.post(f"/api/case/{ids[3]}/verdict", body)
    assert verdict(auditor, ids[3], "confirmed").status == 200
    again = reviewer.post(f"/api/case/{ids[3]}/verdict", body)
    assert (first.json["version"], again.status, again.json["version"], again.json["late"]) == (case_version + 1, 200, case_version + 1, False)
    assert len(ledger.standings()[ids[3]].verdicts) == case_version + 1
    assert auditor.post(f"/api/case/{ids[3]}/verdict", body).json["code"] == "MW-REVIEW-KEY"
    assert reviewer.post(f"/api/case/{ids[4]}/verdict", body).json["code"] == "MW-REVIEW-KEY"


def test_two_people_on_one_case_are_both_recorded_and_the_second_is_told(reviewer: Client, auditor: Client, ids: list[str], ledger: Ledger) -> None:
    seen = version(reviewer, ids[4])
    assert verdict(reviewer, ids[4], "confirmed", version=seen).json["late"] is False
    second = verdict(auditor, ids[4], "dismissed", version=seen, review_reason="建设").json
    assert (second["late"], second["state"]["review"], second["state"]["by"], second["state"]["disputed"]) == (True, "confirmed", "王核查", True)
    assert [(h["kind"], h["review"], h["by"]) for h in second["history"][-2:]] == [
        ("verdict", "confirmed", "王核查"),
        ("late", "dismissed", "李复核"),
    ]
    assert len(ledger.standings()[ids[4]].verdicts) == seen
    decided = verdict(auditor, ids[4], "dismissed", review_reason="建设").json
    assert "disputed" not in decided["state"], "who has seen both has decided"
    assert ledger.verify_audit() == []


def test_a_second_person_audits(reviewer: Client, auditor: Client, ids: list[str]) -> None:
    now = verdict(reviewer, ids[5], "confirmed").json["version"]
    write = {"version": now, "agrees": False, "note": "像耕地"}
    assert reviewer.post(f"/api/case/{ids[5]}/audit", {"key": key(), **write}).json["code"] == "MW-WEB-ROLE"
    said = auditor.post(f"/api/case/{ids[5]}/audit", {"key": key(), **write}).json
    assert (said["state"]["review"], said["state"]["audit"], said["state"]["disputed"]) == ("confirmed", "disagrees", True)
    own = verdict(auditor, ids[5], "confirmed").json["version"]
    reply = auditor.post(f"/api/case/{ids[5]}/audit", {"key": key(), "version": own, "agrees": True})
    assert (reply.status, reply.json["code"]) == (409, "MW-REVIEW-SELF")
    assert auditor.post(f"/api/case/{ids[5]}/audit", {"key": key(), "version": now, "agrees": True}).json["code"] == "MW-VERDICT-STALE"


def test_an_outline_is_drawn_and_the_machines_stays(reviewer: Client, ids: list[str], ledger: Ledger) -> None:
    before = reviewer.get(f"/api/case/{ids[0]}").json
    place = before["place"]
    x, y = place["left"] + place["cols"] / 2, place["top"] + place["rows"] / 2
    square = [[x - 5, y - 5], [x + 5, y - 5], [x + 5, y + 5], [x - 5, y + 5]]
    now = before["state"]["version"]
    assert reviewer.post(f"/api/case/{ids[0]}/outline", {"key": key(), "version": now, "points": square}).json["state"]["drawn"] is True
    said = reviewer.get(f"/api/case/{ids[0]}").json
    assert abs(said["drawn"]["area_m2"] - 10_000) < 30
    middle = f"{place['cols'] / 2 - 5:.2f} {place['rows'] / 2 - 5:.2f}"
    assert middle in said["drawn"]["path"], "to the very corner, on any zoom"
    assert said["lines"] == before["lines"]
    assert reviewer.post(f"/api/case/{ids[0]}/outline", {"key": key(), "version": now, "points": None}).json["state"].get("drawn") is None
    assert len(ledger.events()[ids[0]]) == 2


def test_who_saw_what_is_kept(reviewer: Client, viewer: Client, ids: list[str], ledger: Ledger) -> None:
    for client, cases in ((reviewer, ids[:2]), (viewer, ids[:1]), (reviewer, ids[:3])):
        assert client.post("/api/seen", {"cases": cases}).status == 200
    entries = [said for _, said in reversed(ledger.last_audit("seen"))]
    assert entries == [
        {"reviewer": "王核查", "cases": sorted(ids[:2])},
        {"reviewer": "赵只读", "cases": ids[:1]},
        {"reviewer": "王核查", "cases": [ids[2]]},
    ]
    assert reviewer.get("/api/states?since=0").json["seen"] == sorted(ids[:3])


def test_while_a_month_is_written_a_verdict_waits_and_is_then_taken(reviewer: Client, ids: list[str], running: Running, ledger: Ledger) -> None:
    write = {"key": key(), "version": version(reviewer, ids[1]), "review": "confirmed"}
    with ledger.transaction():
        reply = reviewer.post(f"/api/case/{ids[1]}/verdict", write)
        assert (reply.status, reply.json["code"]) == (503, "MW-LEDGER-BUSY")
        assert reviewer.get(f"/api/case/{ids[1]}").status == 200, "people go on reading"
    assert reviewer.post(f"/api/case/{ids[1]}/verdict", write).status == 200


def test_steps_follow_a_confirmed_case_in_their_order(reviewer: Client, ids: list[str], ledger: Ledger) -> None:
    now = verdict(reviewer, ids[1], "confirmed").json["version"]

    def step(what: str, day: str, document: str = "会自然资核〔2024〕7号", **said: Any) -> Reply:
        return reviewer.post(f"/api/case/{ids[1]}/step", {"key": key(), "version": now, "step": what, "date": day, "document": document, **said})

    assert step("filed", "2024-08-01").json["code"] == "MW-STEP-ORDER"
    assert step("field_checked", "2024-08-01", " ").json["code"] == "MW-STEP-DOCUMENT"
    assert step("field_checked", "2999-08-01").json["code"] == "MW-STEP-DATE"
    done = step("field_checked", "2024-08-01", due="2024-08-20").json["state"]
    assert (done["step"], done["due"], done["overdue"]) == ("field_checked", "2024-08-20", True)
    assert step("filed", "2024-07-31").json["code"] == "MW-STEP-DATE"
    assert [step(what, "2024-09-01").json["state"]["step"] for what in ("filed", "rectified", "closed")] == ["filed", "rectified", "closed"]
    assert step("withdrawn", "2024-09-02").json["state"]["step"] == "rectified"
    assert ledger.verify_audit() == []


def test_what_others_write_meanwhile_is_shown(reviewer: Client, ids: list[str], running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.review import room

    monkeypatch.setattr(room, "NEWS_S", -1.0)
    now, serial = version(reviewer, ids[2]), reviewer.get("/api/states?since=0").json["serial"]
    with recorded(running.office) as other:
        other.record_verdict(ids[2], "confirmed", version=now, reviewer="外来")
    news = reviewer.get(f"/api/states?since={serial}").json
    assert {case: state["by"] for case, state in news["states"].items()} == {ids[2]: "外来"}
    assert json.dumps(news).count("serial") == 1


def test_a_month_that_was_made_again_is_laid_out_anew_and_once(tmp_path: Path) -> None:
    office = make_office(tmp_path / "county", scenes=False)
    run = office.project.output / "2024-07" / "run.json"

    async def work() -> list[Desk]:
        room = ReviewRoom(office, "2024-07")
        await room.open()
        found = [await room.desk("2024-07")]
        os.utime(run, ns=(0, run.stat().st_mtime_ns + 1_000_000))
        found += [await room.desk("2024-07") for _ in range(2)]
        await room.close()
        return found

    before, after, again = asyncio.run(work())
    assert before is not after
    assert after is again


def test_a_ledger_that_is_put_back_is_what_the_page_shows(
    reviewer: Client, ids: list[str], running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was said after the copy, and is lost, is not shown any more, though nobody writes to the ledger again."""
    from pipeline.review import room

    monkeypatch.setattr(room, "NEWS_S", -1.0)
    path = running.office.project.ledger
    with recorded(running.office) as ledger:
        ledger.copy_to(tmp_path / "copy.sqlite")
    assert verdict(reviewer, ids[0]).status == 200
    assert reviewer.get("/api/states?since=0").json["states"][ids[0]]["review"] == "confirmed"
    path.unlink()
    backup.put_back(path, tmp_path / "copy.sqlite")
    assert reviewer.get("/api/states?since=0").json["states"][ids[0]]["review"] == "pending"
    assert verdict(reviewer, ids[0]).json["late"] is False
