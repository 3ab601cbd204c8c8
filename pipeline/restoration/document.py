"""restoration.json: what a month says of restoration. Report, spreadsheet, page and plan are made from it, so that their figures agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.restoration.balance import Account
from pipeline.restoration.grounds import Ground, Kind
from pipeline.restoration.progress import Progress
from pipeline.restoration.reference import Reference
from pipeline.restoration.season import Ends
from pipeline.restoration.states import RECOVERED, State, check_claim
from pipeline.restoration.terrain import Lie

VERSION = 1
DECIMALS = 4
"""Of hectares: a square metre. Sums are made of the rounded figures, as a reader would."""
KINDS = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class County:
    """What is the same for all sites."""

    name: str
    month: str
    end: date
    cell_m2: float
    ends: Ends
    bands: Sequence[str]
    dem_sha256: str | None = None
    """Of the model of heights."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A right's account beside the month's (`mines.json`)."""

    month_m2: float
    """Open by the month's account."""
    open: int
    """Cells of the site that are open by it."""
    since: int
    """Cells dug since the year of the last season."""


@dataclass(frozen=True, slots=True)
class Told:
    """A site with all that is known of it."""

    ground: Ground
    progress: Progress
    accounts: Sequence[Account]
    cells: int
    lie: Lie | None
    """Slope and aspect, where heights are known."""
    point: tuple[float, float]
    """Longitude and latitude of a point in it."""
    compared: Compared | None = None


def tell(county: County, sites: Sequence[Told]) -> dict[str, Any]:
    """The document."""
    rows = [_site(county, told) for told in sites]
    mines = [_mine(county, told, row) for told, row in zip(sites, rows, strict=True) if told.ground.right is not None]
    return {
        "version": VERSION,
        "county": county.name,
        "month": county.month,
        "method": {
            "ndvi_bare": county.ends.bare,
            "ndvi_full": county.ends.full,
            "brightness_bare": round(county.ends.bare_sum / 1e4, 4),
            "brightness_full": round(county.ends.full_sum / 1e4, 4),
            "bands": list(county.bands),
            "dem_sha256": county.dem_sha256,
        },
        "sites": rows,
        "mines": mines,
        "county_years": _years(rows),
        "states": _states(rows),
    }


def _site(county: County, told: Told) -> dict[str, Any]:
    ground, found = told.ground, told.progress
    verdict, last = found.verdict, found.years[-1] if found.years else None
    cells = found.cells[-1] if found.cells else None

    def hectares(count: int) -> float:
        return round(count * county.cell_m2 / 1e4, DECIMALS)

    area = hectares(told.cells)
    bare, seen = (hectares(int(each.sum())) for each in (cells.bare, cells.seen)) if cells else (None, 0.0)
    back = hectares(told.accounts[-1].restored) if told.accounts else None
    state = verdict.state if verdict else None
    claim = check_claim(found.years, state, ground.claimed)
    past = ground.deadline is not None and ground.deadline < county.end
    return {
        "id": ground.id,
        "kind": ground.kind.value,
        "name": ground.name,
        "holder": ground.right.holder if ground.right else None,
        "state": state.value if state else None,
        "since": verdict.since.isoformat() if verdict else None,
        "confidence": verdict.confidence if verdict else None,
        "trend": None if verdict is None or verdict.trend is None else round(verdict.trend, 3),
        "restored_in": verdict.restored_in if verdict else None,
        "area_ha": area,
        "bare_ha": bare,
        "restored_ha": back,
        "unseen_ha": round(area - seen, DECIMALS),
        "cover": round(last.cover, 3) if last else None,
        "reference_cover": round(last.reference, 3) if last else None,
        "reference_low": round(last.low, 3) if last else None,
        "reference_high": round(last.high, 3) if last else None,
        "reference_plots": found.reference.plots,
        "reference_matched": found.reference.matched,
        "terrain": _terrain(told.lie, found.reference),
        "deadline": ground.deadline.isoformat() if ground.deadline else None,
        "days_left": (ground.deadline - county.end).days if ground.deadline else None,
        "overdue": past and not (state in RECOVERED and last is not None and not last.is_bare),
        "claimed": ground.claimed,
        "claim": claim.value if claim else None,
        "lon": told.point[0],
        "lat": told.point[1],
        "years": [
            {
                "year": year.year,
                "first": year.first.isoformat(),
                "last": year.last.isoformat(),
                "cover": round(year.cover, 3),
                "reference": round(year.reference, 3),
                "low": round(year.low, 3),
                "high": round(year.high, 3),
                "seen": round(year.seen, 3),
                "bare_ha": hectares(int(each.bare.sum())),
                "disturbed_ha": hectares(account.disturbed),
                "restored_ha": hectares(account.restored),
                "owed_ha": round(hectares(account.disturbed) - hectares(account.restored), DECIMALS),
                "dug_ha": hectares(account.dug_now),
            }
            for year, each, account in zip(found.years, found.cells, told.accounts, strict=True)
        ],
    }


