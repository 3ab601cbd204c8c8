"""Text in pictures, drawn with the font that ships with the package; signs the font lacks are shown by their code point.

Nothing of a text is interpreted: it is drawn sign by sign, left to right, as it was given. Glyphs are kept once they are drawn: many
pictures say the same words.
"""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parent / "fonts" / "wqy-microhei-gb2312.ttf"
ELLIPSIS = "…"
Mask = NDArray[np.uint8]
"""(h, w): how much of each pixel is covered, 0–255."""

_LOCK = threading.Lock()
"""A FreeType face must not be used by two threads at once."""


LONGEST = 500
"""Signs of a text that are looked at: no line of a sheet holds more."""
REMEMBERED = 4096
"""Texts of which the drawing is kept."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A sign at a size."""

    mask: Mask
    left: int
    """Pixels from the pen to the mask."""
    top: int
    """Pixels from the top of the line to the mask."""
    advance: float


@cache
def _known() -> frozenset[str]:
    return frozenset(FONT.with_suffix(".txt").read_text("utf-8"))


@cache
def _face(size: int) -> ImageFont.FreeTypeFont:
    # Simple layout: shaping would turn what stands in a name around, and is not there on every machine.
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _glyph(sign: str, size: int) -> Glyph:
    with _LOCK:
        return _drawn(sign, size) if sign in _known() else _code_point(sign, size)


def _drawn(sign: str, size: int) -> Glyph:
    face = _face(size)
    left, top, right, bottom = (int(edge) for edge in face.getbbox(sign))
    image = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(image).text((-left, -top), sign, font=face, fill=255)
    return Glyph(np.asarray(image), left, top, face.getlength(sign))


def _code_point(sign: str, size: int) -> Glyph:
    """A box that holds the hexadecimal code point, in two rows: nobody takes it for a sign of the name."""
    code = f"{ord(sign):04X}"
    half = (len(code) + 1) // 2
    small = max(size // 2, 6)
    face = _face(small)
    width = max(int(face.getlength(row)) for row in (code[:half], code[half:])) + 4
    image = Image.new("L", (width, size + 2))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width - 1, size + 1), outline=255)
    for row, top in ((code[:half], 0), (code[half:], size // 2)):
        pen.text((width / 2, top + small / 2 + 1), row, font=face, fill=255, anchor="mm")
    return Glyph(np.asarray(image), 1, max(size // 12, 0), width + 2.0)


@lru_cache(REMEMBERED)
def plain(text: str) -> str:
    """The text without what has no sign of its own: control and direction marks; every kind of white space is one space."""
    seen = (sign for sign in text[:LONGEST] if unicodedata.category(sign) != "Cf")
    kept = (" " if sign.isspace() or unicodedata.category(sign) == "Cc" else sign for sign in seen)
    return " ".join("".join(kept).split())


@lru_cache(REMEMBERED)
def width(text: str, size: int) -> float:
    """Pixels that a text takes."""
    return sum(_glyph(sign, size).advance for sign in plain(text))


def clipped(text: str, size: int, room: float) -> str:
    """A text as far as it fits, with an ellipsis where it does not."""
    text = plain(text)
    if width(text, size) <= room:
        return text
    left = room - _glyph(ELLIPSIS, size).advance
    for count, sign in enumerate(text):
        left -= _glyph(sign, size).advance
        if left < 0:
            return text[:count].rstrip() + ELLIPSIS
    return text


def wrapped(text: str, size: int, room: float, lines: int) -> list[str]:
    """A text in at most so many lines, the last clipped. Words of Latin letters and numbers stay whole where they fit into a line."""
    rest, out = plain(text), list[str]()
    while rest and len(out) < lines - 1:
        count = _fitting(rest, size, room)
        if count == len(rest):
            break
        space = rest.rfind(" ", 0, count + 1)
        if space > 0 and rest[count : count + 1].isascii() and rest[count - 1].isascii():
            count = space
        out.append(rest[:count].rstrip())
        rest = rest[count:].lstrip()
    return [*out, clipped(rest, size, room)] if rest else out


def _fitting(text: str, size: int, room: float) -> int:
    """How many signs fit; one at least."""
    for count, sign in enumerate(text):
        room -= _glyph(sign, size).advance
        if room < 0:
            return max(count, 1)
    return len(text)


@cache
def line_height(size: int) -> int:
    with _LOCK:
        ascent, descent = _face(size).getmetrics()
    return ascent + descent


@lru_cache(REMEMBERED)
def mask(text: str, size: int, bold: bool = False) -> Mask:
    """A line of text, not to be written into. bold: the font has one weight, so that strokes are drawn a pixel wider."""
    glyphs = [_glyph(sign, size) for sign in plain(text)]
    total = int(sum(glyph.advance for glyph in glyphs)) + size
    out = np.zeros((line_height(size) + 4, max(total, 1)), np.uint8)
    pen = 1.0
    for glyph in glyphs:
        x, y = max(round(pen) + glyph.left, 0), max(glyph.top, 0)
        part = glyph.mask[: out.shape[0] - y, : out.shape[1] - x]
        target = out[y : y + part.shape[0], x : x + part.shape[1]]
        np.maximum(target, part, out=target)
        pen += glyph.advance
    if bold:
        np.maximum(out[:, 1:], out[:, :-1].copy(), out=out[:, 1:])
    return out[:, : int(pen) + 2 + bold]
