"""What the review page's writes mean: verdicts, undoing, audits, and the steps after them; and who may make them."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.errors import MinewardenError
from pipeline.layers.model import Right
from pipeline.ledger import Kind, Ledger, Review, backup, steps
from pipeline.ledger.judgements import Judgement, judgement_of
from pipeline.ledger.steps import Step
from pipeline.review import decide
from pipeline.review.answers import Answer
from pipeline.review.decide import Write
from pipeline.review.draw import draw
from pipeline.review.scribe import Scribe
from pipeline.review.sessions import IDLE_S, LONGEST_S, Sessions
from pipeline.review.users import NAME, Role, Users
from tests.unit.test_ledger_identity import run, square

TODAY = date(2024, 9, 30)
CASE = "620422-2024-000001"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "620422", clock=lambda: datetime(2024, 8, 1, tzinfo=UTC)) as opened:
        run(opened, "2024-07", [square(0, 0), square(500, 0)])
        yield opened


def write(key: str, version: int = 1, actor: str = "王核查", case: str = CASE) -> Write:
    return Write(key * 32, case, version, actor)


def say(ledger: Ledger, w: Write, review: Review = Review.CONFIRMED, reason: str | None = None, judgement: Judgement | None = None) -> decide.Outcome:
    return decide.verdict(ledger, w, Answer(w.case_id, w.version, review, reason, None, None), judgement)


def refusal(job: object, *given: object) -> str:
    with pytest.raises(MinewardenError) as refused:
        job(*given)  # type: ignore[operator]
    return refused.value.code


def test_undoing_goes_back_to_what_stood_before(ledger: Ledger) -> None:
    say(ledger, write("a"), Review.DISMISSED, "耕作", Judgement.FALSE_CHANGE)
    say(ledger, write("b", 2), Review.CONFIRMED, None, Judgement.UNLAWFUL)
    assert decide.undo(ledger, write("c", 3)).version == 4
    standing, events = ledger.standings()[CASE], ledger.events()[CASE]
    last = standing.last
    assert last is not None
    assert (last.review, last.reason) == (Review.DISMISSED, "耕作")
    assert judgement_of(standing, events) == "伪变化"
    assert decide.undo(ledger, write("c", 3)).version == 4, "the same write again"
    assert refusal(decide.undo, ledger, write("d", 4, "李核查")) == "MW-REVIEW-UNDO"
    assert refusal(decide.undo, ledger, write("d", 1, case="620422-2024-000002")) == "MW-VERDICT-STALE"
    assert ledger.verify_audit() == []


def test_undoing_again_and_again_ends_where_nobody_had_decided(ledger: Ledger) -> None:
    say(ledger, write("a"), Review.CONFIRMED, None, Judgement.UNLAWFUL)
    say(ledger, write("b", 2), Review.DISMISSED, "耕作", Judgement.FALSE_CHANGE)
    decide.undo(ledger, write("c", 3))
    decide.undo(ledger, write("d", 4))
    assert refusal(decide.undo, ledger, write("e", 5)) == "MW-REVIEW-UNDO"
    assert [str(v.review) for v in ledger.standings()[CASE].verdicts] == ["confirmed", "dismissed", "confirmed", "pending"]
    say(ledger, write("f", 5), Review.NEEDS_FIELD_CHECK)
    decide.undo(ledger, write("0", 6))
    assert refusal(decide.undo, ledger, write("1", 7)) == "MW-REVIEW-UNDO"


def test_undoing_ones_own_does_not_undo_anothers(ledger: Ledger) -> None:
    say(ledger, write("a"), judgement=Judgement.LAWFUL)
    say(ledger, write("b", 2, "李核查"), Review.DISMISSED, "耕作")
    decide.undo(ledger, write("c", 3, "李核查"))
    assert judgement_of(ledger.standings()[CASE], ledger.events()[CASE]) == "合法"
    assert refusal(decide.undo, ledger, write("d", 4, "李核查")) == "MW-REVIEW-UNDO"
    decide.undo(ledger, write("d", 4))
    assert [str(v.review) for v in ledger.standings()[CASE].verdicts][-2:] == ["confirmed", "pending"]


def test_an_undo_of_an_undo_in_an_older_ledger_is_walked_back_too(ledger: Ledger) -> None:
    """Such an undo named the undo before it, and brought the verdict back."""
    say(ledger, write("a"), Review.CONFIRMED)
    say(ledger, write("b", 2), Review.DISMISSED, "耕作")
    decide.undo(ledger, write("c", 3))
    ledger.record_verdict(CASE, "dismissed", version=4, reviewer="王核查", reason="耕作")
    ledger.record_event(CASE, Kind.VERDICT, key="d" * 32, version=5, actor="王核查", detail={"judgement": None, "undoes": 3})
    decide.undo(ledger, write("e", 5))
    decide.undo(ledger, write("f", 6))
    assert [str(v.review) for v in ledger.standings()[CASE].verdicts][2:] == ["confirmed", "dismissed", "confirmed", "pending"]
    assert refusal(decide.undo, ledger, write("0", 7)) == "MW-REVIEW-UNDO"


def test_what_was_judged_lawful_is_never_overdue(ledger: Ledger) -> None:
    say(ledger, write("a"), judgement=Judgement.LAWFUL)

    def late(today: date) -> list[str]:
        return [each.case_id for each in steps.overdue(ledger.standings(), ledger.events(), today)]

    assert late(date(2030, 1, 1)) == []
    step(ledger, "1", Step.FIELD_CHECKED, "2024-08-20", due="2024-09-01")
    assert late(date(2030, 1, 1)) == [], "its steps can be noted all the same"
    say(ledger, write("b", 2), judgement=Judgement.UNLAWFUL)
    assert (late(date(2024, 9, 1)), late(date(2024, 9, 2))) == ([], [CASE])


def test_days_are_counted_from_when_it_was_no_longer_called_lawful(tmp_path: Path) -> None:
    now = [datetime(2024, 8, 1, tzinfo=UTC)]
    with Ledger(tmp_path / "ledger.sqlite", "620422", clock=lambda: now[0]) as ledger:
        run(ledger, "2024-07", [square(0, 0)])
        say(ledger, write("a"), judgement=Judgement.LAWFUL)
        now[0] = datetime(2024, 10, 1, tzinfo=UTC)
        say(ledger, write("b", 2), judgement=Judgement.UNLAWFUL)
        (overdue,) = steps.overdue(ledger.standings(), ledger.events(), date(2024, 12, 1))
        assert overdue.due == date(2024, 10, 31)


def test_cases_that_are_none_and_keys_that_are_none(ledger: Ledger) -> None:
    assert refusal(say, ledger, write("a", case="620422-2024-000009")) == "MW-REVIEW-CASE"
    assert refusal(say, ledger, write("g")) == "MW-REVIEW-KEY"
    assert refusal(say, ledger, write("a", 7)) == "MW-VERDICT-STALE"
    say(ledger, write("a"))
    assert refusal(decide.undo, ledger, write("a", 2, "李核查")) == "MW-REVIEW-KEY"
    assert refusal(decide.audit, ledger, write("a", 2), True, None) == "MW-REVIEW-KEY"


def test_a_late_verdict_that_says_the_same_is_no_dispute(ledger: Ledger) -> None:
    say(ledger, write("a"))
    assert say(ledger, write("b", 1, "李核查")).late
    assert [e.kind for e in ledger.events()[CASE]] == [Kind.VERDICT, Kind.LATE]
    assert len(ledger.standings()[CASE].verdicts) == 1


def test_events_survive_a_damaged_ledger(ledger: Ledger, tmp_path: Path) -> None:
    copies = tmp_path / "backup"
    ledger.back_up(copies)
    say(ledger, write("a"), judgement=Judgement.UNLAWFUL)
    decide.audit(ledger, write("b", 2, "李复核"), False, "像耕地")
    ledger.close()
    restored = backup.restore(tmp_path / "ledger.sqlite", copies)
    assert restored.verdicts == 1
    with Ledger(tmp_path / "ledger.sqlite", "620422") as again:
        assert [(e.kind, e.actor) for e in again.events()[CASE]] == [(Kind.VERDICT, "王核查"), (Kind.AUDIT, "李复核")]
        assert again.verify_audit() == []
        assert say(again, write("a"), judgement=Judgement.UNLAWFUL).version == 2, "its key is still known"


def step(ledger: Ledger, key: str, what: Step, day: str, due: str | None = None) -> decide.Outcome:
    return decide.step(ledger, write(key), what, date.fromisoformat(day), "会自然资核〔2024〕7号", date.fromisoformat(due) if due else None, TODAY)


def test_steps_and_when_the_next_is_due(ledger: Ledger) -> None:
    assert refusal(step, ledger, "1", Step.FIELD_CHECKED, "2024-08-02") == "MW-STEP-VERDICT"
    say(ledger, write("a"))
    assert [(late.case_id, late.last, late.due) for late in steps.overdue(ledger.standings(), ledger.events(), TODAY)] == [
        (CASE, None, date(2024, 8, 31))
    ]
    say(ledger, write("b", 2), Review.CONFIRMED)
    assert steps.overdue(ledger.standings(), ledger.events(), date(2024, 8, 31)) == []
    step(ledger, "1", Step.FIELD_CHECKED, "2024-08-20")
    step(ledger, "2", Step.HANDLED, "2024-08-21", due="2024-12-31")
    now = steps.progress(ledger.standings()[CASE], ledger.events()[CASE])
    assert now is not None
    assert (now.last, now.due, now.next) == (Step.HANDLED, date(2024, 12, 31), (Step.RECTIFIED,))
    step(ledger, "3", Step.WITHDRAWN, "2024-08-21")
    step(ledger, "4", Step.NO_ACTION, "2024-08-21")
    assert refusal(step, ledger, "5", Step.RECTIFIED, "2024-09-01") == "MW-STEP-ORDER"
    step(ledger, "5", Step.CLOSED, "2024-09-01")
    closed = steps.progress(ledger.standings()[CASE], ledger.events()[CASE])
    assert closed is not None
    assert (closed.last, closed.due, closed.overdue(date(2030, 1, 1))) == (Step.CLOSED, None, False)
    assert [taken.step for taken in closed.taken] == [Step.FIELD_CHECKED, Step.NO_ACTION, Step.CLOSED]
    say(ledger, write("c", 3), Review.DISMISSED, "已批准")
    assert steps.progress(ledger.standings()[CASE], ledger.events()[CASE]) is None


def test_tokens_are_shown_once_and_kept_as_hashes(tmp_path: Path) -> None:
    users = Users(tmp_path / NAME)
    assert users.of_token("") is None
    token = users.add("王核查", Role.AUDITOR)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert token not in (tmp_path / NAME).read_text("utf-8")
    found = Users(tmp_path / NAME).of_token(token)
    assert found is not None
    assert (found.name, found.role.decides, found.role.audits) == ("王核查", True, True)
    assert refusal(users.add, "王核查", Role.VIEWER) == "MW-REVIEW-USER"
    for name in ("", " ", "a\nb", "x" * 101):
        assert refusal(users.add, name, Role.VIEWER) == "MW-REVIEW-NAME"
    users.remove("王核查")
    assert users.of_token(token) is None
    assert refusal(users.remove, "王核查") == "MW-REVIEW-USER"
    (tmp_path / NAME).write_text("[]", "utf-8")
    assert refusal(users.all) == "MW-REVIEW-USERS"


def test_sessions_end(tmp_path: Path) -> None:
    users, now = Users(tmp_path / NAME), [0.0]
    sessions = Sessions(users, lambda: now[0])
    token = users.add("王核查", Role.REVIEWER)
    assert sessions.begin("wrong") is None
    begun = sessions.begin(token)
    assert begun is not None
    cookie, session = begun
    assert sessions.of_cookie(cookie, keeps_alive=True) is session
    assert sessions.of_cookie(cookie + "x", keeps_alive=True) is None
    assert sessions.is_forged(session, None)
    assert sessions.is_forged(session, session.csrf[:-1])
    assert not sessions.is_forged(session, session.csrf)
    now[0] = IDLE_S * 0.9
    assert sessions.of_cookie(cookie, keeps_alive=False) is session
    now[0] = IDLE_S * 1.1
    assert sessions.of_cookie(cookie, keeps_alive=True) is None, "a page that looks for news by itself keeps nobody logged in"
    cookie, _ = sessions.begin(token) or ("", None)
    for _ in range(20):
        now[0] += IDLE_S * 0.9
        alive = sessions.of_cookie(cookie, keeps_alive=True)
    assert alive is None
    assert LONGEST_S < 20 * IDLE_S


def test_a_ledger_that_was_put_in_the_place_of_another_is_noticed(ledger: Ledger, tmp_path: Path) -> None:
    """As `repair` does while the page is open: what is written must not go into the file that was put aside."""
    path, copies = tmp_path / "ledger.sqlite", tmp_path / "backup"
    ledger.back_up(copies)
    ledger.close()

    async def work() -> None:
        scribe = Scribe(path, "620422")
        try:
            assert (await scribe.do(lambda each: say(each, write("a")))).version == 2
            backup.restore(path, copies)
            assert (await scribe.do(lambda each: say(each, write("b", 2)))).version == 3
            path.unlink()
            with pytest.raises(MinewardenError, match="MW-LEDGER-MONTH"):
                await scribe.do(lambda each: each.months())
            assert not path.exists(), "a ledger that is gone is not made anew"
        finally:
            scribe.close()

    asyncio.run(work())


def test_a_write_that_went_into_a_file_put_aside_meanwhile_is_made_again(ledger: Ledger, tmp_path: Path) -> None:
    path, copies = tmp_path / "ledger.sqlite", tmp_path / "backup"
    ledger.back_up(copies)
    ledger.close()
    turns = []

    def job(each: Ledger) -> None:
        turns.append(len(turns))
        say(each, write("a"))
        if len(turns) == 1:
            shutil.copy(copies / "ledger-2024-07.sqlite", tmp_path / "other")
            os.replace(tmp_path / "other", path)

    async def work() -> None:
        scribe = Scribe(path, "620422")
        try:
            await scribe.do(job)
        finally:
            scribe.close()

    asyncio.run(work())
    assert turns == [0, 1]
    with Ledger(path, "620422") as found:
        assert len(found.standings()[CASE].verdicts) == 1


def test_a_draw_can_be_repeated_by_its_seed(tmp_path: Path) -> None:
    ground = square(0, 0)
    rights = [Right(id=f"C{k}", geometry=ground, valid_to=date(2020, 1, 1) if k % 4 == 0 else None) for k in range(40)]
    drawn = draw(rights, TODAY, 5, "种子", ["张三", "李四", "王五"])
    assert draw(rights[::-1], TODAY, 5, "种子", ["王五", "张三", "李四", "张三"]) == drawn
    assert draw(rights, TODAY, 5, "别的", ["张三", "李四", "王五"]) != drawn
    assert len({each.right.id for each in drawn}) == 5
    assert all(each.right.valid_to is None and len(set(each.inspectors)) == 2 for each in drawn)
    assert [each.right for each in draw(rights, TODAY, 30, "种子", [])][:5] == [each.right for each in drawn]
    assert refusal(draw, rights, TODAY, 31, "种子", []) == "MW-DRAW-COUNT"
    assert refusal(draw, rights, TODAY, 3, "种子", ["张三"]) == "MW-DRAW-INSPECTORS"
    shares = [sum(right.id == each.right.id for seed in range(200) for each in draw(rights, TODAY, 3, str(seed), [])) for right in rights[1:4]]
    assert all(8 <= share <= 34 for share in shares), "20 expected of each"
