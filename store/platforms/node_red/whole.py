"""What the parts of an export are together: its components, what they reach outside, what a reviewer should see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import orjson

from store.domain.build import MAX_COMPONENTS, Source, component, free_key, gathered, refuse_too_many
from store.domain.component import Component, Connector, Notice
from store.domain.memo import Memo
from store.domain.secrets import Span, redact
from store.platforms.node_red.parts import Part
from store.platforms.node_red.watch import secrets_of


def refuse_too_many_homes(parts: Sequence[Part]) -> None:
    """Make sure that parts make no more components than are taken in, without making them.

    Raises:
        TooMuch: they do.
    """
    if len(parts) <= MAX_COMPONENTS:
        return
    places = [part.node.get("z") for part in parts]
    named = {place for place in places if isinstance(place, str) and place}
    refuse_too_many(len(named) + sum(not place for place in places))


def components_of(parts: Sequence[Part], *, memo: Memo | None) -> tuple[Component, ...]:
    """Return the components in the order of the export; a second one of the same id is kept apart.

    Nodes on a tab that the export does not hold (a selection from the editor) make a `fragment`.

    Raises:
        BadInput: something has no canonical bytes.
    """
    homes: dict[str, Part | None] = {}
    alone: list[tuple[str, Part]] = []
    members: dict[str, dict[str, Part]] = {}
    for number, part in enumerate(parts):
        identity = part.own or f"#{number}"
        if place := part.place:
            inside = members.get(place)
            if inside is None:
                homes.setdefault(place, None)
                inside = members[place] = {}
            inside[identity if identity not in inside else free_key(identity, inside)] = part
        elif part.is_home:
            if homes.get(identity) is not None:
                identity = free_key(identity, homes)
            homes[identity] = part
        else:
            alone.append((identity, part))
    made = {identity: _home(identity, header, members.get(identity, {}), memo) for identity, header in homes.items()}
    for identity, part in alone:
        key = identity if identity not in made else free_key(identity, made)
        made[key] = _config(key, part, memo)
    return tuple(made.values())


def _home(identity: str, header: Part | None, inside: dict[str, Part], memo: Memo | None) -> Component:
    """Return a tab or a subflow with what is on it."""

    def make() -> Component:
        everything = [*inside.values(), *([] if header is None else [header])]
        return component(
            id=identity,
            name=f"Nodes of {identity}" if header is None else header.label(identity),
            kind="fragment" if header is None else header.kind,
            content={
                **({} if header is None else {header.kind: header.node}),
                "nodes": {key: part.node for key, part in inside.items()},
            },
            behaviour={
                **({} if header is None else {header.kind: header.bare()}),
                "nodes": {key: part.bare() for key, part in inside.items()},
            },
            labels={key: part.label(key) for key, part in inside.items()},
            source=_common([part.source for part in everything]),
        )

    if memo is None:
        return make()
    return memo.answer(("node-red", identity, header, *inside, *inside.values()), make, weigh=_size)


def _config(identity: str, part: Part, memo: Memo | None) -> Component:
    """Return a node that stands on its own. It has no place on a canvas: `x` is whatever its type means by it."""

    def make() -> Component:
        return component(
            id=identity,
            name=part.label(identity),
            kind="config",
            content=part.node,
            behaviour={key: value for key, value in part.node.items() if key != "credentials"},
            labels={},
            source=part.source,
        )

    if memo is None:
        return make()
    return memo.answer(("node-red", "config", identity, part), make, weigh=_size)


def _common(sources: Sequence[Source]) -> Source:
    """Return what is known of JSON made of pieces, most of the time of one export."""
    first = sources[0] if sources else Source(sorts_alike=True, has_float=False)
    if sources.count(first) == len(sources):
        return first
    return Source(
        sorts_alike=all(source.sorts_alike for source in sources), has_float=any(source.has_float for source in sources)
    )


def _size(made: Component) -> int:
    return len(made.canonical)


def connectors_of(parts: Sequence[Part], *, memo: Memo | None) -> tuple[Connector, ...]:
    """Return the hosts and the third-party modules that the parts use, each once."""
    ids = {part.own for part in parts}
    modules = [(part.home(number), part, -1) for number, part in enumerate(parts) if part.module]
    links = [
        (part.home(number), part, place)
        for number, part in enumerate(parts)
        if part.reach
        for place, reach in enumerate(part.reach)
        if not reach.address or reach.address not in ids
    ]
    if memo is None:
        return _gathered([*modules, *links])
    return memo.answer(("node-red", *modules, *links), lambda: _gathered([*modules, *links]), weigh=_weight)


def _gathered(uses: Iterable[tuple[str, Part, int]]) -> tuple[Connector, ...]:
    """Return the connectors behind (component, part, which of the things it reaches; -1 for its module)."""
    links = ((home, part.module if at < 0 else part.reach[at].connector) for home, part, at in uses)
    return gathered((home, link) for home, link in links if link is not None)


def _weight(connectors: Sequence[Connector]) -> int:
    return 64 * sum(1 + len(link.components) for link in connectors)


def notices_of(parts: Sequence[Part], data: bytes, spans: Sequence[Span]) -> tuple[Notice, ...]:
    """Return what a reviewer should see; `data` are the bytes they were read from, with these secrets."""
    found: list[Notice] = []
    holders = _holders(parts, data, spans)
    for number, part in enumerate(parts):
        if not holders:
            found += part.notices(number) if part.sights else ()
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
    texts = [orjson.dumps(part.node) for part in parts]
    if all(any(secret in text for text in texts) for secret in secrets):
        return frozenset(number for number, text in enumerate(texts) if any(secret in text for secret in secrets))
    return frozenset(range(len(parts)))  # written with other escapes than ours: look at every part
