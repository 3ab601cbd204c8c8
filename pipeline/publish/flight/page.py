"""report.html of a flight: one page in Chinese, one file, no network."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from pipeline.drone.judge import KINDS
from pipeline.drone.photos import Shown
from pipeline.findings.names import FINDINGS
from pipeline.publish import pages
from pipeline.publish.features import M2_PER_MU
from pipeline.publish.flight.pictures import Picture
from pipeline.publish.flight.profile import Profile
from pipeline.publish.flight.record import CONTROL, REPORTED

THUMBNAILS, THUMBNAIL_PX = 6, 480
MAX_PIXELS = 200_000_000
"""Larger photos are named, not shown."""
FRAMES = {"ground control": "地面控制点", "satellite": "卫星影像（哨兵二号）", "earlier surface": "前期高程", "own position": "无人机自身定位"}
_REASONS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"no clear look of the satellite at this ground within the time searched", "前后半年内没有该处的晴空卫星影像"),
        (r"only (\d+) of (\d+) looks of the satellite show the same texture", r"\2 景卫星影像中只有 \1 景纹理相符"),
        (r"the satellite's looks do not agree on where it lies", "各景卫星影像给出的位置不一致"),
        (r"the satellite's looks differ by ([\d.]+) m on where it lies", r"各景卫星影像给出的位置相差 \1 m"),
        (r"there is no picture of the satellite", "没有可用的卫星影像"),
        (r"the surfaces can't be brought to fit: ", "两期高程无法配准："),
        (r"the two surfaces share too little ground", "两期高程的公共范围太小"),
        (r"hardly any ground stayed as it was", "几乎没有未变化的地面"),
        (r"no change beyond the level of detection", "没有超过检测限的变化"),
        (r"the largest change is ([\d.]+) m², (\d+) cells of ([\d.]+) m", r"最大的变化只有 \1 m²（\2 个 \3 m 的格网），高程太粗"),
        (r"no earlier surface, and no hollow at a known case", "没有前期高程，在册图斑处也没有坑"),
        (r"no earlier surface, and a hollow that the rim tells too little of", "没有前期高程，由坑缘推不出可靠的原地形"),
        (r"no surface was given", "没有提供高程"),
        (r"^Not laid on the satellite's pictures: (.*)\. It lies on: (.*)\.$", r"影像未按卫星影像改正：\1。"),
        (r"^The surfaces could not be brought to fit: (.*)\.$", r"两期高程无法配准：\1。"),
        (r"^No volume can be told: (.*)\.$", r"不能给出土方量：\1。"),
        (r"^Photo (.*) shows no case for sure: (.*)\.$", r"照片 \1：\2。"),
        (r"^The project's own photos are left out \((.*)\)\.$", r"项目自带的照片未采用（\1）。"),
        (r"^The day is that of the orthophoto's own tag.*", "航飞日期取自影像文件自身的标签，可能是处理日期；请用 --captured 指明。"),
    )
)
ROLES = {
    "orthophoto": "正射影像",
    "DSM": "本次高程（DSM）",
    "earlier DSM": "前期高程（DSM）",
    CONTROL: "控制点",
    REPORTED: "航测软件报告",
}
SAYS = {"confirms": "支持", "contradicts": "不支持", "silent": "不能判断"}


def render(record: Mapping[str, Any], pictures: Sequence[Picture], profile: Profile | None, folder: Path, shown: Sequence[Shown]) -> str:
    environment = pages.environment(Path(__file__).parent / "templates")
    environment.filters.update(m3=pages.whole, m2=pages.whole, mu=_mu, one=_one, zh=lambda text: chinese(str(text)))
    attached = [each for each in shown if each.case_id is not None]
    return environment.get_template("flight.html").render(
        flight=record,
        pictures=[(each.title, _inline(each.jpeg()), round(each.metres_per_pixel, 2), each.name == "before_after") for each in _chosen(pictures)],
        profile=profile,
        photos=[(each, _thumbnail(folder / "photos" / each.photo.name)) for each in attached[:THUMBNAILS]],
        frames=FRAMES,
        says=SAYS,
        roles=ROLES,
        findings=FINDINGS,
        kinds=KINDS,
    )


def _chosen(pictures: Sequence[Picture]) -> list[Picture]:
    """Each once: what stands beside the earlier relief is not shown again, and the pair comes last, as it takes the page's width."""
    paired = any(each.name == "before_after" for each in pictures)
    kept = [each for each in pictures if not (paired and each.name == "after")]
    return sorted(kept, key=lambda each: each.name == "before_after")


def chinese(text: str) -> str:
    """A reason of the record as people here read it; what is not known stays as it is."""
    for pattern, instead in _REASONS:
        text = pattern.sub(instead, text)
    return text


def _mu(area_m2: float) -> str:
    return f"{area_m2 / M2_PER_MU:,.2f}"


def _one(value: float | None) -> str:
    return pages.NOTHING if value is None else f"{value:,.1f}"


def _inline(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _thumbnail(file: Path) -> str | None:
    """A small copy; None of a photo that is too large or damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=("JPEG", "MPO")) as image:
                if image.width * image.height > MAX_PIXELS:
                    return None
                image.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))
                small = image.convert("RGB")
                small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        return None
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return _inline(out.getvalue())