def _terrain(site: Lie | None, of: Reference) -> dict[str, Any] | None:
    """How a site lies, and its reference plots; None without heights."""
    if site is None or of.lie is None:
        return None
    return {"slope": site[0], "aspect": site[1], "reference_slope": of.lie[0], "reference_aspect": of.lie[1], "alike": of.alike}


def _mine(county: County, told: Told, row: dict[str, Any]) -> dict[str, Any]:
    """A mine's account: dug and given back in each year, and the balance of the two."""
    years = []
    before = row["years"][0]["restored_ha"] if row["years"] else 0.0  # was so when the archive begins
    for year in row["years"]:
        back = round(year["restored_ha"] - before, DECIMALS)
        before = year["restored_ha"]
        rate = round(year["restored_ha"] / year["disturbed_ha"], 4) if year["disturbed_ha"] else None
        years.append(
            {key: year[key] for key in ("year", "disturbed_ha", "restored_ha", "owed_ha", "dug_ha")}
            | {"given_back_ha": back, "balance_ha": round(back - year["dug_ha"], DECIMALS), "rate": rate}
        )
    compared = _compared(county, told.compared, years[-1]["disturbed_ha"]) if told.compared and years else None
    return {"id": row["id"], "name": row["name"], "holder": row["holder"], "kind": row["kind"], "years": years, "compared": compared}


def _compared(county: County, of: Compared, disturbed_ha: float) -> dict[str, float]:
    """How the month's account makes the year's: month = open + since + elsewhere, and disturbed = open + closed."""
    month, still_open, since = (round(area / 1e4, DECIMALS) for area in (of.month_m2, of.open * county.cell_m2, of.since * county.cell_m2))
    return {
        "month_dug_ha": month,
        "open_ha": still_open,
        "since_ha": since,
        "elsewhere_ha": round(month - still_open - since, DECIMALS) + 0.0,
        "closed_ha": round(disturbed_ha - still_open, DECIMALS) + 0.0,
    }


def _years(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The county's account by year and kind of ground; what a season did not see of a site stays as it was last seen."""
    rows = list(rows)
    out = []
    for year in sorted({each["year"] for row in rows for each in row["years"]}):
        told: dict[str, Any] = {"year": year}
        for kind in KINDS:
            latest = [_at(row, year) for row in rows if row["kind"] == kind]
            for name in ("disturbed_ha", "restored_ha", "owed_ha"):
                told[f"{kind}_{name}"] = round(sum(each[name] for each in latest if each), DECIMALS)
        for name in ("disturbed_ha", "restored_ha", "owed_ha"):
            told[name] = round(sum(told[f"{kind}_{name}"] for kind in KINDS), DECIMALS)
        out.append(told)
    return out


def _at(row: dict[str, Any], year: int) -> dict[str, Any] | None:
    """A site's account at the end of a year: that of its last season by then."""
    return next((each for each in reversed(row["years"]) if each["year"] <= year), None)


def _states(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sites and hectares by state; the sites that were not seen last."""
    names: list[str | None] = [*(state.value for state in State), None]
    out = []
    for name in names:
        mine = [row for row in rows if row["state"] == name]
        out.append({"state": name, "sites": len(mine), "area_ha": round(sum(row["area_ha"] for row in mine), DECIMALS)})
    return out
