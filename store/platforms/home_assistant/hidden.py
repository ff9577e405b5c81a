"""Secrets that only the name of their file tells: in `secrets.yaml` every value is one, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from store.domain.items import Items
from store.domain.secrets import Span
from store.platforms.home_assistant.shapes import SECRETS_FILE

_LINE: Final = re.compile(
    rb"^(?:[ \t]{1,40}|(?P<key>[^\s#\-][^:\n]{0,200}:[ \t]{1,40}))"
    rb"(?:\"(?P<double>(?:[^\"\\\n]|\\[^\n])++)\"|'(?P<single>[^'\n]++)'|(?P<bare>[^\s#\"'|>&*!\[{][^\n]*+))",
    re.MULTILINE,
)
"""A value beside its key, or one of the indented lines below it."""
_COMMENT: Final = re.compile(rb"[ \t]+#|[ \t\r]+\Z")


def home_assistant_secrets(data: bytes, name: str, _items: Items | None) -> Iterator[Span]:
    """Yield where each value of a file of secrets stands, without its quotes."""
    if not SECRETS_FILE.fullmatch(PurePosixPath(name).name):
        return
    for match in _LINE.finditer(data):
        group = next(name for name in ("double", "single", "bare") if match[name] is not None)
        start, end = match.span(group)
        if group == "bare" and (comment := _COMMENT.search(data, start, end)):
            end = comment.start()
        yield Span(start=start, end=end, kind="secret")
