"""YAML as data: no objects made, aliases counted, unknown tags kept (`!secret wifi` → `{"!secret": "wifi"}`).

Plain scalars are read as YAML 1.1 reads them, as Home Assistant does, where JSON has the value: null, booleans,
decimal numbers. What JSON has not (dates, 0x1F, 1:30, .inf) stays a text under its type, so that `1:30` and
`"1:30"` are two things.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from store.domain.component import Json
from store.errors import BadInput

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 200
MAX_VALUES: Final = 500_000
"""How many values a document may hold once its aliases are written out."""
MAX_ALIASES: Final = 1_000

_TAG: Final = "tag:yaml.org,2002:"
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{0,17}(?:[eE][-+]?[0-9]{1,2})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_LONGEST_WORD: Final = max(map(len, _WORDS))
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def read(data: bytes) -> list[Json]:
    """Return the documents of a YAML stream, mappings with their keys as text, in the order of the text.

    Raises:
        BadInput: one line: no YAML, not UTF-8, too big, too deep, a key twice, or aliases that blow it up.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"YAML: {len(data)} bytes are more than the {MAX_BYTES} that are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"YAML: byte {error.start} is not valid UTF-8") from None
    try:  # the one of libyaml is told of nothing but events: what they build, and how often, is counted here
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        return _Reader(next_event=loader.get_event).documents()
    except yaml.YAMLError as error:
        raise BadInput(f"YAML: {_line(error)}") from None


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)


@dataclass(frozen=True, slots=True)
class _Anchor:
    value: Json
    size: int


@dataclass(kw_only=True, slots=True)
class _Reader:
    """Builds values from parser events and counts while it does."""

    next_event: Callable[[], Any]
    count: int = 0
    aliases: int = 0
    anchors: dict[str, _Anchor] = field(default_factory=dict)

    def documents(self) -> list[Json]:
        found: list[Json] = []
        while not isinstance(event := self.next_event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors.clear()
                found.append(self._value(self.next_event(), 1))
        return found

    def _value(self, event: Any, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise BadInput(f"YAML: more than {MAX_DEPTH} lists and mappings inside each other")
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        self._counted(1)
        before = self.count
        if kind is ScalarEvent:
            value = _scalar(event)
            if not event.anchor:  # nearly always: one question less
                return value
        elif kind is SequenceStartEvent:
            value = _tagged(event.tag, self._sequence(depth), "seq")
        else:
            value = _tagged(event.tag, self._mapping(depth), "map")
        if event.anchor:
            self.anchors[event.anchor] = _Anchor(value, self.count - before + 1)
        return value

    def _alias(self, event: Any) -> Json:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise BadInput(f"YAML: more than {MAX_ALIASES} aliases")
        anchor = self.anchors.get(event.anchor)
        if anchor is None:  # unknown, or inside itself
            raise BadInput(f"YAML: line {event.start_mark.line + 1}: *{event.anchor} names nothing that is complete")
        self._counted(anchor.size)
        return anchor.value

    def _counted(self, values: int) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            raise BadInput(f"YAML: more than {MAX_VALUES} values once its aliases are written out")

    def _sequence(self, depth: int) -> Json:
        items: list[Json] = []
        next_event, value, below = self.next_event, self._value, depth + 1
        while type(event := next_event()) is not SequenceEndEvent:
            items.append(value(event, below))
        return items

    def _mapping(self, depth: int) -> Json:
        members: dict[str, Json] = {}
        next_event, below = self.next_event, depth + 1
        while type(event := next_event()) is not MappingEndEvent:
            key = self._key(event)
            value = self._value(next_event(), below)
            if key in members:
                if key != "<<":
                    raise BadInput(f"YAML: line {event.start_mark.line + 1}: the key {key[:40]!r} stands twice")
                key = f"<< ({len(members)})"
            members[key] = value
        return members

    def _key(self, event: Any) -> str:
        """Return a key as it is written: `on:` is the key `on` for people, whatever YAML 1.1 says."""
        self._counted(1)
        if type(event) is ScalarEvent:
            key = _text(event)
            if event.anchor:
                self.anchors[event.anchor] = _Anchor(key, 1)
            return key
        if type(event) is AliasEvent:
            value = self._alias(event)
            if isinstance(value, str):
                return value
        raise BadInput(f"YAML: line {event.start_mark.line + 1}: a list or a mapping cannot be a key")


def _tagged(tag: str | None, value: Json, usual: str) -> Json:
    if tag in {None, "!", _TAG + usual}:
        return value
    return {_short(str(tag)): value}


def _short(tag: str) -> str:
    return "!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag


def _scalar(event: Any) -> Json:
    text = _text(event)
    tag: str | None = event.tag
    if tag is not None and tag != "!":
        return text if tag == _TAG + "str" else {_short(tag): text}
    if event.style or not event.implicit[0]:
        return text
    return _plain(text)


def _plain(text: str) -> Json:
    if len(text) <= _LONGEST_WORD and text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789" or text in {"-", "+", "."}:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    kind = _kind(text)
    return text if kind == _TAG + "str" else {_short(kind): text}


def _kind(text: str) -> str:
    """Return the tag YAML 1.1 gives a plain scalar, from PyYAML's table of patterns by first character."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
        if pattern.match(text):
            return str(tag)
    return _TAG + "str"


def _text(event: Any) -> str:
    text: str = event.value
    # only an escape can write one, and here only it stands
    if event.style == '"' and not text.isascii() and _SURROGATE.search(text):
        raise BadInput("YAML: half a character (a lone surrogate)")
    return text
