"""From what libyaml tells of a text, event by event, to values; how many, and how deep, is counted meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from store.domain.component import Json
from store.errors import BadInput

MAX_DEPTH: Final = 200
MAX_VALUES: Final = 500_000
"""How many values a document may hold once its aliases are written out."""
MAX_ALIASES: Final = 1_000

_LOADER: Final[Callable[[str | bytes], Any]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one of libyaml, where it is installed."""
_TAG: Final = "tag:yaml.org,2002:"
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{0,17}(?:[eE][-+]?[0-9]{1,2})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_LONGEST_WORD: Final = max(map(len, _WORDS))
_NUMERIC: Final = frozenset("-+.0123456789")
"""What a number begins with."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Anchor:
    value: Json
    size: int


@dataclass(kw_only=True)
class Reader:
    """Builds values from parser events and counts while it does."""

    next_event: Callable[[], Any]
    count: int = 0
    aliases: int = 0
    anchors: dict[str, _Anchor] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str | bytes) -> Reader:
        """Return the reader of a text. Whatever reads it is asked for nothing but events."""
        return cls(next_event=_LOADER(text).get_event)

    def documents(self) -> list[Json]:
        """Return the documents that are left.

        Raises:
            BadInput, YAMLError: they cannot be read.
        """
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
            return self.alias(event)
        self.count += 1
        if self.count > MAX_VALUES:
            raise _too_many()
        if kind is ScalarEvent:
            value = _scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = _Anchor(value, 1)
            return value
        before, tag = self.count, event.tag
        if kind is SequenceStartEvent:
            value = self.sequence(depth) if tag is None else _tagged(tag, self.sequence(depth), "seq")
        else:
            value = self._mapping(depth) if tag is None else _tagged(tag, self._mapping(depth), "map")
        if event.anchor:
            self.anchors[event.anchor] = _Anchor(value, self.count - before + 1)
        return value

    def alias(self, event: Any) -> Json:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise BadInput(f"YAML: more than {MAX_ALIASES} aliases")
        anchor = self.anchors.get(event.anchor)
        if anchor is None:  # unknown, or inside itself
            raise BadInput(f"YAML: line {event.start_mark.line + 1}: *{event.anchor} names nothing that is complete")
        self.counted(anchor.size)
        return anchor.value

    def counted(self, values: int) -> None:
        """Count values that were read before.

        Raises:
            BadInput: there are too many.
        """
        self.count += values
        if self.count > MAX_VALUES:
            raise _too_many()

    def sequence(self, depth: int) -> list[Json]:
        """Return the items of a list that has begun, `depth` deep, up to its end.

        Raises:
            BadInput, YAMLError: they cannot be read.
        """
        items: list[Json] = []
        next_event, value, below = self.next_event, self._value, depth + 1
        while type(event := next_event()) is not SequenceEndEvent:
            items.append(value(event, below))
        return items

    def _mapping(self, depth: int) -> Json:
        members: dict[str, Json] = {}
        next_event, value, below = self.next_event, self._value, depth + 1
        while type(event := next_event()) is not MappingEndEvent:
            key = self._key(event)
            item = value(next_event(), below)
            if key in members:
                if key != "<<":
                    raise BadInput(f"YAML: line {event.start_mark.line + 1}: the key {key[:40]!r} stands twice")
                key = f"<< ({len(members)})"
            members[key] = item
        return members

    def _key(self, event: Any) -> str:
        """Return a key as it is written: `on:` is the key `on` for people, whatever YAML 1.1 says."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise _too_many()
        if type(event) is ScalarEvent:
            key: str = _unescaped(event) if event.style == '"' else event.value
            if event.anchor:
                self.anchors[event.anchor] = _Anchor(key, 1)
            return key
        if type(event) is AliasEvent:
            value = self.alias(event)
            if isinstance(value, str):
                return value
        raise BadInput(f"YAML: line {event.start_mark.line + 1}: a list or a mapping cannot be a key")


def _too_many() -> BadInput:
    return BadInput(f"YAML: more than {MAX_VALUES} values once its aliases are written out")


def _tagged(tag: str | None, value: Json, usual: str) -> Json:
    if tag in {None, "!", _TAG + usual}:
        return value
    return {_short(str(tag)): value}


def _short(tag: str) -> str:
    return "!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag


def _scalar(event: Any) -> Json:
    text: str = event.value
    style, tag = event.style, event.tag
    if style == '"':
        text = _unescaped(event)
    if tag is not None:
        if tag != "!":
            return text if tag == _TAG + "str" else {_short(tag): text}
        if not event.implicit[0]:
            return text
    if style:
        return text
    if len(text) <= _LONGEST_WORD and text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC else text


def _number(text: str) -> Json:
    """Return a plain scalar that may be a number."""
    if text in {"-", "+", "."}:
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


def _unescaped(event: Any) -> str:
    """Return a text in double quotes: only there can an escape make half a character."""
    text: str = event.value
    if not text.isascii() and _SURROGATE.search(text):
        raise BadInput("YAML: half a character (a lone surrogate)")
    return text
