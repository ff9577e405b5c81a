"""How every platform turns what it read into components: canonical bytes, digest, keys that lose nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256

import orjson

from store.domain.component import Component, Connector, Json
from store.errors import TooMuch
from store.integrity.canonical import canonical_bytes

MAX_COMPONENTS = 20_000
"""Parts an export may have: each is stored and looked at on its own."""
_BELOW_EE = bytes(range(0xEE))
_SORTS_APART = re.compile(rb"\\u[d-fD-F]")
_HIGH_STRING = re.compile(rb'(?:[\xee-\xf4]|\\u[d-fD-F])(?:[^"\\]|\\.)*+"\s*+(?P<colon>:?)', re.DOTALL)
"""From such a character to the end of the string it stands in; each is looked at once, so that time is linear."""
_MOST_TEXTS = 1024 * 1024
_ODD_FLOAT = re.compile(rb"[:\[,]-?[0-9]++(?:\.0[,\]}]|(?:\.[0-9]++)?e)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What is known of the JSON document a component comes from: whether the fast writer tells the truth."""

    sorts_alike: bool
    """Keys sort alike by UTF-16 unit (RFC 8785 section 3.2.3) and by code point, as orjson sorts."""
    has_float: bool

    @classmethod
    def of(cls, data: bytes, *, has_float: bool) -> Source:
        """Look at a document. The two orders part at U+E000: 0xEE…0xF4 in UTF-8, or an escape from D800."""
        high = not data.isascii() and data.translate(None, _BELOW_EE)
        escaped = b"\\u" in data and _SORTS_APART.search(data)
        return cls(sorts_alike=not (high or escaped) or not _has_high_key(data), has_float=has_float)

    @classmethod
    def of_value(cls, value: Json) -> Source | None:
        """Look at a value that was read from something else than JSON; None where only the exact writer can tell."""
        try:
            return cls.of(orjson.dumps(value), has_float=True)
        except orjson.JSONEncodeError:
            return None


def _has_high_key(data: bytes) -> bool:
    """Say whether such a character may stand in a key, not only in texts: before a string's end with a colon."""
    if len(data) > _MOST_TEXTS:
        return True
    return any(match["colon"] for match in _HIGH_STRING.finditer(data))


def canonical(value: Json, source: Source | None = None) -> bytes:
    """Return the RFC 8785 bytes of `value`, quickly where `source` proves that orjson writes the same.

    Raises:
        BadInput: what `canonical_bytes` refuses.
    """
    if source is None or not source.sorts_alike or not isinstance(value, (dict, list)):
        return canonical_bytes(value)
    try:
        # A copy: what orjson returns is cut down from a larger block, and where many stay, that is the dearest part.
        data = b"%b" % orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return canonical_bytes(value)
    return canonical_bytes(value) if source.has_float and _may_hold_odd_float(data) else data


def _may_hold_odd_float(data: bytes) -> bool:
    """Say whether orjson may have written a float unlike ECMAScript: 1.0 for 1, or with an exponent.

    All others have the same digits. A text that looks like one only costs time.
    """
    return _ODD_FLOAT.search(data) is not None


def searchable(value: Json) -> bytes:
    """Return `value` as JSON to look for hosts and secrets in; for digests there is `canonical`."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False).encode()


def component(
    *,
    id: str,
    name: str,
    kind: str,
    content: Json,
    behaviour: Json,
    labels: Mapping[str, str],
    source: Source | None = None,
) -> Component:
    """Return the component whose digest is over `behaviour`, which is `content` without its noise.

    Raises:
        BadInput: `behaviour` has no canonical bytes.
    """
    return written(
        id=id,
        name=name,
        kind=kind,
        content=content,
        data=canonical(behaviour, source),
        labels=labels,
        is_bare=behaviour is content,
    )


def written(
    *, id: str, name: str, kind: str, content: Json, data: bytes, labels: Mapping[str, str], is_bare: bool = False
) -> Component:
    """Return the component whose canonical bytes are `data`: of `content` as it stands, if `is_bare`."""
    return Component(
        id=id,
        name=name,
        kind=kind,
        content=content,
        canonical=data,
        digest=sha256(data).hexdigest(),
        labels=labels,
        is_bare=is_bare,
    )


def refuse_too_many(count: int) -> None:
    """Make sure that an export has no more components than are taken in; best asked before they are built.

    Raises:
        TooMuch: it has.
    """
    if count > MAX_COMPONENTS:
        raise TooMuch(f"it has {count:,} components, more than the {MAX_COMPONENTS:,} that are taken in")


def free_key(wanted: str, taken: Iterable[str] | Mapping[str, object]) -> str:
    """Return `wanted`, or `wanted (2)`, `wanted (3)` … when it is taken: a second node of the same id is kept."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted} ({number})" in taken:
        number += 1
    return f"{wanted} ({number})"


@dataclass(kw_only=True, slots=True)
class FreeKeys:
    """Gives out what `free_key` gives, and remembers: a hundred thousand parts of one name take no longer than others.

    Right as long as nothing is taken out of `taken` between two calls.
    """

    _numbers: dict[str, int] = field(default_factory=dict)

    def free(self, wanted: str, taken: Mapping[str, object]) -> str:
        """Return `wanted`, or `wanted (2)`, `wanted (3)` … when it is taken."""
        if wanted not in taken:
            return wanted
        number = self._numbers.get(wanted, 2)
        while f"{wanted} ({number})" in taken:
            number += 1
        self._numbers[wanted] = number + 1
        return f"{wanted} ({number})"


def gathered(uses: Iterable[tuple[str, Connector]]) -> tuple[Connector, ...]:
    """Return each connector once, in the order first seen, with the ids of all components that use it.

    `uses` are (component id, connector) pairs; an empty id means the installation as a whole.
    """
    users: dict[Connector, set[str]] = {}
    met: dict[int, tuple[Connector, set[str]]] = {}
    """By identity, which is quicker than comparing: the same few hosts are used again and again."""
    for component_id, connector in uses:
        known = met.get(id(connector))
        if known is None:
            bare = replace(connector, components=()) if connector.components else connector
            known = met[id(connector)] = connector, users.setdefault(bare, set())
        if component_id:
            known[1].add(component_id)
    return tuple(_used_by(connector, ids) if ids else connector for connector, ids in users.items())


def _used_by(bare: Connector, ids: set[str]) -> Connector:
    return Connector(
        kind=bare.kind,
        name=bare.name,
        version=bare.version,
        licence=bare.licence,
        components=tuple(sorted(ids)),
        ref=bare.ref,
    )


@lru_cache(maxsize=4_096)
def host(name: str) -> Connector:
    """Return the connector of a host. The same few stand in most parts of an export."""
    return Connector(kind="host", name=name)


ORDER = "#order"
"""Beside things by name stands the order they came in, where it may matter."""


def keyed(items: Json, key: str) -> Json:
    """Return a list of things as one object by the text under `key`, with their order under `#order`.

    What is no list of uniquely named objects comes back as it is.
    """
    if not isinstance(items, list):
        return items
    names = [name for item in items if isinstance(item, dict) and isinstance(name := item.get(key), str) and name]
    if not items or len(set(names)) != len(items) or any(name.startswith("#") for name in names):
        return items
    return {ORDER: list(names), **dict(zip(names, items, strict=True))}
