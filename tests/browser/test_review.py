"""The review page as a reviewer uses it, by keyboard and mouse in Chromium; what counts is what lands in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.ledger import Kind, Ledger
from pipeline.ledger.verdicts import Standing
from pipeline.publish.flight import record
from pipeline.review import decide
from pipeline.review.decide import Write
from pipeline.review.desk import Office
from pipeline.review.users import Role
from tests import chromium
from tests.chromium import Chromium
from tests.made_month import HOSTILE
from tests.review_page import Running, elsewhere, ground_of, make_office, orthophoto, recorded

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs Chromium: apt-get install chromium")
SIZES = ((1366, 768), (1920, 1080))
NAME = "王核查"
# Counts, from now on, the requests sent and the times the outbox no longer says why something waits.
SILENCES = """(() => {
  const box = document.querySelector('.outbox'), seen = (window.silences = { tries: 0, found: 0 }), fetched = window.fetch;
  window.fetch = (path, given) => { seen.tries += Number(given?.method === 'POST'); return fetched(path, given); };
  new MutationObserver(() => { seen.found += Number(!box.classList.contains('bad')); }).observe(box, { attributes: true, childList: true });
})()"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("browser") / "county")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    opened = Chromium(tmp_path_factory.mktemp("profile"), *SIZES[0])
    yield opened
    opened.close()


@dataclass
class Desk:
    """A reviewer in front of the page."""

    running: Running
    browser: Chromium
    token: str

    def login(self, path: str = "") -> None:
        self.browser.open(self.running.url + path)
        self.type_token()
        self.browser.wait("document.body.dataset.ready")

    def type_token(self) -> None:
        self.browser.click(".token")
        self.browser.write(self.token)
        self.browser.press("Enter")

    def start(self) -> str:
        """Open the first case; its id."""
        self.browser.press("j")
        return self.shown()

    def shown(self) -> str:
        """The open case, once its pictures are there."""
        return str(
            self.browser.wait(
                "location.pathname.startsWith('/case/') && document.body.dataset.shown === location.pathname.slice(6) && document.body.dataset.shown"
            )
        )

    def saved(self) -> None:
        """Once the server has all that was said."""
        self.browser.wait("!Object.keys(localStorage).some((name) => JSON.parse(localStorage[name]).length)")

    def standing(self, case_id: str) -> Standing:
        with recorded(self.running.office) as ledger:
            assert ledger.verify_audit() == []
            return ledger.standings().get(case_id, Standing())

    def said(self, case_id: str) -> list[tuple[str, str | None, str]]:
        return [(str(v.review), v.reason, v.reviewer) for v in self.standing(case_id).verdicts]

    def order(self) -> list[str]:
        return list(self.browser.look("[...document.querySelectorAll('.row')].map((row) => row.dataset.id)"))

    def source(self, which: int) -> str:
        return str(self.browser.look(f"document.querySelectorAll('.picture')[{which}].getAttribute('src')"))


@pytest.fixture
def desk(made: Office, browser: Chromium, tmp_path: Path) -> Iterator[Desk]:
    running = Running(elsewhere(made, tmp_path / "county"))
    browser.console.clear()
    sitting = Desk(running, browser, running.users.add(NAME, Role.REVIEWER))
    yield sitting
    browser.open("about:blank")
    sitting.running.close()


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def window(request: pytest.FixtureRequest, browser: Chromium) -> tuple[int, int]:
    browser.size(*request.param)
    size: tuple[int, int] = request.param
    return size


def errors(browser: Chromium) -> list[str]:
    """What went wrong in the page, but for being asked who one is before logging in."""
    return [told for told in browser.console if "401" not in told]


