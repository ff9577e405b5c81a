"""What the parts of an export are together: its components, what they reach outside, what a reviewer should see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from store.domain.build import (
    MAX_COMPONENTS,
    Source,
    canonical,
    component,
    free_key,
    gathered,
    refuse_too_many,
    searchable,
    written,
)
from store.domain.component import Component, Connector, Json, Notice
from store.domain.memo import Memo
from store.domain.secrets import Span, redact
from store.platforms.node_red.parts import Part
from store.platforms.node_red.watch import secrets_of

_PLACE: Final = attrgetter("place")
_KIN: Final = attrgetter("kin")
_NOBODY: Final[tuple[Sequence[str], Sequence[Part]]] = (), ()


def refuse_too_many_homes(parts: Sequence[Part]) -> None:
    """Make sure that parts make no more components than are taken in, without making them.

    Raises:
        TooMuch: they do.
    """
    if len(parts) <= MAX_COMPONENTS:
        return
    places = [part.place for part in parts if part.place]
    refuse_too_many(len({*places}) + len(parts) - len(places))


def components_of(parts: Sequence[Part], *, memo: Memo) -> tuple[Component, ...]:
    """Return the components in the order of the export; a second one of the same id is kept apart.

    Nodes on a tab that the export does not hold (a selection from the editor) make a `fragment`.

    Raises:
        BadInput: something has no canonical bytes.
    """
    identities = [part.own or f"#{number}" for number, part in enumerate(parts)]
    homes: dict[str, Part | None] = {}
    alone: list[tuple[str, Part]] = []
    members: dict[str, tuple[list[str], list[Part]]] = {}
    begin = 0
    for place, run in groupby(parts, key=_PLACE):
        end = begin + len(tuple(run))
        if place:
            homes.setdefault(place, None)
            names, inside = members.setdefault(place, ([], []))
            names += identities[begin:end]
            inside += parts[begin:end]
        for identity, part in () if place else zip(identities[begin:end], parts[begin:end], strict=True):
            if not part.is_home:
                alone.append((identity, part))
            else:
                homes[identity if homes.get(identity) is None else free_key(identity, homes)] = part
        begin = end
    made = {key: _home(key, header, members.get(key, _NOBODY), memo) for key, header in homes.items()}
    for identity, part in alone:
        key = identity if identity not in made else free_key(identity, made)
        made[key] = _config(key, part)
    return tuple(made.values())


class _Home(NamedTuple):
    """A tab or a subflow, and what it was made of."""

    header: Part | None
    parts: Sequence[Part]
    component: Component


def _home(identity: str, header: Part | None, members: tuple[Sequence[str], Sequence[Part]], memo: Memo) -> Component:
    """Return a tab or a subflow with what is on it. What is known of one serves where only noise differs, too."""
    names, parts = members
    key = ("node-red", identity, header and header.kin, *names, *map(_KIN, parts))
    known: _Home | None = memo.get(key)
    if known is not None and known.header is header and known.parts == parts:
        return known.component
    made = _furnished(identity, header, names, parts, known.component if known is not None else None)
    if known is None:
        memo.keep(key, _Home(header, parts, made), weight=len(made.canonical))
    return made


def _furnished(
    identity: str, header: Part | None, names: Sequence[str], parts: Sequence[Part], like: Component | None
) -> Component:
    """Return a home as a component; `like` is one that differs from it in its noise only."""
    inside: dict[str, Part] = {}
    for name, part in zip(names, parts, strict=True):
        inside[name if name not in inside else free_key(name, inside)] = part
    content: dict[str, Json] = {} if header is None else {header.kind: header.node}
    content["nodes"] = {key: part.node for key, part in inside.items()}
    if like is not None:
        return replace(like, content=content)
    return written(
        id=identity,
        name=f"Nodes of {identity}" if header is None else header.label(identity),
        kind="fragment" if header is None else header.kind,
        content=content,
        data=_canonical(header, inside),
        labels={key: part.name or part.label(key) for key, part in inside.items()},
    )


def _canonical(header: Part | None, inside: Mapping[str, Part]) -> bytes:
    """Return the canonical bytes of a home: those of its parts put together, where they sort as texts do."""
    parts = [*inside.values(), *([] if header is None else [header])]
    if all(part.is_joined for part in parts):
        nodes = b",".join([inside[key].written(key) for key in sorted(inside)])
        home = b"" if header is None else b"," + header.written(header.kind)
        return b'{"nodes":{%b}%b}' % (nodes, home)  # `nodes` sorts before what a home is
    behaviour: dict[str, Json] = {"nodes": {key: part.bare() for key, part in inside.items()}}
    if header is not None:
        behaviour[header.kind] = header.bare()
    source = Source(
        sorts_alike=all(part.source.sorts_alike for part in parts),
        has_float=any(part.source.has_float for part in parts),
    )
    return canonical(behaviour, source)


def _config(identity: str, part: Part) -> Component:
    """Return a node that stands on its own. It has no place on a canvas: `x` is whatever its type means by it."""
    if part.alone is not None and part.alone.id == identity:
        return part.alone
    part.alone = component(
        id=identity,
        name=part.label(identity),
        kind="config",
        content=part.node,
        behaviour={key: value for key, value in part.node.items() if key != "credentials"},
        labels={},
        source=part.source,
    )
    return part.alone


def connectors_of(parts: Sequence[Part], *, memo: Memo) -> tuple[Connector, ...]:
    """Return the hosts and the third-party modules that the parts use, each once."""
    users = [(part.home(number), part) for number, part in enumerate(parts) if part.is_outward]
    ids = {part.own for part in parts}
    inward = [address in ids for _, part in users for address in part.addresses]
    key = ("node-red", tuple(users), tuple(inward))
    known: tuple[Connector, ...] | None = memo.get(key)
    if known is None:
        known = _gathered(users, ids)
        memo.keep(key, known, weight=64 * sum(1 + len(link.components) for link in known))
    return known


def _gathered(users: Sequence[tuple[str, Part]], ids: set[str]) -> tuple[Connector, ...]:
    """Return the connectors of parts, each with the component it is in; an address that is one of `ids` is none."""
    modules = [(home, part.module) for home, part in users if part.module is not None]
    links = [
        (home, reach.connector)
        for home, part in users
        for reach in part.reach
        if not reach.address or reach.address not in ids
    ]
    return gathered([*modules, *links])


def notices_of(parts: Sequence[Part], data: bytes, spans: Sequence[Span], *, is_bare: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see; `data` are the bytes they were read from, with these secrets.

    `is_bare` says that nothing in them is called credentials.
    """
    found: list[Notice] = []
    holders = frozenset() if is_bare and not spans else _holders(parts, data, spans)
    for number, part in enumerate(parts):
        if not holders:
            if part.sights:
                found += part.notices(number)
            continue
        sights = [*part.sights, *(secrets_of(part.node) if number in holders else ())]
        found += (_redacted(part.notice(sight, number)) for sight in dict.fromkeys(sights))
    return tuple(found)


def _redacted(notice: Notice) -> Notice:
    return replace(notice, detail=redact(notice.detail))


def _holders(parts: Sequence[Part], data: bytes, spans: Sequence[Span]) -> frozenset[int]:
    """Return which parts may hold a secret. Looking at the whole export first is much quicker than at each part."""
    secrets = {data[span.start : span.end] for span in spans}
    if b'"credentials"' in data:
        secrets.add(b'"credentials"')
    if not secrets:
        return frozenset()
    texts = [searchable(part.node) for part in parts]
    if all(any(secret in text for text in texts) for secret in secrets):
        return frozenset(number for number, text in enumerate(texts) if any(secret in text for secret in secrets))
    return frozenset(range(len(parts)))  # written with other escapes than ours: look at every part
