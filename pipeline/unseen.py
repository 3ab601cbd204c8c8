"""Signs that nobody sees: what no text from outside may carry on into a table, a file for others, or a terminal."""

from __future__ import annotations

HIDDEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
"""Control signs but tab and line feed, marks that turn or hide what follows them, and what XML can't hold: inside the brackets of a pattern."""
HALVES = "\ud800-\udfff"
"""Halves of characters, which no encoding can write."""
BREAKS = "\t\n\u2028\u2029"
"""Where a line or a cell would end."""
