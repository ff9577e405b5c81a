"""How every platform turns what it read into components: canonical bytes, digest, keys that lose nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

import orjson

from store.domain.component import Component, Json
from store.integrity.canonical import canonical_bytes

# RFC 8785 sorts keys by UTF-16 unit, orjson by code point: they part at U+E000 and above, which UTF-8 begins
# with 0xEE…0xF4 and an escape with \ud8… to \uff…. A document with none of these sorts alike both ways.
_SORTS_APART = re.compile(rb"[\xee-\xf4]|\\u[d-fD-F]")
_FLOAT = re.compile(rb"[:\[,]-?[0-9]++[.eE]")


def sorts_alike(data: bytes) -> bool:
    """Say whether parts of the JSON document `data` may take the fast canonical writer (see `component`)."""
    return _SORTS_APART.search(data) is None


def canonical(value: Json, *, plain: bool) -> bytes:
    """Return the RFC 8785 bytes of `value`; `plain` is a promise from `sorts_alike` about where it came from.

    Raises:
        BadInput: what `canonical_bytes` refuses.
    """
    if plain:
        try:
            data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # an integer beyond 64 bits
            return canonical_bytes(value)
        if _FLOAT.search(data) is None:  # some floats are written in another way
            return data
    return canonical_bytes(value)


def component(
    *,
    id: str,  # noqa: A002  the field's own name
    name: str,
    kind: str,
    content: Json,
    behaviour: Json,
    labels: Mapping[str, str],
    plain: bool = False,
) -> Component:
    """Return the component whose digest is over `behaviour`, which is `content` without its noise.

    Raises:
        BadInput: `behaviour` has no canonical bytes.
    """
    data = canonical(behaviour, plain=plain)
    return Component(
        id=id,
        name=name,
        kind=kind,
        content=content,
        canonical=data,
        digest=sha256(data).hexdigest(),
        labels=labels,
    )


def free_key(wanted: str, taken: Iterable[str] | Mapping[str, object]) -> str:
    """Return `wanted`, or `wanted (2)`, `wanted (3)` … when it is taken: a second node of the same id is kept."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted} ({number})" in taken:
        number += 1
    return f"{wanted} ({number})"
