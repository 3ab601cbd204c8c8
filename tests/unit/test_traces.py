"""A rule trace in Chinese: every form of words that the rules have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from pipeline.config_findings import SeverityConfig
from pipeline.findings import overextraction, unrestored
from pipeline.findings.finding import Finding
from pipeline.findings.lookup import Lookup
from pipeline.findings.overextraction import Taken
from pipeline.publish.traces import all_in_chinese, in_chinese
from tests.county import found, layers, legacy
from tests.unit.test_bareness import bare_county
from tests.unit.test_findings_rules import CASES, PIT, WEST_OF, valid
from tests.unit.test_law_table import ROWS, dug, record
from tests.unit.test_restoration_cases import CONFIG, NOTHING, PLOT, fallen, regressed

WORD = re.compile(r"[a-z]{2,}")
"""Of English: ids of these counties have capitals."""


def check(findings: Iterable[Finding]) -> None:
    for line in all_in_chinese(line for finding in findings for line in finding.trace):
        assert not WORD.search(line), line


@pytest.mark.parametrize("name", CASES)
def test_whatever_a_rule_says_has_its_chinese(name: str) -> None:
    changed, records, _ = CASES[name]
    check(found(changed, *records))


@pytest.mark.parametrize("row", ROWS, ids=[" / ".join(row) for row in ROWS])
def test_so_has_every_line_of_the_law(row: list[str]) -> None:
    there, when, _ = row
    check(found(dug(when), *([] if there == "nothing" else [record(text.strip(), k) for k, text in enumerate(there.split(";"))])))


def test_so_have_restoration_and_volumes() -> None:
    judgement = bare_county().judge()
    assert judgement is not None
    known = layers(legacy("YL", PLOT))
    taken = Taken("C1", PIT, date(2024, 8, 1), "F1", 120000.0, 110000.0, 50000.0)
    check(unrestored.findings([judgement], Lookup(known), SeverityConfig()))
    check(regressed([fallen(known)], NOTHING, known, [], CONFIG, 100.0))
    check(overextraction.findings([taken], layers(valid()), SeverityConfig()))


def test_a_renewal_whose_day_cannot_be_read_is_said_of_an_expired_permit() -> None:
    ended = valid(valid_to=date(2024, 5, 1), renewal_unread="'2024年2月'")
    entry = "登记状态 有效，有效期 2020-01-01 至 2024-05-01，延续申请登记为 '2024年2月'，不是日期"
    for since, more in ((None, ""), (date(2024, 1, 1), "，登记簿 2024-01-01 至 – 的记载")):
        (case,) = found(dug("2024-07-10"), replace(ended, stood_from=since))
        assert case.code == "expired_permit"
        assert any("renewal applied for on '2024年2月', which is no date" in line for line in case.trace)
        assert any(f"（{entry}{more}）内" in line for line in all_in_chinese(case.trace))
        check([case])


def test_numbers_and_names_stay_as_they_are() -> None:
    crossing = next(f for f in found(dug("2024-05-14"), valid(WEST_OF)) if f.code == "cross_boundary")
    said = all_in_chinese(crossing.trace)
    assert said[0] == "地块：变化图斑 10000 m² 中的 5000 m²，由有效矿权越出；最早部分 2024-05-14 已见变化，大部最后一次正常观测 2024-04-01"
    assert "疑似关闭矿山开采：不成立，在矿权 C1 以外" in said
    assert said[5].startswith(
        "疑似越界开采：成立，越出矿权 C1（登记状态 有效，有效期 2020-01-01 至 2030-01-01） 5000 m²，最远 50 m；扣除位置误差 10.7 m（影像 8、"
    )
    entry = "right C1 (status 有效, valid 2020-01-01 to 2030-01-01, renewal applied for 2029-11-01, as the register stood – to 2024-06-30)"
    for english, chinese in (("5", "5"), ("5 (not measured)", "5（未实测）"), ("6.2 (measured 6.2 on 9 days)", "6.2（9 天实测 6.2）")):
        line = f"50 m² beyond {entry}, up to 5 m; 0 m² of it beyond the position error of 9 m (image 8, between dates {english}, boundary 5, "
        told = in_chinese(f"cross_boundary: yes, {line}plate motion since 2000 0.7)")
        assert f"、时相之间 {chinese}、边界 5、2000 年以来板块移动 0.7）后仍有 0 m²" in told
        assert "（登记状态 有效，有效期 2020-01-01 至 2030-01-01，2029-11-01 申请延续，登记簿 – 至 2024-06-30 的记载）" in told
    assert in_chinese("layers: mining_rights 0123abcd, 长城 89abcdef") == "图层：采矿权 0123abcd、长城 89abcdef"
    assert in_chinese("unlicensed: yes, a form of words yet to come") == "unlicensed: yes, a form of words yet to come"
