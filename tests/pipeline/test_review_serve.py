"""The review page of a month that the pipeline made: who is let in, what it shows, and what follows a verdict."""

from __future__ import annotations

import csv
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import pytest

from pipeline import months
from pipeline.cli import main
from pipeline.ledger import Ledger
from tests.pipeline.conftest import MONTHS, NEXT, County
from tests.review_page import ANSWER_S, Client

LAST = MONTHS[-1]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: "".join(capsys.readouterr())


def review(county: County, *words: str) -> int:
    return main(
        ["review", words[0], *words[1:2], str(county.config), *words[2:]]
        if words[0] == "user"
        else ["review", words[0], str(county.config), *words[1:]]
    )


def test_a_month_is_reviewed_on_the_page(again: County, said: Callable[[], str]) -> None:
    assert review(again, "serve") == 2
    assert "MW-REVIEW-USERS" in said()
    assert review(again, "user", "add", "王核查", "--role", "reviewer") == 0
    token = said().splitlines()[-1]
    results = again.bytes(MONTHS)
    start = "from pipeline.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", start, "review", "serve", str(again.config), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        client = Client(int(line.split()[1].rsplit(":", 1)[1].strip("/"))).login(token)
        rows = client.get("/api/month").json["rows"]
        assert {row[0] for row in rows} == {row["id"] for row in again.rows(LAST)}
        shown = client.get(f"/api/case/{rows[0][0]}").json
        row = shown["properties"]
        picture = f"before={row['before_date']}&after={row['after_date']}&which=1&view=infrared"
        assert client.get(f"/api/case/{row['id']}/picture?{picture}").status == 200
        series = client.get(f"/api/case/{row['id']}/series").json
        assert row["after_date"] in {look[0] for look in series["looks"]}
        assert series["season"] is not None
        assert client.get(f"/api/case/{row['id']}/evidence").body == (again.out / LAST / "evidence" / f"{row['id']}.png").read_bytes()
        reply = client.post(f"/api/case/{row['id']}/verdict", {"key": "a" * 32, "version": 1, "review": "confirmed"})
        assert reply.status == 200
        assert again.bytes(MONTHS) == results
        assert again.run(NEXT, "--quiet") in (0, 3), "a run in between"
        later = next(each["id"] for each in again.rows(NEXT) if each["id"] != row["id"])
        decided = {"key": "b" * 32, "version": 1, "review": "dismissed", "review_reason": "已批准", "judgement": "合法"}
        assert client.post(f"/api/case/{later}/verdict?month={NEXT}", decided).status == 200
        assert {each[0] for each in client.get(f"/api/month?month={NEXT}").json["rows"]} == {each["id"] for each in again.rows(NEXT)}
        assert NEXT in client.get("/api/states?since=0").json["months"]
    finally:
        server.send_signal(signal.SIGTERM)
        errors = server.communicate(timeout=ANSWER_S)[1]
    assert (server.returncode, errors) == (0, "")
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert ledger.verify_audit() == []
        said_of = [[(str(v.review), v.reviewer) for v in ledger.standings()[case].verdicts] for case in (row["id"], later)]
    assert said_of == [[("confirmed", "王核查")], [("dismissed", "王核查")]]
    said()
    assert main(["status", str(again.config), "--json"]) == 0
    assert json.loads(said())["reviews"].get("dismissed") == 1, "as decided by now"
    assert review(again, "export") == 0
    rows = json.loads((again.out / "review" / f"{NEXT}.geojson").read_text("utf-8"))["features"]
    assert [each["properties"]["judgement"] for each in rows if each["properties"]["id"] == later] == ["合法"]


def test_users_come_and_go(again: County, said: Callable[[], str]) -> None:
    assert review(again, "user", "add", "李复核", "--role", "auditor") == 0
    said()
    assert review(again, "user", "list") == 0
    assert "李复核  auditor  since" in said()
    assert review(again, "user", "add", "李复核", "--role", "viewer") == 2
    assert review(again, "user", "remove", "李复核") == 0
    assert review(again, "user", "remove", "李复核") == 2
    assert "MW-REVIEW-USER" in said()


