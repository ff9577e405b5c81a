"""Secrets that only Node-RED's own forms show: what a credential-typed environment variable of a tab is set to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.items import Items, each_noted
from store.domain.secrets import Span

_CREDENTIAL: Final = re.compile(rb'"type"\s{0,9}:\s{0,9}"cred"')
_VALUE: Final = re.compile(rb'"value"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)++)"')

_HIDDEN: Final = "node-red: secrets in a list"
_HIDDEN_IN: Final = "node-red: secrets in items"


def node_red_secrets(data: bytes, _name: str, items: Items | None) -> Iterator[Span]:
    """Yield the values of `{"name": …, "value": "…", "type": "cred"}`, whatever the name is."""
    if items is None:
        yield from _in(data)
        return
    for number, spans in items.note(_HIDDEN, lambda: _telling(items)):
        at = items.starts[number]
        for span in spans:
            yield Span(start=at + span.start, end=at + span.end, kind=span.kind)


def _telling(items: Items) -> list[tuple[int, tuple[Span, ...]]]:
    """Return the items that hold some, by their numbers; of those that the list before had too, this is known."""
    carried = items.carried
    earlier: list[tuple[int, tuple[Span, ...]]] | None = None
    if carried is not None:
        earlier = items.memo.notes(_HIDDEN).get(carried.before)
    head, tail = items.changed() if earlier is not None else (0, len(items.each))
    hidden = each_noted(items.memo, _HIDDEN_IN, items.each[head:tail], lambda item: tuple(_in(item.text)))
    new = [(number, spans) for number, spans in enumerate(hidden, head) if spans]
    if carried is None or earlier is None:
        return new
    return [
        *(one for one in earlier if one[0] < head),
        *new,
        *((number + tail - carried.tail, spans) for number, spans in earlier if number >= carried.tail),
    ]


def _in(data: bytes) -> Iterator[Span]:
    """Yield them from whole objects: none reaches from one into the next."""
    for match in _CREDENTIAL.finditer(data):
        begin = max(data.rfind(b"{", 0, match.start()), match.start() - 4096, 0)
        end = data.find(b"}", match.end())
        for value in _VALUE.finditer(data, begin, end if end >= 0 else len(data)):
            yield Span(start=value.start("value"), end=value.end("value"), kind="credential")
