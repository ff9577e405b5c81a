"""The YAML that tools and most people write, read line by line: a third of the time that reading anything takes.

Lines like `- key: value`, with texts, numbers and quotes that end where they begin, and a text that goes on in the
next line. Whatever is more than that (flow lists, tags, anchors, blocks of text, escapes, tabs, a key twice) is left
to libyaml, so that nothing here ever has to judge: what is read means the same there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar, Union

from store.domain.component import Json
from store.formats.yaml_scalars import plain_scalar

_Box: TypeAlias = Union[list[Json], dict[str, Json]]

_Kind = TypeVar("_Kind", list[Json], dict[str, Json])

_DEEPEST: Final = 100
_MOST_FOLDED: Final = 2_000
"""Characters of a text that may go on in a next line, which writes it anew."""
_ASCII: Final = bytes(range(0x20, 0x7F)) + b"\n"
_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Tabs, what ends lines beside the usual, and what libyaml refuses."""
_LINE: Final = re.compile(
    r"( *)((?:- )*+)"
    r"(?:([A-Za-z0-9_][A-Za-z0-9_./-]{0,100}+(?: [A-Za-z0-9_./-]{1,100}+){0,4}+):(?:(?=\n)| (?=[^ \n])))?"
    r"(?:((?:[^\n !\"#%&'*,:>?@\[\]`{|}-]|-(?=[0-9]))(?:[^\n:#]++|:(?=[^ \n])|(?<! )#)*+(?<! ))"
    r"|(\"[^\n\"\\]*+\"|'(?:[^\n']|'')*+'|\[\]|\{\}))?\n"
    r"|([^\n]*+\n)"
)
"""Indent, dashes, key, and its value: plain, or in quotes or empty brackets; else a line as a whole.

A key is shorter than the 1,024 characters that YAML allows in a line with its value.
"""


_GROUPS: Final = re.Match[str].groups


class NotPlain(Exception):
    """Only libyaml can say what a text means, or what is wrong with it."""


def plain_document(text: str, *, most: int) -> Json:
    """Return the one document that a text is, in which there are at most `most` keys and values.

    Raises:
        NotPlain: there may be more to it.
    """
    text = text.removeprefix("---\n").replace("\r\n", "\n")
    if 2 * text.count("\n") + text.count("- ") + 4 > most or _is_odd(text):
        raise NotPlain
    return _Lines().read(text if text.endswith("\n") else text + "\n")


def _is_odd(text: str) -> bool:
    return bool(text.encode().translate(None, _ASCII)) if text.isascii() else _ODD.search(text) is not None


def _quoted(text: str) -> Json:
    if text[0] == '"':
        return text[1:-1]
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return [] if text == "[]" else {}


@dataclass(kw_only=True, slots=True)
class _Lines:
    """Builds a document from its lines."""

    boxes: list[_Box] = field(default_factory=list)
    """The lists and mappings that are open, outer before inner."""
    columns: list[int] = field(default_factory=list)
    """Where the lines of each begin."""
    pending: str | None = None
    """The key of the innermost mapping whose value comes in the next lines, if any does."""
    folding: str | None = None
    """The key there whose text may go on in the next line, and what it is so far."""
    folded: str = ""

    def read(self, text: str) -> Json:
        members: dict[str, Json] = {}
        column = -1  # of `members`, where a line there goes on with them and nothing waits
        for indent, dashes, key, plain, quoted, other in map(_GROUPS, _LINE.finditer(text)):
            if key is None:
                self._without_key(len(indent or ""), dashes, plain, quoted, other)
                column = -1
                continue
            if dashes or len(indent) != column:
                column = len(indent) + len(dashes)
                members = self._in_item(len(indent), dashes) if dashes else self._box(column, {})
            if key in members:
                raise NotPlain
            if plain is not None:
                members[key] = plain_scalar(plain)
                self.folding, self.folded = key, plain
                continue
            self.folding = None
            if quoted is not None:
                members[key] = _quoted(quoted)
            else:
                self.pending, column = key, -1
        if not self.boxes:
            raise NotPlain
        return self._closed()

    def _without_key(self, column: int, dashes: str, plain: str | None, quoted: str | None, other: str | None) -> None:
        """Take a line without a key: an item, a text that goes on, or nothing: empty, or a comment."""
        if dashes and (plain is not None or quoted is not None):
            self._items(column, dashes).append(_quoted(quoted) if quoted is not None else plain_scalar(str(plain)))
        elif plain is not None:
            self._go_on(column, plain)
        elif dashes or quoted is not None or (other is not None and not other.lstrip(" ").startswith("#")):
            raise NotPlain
        self.folding = self.folding if plain is not None else None

    def _go_on(self, column: int, plain: str) -> None:
        """Add a line to the text before it."""
        box = self.boxes[-1] if self.boxes else None
        if self.folding is None or column <= self.columns[-1] or not isinstance(box, dict):
            raise NotPlain
        self.folded = f"{self.folded} {plain}"
        if len(self.folded) > _MOST_FOLDED:
            raise NotPlain
        box[self.folding] = plain_scalar(self.folded)

    def _in_item(self, column: int, dashes: str) -> dict[str, Json]:
        """Return the mapping that begins after the dashes of a line."""
        members: dict[str, Json] = {}
        self._items(column, dashes).append(members)
        self.boxes.append(members)
        self.columns.append(column + len(dashes))
        return members

    def _items(self, column: int, dashes: str) -> list[Json]:
        """Return the list that the last of the dashes of a line belongs to; each of them begins an item."""
        items = self._box(column, [])
        for further in range(2, len(dashes), 2):
            inner: list[Json] = []
            items.append(inner)
            self.boxes.append(inner)
            self.columns.append(column + further)
            items = inner
        self.folding = None
        return items

    def _box(self, column: int, new: _Kind) -> _Kind:
        """Return the list or mapping that a line in `column` belongs to: `new`, where it begins with the line."""
        boxes, columns = self.boxes, self.columns
        outer = boxes[-1] if boxes else None
        if isinstance(outer, dict) and self.pending is not None:
            below = column > columns[-1] or (column == columns[-1] and isinstance(new, list))  # need not stand deeper
            outer[self.pending] = new if below else None
            self.pending = None
            if below:
                return self._opened(new, column)
        elif outer is None and column == 0:
            return self._opened(new, column)
        while columns and columns[-1] > column:
            boxes.pop()
            columns.pop()
        if len(boxes) > 1 and isinstance(new, dict) and isinstance(boxes[-1], list) and columns[-1] == column:
            boxes.pop()  # a list that stands no deeper than its key ends where the next key begins
            columns.pop()
        if not boxes or columns[-1] != column or not isinstance(box := boxes[-1], type(new)):
            raise NotPlain
        return box

    def _opened(self, new: _Kind, column: int) -> _Kind:
        if len(self.boxes) > _DEEPEST:
            raise NotPlain
        self.boxes.append(new)
        self.columns.append(column)
        return new

    def _closed(self) -> Json:
        """Return the document; a key that waits has no value."""
        last = self.boxes[-1]
        if isinstance(last, dict) and self.pending is not None:
            last[self.pending] = None
        return self.boxes[0]
