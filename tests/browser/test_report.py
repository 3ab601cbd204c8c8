"""The report in a browser: it sorts, filters and prints, under its own policy. Skipped where there is no Chromium."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import MinewardenError
from pipeline.publish import report
from pipeline.publish.report import pdf
from tests import made_month

PROBE = """
const table = document.getElementById("cases");
const shown = () => [...table.querySelectorAll("tr[data-area]:not(.off)")].map((row) => row.id.slice(-2));
const marks = () => [...document.querySelectorAll("a.mark:not(.off)")].length;
const said = { all: shown(), marks: marks() };
const [kind, ...others] = document.querySelectorAll(".tools select");
said.titles = [kind, ...others].map((select) => select.options[0].textContent);
said.kinds = [...kind.options].map((option) => option.textContent);
const choose = (select, at) => { select.selectedIndex = at; select.dispatchEvent(new Event("change")); };
choose(kind, 1);
said.first = shown(); said.firstMarks = marks(); said.told = document.querySelector(".tools output").textContent;
choose(kind, 0);
const find = document.querySelector(".tools input");
find.value = "北山"; find.dispatchEvent(new Event("input"));
said.found = shown();
find.value = "<script>"; find.dispatchEvent(new Event("input"));
said.hostile = shown();
find.value = ""; find.dispatchEvent(new Event("input"));
const area = table.tHead.rows[0].cells[5];
const press = (key) => area.firstChild.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
press("Enter"); said.down = [area.getAttribute("aria-sort"), ...shown()];
press(" "); said.up = [area.getAttribute("aria-sort"), ...shown()];
press("Enter"); said.back = [area.getAttribute("aria-sort"), ...shown()];
document.documentElement.dataset.said = JSON.stringify(said);
document.addEventListener("securitypolicyviolation", (event) => { document.documentElement.dataset.violated = event.violatedDirective; });
"""


@pytest.fixture(scope="module")
def browser() -> str:
    try:
        return pdf.find()
    except MinewardenError:
        pytest.skip("no Chromium, Chrome or Edge on this computer")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> report.ReportInput:
    root = tmp_path_factory.mktemp("report")
    return made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts())


def test_the_list_is_sorted_and_filtered_and_the_map_follows(browser: str, given: report.ReportInput, tmp_path: Path) -> None:
    page = report.render(given)
    digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    page = page.replace("script-src '", f"script-src 'sha256-{digest}' '").replace("</body>", f"<script>{PROBE}</script></body>")
    (tmp_path / "report.html").write_text(page, "utf-8")
    sandbox = ["--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [browser, "--headless", "--disable-gpu", *sandbox, "--dump-dom", (tmp_path / "report.html").as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "data-violated" not in dom
    (told,) = re.findall(r'data-said="([^"]+)"', dom)
    said: dict[str, Any] = json.loads(html.unescape(told))
    rows = {each.properties["id"][-2:]: each.properties for each in given.flagged}
    assert sorted(said["all"]) == sorted(rows)
    assert said["marks"] == len(rows)
    assert said["titles"] == ["本月情况", "疑似问题", "等级", "监测状态", "核查", "矿权"], "towns are not known here: nothing to choose"
    assert said["kinds"] == ["本月情况", "本月新增（4）", "面积扩大（1）", "其余在册线索（1）"]
    new = {id for id, row in rows.items() if row["new_this_month"]}
    assert set(said["first"]) == new
    assert said["firstMarks"] == len(new)
    assert said["told"] == f"显示 4 / 6 条，合计 {sum(rows[id]['area_m2'] for id in new) / 1e4:.2f} 公顷"
    assert said["found"] == [id for id in said["all"] if "北山" in str(rows[id]["right_name"])]
    assert set(said["hostile"]) == {id for id, row in rows.items() if "<script>" in f"{row['right_name']}{row['review_note']}"}
    by_area = sorted(rows, key=lambda id: -rows[id]["area_m2"])
    assert said["down"] == ["descending", *by_area]
    assert said["up"] == ["ascending", *by_area[::-1]]
    assert said["back"] == [None, *said["all"]]


def test_it_is_printed_with_a_font_of_its_own(browser: str, given: report.ReportInput, tmp_path: Path) -> None:
    many = [replace(each, properties=each.properties | {"id": f"620422-2024-{k:06d}"}) for k in range(40) for each in given.flagged[k % 6 :][:1]]
    pdf.write(tmp_path / pdf.NAME, report.render(replace(given, flagged=many), printed=True))
    data = (tmp_path / pdf.NAME).read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 4
    assert b"WenQuanYi" in data or b"FontFile2" in data
    assert [file.name for file in tmp_path.iterdir()] == [pdf.NAME]
    assert str(tmp_path).encode() not in data
