"""Secrets that only Node-RED's own forms show: what a credential-typed environment variable of a tab is set to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.items import Items
from store.domain.secrets import Span

_CREDENTIAL: Final = re.compile(rb'"type"\s{0,9}:\s{0,9}"cred"')
_VALUE: Final = re.compile(rb'"value"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)++)"')


def node_red_secrets(data: bytes, _name: str, items: Items | None) -> Iterator[Span]:
    """Yield the values of `{"name": …, "value": "…", "type": "cred"}`, whatever the name is."""
    if items is None:
        yield from _in(data)
        return
    telling = False
    for item in [item for item in items.each if item.hidden != ()]:
        if item.hidden is None:
            item.hidden = tuple(_in(item.text))
        telling = telling or bool(item.hidden)
    for at, item in zip(items.starts, items.each, strict=True) if telling else ():
        for span in item.hidden:
            yield Span(start=at + span.start, end=at + span.end, kind=span.kind)


def _in(data: bytes) -> Iterator[Span]:
    """Yield them from whole objects: none reaches from one into the next."""
    for match in _CREDENTIAL.finditer(data):
        begin = max(data.rfind(b"{", 0, match.start()), match.start() - 4096, 0)
        end = data.find(b"}", match.end())
        for value in _VALUE.finditer(data, begin, end if end >= 0 else len(data)):
            yield Span(start=value.start("value"), end=value.end("value"), kind="credential")
