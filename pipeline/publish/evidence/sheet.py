"""The sheet of a case: two dates in two composites, what is known of it, and its time series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.publish.coordinates import Position
from pipeline.publish.evidence import chart, locator
from pipeline.publish.evidence import text as letters
from pipeline.publish.evidence.canvas import BLACK, BRAND, INK, LINE, SOFT, TINT, WHITE, Canvas, Sketch, colour
from pipeline.publish.evidence.case import Subject
from pipeline.publish.evidence.choose import Shown
from pipeline.publish.evidence.composite import NO_DATA, STRETCHED, Spectrum, Stretch, composites, hatching, shades, stretch
from pipeline.publish.evidence.facts import facts
from pipeline.publish.evidence.overlay import STYLE, Overlay, north_arrow, scale_bar
from pipeline.publish.evidence.series import Series
from pipeline.publish.evidence.window import HEIGHT, WIDTH
from pipeline.publish.styles import SEVERITY_COLOURS, SEVERITY_NAMES
from pipeline.publish.words import STATUSES

SHEET_WIDTH, SHEET_HEIGHT = 1480, 1062
MARGIN, GAP, HEADER, CAPTION = 16, 8, 60, 28
COLUMN = MARGIN + 2 * WIDTH + GAP + 20
"""Where the right-hand column begins."""
COLUMN_WIDTH = SHEET_WIDTH - COLUMN - MARGIN
CHART_HEIGHT = 330
LINE_HEIGHT = 21
TITLE, HEAD, BODY, FINE = 24, 18, 15, 13
LABEL_WIDTH = 74
PAIR = (MARGIN, HEADER + GAP + CAPTION, MARGIN + 2 * WIDTH + GAP, HEADER + GAP + CAPTION + HEIGHT)
"""Left, top, right and bottom of the two dates in true colour."""
NOTE = "卫星影像线索，须经实地核查，不能直接作为处罚依据"


@dataclass(frozen=True, slots=True)
class Date:
    """One of the two dates of a picture."""

    name: str
    shown: Shown | None
    spectrum: Spectrum | None
    """None where the date can't be shown; then `missing` says why."""
    missing: str
    sha256: tuple[str, ...]
    """Of its scenes."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a sheet is drawn from."""

    subject: Subject
    row: Mapping[str, Any]
    """The case as it is published."""
    county: str
    month: str
    maker: str
    """Program and version."""
    bands: tuple[str, ...]
    """Of the spectra."""
    dates: tuple[Date, Date]
    overlay: Overlay
    series: Series
    locator: NDArray[np.uint8]
    """A map of the county with the case marked."""
    middle: Position
    corners: tuple[Position, Position]
    """North-west and south-east corner of the pictures."""
    north: float
    """Radians by which true north lies to the right of the picture's top."""


def draw(sheet: Sheet) -> bytes:
    """The sheet as PNG."""
    canvas = Canvas.blank(SHEET_WIDTH, SHEET_HEIGHT)
    _header(canvas, sheet)
    stretches = _pictures(canvas, sheet)
    _column(canvas, sheet)
    _footer(canvas, sheet, stretches)
    return canvas.png()


def _header(canvas: Canvas, sheet: Sheet) -> None:
    row = sheet.row
    canvas.fill(0, 0, SHEET_WIDTH, HEADER, BRAND)
    number = f"编号 {row['id']}"
    wide = canvas.text(SHEET_WIDTH - MARGIN, 16, number, 20, WHITE, bold=True, align="right")
    month = f"{sheet.month[:4]} 年 {int(sheet.month[5:])} 月"
    title = letters.clipped(f"{sheet.county}矿山遥感监测线索举证图　{month}", TITLE, SHEET_WIDTH - 3 * MARGIN - wide)
    canvas.text(MARGIN, 13, title, TITLE, WHITE, bold=True)


def _pictures(canvas: Canvas, sheet: Sheet) -> list[Stretch]:
    """The two dates side by side, a row for each composite; how each was stretched."""
    stretches = []
    for k, composite in enumerate(composites(sheet.bands)):
        by = stretch(composite, sheet.bands, [date.spectrum for date in sheet.dates], sheet.subject.inside)
        stretches.append(by)
        top = HEADER + GAP + k * (CAPTION + HEIGHT + GAP)
        for j, date in enumerate(sheet.dates):
            x, y = MARGIN + j * (WIDTH + GAP), top + CAPTION
            day = date.shown.day.isoformat() if date.shown else "无影像"
            wide = canvas.text(x, top + 2, f"{date.name} {day}", HEAD, INK, bold=True)
            canvas.text(x + wide + 14, top + 6, composite.label, FINE, SOFT)
            canvas.frame(x, y, WIDTH, HEIGHT, LINE)
            if date.spectrum is None:
                canvas.fill(x, y, WIDTH, HEIGHT, TINT)
                _missing(canvas, x, y, date.missing)
            else:
                canvas.paste(x, y, sheet.subject.frame.enlarged(shades(composite, sheet.bands, date.spectrum, by)))
            _over(Canvas(canvas.pixels[y : y + HEIGHT, x : x + WIDTH]), sheet, named=k == 0, all_of=k == 0 and j == 0)
    return stretches


