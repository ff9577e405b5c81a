"""The one list of names and texts that try to take over a terminal, and which of their characters may not reach it."""

from __future__ import annotations

HOSTILE = (
    "\x1b[2J\x1b[31337mred",
    "\x1b]52;c;SGFja2Vk\x07clip",
    "\x1b]0;title\x07",
    "\x9b31337m\x9d52;c;x\x9c",
    "bell\x07back\x08del\x7fnul\x00",
    "two\nlines\r\nand\ttab\x0b\x0c",
    "\u202egnp.exe\u202c",
    "\u2066iso\u2069\u200b\u200d\ufeff\u00ad",
    "\u2028line\u2029paragraph\u0085next",
    "[/]",
    "[bold red]not bold[/bold red]",
    "[@click=app.quit]press[/]",
    "[link=https://evil.example]x[/link]",
    "\\[b]\\\\[[c]]",
    "lone \ud800 surrogate",
    "private \ue000 unassigned \U000e0fff tag \U000e0041",
    "e" + "\u0301" * 30,
    "\u0301starts with a mark",
    "👨\u200d👩\u200d👧 👍🏽 🇩🇪 ❤\ufe0f",
    "日本語の名前" * 4,
    "blank\u00a0\u2003\u3000\u3164\u115fend",
    "x" * 10_000,
    "раураl",
    "",
    " ",
    "{{template}} $HOME %s {0}",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
)
"""Names as a hostile export may carry them."""

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b]52;c;aGk=\x1b\\"
CONTROLS = "\x9b31mC1\x9d0;t\x9c\x85\x00\x08\x7f"
BIDI = "pay \u202e001$\u202c \u2066to\u2069 \u200b\u200d\ufeff\u2028\u2029\U000e0041"
MARKUP = "[red]x[/red] [@click=app.bell]y[/] [/] {}%s"
ALL_AT_ONCE = f"{ESCAPES}{CONTROLS}{BIDI}{MARKUP}\r\nsecond\tline"
"""Every trick in one text."""

INVISIBLE = (
    *(chr(code) for code in range(0x80, 0xA0)),
    "\u00ad", "\u061c", "\u180e",
    *(chr(code) for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070))),
    "\ufeff", "\ufff9", "\ufffa", "\ufffb",
    *(chr(code) for code in range(0xE0000, 0xE0080)),
)  # fmt: skip
"""What no terminal may be sent, from data or from us: C1 controls, bidi and zero-width characters, tags."""


def storable(text: str) -> str:
    """Return a hostile text as an entry can hold it: without NUL and halves of characters, which are refused."""
    return "".join(one for one in text if one != "\x00" and not "\ud800" <= one <= "\udfff")