def test_a_month_by_keyboard(desk: Desk, window: tuple[int, int]) -> None:
    page = desk.browser
    desk.login()
    order = desk.order()
    assert len(order) == 6
    first = desk.start()
    assert first == order[0]
    assert page.look("document.querySelector('.act.confirmed').getBoundingClientRect().bottom") <= window[1]
    assert page.look("document.documentElement.scrollWidth <= innerWidth")
    page.press("c")
    page.wait(f"location.pathname === '/case/{order[1]}'")
    second = desk.shown()
    page.press("d", "2")
    page.wait(f"location.pathname === '/case/{order[2]}'")
    desk.shown()
    page.press("t")
    page.write("路太窄，看不清")
    page.press("Escape", "f")
    page.wait(f"location.pathname === '/case/{order[3]}'")
    desk.saved()
    assert desk.said(first) == [("confirmed", None, NAME)]
    assert desk.said(second) == [("dismissed", "耕作", NAME)]
    assert [(v.review, v.note) for v in desk.standing(order[2]).verdicts] == [("needs_field_check", "路太窄，看不清")]
    page.press("u")
    assert desk.shown() == order[2]
    desk.saved()
    assert [review for review, _, _ in desk.said(order[2])] == ["needs_field_check", "pending"]
    page.press("k", "k")
    page.wait(f"location.pathname === '/case/{first}'")
    page.press("c")  # what one has said already is not said again
    page.wait(f"location.pathname === '/case/{order[2]}'")
    page.press("k", "k", "n")
    page.wait(f"location.pathname === '/case/{order[2]}'")
    desk.shown()
    page.press("d", "9")
    page.write("采石场老路")
    page.press("Enter")
    desk.saved()
    assert [(v.reason, v.note) for v in desk.standing(order[2]).verdicts][-1] == ("其他", "采石场老路")
    lawful = desk.shown()
    page.press("g", "g", "c")
    desk.saved()
    with recorded(desk.running.office) as ledger:
        said = {case: [event.detail["judgement"] for event in events if event.kind is Kind.VERDICT] for case, events in ledger.events().items()}
    assert desk.said(first) == [("confirmed", None, NAME)]
    assert said == {first: ["违法"], second: ["伪变化"], order[2]: [None, None, None], lawful: ["合法"]}
    assert errors(page) == []


