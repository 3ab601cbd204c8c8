"""Findings that became others: which, and because of which layer, version and field."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import MultiPolygon

from pipeline.config import Config, Project
from pipeline.config_text import EXAMPLE
from pipeline.findings.judge import judge
from pipeline.layers.model import LayerVersion
from pipeline.ledger import Change, Ledger
from pipeline.patches.patch import Patch, Status
from pipeline.publish.changes import re_evaluate, rows
from pipeline.publish.month import name_cases
from pipeline.publish.spreadsheet import changed
from pipeline.publish.wgs84 import Projector
from tests.county import GRID, JULY, MAY, approval, box, layers, legacy, patch, redline, right

AROUND, PIT, WEST = box(300, 300, 600, 600), box(400, 400, 500, 500), box(200, 300, 450, 600)
PROJECT = Project(file=Path("config.yaml"), config=Config.model_validate(EXAMPLE), sha256="0")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "620422") as opened:
        yield opened


def run(ledger: Ledger, month: str, patches: Sequence[Patch], *records: Any) -> list[Change]:
    """A month as the monthly job judges and names it; the layers' versions are those of their content."""
    given = layers(*records)
    kinds = {"mining_rights": given.rights, "legacy_patches": given.legacy, "redline": given.zones, "approvals": given.approvals}
    digests = {name: hashlib.sha256(repr(held).encode()).hexdigest() for name, held in kinds.items()}
    given = replace(given, versions=tuple(LayerVersion(name, digest[:12], digest, len(kinds[name])) for name, digest in digests.items()))
    findings = judge(patches, given, GRID, MultiPolygon(), PROJECT.config.findings, {})
    with ledger.month(month) as writer:
        judged = name_cases(writer, month, patches, findings, PROJECT, Projector(GRID.crs))
        found = re_evaluate(writer, judged, given, PROJECT.config.findings.tolerance_m)
        writer.finish({"layers": {name: digest[:12] for name, digest in digests.items()}}, [])
    assert ledger.changes(month) == found
    return found


def told(changes: Sequence[Change]) -> list[tuple[str | None, str | None, list[tuple[str, str, Any, Any]]]]:
    def cause(each: dict[str, Any]) -> tuple[str, str, Any, Any]:
        return f"{each['layer']}/{each['record']}", each["field"], each["before"], each["after"]

    return [(change.before, change.after, [cause(each) for each in change.why["because"]]) for change in changes]


ENDED = right("C1", AROUND, status="有效", valid_from=date(2019, 1, 1), valid_to=date(2024, 4, 30))


def test_nothing_changed(ledger: Ledger) -> None:
    assert run(ledger, "2024-05", [patch((PIT, MAY))], ENDED) == []
    assert run(ledger, "2024-06", [patch((PIT, MAY))], ENDED) == []


def test_a_right_that_was_renewed_clears_its_mine(ledger: Ledger) -> None:
    run(ledger, "2024-05", [patch((PIT, MAY))], ENDED)
    (change,) = run(ledger, "2024-06", [patch((PIT, MAY))], replace(ENDED, valid_to=date(2029, 4, 30)))
    assert told([change]) == [("expired_permit", "permitted", [("mining_rights/C1", "valid_to", "2024-04-30", "2029-04-30")])]
    assert (change.case_id, change.part) == ("620422-2024-000001", "right:C1")
    (row,) = rows([change])
    assert (row["before_zh"], row["after_zh"], row["ground_m2"]) == ("疑似许可过期开采", "许可范围内开采", 10000)
    cause = row["because"][0]
    assert cause["version_before"] != cause["version_after"]
    assert len(cause["version_before"]) == 12
    sheet = changed.sheet([row])
    (line,) = [[column.value(each) for column in sheet.columns] for each in sheet.rows]
    assert line[4:11] == ["采矿权", "C1", "有效期止", "2024-04-30", "2029-04-30", cause["version_before"], cause["version_after"]]


def test_what_was_lawful_becomes_a_case_when_its_right_is_revoked(ledger: Ledger) -> None:
    held = right("C1", AROUND, status="有效")
    run(ledger, "2024-05", [patch((PIT, MAY))], held)
    (change,) = run(ledger, "2024-06", [patch((PIT, MAY))], replace(held, status="吊销"))
    assert told([change]) == [("permitted", "closed_mine", [("mining_rights/C1", "status", "有效", "吊销")])]
    assert change.case_id == "620422-2024-000001"


def test_a_redline_drawn_since_changes_nothing_and_one_imported_for_the_day_does(ledger: Ledger) -> None:
    """The line of June is none for a pit of May; imported with a day in April it is, and is named with that day."""
    held = right("C1", AROUND, status="有效")
    assert run(ledger, "2024-05", [patch((PIT, MAY))], held) == []
    assert run(ledger, "2024-06", [patch((PIT, MAY))], held, redline("H1", AROUND, stood_from=date(2024, 6, 1))) == []
    changes = run(ledger, "2024-07", [patch((PIT, MAY))], held, redline("H1", AROUND, stood_from=date(2024, 4, 1)))
    ((before, after, because),) = told(changes)
    assert (before, after) == ("permitted", "prohibited_zone")
    assert ("redline/H1@2024-04-01", "covers_m2", None, 10000) in because


def test_a_boundary_that_moved_is_told_in_square_metres(ledger: Ledger) -> None:
    held = right("C1", AROUND, status="有效")
    run(ledger, "2024-05", [patch((PIT, MAY))], held)
    changes = run(ledger, "2024-06", [patch((PIT, MAY))], replace(held, geometry=WEST))
    assert told(changes) == [("permitted", "cross_boundary", [("mining_rights/C1", "covers_m2", 10000, 5000)])]
    assert changes[0].why["ground_m2"] == 5000


