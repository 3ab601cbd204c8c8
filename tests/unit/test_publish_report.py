"""The report for people."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.publish import report
from tests import made_month
from tests.made_month import FORMULA, HOSTILE


class _Page(HTMLParser):
    """Tags and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> report.ReportInput:
    root = tmp_path_factory.mktemp("report")
    return made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts(), gone=["620422-2023-000007"])


def test_it_says_what_is_new_what_grew_and_what_was_not_seen(given: report.ReportInput) -> None:
    text = _Page(report.render(given)).text
    for said in (
        "会宁县",
        "2024年7月",
        "新增 4 个",
        "面积扩大 1 个",
        "93.1%",
        "318.2 公顷",
        "线索",
        "实地核查",
        "620422-2023-000007",
        "需实地核查",
        "看不清",
    ):
        assert said in text, said
    for case in given.flagged:
        assert case.properties["id"] in text
    for said in ("非采矿变化：设施农业", "许可范围内开采", "可能性低于 50%", "3 of 120 blocks", "未提供乡镇界线", "overlaps another right"):
        assert said in text, said


def test_hostile_names_are_shown_and_do_nothing(given: report.ReportInput) -> None:
    html = report.render(given)
    page = _Page(html)
    assert HOSTILE not in html
    assert "<b>holder" not in html
    assert HOSTILE in page.text
    assert FORMULA in page.text
    assert not [tag for tag, _ in page.tags if tag in {"script", "img", "iframe", "link"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_it_needs_no_network(given: report.ReportInput) -> None:
    html = report.render(given)
    assert not re.search(r"(?i)(https?:)?//[a-z]", html)
    links = [attributes["href"] for _, attributes in _Page(html).tags if "href" in attributes]
    anchors = {attributes["id"] for _, attributes in _Page(html).tags if "id" in attributes}
    assert {str(link) for link in links} == {f"#{anchor}" for anchor in anchors}


def test_each_case_is_on_the_map_in_the_colour_of_its_severity(given: report.ReportInput) -> None:
    dots = [attributes["class"] for tag, attributes in _Page(report.render(given)).tags if tag == "circle"]
    assert sorted(map(str, dots)) == sorted(f"dot c{case.properties['severity']}" for case in given.flagged)


def test_a_month_without_findings_is_a_report_too(tmp_path: Path) -> None:
    facts = made_month.run_facts(scenes=[], observed_fraction=0.12)
    text = _Page(report.render(made_month.publish(tmp_path / "2024-07", [], facts))).text
    for said in ("本月没有需要核查的线索", "本月没有可用的影像", "不足 50%", "没有看到不等于没有变化"):
        assert said in text, said


def test_many_cases_are_drawn_without_numbers(given: report.ReportInput) -> None:
    html = report.render(replace(given, flagged=list(given.flagged) * 11))
    assert html.count("<circle") == 66
    assert 'class="number"' not in html
