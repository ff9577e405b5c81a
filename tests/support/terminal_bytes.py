"""Which bytes a console may send to a terminal, and which only data could have put there."""

from __future__ import annotations

import re

from support.hostile import INVISIBLE

HARMFUL = (
    b"\x1b[31337", b"\x1b]52", b"\x1b]0;", b"\x1b]8;", b"\x7f",
    *(character.encode() for character in INVISIBLE),
)  # fmt: skip
# What Textual draws with: CSI, mode questions, kitty and DCS questions, the pointer's shape.
ALLOWED = re.compile(
    rb"\x1b(?:\[[0-9;?<>=:]*[ $!]?[A-Za-z]|\[[0-9;?]*\$p|[78=>]|P[^\x1b]*\x1b\\|_G[^\x1b]*\x1b\\|\]22;[a-z-]+\x07|\\)"
)


def assert_only_drawing(received: bytes) -> None:
    """Every escape sequence is one that Textual draws with; every other byte is printable."""
    harm = [mark for mark in HARMFUL if mark in received]
    assert harm == [], received[max(received.index(harm[0]) - 40, 0) :][:120]
    rest = ALLOWED.sub(b"", received)
    assert b"\x1b" not in rest, rest[rest.index(b"\x1b") :][:60]
    assert not set(rest) & (set(range(32)) - {10, 13})
