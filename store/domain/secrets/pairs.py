"""Values beside a name that promises a secret: `{"name": "X-Api-Key", "value": "…"}`, in YAML and XML too."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from store.domain.secrets.anchors import Anchors
from store.domain.secrets.names import as_text, secret_part
from store.domain.secrets.shapes import Span

_CALLED: Final = rb"name|key|Name|Key|header|headerName|field|variable|keyValue|p|k|schemaname"
_PAIR_NAME: Final = re.compile(rb'"(?:' + _CALLED + rb')"\s{0,9}:\s{0,9}"(?P<name>[^"\\]{1,80})"')
_PAIR_REACH: Final = 300
_MOST_NAMES: Final = 3
_PAIR_VALUE: Final = re.compile(
    rb'"(?:value|Value|valueValue|v|to|defaultValue|stringValue)"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)*+)"'
)
VALUES: Final = (b'"value"', b'"Value"', b'"valueValue"', b'"v"', b'"to"', b'"defaultValue"', b'"stringValue"')
_YAML_PAIR: Final = re.compile(
    rb"""(?:name|key):[ \t]+["']?(?P<name>[\w.-]{1,80})["']?[ \t]*\r?\n[ \t]+value:"""
    rb"""[ \t]+(?P<quote>["']?)(?P<value>[^\n"'#]{3,8192}?)(?P=quote)[ \t]*(?:\r?\n|\Z)"""
)
_XML_PAIR: Final = re.compile(
    rb"""(?:key|name|schemaname)=["'](?P<name>[^"'<>]{1,80})["'][^<>]{0,200}?\svalue=["'](?P<value>[^"'<>]{3,8192})["']"""
)
_XML_INNER: Final = re.compile(
    rb"""(?:schemaname|name)=["'](?P<name>[^"'<>]{1,80})["'][^<>]{0,200}>(?:[^<]{0,80}<(?!/?(?:default)?value)[^<>]{0,200}>){0,12}?"""
    rb"""[^<]{0,80}<(?:default)?value>(?P<value>[^<>]{3,8192})</""",
    re.IGNORECASE,
)
_XML_NAMED: Final = re.compile(
    rb"""(?:(?:name|key)=["'](?P<name>[^"'<>]{1,80})["'][^<>]{0,200}>|<(?:name|key)>(?P<called>[^<>]{1,80})</(?:name|key)>\s{0,80}"""
    rb"""<value(?:\s[^<>]{0,200})?>)(?P<value>[^<>\s][^<>]{2,8191})</"""
)


def pairs(data: bytes, anchors: Anchors, *, xml: bool, yaml: bool) -> Iterator[Span]:
    """Yield the values of `{"name": "X-Api-Key", "value": "…"}`, in whatever words and order, in YAML and XML too."""
    for key in VALUES:
        at = anchors.find_exactly(key)
        while at >= 0:
            match = _PAIR_VALUE.match(data, at)
            if match and match["value"]:
                begin = max(0, at - _PAIR_REACH)
                begin = max(begin, data.rfind(b"{", begin, at), data.rfind(b"}", begin, at))
                yield from _paired(deque(_PAIR_NAME.finditer(data, begin, at), maxlen=_MOST_NAMES), match)
                end = min(match.end() + _PAIR_REACH, len(data))
                end = min((there for brace in b"{}" if (there := data.find(brace, match.end(), end)) >= 0), default=end)
                yield from _paired(islice(_PAIR_NAME.finditer(data, match.end(), end), _MOST_NAMES), match)
            at = anchors.find_exactly(key, at + len(key))
    if yaml:
        for match in _YAML_PAIR.finditer(data):
            yield from _paired([match], match)
    if xml:
        for pattern in (_XML_PAIR, _XML_INNER, _XML_NAMED):
            for match in pattern.finditer(data):
                yield from _paired([match], match)


def _paired(names: Iterable[re.Match[bytes]], match: re.Match[bytes]) -> Iterator[Span]:
    for name in names:
        raw = match["value"]
        part = secret_part(as_text(name["name"] or name.groupdict().get("called") or b""), as_text(raw))
        if part:
            start, _, kind = part
            offset = len(as_text(raw)[:start].encode("utf-8", "surrogatepass"))
            yield Span(start=match.start("value") + offset, end=match.end("value"), kind=kind)
