"""`minewarden report`: a finished month's report again, with the verdicts so far, in another language, on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.publish.report import pdf
from tests.pipeline.conftest import MONTHS, YEAR, County

LAST = MONTHS[-1]


def page(county: County, month: str = LAST) -> str:
    return (county.out / month / "report.html").read_text("utf-8")


def test_a_month_s_report_adds_up(county: County) -> None:
    """With flagged.geojson, with its pictures, and with the month before."""
    rows, before = county.rows(YEAR[-1]), county.rows(YEAR[-2])
    html = page(county, YEAR[-1])
    assert html.count("data-area=") == html.count("data:image/jpeg") == len(rows)
    assert f'<td>在册线索（个）</td><td class="n">{len(rows)}</td><td class="n">{len(before)}</td><td class="n">—</td>' in html
    assert f"没有 {int(YEAR[-1][:4]) - 1}-09 的结果" in html
    old = {row["id"] for row in rows} & {row["id"] for row in before}
    assert old
    for id in old:
        (row,) = re.findall(rf'<tr id="case-{id}".*?</tr>', html, flags=re.DOTALL)
        assert ("首次列出" in row) is ('class="course"' in row)
    assert any("首次列出" in row for row in re.findall(r"<tr id=.*?</tr>", html, flags=re.DOTALL))


def test_a_report_made_again_is_the_same_but_for_verdicts(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    first = page(again)
    assert main(["report", str(again.config), "--month", LAST]) == 0
    assert page(again) == first
    assert main(["report", str(again.config), "--month", LAST, "--lang", "en"]) == 0
    assert '<html lang="en">' in page(again)
    assert main(["report", str(again.config), "--month", LAST]) == 0
    assert page(again) == first
    assert str(again.out / LAST / "report.html") in capsys.readouterr().out
    assert main(["report", str(again.config), "--lang", "fr"]) == 2


def browser(folder: Path, script: str) -> None:
    """A program that calls itself Chromium."""
    folder.mkdir()
    (folder / "chromium").write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    (folder / "chromium").chmod(0o755)


def test_without_a_browser_the_page_still_stands(
    again: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = again.everything()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["report", str(again.config), "--pdf"]) == 2
    said = capsys.readouterr().err
    assert "MW-PDF-BROWSER" in said
    assert "print it to a file" in said
    assert again.everything() == before


def test_a_browser_that_fails_or_hangs_leaves_no_half_pdf(
    again: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f":{Path('/usr/bin')}:{Path('/bin')}"
    browser(tmp_path / "broken", 'for a in "$@"; do case "$a" in --print-to-pdf=*) echo %PDF-half > "${a#*=}";; esac; done; exit 3')
    monkeypatch.setenv("PATH", str(tmp_path / "broken") + path)
    assert main(["report", str(again.config), "--pdf"]) == 1
    assert "exit code 3" in capsys.readouterr().err
    browser(tmp_path / "hanging", "sleep 60 & wait")
    monkeypatch.setenv("PATH", str(tmp_path / "hanging") + path)
    monkeypatch.setattr(pdf, "SECONDS", 0.1)
    assert main(["report", str(again.config), "--pdf"]) == 1
    assert "not ready after" in capsys.readouterr().err
    assert not [file.name for file in (again.out / LAST).iterdir() if "pdf" in file.name]


def test_a_pdf_lies_beside_the_page(again: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    browser(tmp_path / "good", f'for a in "$@"; do case "$a" in --print-to-pdf=*) out="${{a#*=}}";; file://*) page="${{a#file://}}";; esac; done\n'
            f'cp "$page" {tmp_path}/asked.html; printf "%%PDF-1.4 %%%%EOF" > "$out"')  # fmt: skip
    monkeypatch.setenv("PATH", f"{tmp_path / 'good'}:/usr/bin:/bin")
    assert main(["report", str(again.config), "--pdf", "--lang", "en"]) == 0
    assert (again.out / LAST / pdf.NAME).read_bytes() == b"%PDF-1.4 %%EOF"
    assert str(again.out / LAST / pdf.NAME) in capsys.readouterr().out
    asked = (tmp_path / "asked.html").read_text("utf-8")
    assert "font/ttf;base64" in asked
    assert "evidence/" not in asked, "on paper pictures lead nowhere"
    assert main(["doctor", str(again.config)]) == 0
    assert main(["report", str(again.config)]) == 0
    assert not (again.out / LAST / pdf.NAME).exists(), "it told of an earlier state"