def _missing(canvas: Canvas, x: int, y: int, why: str) -> None:
    canvas.text(x + WIDTH / 2, y + HEIGHT / 2 - 60, "影像不可用", HEAD, SOFT, bold=True, align="middle")
    for k, line in enumerate(letters.wrapped(why, FINE, WIDTH - 60, 3)):
        canvas.text(x + WIDTH / 2, y + HEIGHT - 90 + 20 * k, line, FINE, SOFT, align="middle")


def _over(picture: Canvas, sheet: Sheet, *, named: bool, all_of: bool) -> None:
    """Outlines, scale and north over one picture. named: with names. all_of: with coordinates of its corners."""
    sheet.overlay.put_on(picture, 0, 0, named=named)
    long, label = scale_bar(sheet.subject.frame)
    left, y = 12, HEIGHT - 14
    picture.fill(left - 2, y - 5, long + 4, 9, WHITE)
    for k in range(4):
        picture.fill(left + round(k * long / 4), y - 3, round((k + 1) * long / 4) - round(k * long / 4), 5, WHITE if k % 2 else BLACK)
    _set_off(picture, left + long + 8, y - 11, label, FINE)
    picture.lay(WIDTH - 42, 8, north_arrow(sheet.north))
    if all_of:
        west, east = sheet.corners
        _set_off(picture, 0, 0, f"{west.lat:.5f}°N {west.lon:.5f}°E", 12)
        text = f"{east.lat:.5f}°N {east.lon:.5f}°E"
        _set_off(picture, WIDTH - round(letters.width(text, 12)) - 8, HEIGHT - letters.line_height(12), text, 12)


def _set_off(picture: Canvas, x: int, y: int, text: str, size: int) -> None:
    """Text on a light ground that lets the picture through."""
    picture.veil(x, y, round(letters.width(text, size)) + 8, letters.line_height(size), WHITE, 0.78)
    picture.text(x + 4, y, text, size, BLACK)


def _column(canvas: Canvas, sheet: Sheet) -> None:
    """The finding, the facts and the time series."""
    row, y = sheet.row, HEADER + GAP
    tag = f"{STATUSES.get(row['status'], row['status'])} · 等级 {SEVERITY_NAMES[row['severity']]}"
    wide = round(letters.width(tag, BODY)) + 20
    canvas.fill(SHEET_WIDTH - MARGIN - wide, y + 2, wide, 26, colour(SEVERITY_COLOURS[row["severity"]]))
    canvas.text(SHEET_WIDTH - MARGIN - wide / 2, y + 5, tag, BODY, WHITE, align="middle")
    canvas.text(COLUMN, y, letters.clipped(row["finding_zh"], 22, COLUMN_WIDTH - wide - 10), 22, colour("#b00020"), bold=True)
    y += 38
    canvas.fill(COLUMN, y - 4, COLUMN_WIDTH, 2, BRAND)
    bottom = HEADER + GAP + 2 * (CAPTION + HEIGHT) + GAP
    end = bottom - CHART_HEIGHT - 14
    for fact in facts(row, sheet.subject, sheet.middle, sheet.county):
        for k, line in enumerate(letters.wrapped(fact.text, BODY, COLUMN_WIDTH - LABEL_WIDTH, fact.lines)):
            if y + LINE_HEIGHT > end:
                break
            if k == 0:
                canvas.text(COLUMN, y + 1, fact.label, BODY - 1, SOFT)
            canvas.text(COLUMN + LABEL_WIDTH, y, line, BODY, INK)
            y += LINE_HEIGHT
    if y + locator.HEIGHT + 12 <= end:
        _location(canvas, sheet, end - locator.HEIGHT)
    _time(canvas, sheet, bottom - CHART_HEIGHT)


