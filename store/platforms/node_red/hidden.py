"""Secrets that only Node-RED's own forms show: what a credential-typed environment variable of a tab is set to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.secrets import Span

_CREDENTIAL: Final = re.compile(rb'"type"\s{0,9}:\s{0,9}"cred"')
_VALUE: Final = re.compile(rb'"value"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)++)"')


def node_red_secrets(data: bytes, _name: str) -> Iterator[Span]:
    """Yield the values of `{"name": …, "value": "…", "type": "cred"}`, whatever the name is."""
    for match in _CREDENTIAL.finditer(data):
        begin = max(data.rfind(b"{", 0, match.start()), match.start() - 4096, 0)
        end = data.find(b"}", match.end())
        for value in _VALUE.finditer(data, begin, end if end >= 0 else len(data)):
            yield Span(start=value.start("value"), end=value.end("value"), kind="credential")
