"""Text for programs that know GBK only."""

from __future__ import annotations

from dataclasses import dataclass, field

MISSING = "□"
"""Stands where GBK has no such sign."""


@dataclass(slots=True)
class Speller:
    """Puts text into GBK, and remembers what did not fit."""

    replaced: list[tuple[str, str, str]] = field(default_factory=list)
    """(id, field, code points) of text with signs that GBK lacks."""
    cut: list[tuple[str, str]] = field(default_factory=list)
    """(id, field) of text that was too long."""

    def spell(self, text: str, most: int | None, where: tuple[str, str]) -> str:
        """The text with its strange signs replaced, of at most so many bytes, no sign cut in two."""
        strange = [sign for sign in dict.fromkeys(text) if not fits(sign)]
        if strange:
            self.replaced.append((*where, " ".join(f"U+{ord(sign):04X}" for sign in strange)))
            text = "".join(MISSING if sign in strange else sign for sign in text)
        data = text.encode("gbk")
        if most is not None and len(data) > most:
            self.cut.append(where)
            text = data[:most].decode("gbk", "ignore")
        return text


def fits(sign: str) -> bool:
    try:
        sign.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