def _location(canvas: Canvas, sheet: Sheet, y: int) -> None:
    """Where in the county the picture lies, and its corners."""
    canvas.fill(COLUMN, y, locator.WIDTH, locator.HEIGHT, TINT)
    canvas.lay(COLUMN, y, sheet.locator)
    canvas.frame(COLUMN, y, locator.WIDTH, locator.HEIGHT, LINE)
    frame, (west, east) = sheet.subject.frame, sheet.corners
    cell = abs(float(frame.geobox.resolution.x))
    x, indent = COLUMN + locator.WIDTH + 14, round(letters.width("西北角", FINE)) + 8
    canvas.text(x, y + 4, f"图幅 {frame.width_m:,.0f} m × {frame.height_m:,.0f} m", FINE, INK)
    canvas.text(x, y + 24, f"像元 {cell:g} m × {cell:g} m", FINE, INK)
    for k, (name, corner) in enumerate((("西北角", west), ("东南角", east))):
        canvas.text(x, y + 48 + 42 * k, name, FINE, SOFT)
        canvas.text(x + indent, y + 48 + 42 * k, f"X {corner.x:,.1f}", FINE, INK)
        canvas.text(x + indent, y + 66 + 42 * k, f"Y {corner.y:,.1f}", FINE, INK)


def _time(canvas: Canvas, sheet: Sheet, y: int) -> None:
    """The time series with its heading and key."""
    before, after = (date.shown.day if date.shown else None for date in sheet.dates)
    subject, finding = sheet.subject, sheet.subject.judged.finding
    line, name = (subject.changed, "首次异常") if subject.changed else (finding.deadline, "治理期限")
    events = chart.Events(sheet.row["status"], line, subject.changed, before, after)
    canvas.fill(COLUMN, y - 6, COLUMN_WIDTH, 1, LINE)
    canvas.text(COLUMN, y, "时间序列", BODY, INK, bold=True)
    room = COLUMN_WIDTH - 72.0
    if line is not None:
        early = "（早于本图）" if line < sheet.series.first else ""
        room -= canvas.text(SHEET_WIDTH - MARGIN, y + 2, f"{name} {line}{early}", FINE, chart.CHANGE, align="right") + 10
    cells = sheet.series.cells
    said = f"与自身季节对照，取 {cells} 个像元的中值" if cells else "本处在县域格网之外，无时间序列"
    canvas.text(COLUMN + 72, y + 2, letters.clipped(said, FINE, room), FINE, SOFT)
    chart.draw(canvas, COLUMN, y + 26, COLUMN_WIDTH, CHART_HEIGHT - 52, sheet.series, events)
    chart.key(canvas, COLUMN, y + CHART_HEIGHT - 20, events)


def _footer(canvas: Canvas, sheet: Sheet, stretches: Sequence[Stretch]) -> None:
    """Legend, sources of the pictures, and how they were made."""
    y = HEADER + 2 * GAP + 2 * (CAPTION + HEIGHT) + 8
    canvas.fill(MARGIN, y, SHEET_WIDTH - 2 * MARGIN, 1, LINE)
    x = MARGIN
    for kind in sheet.overlay.kinds:
        style = STYLE[kind]
        sketch = Sketch(30, 12)
        sketch.line([(1, 6), (29, 6)], style.halo, style.thickness + 1.6)
        sketch.line([(1, 6), (29, 6)], style.ink, style.thickness, style.dash)
        canvas.fill(x, y + 9, 30, 12, colour("#b9b19f"))
        canvas.lay(x, y + 9, sketch.pixels())
        x += 36 + round(canvas.text(x + 36, y + 6, style.name, FINE, INK)) + 16
    if any(date.spectrum is not None and (date.spectrum[0] == NO_DATA).any() for date in sheet.dates):
        canvas.paste(x, y + 9, hatching(12, 30))
        x += 36 + round(canvas.text(x + 36, y + 6, "无数据", FINE, INK)) + 16
    if sheet.overlay.within:
        text = "全图位于：" + "、".join(sheet.overlay.within)
        canvas.text(x, y + 6, letters.clipped(text, FINE, SHEET_WIDTH - MARGIN - x), FINE, INK)
    lines = [f"{date.name}影像：{_sources(date)}" for date in sheet.dates]
    shown = "；".join(f"{each.label} 黑–白 {by.label}" for each, by in zip(composites(sheet.bands), stretches, strict=True))
    skip = sheet.subject.frame.skip
    enlarged = "像元原样放大" if skip == 1 else f"每 {skip} 行、列取 1 个像元"
    lines += [f"显示（反射率）：{shown}。{enlarged}，未平滑", STRETCHED]
    lines.append(f"{NOTE}。{sheet.maker}，图层版本 {sheet.row['layers_version']}")
    for k, line in enumerate(lines):
        canvas.text(MARGIN, y + 27 + 18 * k, letters.clipped(line, FINE, SHEET_WIDTH - 2 * MARGIN), FINE, SOFT)


def _sources(date: Date) -> str:
    if date.shown is None:
        return date.missing
    names = zip(date.shown.scenes, date.sha256, strict=True)
    return "；".join(f"{scene.id}（{scene.acquired:%Y-%m-%d %H:%M} UTC，SHA-256 {sha256[:16]}）" for scene, sha256 in names)