@pytest.mark.parametrize(
    ("before", "after", "codes", "because"),
    [
        ([], [ENDED], ("unlicensed", "expired_permit"), [("mining_rights/C1", "covers_m2", None, 10000)]),
        ([ENDED], [], ("expired_permit", "unlicensed"), [("mining_rights/C1", "covers_m2", 10000, None)]),
        ([], [approval("S3", AROUND)], ("unlicensed", "approved"), [("approvals/S3", "covers_m2", None, 10000)]),
        ([], [redline("H1", AROUND)], ("unlicensed", "unlicensed+prohibited_zone"), [("redline/H1", "covers_m2", None, 10000)]),
        ([], [legacy("Y1", AROUND)], ("unlicensed", "legacy_remined"), [("legacy_patches/Y1", "covers_m2", None, 10000)]),
        (
            [right("C1", AROUND, status="有效", method="露天")],
            [right("C1", AROUND, status="有效", method="地下")],
            ("permitted", "underground_as_open"),
            [("mining_rights/C1", "method", "露天", "地下")],
        ),
        (
            [right("C1", AROUND, status="有效")],
            [right("C1", AROUND, status="有效", stood_until=date(2024, 4, 30)), right("C1", WEST, status="有效", stood_from=date(2024, 5, 1))],
            ("permitted", "cross_boundary"),
            [("mining_rights/C1", "stood_until", None, "2024-04-30"), ("mining_rights/C1@2024-05-01", "covers_m2", None, 5000)],
        ),
    ],
)
def test_a_record_that_came_went_or_changed_is_named(
    ledger: Ledger, before: list[Any], after: list[Any], codes: tuple[str, str], because: list[tuple[str, str, Any, Any]]
) -> None:
    run(ledger, "2024-05", [patch((PIT, MAY))], *before)
    assert told(run(ledger, "2024-06", [patch((PIT, MAY))], *after)) == [(*codes, because)]


def test_other_fields_and_other_places_are_no_reason(ledger: Ledger) -> None:
    """The holder changed and a right far away came: the finding is the same, and nothing is told."""
    run(ledger, "2024-05", [patch((PIT, MAY))], ENDED)
    assert run(ledger, "2024-06", [patch((PIT, MAY))], replace(ENDED, holder="乙"), right("C2", box(0, 0, 100, 100))) == []


def test_a_finding_that_changed_with_its_ground_blames_no_layer(ledger: Ledger) -> None:
    run(ledger, "2024-05", [patch((PIT, MAY))])
    (change,) = run(ledger, "2024-06", [patch((PIT, MAY), mining_likelihood=0.2)])
    assert told([change]) == [("unlicensed", "not_mining", [])]


def test_ground_that_ended_or_that_was_explained_and_still_is_is_not_told(ledger: Ledger) -> None:
    held = right("C1", AROUND, status="有效")
    run(ledger, "2024-05", [patch((PIT, MAY)), patch((box(700, 700, 750, 750), MAY))], held)
    now = [patch((PIT, MAY)), patch((box(700, 700, 750, 750), MAY), status=Status.ENDED)]
    assert run(ledger, "2024-06", now, approval("S", AROUND)) == []


def test_a_month_that_is_redone_tells_what_people_had_read_otherwise(ledger: Ledger) -> None:
    """The case is new in May: April knew nothing of it. May is redone with a register that was mended."""
    run(ledger, "2024-04", [])
    run(ledger, "2024-05", [patch((PIT, MAY))], ENDED)
    run(ledger, "2024-06", [patch((PIT, MAY))], ENDED)
    ledger.forget_from("2024-05", keep_ids=True)
    mended = replace(ENDED, renewal_applied=date(2024, 4, 1))
    (change,) = run(ledger, "2024-05", [patch((PIT, MAY))], mended)
    assert told([change]) == [("expired_permit", "permitted", [("mining_rights/C1", "renewal_applied", None, "2024-04-01")])]
    assert run(ledger, "2024-06", [patch((PIT, MAY))], mended) == []
    ledger.forget_from("2024-05", keep_ids=True)
    assert run(ledger, "2024-05", [patch((PIT, MAY))], mended) == []


def test_two_months_on_end_each_tell_their_own(ledger: Ledger) -> None:
    run(ledger, "2024-05", [patch((PIT, MAY))], ENDED)
    assert len(run(ledger, "2024-06", [patch((PIT, MAY))], replace(ENDED, valid_to=None))) == 1
    (back,) = run(ledger, "2024-07", [patch((PIT, MAY))], ENDED)
    assert (back.before, back.after, back.case_id) == ("permitted", "expired_permit", "620422-2024-000001")
    assert run(ledger, "2024-08", [patch((PIT, MAY), (box(500, 400, 520, 500), JULY))], ENDED) == []


def test_patches_that_lie_over_each_other_do_not_become_one_another(ledger: Ledger) -> None:
    inner, outer = box(420, 420, 460, 460), box(400, 400, 500, 500)
    patches = [patch((outer, MAY)), patch((inner, JULY)), patch((box(480, 400, 520, 500), MAY), mining_likelihood=0.2)]
    held = right("C1", AROUND, status="有效", valid_to=date(2024, 6, 30))
    run(ledger, "2024-07", patches, held)
    assert run(ledger, "2024-08", patches, held) == []