def test_who_is_not_let_in_from_elsewhere(again: County, said: Callable[[], str]) -> None:
    assert review(again, "user", "add", "王核查", "--role", "reviewer") == 0
    for host in ("192.0.2.1", "0.0.0.0", "::", "example.org"):
        assert review(again, "serve", "--host", host) == 2
        assert "MW-REVIEW-HOST" in said()
    assert review(again, "serve", "--host", "0.0.0.0", "--network") == 2
    for behind in (
        "jiancha.example",
        "http://jiancha.example",
        "https://a@b.example",
        "https://jiancha.example/review",
        "https://x:99999",
        "https://",
    ):
        assert review(again, "serve", "--behind", behind) == 2
        assert "MW-REVIEW-HOST" in said()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert review(again, "serve", "--port", str(taken.getsockname()[1])) == 2
    assert "MW-REVIEW-PORT" in said()


def test_what_follows_a_verdict(again: County, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    case = again.rows(LAST)[0]["id"]
    step = ["--date", "2024-07-02", "--document", "会自然资核〔2024〕7号", "--reviewer", "王核查"]
    assert review(again, "step", case, "field_checked", *step) == 2
    assert "MW-STEP-VERDICT" in said()
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        ledger.record_verdict(case, "confirmed", version=1, reviewer="王核查")
    for _ in range(2):  # the same command twice is one step
        assert review(again, "step", case, "field_checked", *step, "--due", "2024-07-31") == 0
    assert review(again, "step", case, "closed", *step) == 2
    assert "MW-STEP-ORDER" in said()
    assert review(again, "step", case, "filed", "--date", "soon", *step[2:]) == 2
    assert "MW-STEP-DATE" in said()
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert len(ledger.events()[case]) == 1
        assert ledger.verify_audit() == []
    said()
    assert review(again, "step", case, "withdrawn", *step) == 0
    assert review(again, "step", case, "withdrawn", *step) == 0
    assert "noted already" in said()
    assert review(again, "step", case, "field_checked", *step, "--due", "2024-07-31") == 0, "what was withdrawn can be noted again"
    assert "noted already" not in said()
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert [event.detail["step"] for event in ledger.events()[case]] == ["field_checked", "withdrawn", "field_checked"]
    monkeypatch.setattr(months, "today", lambda: date(2024, 8, 1))
    assert main(["status", str(again.config), "--json"]) == 0
    found = json.loads(said())
    assert found["overdue"] == [{"id": case, "last_step": "field_checked", "due": "2024-07-31"}]
    assert any(case in need for need in found["needs_a_person"])


def table(county: County, name: str) -> list[dict[str, str]]:
    with (county.out / "review" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_lists_for_others(again: County, said: Callable[[], str]) -> None:
    held = next(row for row in again.rows(LAST) if row["holder"])
    other = next(row for row in again.rows(LAST) if not row["holder"])
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        for case in (held["id"], other["id"]):
            ledger.record_verdict(case, "confirmed", version=1, reviewer="王核查", note="=cmd|x")
    assert review(again, "public") == 0
    assert table(again, "public") == [], "a suspicion is not published"
    for case in (held["id"], other["id"]):
        for what in ("field_checked", "filed"):
            step = ["--date", "2024-07-02", "--document", "=SUM(A1)", "--reviewer", "王核查"]
            assert review(again, "step", case, what, *step) == 0
    assert review(again, "holders") == 0
    assert review(again, "public") == 0
    (row,) = table(again, "holders")
    assert (row["采矿权人"], row["图斑编号"], row["处置进展"], row["文号"]) == (held["holder"], held["id"], "立案", "'=SUM(A1)")
    public = (again.out / "review" / "public.csv").read_text("utf-8-sig")
    assert [row["图斑编号"] for row in table(again, "public")] == sorted([held["id"], other["id"]])
    for hidden in (held["holder"], held["right_name"], held["right_id"], "王核查", "SUM"):
        assert hidden not in public
    for what, day in (("rectified", "2024-07-03"), ("closed", "2024-07-04")):
        assert review(again, "step", held["id"], what, "--date", day, "--document", "3", "--reviewer", "王核查") == 0
    assert review(again, "holders") == 0
    assert table(again, "holders") == []
    said()
    assert review(again, "draw", "--count", "2", "--reviewer", "王核查") == 0
    seed, *lines = said().splitlines()
    assert len(lines) == 2
    assert review(again, "draw", "--count", "2", "--reviewer", "王核查", "--seed", seed.split()[1]) == 0
    assert said().splitlines()[1:] == lines
    assert review(again, "draw", "--count", "9999", "--reviewer", "王核查") == 2
    with Ledger(again.out / "ledger.sqlite", "620422") as ledger:
        assert [detail["seed"] for _, detail in ledger.last_audit("draw")] == [seed.split()[1]] * 2
