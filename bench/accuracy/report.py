"""The measures as Markdown for docs/accuracy.md, and the reliability diagram as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np
from delay import CONFIRMED_BY, PROVISIONAL_BY, Delays
from evaluate import Measured
from measures import LARGE_HA, SIZES, Count, Ranking, total
from peers import OUTLINED, Scored, best
from pixels import CellScore
from versus import Compared

from pipeline.detect.state import CONFIRMED, PROVISIONAL

CLASSES = tuple(f"{low:g}–{high:g} ha" if high < 100 else f"≥ {low:g} ha" for low, high in SIZES)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(head), "|" + "---|" * len(head), *map(_line, rows), ""]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _n(value: float, digits: int = 2) -> str:
    return "–" if isnan(value) else f"{value:.{digits}f}"


def _of(count: Count) -> str:
    return f"{count.hits} of {count.of}" if count.of else "–"


def _percent(count: Count) -> str:
    return f"{count.share:.0%} of {count.of:,}" if count.of else "–"


def found_table(data: Mapping[str, Measured]) -> list[str]:
    head = ["", *CLASSES, f"IoU, ≥ {LARGE_HA:g} ha", "IoU, smaller"]
    rows = []
    for name, m in data.items():
        cells = [f"{_of(seen)} ({alert.hits})" if seen.of else "–" for seen, alert in zip(m.recall("recognised"), m.recall("changed"), strict=True)]
        rows.append([name, *cells, _n(m.mean_iou(True)), _n(m.mean_iou(False))])
    return _table(head, rows)


def false_table(data: Mapping[str, Measured]) -> list[str]:
    head = [
        "per 100 km² and month",
        "in alert",
        "published",
        "flagged",
        "flagged on look-alikes",
        "flagged on lawful or older ground",
        "km² × months",
    ]
    rows = []
    for name, m in data.items():
        counts = (m.false_alerts, m.false_published, m.false_flagged, m.lookalikes_flagged, m.lawful_flagged)
        rows.append([name, *(f"{m.rate(c):.1f}" for c in counts), f"{m.km2_months:.0f}"])
    return _table(head, rows)


def delay_table(data: Mapping[str, Measured], found: Mapping[str, Delays]) -> list[str]:
    head = [
        "",
        "provisional: days, looks",
        f"cells by look {PROVISIONAL_BY}",
        "confirmed: days, looks",
        f"cells by look {CONFIRMED_BY}",
        "recognised: days",
    ]
    rows = []
    for name, d in found.items():
        cells = []
        for status in (PROVISIONAL, CONFIRMED):
            days, looks = d.pit_days[status], d.pit_looks[status]
            cells.append(f"{np.median(days):.0f}, {np.median(looks):.0f} ({len(days)} of {len(data[name].digs)})" if days else "–")
            cells.append(_percent(Count(*d.in_time[status])))
        flagged = [dig.days_to_flag for dig in data[name].digs if dig.days_to_flag is not None]
        rows.append([name, *cells, f"{np.median(flagged):.0f}" if flagged else "–"])
    return _table(head, rows)


def ranking_table(data: Mapping[str, Measured]) -> list[str]:
    head = ["", "average precision", "calibration error", "patch-months (mining)", "cause right"]
    rows = []
    for name, m in data.items():
        r = m.ranking
        rows.append(
            [
                name,
                _n(r.average_precision, 3),
                _n(r.calibration_error, 3),
                f"{len(r.mining):,} ({int(r.mining.sum()):,})",
                _of(total(m.causes.values())),
            ]
        )
    return _table(head, rows)


def causes_line(measured: Measured) -> str:
    said = ", ".join(f"{what.replace('_', ' ')} {c.hits} of {c.of}" for what, c in sorted(measured.causes.items()))
    return f"Cause right, by kind of look-alike: {said}."


def error_rates(made: Measured, strewn: Measured) -> list[str]:
    """What a report may quote, with intervals of 95 %. Small digs are counted in `strewn`, which holds enough of them."""
    wrong = Count(made.false_flagged + made.lookalikes_flagged + made.lawful_flagged, made.flagged)
    lines = [f"- Of patches ever flagged, {_rate(wrong)} were no violation."]
    for name, few, many in zip(CLASSES, made.recall("recognised"), strewn.recall("recognised"), strict=True):
        count = max(few, many, key=lambda c: c.of)
        lines.append(f"- Of digs of {name}, {_rate(Count(count.of - count.hits, count.of))} are not recognised.")
    return [*lines, ""]


def _rate(count: Count) -> str:
    low, high = count.interval()
    return f"{count.share:.0%} ({low:.0%}–{high:.0%}; {count.hits} of {count.of})" if count.of else "none of none"


ABOUT_FOUND = """\
**Digs recognised as mining at the end** (in brackets: covered by cells in alert). A dig is ground dug as one piece in the monitored year, up to
20 days before its end; it is found where 30 % of it is covered."""
ABOUT_FALSE = """\
**New false patches**, on ground that did not change: before the likelihood, groups of cells in alert and patches published; after it,
those flagged."""
ABOUT_DELAY = """\
**Delay** from the day a dig was half dug until half of its cells had the status, and in clear looks of its cells (medians; in brackets
the digs that got so far); cells that had it by the look that is wanted, of the cells seen that often; days until the end of the month
that recognised the dig."""
ABOUT_RANKING = """\
**Ranking of published patches**, month by month, mining against all else; and the cause that look-alikes are given (that of the largest
patch on each, when last published)."""


def measures_section(data: Mapping[str, Measured], found: Mapping[str, Delays], made: str, strewn: str) -> list[str]:
    """All tables of the pipeline's own measures. made: the name in `data` of all made counties; strewn: of those with pits of our own in
    them, whose share of mining says nothing, so that they are shown for what is found and how soon alone."""
    natural = {name: m for name, m in data.items() if name != strewn}
    return [
        *(ABOUT_FOUND, "", *found_table(data)),
        *(ABOUT_FALSE, "", *false_table(natural)),
        *(ABOUT_DELAY, "", *delay_table(data, found)),
        *(ABOUT_RANKING, "", *ranking_table(natural)),
        *(causes_line(data[made]), "", "![Reliability diagram](reliability.svg)", ""),
        *(
            "**Error rates that reports quote** (made counties, small digs from the strewn ones; 95 % intervals):",
            "",
            *error_rates(data[made], data[strewn]),
        ),
    ]


def _scored_row(s: Scored, scene: Compared, ours: Scored) -> list[str]:
    false = s.false / scene.km2 / scene.months * 100
    speed = f"{ours.fit_s / s.fit_s:.1f}, {ours.monitor_s / s.monitor_s:.1f}" if s is not ours else "1, 1"
    return [
        s.name,
        *map(_of, s.recall),
        _of(s.outlined),
        _n(s.iou),
        f"{s.false} ({false:.0f})",
        _n(s.false_ha, 1),
        f"{_n(s.days, 0)}, {_n(s.looks, 0)}",
        speed,
    ]


def _cell_row(s: CellScore) -> list[str]:
    return [s.name, f"{s.dug:.0%}", f"{s.false:.1%}", _n(s.days, 0), f"{s.cells_per_s:,.0f}"]


def _fewest_errors(cells: Sequence[CellScore], family: str) -> CellScore:
    """The settings that miss and mistake least, both counted as shares of cells."""
    return min((c for c in cells if c.name.startswith(f"{family} ")), key=lambda c: (1 - c.dug) + c.false)


def peers_section(scenes: Sequence[Compared]) -> list[str]:
    head = [
        "",
        *CLASSES,
        f"outlined (IoU ≥ {OUTLINED:g})",
        "IoU",
        "false patches (per 100 km² and month)",
        "false, ha",
        "days, looks",
        "our seconds per theirs: fit, year",
    ]
    lines = []
    for scene in scenes:
        shown = list(scene.ours)
        for family in dict.fromkeys(s.family for s in scene.peers):
            own = next(s for s in scene.peers if s.family == family and s.authors)
            shown += dict.fromkeys((own, best(scene.peers, family)))
        lines += [f"**{scene.name}**, {scene.looks} looks of {scene.months} months, {scene.km2:.1f} km²:", ""]
        lines += _table(head, [_scored_row(s, scene, scene.ours[0]) for s in shown])
        cells = [scene.our_cells]
        for family in ("COLD", "S-CCD"):
            own = next(c for c in scene.peer_cells if c.name.startswith(f"{family} ") and c.authors)
            cells += dict.fromkeys((own, _fewest_errors(scene.peer_cells, family)))
        lines += _table(["by cells", "dug cells found", "other cells called changed", "days", "cells a second"], [_cell_row(c) for c in cells])
    return lines


SIDE, MARGIN = 320, 44


def reliability_svg(rankings: Mapping[str, Ranking]) -> str:
    """Share of mining patches over likelihood, one line a data set; areas of the dots tell how many patches."""
    at = lambda x, y: (MARGIN + x * SIDE, MARGIN + (1 - y) * SIDE)  # noqa: E731
    width, height = SIDE + 2 * MARGIN + 130, SIDE + 2 * MARGIN
    colours = ("#1b6ca8", "#c1666b", "#3c8d5a", "#8a6bbf", "#555555")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>',
        '<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}" stroke="#bbb" stroke-dasharray="4 4"/>'.format(*at(0, 0), *at(1, 1)),
    ]
    for k in range(0, 11, 2):
        (x, _), (_, y) = at(k / 10, 0), at(0, k / 10)
        parts.append(f'<text x="{x:.1f}" y="{MARGIN + SIDE + 16}" text-anchor="middle">{k / 10:g}</text>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{k / 10:g}</text>')
    parts.append(f'<text x="{MARGIN + SIDE / 2}" y="{height - 8}" text-anchor="middle">mining likelihood said</text>')
    parts.append(f'<text x="{MARGIN}" y="{MARGIN - 12}">share that is mining</text>')
    for k, (name, ranking) in enumerate(rankings.items()):
        colour, points = colours[k % len(colours)], [(at(said, true), n) for said, true, n in ranking.bins()]
        if points:
            parts.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for (x, y), _ in points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{min(1.5 + 0.35 * n**0.5, 9):.1f}" fill="{colour}" fill-opacity="0.6"/>' for (x, y), n in points
        ]
        parts.append(f'<text x="{MARGIN + SIDE + 12}" y="{MARGIN + 16 + 18 * k}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