def test_keys_after_a_written_reason_are_keys_again_and_a_note_stays_with_its_case(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    order = desk.order()
    desk.start()
    page.press("d", "9")
    page.write("采石场老路")
    page.press("Enter")
    page.wait(f"location.pathname === '/case/{order[1]}'")
    page.press("c")
    page.wait(f"location.pathname === '/case/{order[2]}'")
    page.press("u")
    page.wait(f"location.pathname === '/case/{order[1]}'")
    page.press("t")
    page.write("写了一半")
    page.press("Escape", "j")
    page.wait(f"location.pathname === '/case/{order[2]}'")
    page.press("d", "9", "Escape", "t")
    page.write("看过")
    page.press("Enter", "c")  # the reason was given up: Enter ends a note, and dismisses nothing
    page.wait(f"location.pathname === '/case/{order[3]}'")
    desk.saved()
    said = [[(str(v.review), v.reason, v.note) for v in desk.standing(case).verdicts] for case in order[:3]]
    assert said == [[("dismissed", "其他", "采石场老路")], [("confirmed", None, None), ("pending", None, None)], [("confirmed", None, "看过")]]
    assert errors(page) == []


def test_undoing_ends_and_says_so(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    first = desk.start()
    page.press("c")
    page.press("k")
    page.wait(f"location.pathname === '/case/{first}'")
    page.press("d", "2")
    desk.saved()
    page.press("u", "u")
    desk.saved()
    page.press("u")
    page.wait("document.querySelector('.notice')?.textContent.includes('没有您的核实可以撤销')")
    assert [review for review, _, _ in desk.said(first)] == ["confirmed", "dismissed", "confirmed", "pending"]
    page.open(desk.running.url)
    page.wait("document.body.dataset.ready")
    page.press("u")
    page.wait("document.querySelector('.notice')?.textContent.includes('请先打开')")
    assert len(desk.said(first)) == 4
    assert errors(page) == []


def test_two_dates_are_looked_at_by_keyboard(desk: Desk, window: tuple[int, int]) -> None:
    page = desk.browser
    desk.login()
    desk.start()
    measures = "[i.naturalWidth, i.naturalHeight, ...['x', 'y', 'width', 'height'].map((name) => i.getBoundingClientRect()[name])]"
    before, after = page.look(f"[...document.querySelectorAll('.picture')].map((i) => {measures})")
    assert before == after, "the same cells at the same place"
    page.press("s")
    page.wait("document.querySelectorAll('.picture')[1].src.includes('view=infrared') && document.querySelectorAll('.picture')[1].complete")
    page.press("b")
    page.wait("document.querySelector('.pane.p0').hidden")
    page.wait("document.querySelector('.pane.p1').hidden")
    page.press("v")
    assert page.look("document.querySelector('.pane.p1').offsetLeft > 0 && !document.querySelector('.pane.p0').hidden")
    page.press("w")
    page.wait("document.querySelectorAll('.plots circle').length >= 6")
    source = desk.source(0)
    page.press("[")
    page.wait(f"document.querySelectorAll('.picture')[0].getAttribute('src') !== '{source}'")
    page.press("+")
    page.wait("document.querySelector('.picture').src.includes('wider=2') && document.querySelector('.picture').complete")
    page.press("o")
    assert page.look("getComputedStyle(document.querySelector('svg.lines')).display") == "none"
    page.press("?")
    assert page.look("document.querySelector('dialog').open")
    page.press("?")
    assert desk.said(desk.order()[0]) == []
    assert errors(page) == []


def test_a_case_by_mouse(desk: Desk, window: tuple[int, int]) -> None:
    page = desk.browser
    desk.login()
    order = desk.order()
    page.click(f".row[data-id='{order[1]}']")
    assert desk.shown() == order[1]
    page.drag(page.spot(".stage", 0.5, 0.8), page.spot(".stage", 0.2, 0.8))
    assert abs(page.look("parseFloat(document.querySelector('.handle').style.left)") - 20) < 2
    page.click(".tool.draw")
    corners = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]
    for across, down in corners:
        page.click(".drawing", across, down)
    page.click(".drawhint .primary")
    desk.saved()
    with recorded(desk.running.office) as ledger:
        (event,) = ledger.events()[order[1]]
        ground = {case.record.case_id: case.draft.geometry for case in ledger.open_cases("2024-07")}[order[1]]
    place = page.look(f"fetch('/api/case/{order[1]}').then((answer) => answer.json()).then((said) => said.place)")
    assert event.kind is Kind.OUTLINE
    assert event.detail["area_m2"] == pytest.approx(0.2 * place["cols"] * 0.2 * place["rows"] * 100, rel=0.05)
    assert ground.area > 0
    page.wait("!!document.querySelector('svg.lines .line.drawn')")
    page.click(".act.dismissed")
    page.click(".reason:nth-child(4)")
    desk.saved()
    assert desk.said(order[1]) == [("dismissed", "建设", NAME)]
    page.click(".headtool")
    page.wait("location.pathname === '/'")
    page.click(".tallybar")
    page.wait("location.search.includes('review=pending') && document.querySelectorAll('.row').length === 4")
    assert errors(page) == []


def test_filters_and_cases_have_addresses(desk: Desk) -> None:
    page = desk.browser
    desk.login("?finding=unlicensed&month=2024-07")
    assert page.look("document.querySelector('.filters select').value") == "unlicensed"
    found = desk.order()
    assert len(found) == 3
    first = desk.start()
    assert page.look("location.search") == "?finding=unlicensed&month=2024-07"
    page.press("j")
    second = desk.shown()
    assert [first, second] == found[:2]
    page.look("history.back()")
    page.wait(f"location.pathname === '/case/{first}'")
    page.open(f"{desk.running.url}case/{found[2]}?new=1")
    assert desk.shown() == found[2], "an address opens its case, logged in as one is"
    page.press("/")
    page.write("nothing like it")
    page.wait("document.querySelectorAll('.row').length === 1")
    assert desk.order() == [found[2]], "the open case stays"
    page.open(f"{desk.running.url}?status=provisional")
    page.wait("document.body.dataset.ready")
    listed = page.look(
        "fetch('/api/month').then((answer) => answer.json()).then((said) => said.rows.filter((row) => row[4] === 'provisional').map((row) => row[0]))"
    )
    assert desk.order() == listed != []


def test_keys_are_keys_again_after_a_list_or_a_search(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    press = "s.focus(); s.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));"
    choose = "s.value = 'unlicensed'; s.dispatchEvent(new Event('change', { bubbles: true }));"
    page.look(f"(() => {{ const s = document.querySelector('.filters select'); {press} {choose} }})()")
    found = desk.order()
    assert len(found) == 3
    assert desk.start() == found[0]
    page.press("/")
    page.write("620422")
    page.press("Enter", "j")
    page.wait(f"location.pathname === '/case/{found[1]}'")


def test_hostile_text_is_shown_as_text(desk: Desk) -> None:
    page = desk.browser
    desk.login("?finding=expired_permit")
    desk.start()
    assert HOSTILE in page.look("document.querySelector('.row .where').textContent")
    assert HOSTILE in page.look("document.querySelector('.facts').textContent")
    assert page.look("document.querySelectorAll('script').length") == 1
    assert errors(page) == []


def test_a_server_that_dies_costs_no_verdict(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    order = desk.order()
    desk.start()
    port = desk.running.port
    desk.running.close()
    page.press("c")
    page.wait("document.querySelector('.outbox').classList.contains('bad')")
    assert desk.said(order[0]) == []
    page.open("about:blank")  # and the browser is closed as well
    desk.running = Running(desk.running.office, port)
    desk.login()
    desk.saved()
    assert desk.said(order[0]) == [("confirmed", None, NAME)]


def test_a_verdict_that_the_server_fails_on_is_kept_and_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.browser
    desk.login()
    order = desk.order()
    as_it_is = decide.verdict

    def failing(ledger: Ledger, write: Write, *said: Any) -> decide.Outcome:
        if write.case_id == order[0]:
            raise RuntimeError("a fault of ours")
        return as_it_is(ledger, write, *said)

    monkeypatch.setattr(decide, "verdict", failing)
    desk.start()
    page.press("c")
    page.wait("document.querySelector('.outbox').classList.contains('bad')")
    told = page.look("document.querySelector('.outbox').textContent")
    assert "请管理员查看日志" in told
    page.look(SILENCES)
    second = desk.shown()
    page.press("c")
    page.wait(f"JSON.parse(localStorage['minewarden-outbox:{NAME}']).length === 1 && location.pathname !== '/case/{second}'")
    assert (desk.said(order[0]), desk.said(second)) == ([], [("confirmed", None, NAME)])
    page.wait("window.silences.tries > 1")
    assert page.look("[document.querySelector('.outbox').classList.contains('bad'), window.silences.found]") == [True, 0], "it goes on saying why"
    page.open(desk.running.url + f"case/{order[0]}")
    desk.shown()
    page.press("f")  # waits behind what was said of the case before
    page.wait(f"JSON.parse(localStorage['minewarden-outbox:{NAME}']).length === 2")
    monkeypatch.setattr(decide, "verdict", as_it_is)
    desk.saved()
    assert desk.said(order[0])[0][0] == "confirmed"


def test_two_people_on_one_case(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    first = desk.start()
    with recorded(desk.running.office) as ledger:
        ledger.record_verdict(first, "dismissed", version=1, reviewer="李核查", reason="大棚")
    page.press("c")
    told: Any = page.wait("document.querySelector('.notice.bad')?.textContent")
    assert "李核查" in told
    assert desk.said(first) == [("dismissed", "大棚", "李核查")]
    with recorded(desk.running.office) as ledger:
        assert [(e.kind, e.actor, e.detail["review"]) for e in ledger.events()[first]] == [(Kind.LATE, NAME, "confirmed")]
    page.press("k")
    page.wait("document.querySelector('.standing .badge.disputed') !== null")


def test_logging_in_in_another_tab_costs_no_verdict(desk: Desk) -> None:
    page = desk.browser
    desk.login()
    first = desk.start()
    body = json.dumps({"token": desk.token})
    page.look(
        f"fetch('/api/login', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: {body!r} }}).then((answer) => answer.ok)"
    )
    page.press("c")
    desk.saved()
    assert desk.said(first) == [("confirmed", None, NAME)]


def test_a_flight_changes_what_a_reviewer_sees_until_it_is_withdrawn(desk: Desk) -> None:
    page, output = desk.browser, desk.running.office.project.output
    desk.login()
    case = desk.start()
    assert not page.look("Boolean(document.querySelector('.flights'))")
    folder = output / "drone" / "20240710-0123abcd"
    folder.mkdir(parents=True)
    Image.new("RGB", (20, 10), (150, 120, 90)).save(folder / "orthophoto.png")
    orthophoto(folder / "orthophoto.tif", ground_of(desk.running.office, case))
    pictured = [{"file": "orthophoto.png", "title": "正射影像"}]
    said = [{"id": case, "says": "confirms", "why": f"挖方约 27,908 m³。{HOSTILE}", "m3": 27908.0}]
    flight = {"flight": folder.name, "captured": "2024-07-10", "pictures": pictured, "photos": [], "cases": said}
    (folder / record.NAME).write_bytes(record.encode(flight))
    page.open(f"{desk.running.url}case/{case}")
    page.wait("document.querySelector('.flight.confirms img')?.naturalWidth === 20")
    text = str(page.look("document.querySelector('.flight').textContent"))
    desk.shown()
    page.press("x")
    page.wait("document.querySelector('.drone').naturalWidth > 500 && !document.querySelector('.drone').hidden")
    assert "无人机 2024-07-10" in page.look("document.querySelector('.pane.p1').textContent")
    box = "(selector) => { const b = document.querySelector(selector).getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
    assert page.look(f"({box})('.pane.p1 .drone')") == page.look(f"({box})('.pane.p1 .picture')"), "on the very same cells"
    page.press("x")
    assert page.look("document.querySelector('.drone').hidden")
    assert "2024-07-10 支持" in text
    assert HOSTILE in text
    record.withdraw(folder, "张三", "飞错了地方", "2024-07-11T08:00:00Z")
    page.open(f"{desk.running.url}case/{case}")
    desk.shown()
    assert not page.look("Boolean(document.querySelector('.flights'))")
    visit = output / "visits" / "v20240712-0123abcd"
    (visit / "photos").mkdir(parents=True)
    Image.new("RGB", (20, 10), (150, 120, 90)).save(visit / "photos" / "a.jpg")
    photo = {"file": "photos/a.jpg", "case_id": case, "taken": "2024-07-12T09:00:00", "azimuth": 95.0, "distance_m": 40.2, "doubts": [HOSTILE]}
    record.write(
        visit, {"flight": visit.name, "visit": True, "captured": "2024-07-12", "by": "王核查", "cases": [], "pictures": [], "photos": [photo]}
    )
    page.open(f"{desk.running.url}case/{case}")
    page.wait("document.querySelector('.flight img')?.naturalWidth === 20")
    text = str(page.look("document.querySelector('.flight').textContent"))
    for said in ("2024-07-12", "现场核查照片，王核查", "95°", "40 m", HOSTILE):
        assert said in text
    assert errors(page) == []


READ = """(() => {
  for (const part of document.querySelectorAll('details')) part.open = true;
  const said = [document.body.innerText, document.querySelector('dialog').textContent];
  const names = ['title', 'placeholder', 'aria-label', 'alt'];
  for (const part of document.querySelectorAll('*')) said.push(...names.map((name) => part.getAttribute(name) || ''));
  return said.join('\\n');
})()"""
"""Everything that the page says, shown or told when the mouse rests on it."""


def test_the_page_in_chinese_is_chinese_throughout(desk: Desk) -> None:
    page = desk.browser
    desk.login("?finding=cross_boundary")
    first = desk.start()
    page.press("e")
    for across, down in ((0.4, 0.4), (0.6, 0.6), (0.6, 0.4), (0.4, 0.6)):  # a bow tie
        page.click(".drawing", across, down)
    page.press("Enter")
    refused = str(page.wait("document.querySelector('.notice.bad')?.textContent"))
    assert "请重新勾绘" in refused
    page.press("c", "k")
    desk.saved()
    page.wait("document.querySelector('.history') !== null && document.querySelectorAll('.plots circle').length >= 6")
    said = str(page.look(READ))
    assert "判定依据" in said
    assert "在所有矿权以外" in said
    data = page.look(f"fetch('/api/case/{first}').then((answer) => answer.json()).then((said) => said.properties)")
    for value in (*sorted((str(each) for each in data.values() if each), key=len, reverse=True), HOSTILE, "minewarden", "NDVI", "Shift"):
        said = said.replace(value, "")
    words = set(re.findall(r"[A-Za-z]{3,}", said)) - {"Enter", "Esc", "Backspace"}
    assert words == set()
