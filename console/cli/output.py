"""How the command line speaks: JSON for machines, safe lines for people, messages on standard error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import click
import orjson

from console.presentation.text import display


def emit_json(document: object, *, one_line: bool = False) -> None:
    """Print one JSON document on standard output; `one_line` is for what goes on and prints more of them."""
    layout = 0 if one_line else orjson.OPT_INDENT_2
    try:
        text = orjson.dumps(document, option=layout | orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # a file's name that is no UTF-8: JSON cannot hold it
        text = orjson.dumps(_spelt_out(document), option=layout | orjson.OPT_NON_STR_KEYS)
    click.echo(_ascii_controls(text.decode()))


def _spelt_out(value: object) -> object:
    r"""Return a document with what is no character spelt out: a byte that is no UTF-8 as `\xff`, a half as `\ud800`."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", lambda half: _half(ord(half[0])), value)
    if isinstance(value, Mapping):
        return {_spelt_out(name): _spelt_out(member) for name, member in value.items()}
    return [_spelt_out(item) for item in value] if isinstance(value, list | tuple) else value


def _half(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _ascii_controls(text: str) -> str:
    """Escape what JSON allows raw but a terminal must not see: C1 controls, DEL, format characters."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def say(*parts: str) -> None:
    """Print one line; every part is made safe. Data may be passed as it is."""
    click.echo("  ".join(display(part, 2000) for part in parts if part))


def say_lines(text: str) -> None:
    """Print several lines, each made safe; all at once, because a diff may have fifty thousand."""
    if lines := [display(line, 2000) for line in text.splitlines()]:
        click.echo("\n".join(lines))


def complain(text: str) -> None:
    """Print one line about what went wrong, on standard error."""
    line = " ".join(text.split("\n"))
    click.echo(f"quarterdeck: {display(line, 2000)}", err=True)


def note(text: str) -> None:
    """Print one line that is no result, on standard error."""
    click.echo(display(text, 2000), err=True)


def table(rows: Iterable[Sequence[object]], *, head: Sequence[str]) -> None:
    """Print rows in columns; the last column takes what is left of the line."""
    cells = [[display(str(cell), 200) if cell is not None else "" for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(len(row[i]) for row in (head, *cells)) for i in range(len(head))]
    for row in (head, *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
