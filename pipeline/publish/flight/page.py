"""report.html of a flight: one page in Chinese, one file, no network."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image, UnidentifiedImageError

from pipeline.drone.photos import Shown
from pipeline.findings.names import FINDINGS
from pipeline.publish.features import M2_PER_MU
from pipeline.publish.flight.pictures import Picture
from pipeline.publish.flight.profile import Profile
from pipeline.publish.plain import plain

THUMBNAILS, THUMBNAIL_PX = 6, 480
MAX_PIXELS = 200_000_000
"""Larger photos are named, not shown."""
FRAMES = {"ground control": "地面控制点", "satellite": "卫星影像（哨兵二号）", "earlier surface": "前期高程", "own position": "无人机自身定位"}
SAYS = {"confirms": "支持", "contradicts": "不支持", "silent": "不能判断"}


def render(record: Mapping[str, Any], pictures: Sequence[Picture], profile: Profile | None, folder: Path, shown: Sequence[Shown]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(m3=_whole, m2=_whole, mu=lambda area: f"{area / M2_PER_MU:,.2f}", one=_one, plain=lambda text: plain(str(text)))
    attached = [each for each in shown if each.case_id is not None]
    return environment.get_template("flight.html").render(
        flight=record,
        pictures=[(each.title, _inline(each.jpeg()), round(each.metres_per_pixel, 2)) for each in pictures],
        profile=profile,
        photos=[(each, _thumbnail(folder / "photos" / each.photo.name)) for each in attached[:THUMBNAILS]],
        frames=FRAMES,
        says=SAYS,
        findings=FINDINGS,
    )


def _whole(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}"


def _one(value: float | None) -> str:
    return "—" if value is None else f"{value:,.1f}"


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
