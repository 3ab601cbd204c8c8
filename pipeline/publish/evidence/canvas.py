"""A picture being made: flat areas, text, and outlines with smooth edges on an array of pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.publish.evidence import text as letters
from pipeline.publish.evidence.text import Mask

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
FINER = 2
"""Outlines are drawn so many times larger and then reduced, which smooths their edges."""
LEVEL = 1
"""Of compression; higher ones take longer and save nothing on such pictures. By zlib: isal is quicker, but leaves bits that say nothing as they lie
in memory, so that the same picture may have other bytes."""


def colour(code: str) -> Colour:
    """From `#rrggbb`."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


INK, SOFT, LINE, PAPER, TINT, BRAND, WHITE, BLACK = map(
    colour, ("#1d2430", "#5b6573", "#d3d9e0", "#ffffff", "#f3f5f8", "#17405f", "#ffffff", "#000000")
)  # fmt: skip


class Sketch:
    """Lines and areas in one or more colours, to be laid over pixels."""

    def __init__(self, width: int, height: int) -> None:
        # Four plain channels: red, green, blue, cover. Reduced like this colours come out weighted by their cover, without Pillow's
        # conversions to and fro, which would cost more than the drawing.
        self._image = Image.new("CMYK", (width * FINER, height * FINER))
        self._pen = ImageDraw.Draw(self._image)

    def line(self, points: Points, ink: Colour, thickness: float, dash: tuple[float, float] | None = None) -> None:
        for part in [points] if dash is None else _dashes(points, *dash):
            self._pen.line([(x * FINER, y * FINER) for x, y in part], fill=(*ink, 255), width=max(round(thickness * FINER), 1), joint="curve")

    def area(self, points: Points, ink: Colour) -> None:
        if len(points) > 2:
            self._pen.polygon([(x * FINER, y * FINER) for x, y in points], fill=(*ink, 255))

    def dot(self, x: float, y: float, radius: float, ink: Colour, ring: Colour | None = None) -> None:
        box = tuple(FINER * edge for edge in (x - radius, y - radius, x + radius, y + radius))
        self._pen.ellipse(box, fill=(*ink, 255), outline=(*ring, 255) if ring else None, width=FINER if ring else 0)

    def pixels(self) -> NDArray[np.uint8]:
        """(h, w, 4): colours, weighted by how much of the pixel they cover, and that cover."""
        return np.asarray(self._image.reduce(FINER))


def _dashes(points: Points, long: float, gap: float) -> list[Points]:
    """Stretches of a line."""
    corners = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    starts = np.arange(0.0, along[-1], long + gap)
    ends = np.minimum(starts + long, along[-1])
    stops = np.sort(np.concatenate([along, starts, ends]))
    places = list(zip(np.interp(stops, along, corners[:, 0]).tolist(), np.interp(stops, along, corners[:, 1]).tolist(), strict=True))
    firsts, lasts = np.searchsorted(stops, starts, "left").tolist(), np.searchsorted(stops, ends, "right").tolist()
    return [places[first:last] for first, last in zip(firsts, lasts, strict=True)]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Pixels, and what can be put on them; what lies outside is cut off."""

    pixels: NDArray[np.uint8]
    """(h, w, 3)"""

    @classmethod
    def blank(cls, width: int, height: int, paper: Colour = PAPER) -> Canvas:
        pixels = np.empty((height, width, 3), np.uint8)
        pixels[:1] = paper
        pixels[1:] = pixels[:1]
        return cls(pixels)

    def fill(self, x: int, y: int, width: int, height: int, ink: Colour) -> None:
        self.pixels[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = ink

    def frame(self, x: int, y: int, width: int, height: int, ink: Colour) -> None:
        """A line around an area, just outside of it."""
        self.fill(x - 1, y - 1, width + 2, 1, ink)
        self.fill(x - 1, y + height, width + 2, 1, ink)
        self.fill(x - 1, y - 1, 1, height + 2, ink)
        self.fill(x + width, y - 1, 1, height + 2, ink)

    def paste(self, x: int, y: int, pixels: NDArray[np.uint8]) -> None:
        self.pixels[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels

    def lay(self, x: int, y: int, sketch: NDArray[np.uint8]) -> None:
        """A sketch's pixels over what is there."""
        target = self.pixels[y : y + sketch.shape[0], x : x + sketch.shape[1]]
        rows, cols = np.nonzero(sketch[: target.shape[0], : target.shape[1], 3])
        ink = sketch[rows, cols].astype(np.uint16)
        target[rows, cols] = np.minimum((target[rows, cols] * (255 - ink[:, 3:]) + 127) // 255 + ink[:, :3], 255)

    def veil(self, x: int, y: int, width: int, height: int, ink: Colour, opacity: float) -> None:
        """An area through which what is below can be seen."""
        target = self.pixels[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        target[:] = _mixed(target, np.array(ink, np.uint8), np.full((*target.shape[:2], 1), round(255 * opacity), np.uint8))

    def stain(self, x: int, y: int, mask: Mask, ink: Colour) -> None:
        """One colour through a mask."""
        top, left = max(-y, 0), max(-x, 0)
        y, x, mask = max(y, 0), max(x, 0), mask[top:, left:]
        target = self.pixels[y : y + mask.shape[0], x : x + mask.shape[1]]
        cover = mask[: target.shape[0], : target.shape[1], None]
        target[:] = _mixed(target, np.array(ink, np.uint8), cover)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        ink: Colour = INK,
        *,
        bold: bool = False,
        align: Literal["left", "middle", "right"] = "left",
        halo: Colour | None = None,
    ) -> float:
        """A line of text with its top at y; its width. halo: a rim that sets it off from pictures."""
        mask = letters.mask(text, size, bold)
        wide = letters.width(text, size)
        left = round(x - {"left": 0.0, "middle": wide / 2, "right": wide}[align]) - 1
        if halo is not None:
            self.stain(left - 1, round(y) - 1, _thickened(mask), halo)
        self.stain(left, round(y), mask, ink)
        return wide

    def png(self) -> bytes:
        return png(self.pixels)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture (h, w, 3) as a PNG that holds nothing but its pixels."""
    height, width, _ = pixels.shape
    flat = pixels.reshape(height, -1)
    # Each row as the difference from the one above (filter 2): enlarged cells then pack into next to nothing.
    rows = np.empty((height, 1 + flat.shape[1]), np.uint8)
    rows[:, 0] = 2
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.data, LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _mixed(under: NDArray[np.uint8], ink: NDArray[np.uint8], cover: NDArray[np.uint8]) -> NDArray[np.uint8]:
    share = cover.astype(np.uint16)
    out: NDArray[np.uint8] = ((under * (255 - share) + ink * share + 127) // 255).astype(np.uint8)
    return out


def _thickened(mask: Mask) -> Mask:
    """A mask grown by a pixel on every side, and so larger by two."""
    out = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    for dy in range(3):
        for dx in range(3):
            target = out[dy : dy + mask.shape[0], dx : dx + mask.shape[1]]
            np.maximum(target, mask, out=target)
    return out
