"""restoration.html: every site with its curve and its pictures, every mine with its balance. One file, no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from pipeline.publish import pages
from pipeline.publish.restoration import charts
from pipeline.publish.restoration.words import CLAIMS, KINDS, SOON_DAYS, STATE_CLASSES, UNSEEN, deadline, lie
from pipeline.publish.say import CHINESE, Say

TEMPLATES = Path(__file__).parents[1] / "templates"


def styles() -> Markup:
    """The stylesheet of charts and states: part of each page that has such."""
    return Markup((TEMPLATES / "sections.css").read_text("utf-8"))


def template(name: str, say: Say = CHINESE) -> Template:
    environment = pages.environment(TEMPLATES)
    environment.filters.update(ha=_hectares, share=pages.percent, signed=_signed)
    environment.globals.update(
        kinds=KINDS, claims=CLAIMS, classes=STATE_CLASSES, unseen=UNSEEN, soon_days=SOON_DAYS, deadline=deadline, lie=lie, t=say, styles=styles()
    )
    return environment.get_template(name)


def render(document: Mapping[str, Any], pictures: Mapping[str, bytes], code: str) -> str:
    """The page. pictures: PNGs by their paths in the document."""
    sites = [
        (row, charts.cover(row["years"]), None if row["picture"] is None else "data:image/png;base64," + b64encode(pictures[row["picture"]]).decode())
        for row in document["sites"]
    ]
    return template("restoration.html").render(
        document=document,
        code=code,
        month_zh=_month(document["month"]),
        county=_county_chart(document),
        sites=sites,
        mines=[(mine, _balance(mine)) for mine in document["mines"] if mine["years"]],
    )


def section(document: Mapping[str, Any], say: Say = CHINESE) -> Markup:
    """The report's section: the county's account, and a row for each site."""
    # The template escapes what it is given.
    return Markup(template("restoration_section.html", say).render(document=document, county=_county_chart(document)))


def _county_chart(document: Mapping[str, Any]) -> charts.BarChart | None:
    return charts.stacked(
        [
            (str(year["year"]), [(kind, year[f"{kind}_restored_ha"]) for kind in KINDS] + [("owed", year["owed_ha"])])
            for year in document["county_years"]
        ]
    )


def _balance(mine: Mapping[str, Any]) -> charts.BarChart | None:
    return charts.stacked(
        [
            (str(year["year"]), [("back", max(year["given_back_ha"], 0.0)), ("dug", -year["dug_ha"] + min(year["given_back_ha"], 0.0))])
            for year in mine["years"]
        ]
    )


def _month(month: str) -> str:
    return f"{month[:4]}年{int(month[5:])}月"


def _hectares(value: float | None) -> str:
    return pages.NOTHING if value is None else f"{round(value, 2) + 0.0:,.2f}"


def _signed(value: float | None) -> str:
    return pages.NOTHING if value is None else f"{round(value, 2) + 0.0:+,.2f}"
