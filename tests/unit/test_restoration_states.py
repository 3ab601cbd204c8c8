"""States of a site by its seasons, and what pixels say of the register's claims."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.restoration.states import Claim, State, Year, check_claim, decide, trend


def year(number: int, ratio: float, *, bare: float | None = None, green: float | None = None, reference: float = 0.5, seen: float = 1.0) -> Year:
    """A season in which the site has `ratio` of its reference; evenly, unless shares are given."""
    return Year(
        year=number,
        first=date(number, 6, 3),
        last=date(number, 9, 20),
        cover=ratio * reference,
        reference=reference,
        low=reference - 0.04,
        high=reference + 0.04,
        bare=(1.0 if ratio < 0.58 else 0.0) if bare is None else bare,
        green=(1.0 if ratio >= 0.75 else 0.0) if green is None else green,
        seen=seen,
    )


def years(*ratios: float, first: int = 2018) -> list[Year]:
    return [year(first + k, ratio) for k, ratio in enumerate(ratios)]


STORIES = [
    ("bare all along", (0.1, 0.12, 0.08, 0.1), None, State.UNRESTORED),
    ("planted and held", (0.1, 0.1, 0.8, 1.0, 0.95), None, State.RESTORED),
    ("planted, one season green", (0.1, 0.1, 0.1, 0.9), None, State.UNDER_WAY),
    ("planted this year, half grown", (0.1, 0.1, 0.62), None, State.UNDER_WAY),
    ("slow, not there yet", (0.1, 0.2, 0.3, 0.42, 0.52, 0.65), None, State.NATURAL),
    ("slow, and there", (0.2, 0.32, 0.45, 0.58, 0.7, 0.8, 0.88), None, State.NATURAL),
    ("said to be restored, and hardly less bare than it was", (0.30, 0.36, 0.44), "已治理", State.UNRESTORED),
    ("slow, but works are registered", (0.1, 0.2, 0.3, 0.42, 0.52, 0.65), "治理中", State.UNDER_WAY),
    ("green since before the archive", (1.0, 0.95, 1.0), None, State.NATURAL),
    ("green and accepted", (1.0, 0.95, 1.0), "已治理", State.RESTORED),
    ("accepted, dead this year", (1.0, 0.95, 0.2), "已治理", State.REGRESSED),
    ("restored, then dead for two years", (0.1, 0.9, 1.0, 0.2, 0.15), None, State.REGRESSED),
    ("planting failed", (0.1, 0.45, 0.12, 0.1), None, State.UNRESTORED),
    ("one season of weeds", (0.1, 0.1, 0.85, 0.1), None, State.UNRESTORED),
    ("accepted in vain", (0.1, 0.1, 0.12), "已治理", State.UNRESTORED),
    ("a little less than it was", (0.1, 0.9, 1.0, 0.7), None, State.RESTORED),
    ("a missed cloud in a green site", (1.0, 1.0, 0.3, 1.0), "已治理", State.RESTORED),
]


@pytest.mark.parametrize(("ratios", "claimed", "expected"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES])
def test_states(ratios: tuple[float, ...], claimed: str | None, expected: State) -> None:
    verdict = decide(years(*ratios), claimed, old=True)
    assert verdict is not None
    assert verdict.state is expected
    assert 0.3 <= verdict.confidence <= 1


def test_green_before_it_was_dug_is_not_restored() -> None:
    """A mine dug while the archive looks on has not fallen back."""
    ratios = (1.0, 1.0, 0.1, 0.1)
    verdict = decide(years(*ratios), old=False)
    assert verdict is not None
    assert verdict.state is State.UNRESTORED


def test_part_of_a_site_planted_is_under_way() -> None:
    found = [*years(0.1, 0.1), year(2020, 0.4, bare=0.6, green=0.4)]
    verdict = decide(found, old=True)
    assert verdict is not None
    assert (verdict.state, verdict.since) == (State.UNDER_WAY, date(2020, 6, 3))


def test_since_when_and_restored_in() -> None:
    verdict = decide(years(0.1, 0.1, 0.8, 1.0, 0.95), old=True)
    assert verdict is not None
    assert (verdict.since, verdict.restored_in) == (date(2021, 6, 3), 2021)


def test_a_dry_year_restores_nothing_and_ruins_nothing() -> None:
    """Cover falls by half, and so does that of the reference."""
    found = [year(2020, 1.0), year(2021, 1.0), year(2022, 0.95, reference=0.25)]
    verdict = decide(found, "已治理", old=True)
    assert verdict is not None
    assert verdict.state is State.RESTORED


def test_less_seen_is_less_sure() -> None:
    sure, unsure = (decide([*years(0.1, 0.1), year(2020, 0.1, seen=seen)], old=True) for seen in (1.0, 0.5))
    assert sure is not None
    assert unsure is not None
    assert unsure.confidence < sure.confidence


def test_nothing_seen() -> None:
    assert decide([]) is None
    assert check_claim([], None, "已治理") is None


def test_trend() -> None:
    assert trend(years(0.1, 0.2)) is None
    assert trend(years(0.1, 0.2, 0.3, 0.9)) == pytest.approx(0.183, abs=0.1)


@pytest.mark.parametrize(
    ("ratios", "claimed", "expected"),
    [
        ((1.0, 1.0), "已治理", Claim.AGREED),
        ((0.1, 0.1), "已治理", Claim.CONTRADICTED),
        ((0.66, 0.66), "已治理", Claim.DOUBTFUL),
        ((1.0, 1.0), "未治理", None),
        ((1.0, 1.0), None, None),
    ],
)
def test_claims(ratios: tuple[float, ...], claimed: str | None, expected: Claim | None) -> None:
    found = years(*ratios)
    verdict = decide(found, claimed, old=True)
    assert verdict is not None
    assert check_claim(found, verdict.state, claimed) is expected
