"""Parts that nobody gave a name, in a component that came back under another id: paired by all else they hold."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping

from store.domain.component import PARTS, Component, Json, Path


def unnamed_alike(
    old: Component, new: Component, names: Mapping[str, str], is_noise: Callable[[str, Path], bool]
) -> dict[str, str]:
    """Return new id → old id of parts that are alike but for the ids in them; twins keep their order.

    `names` holds new id → old id of everything that is paired already.
    """
    before, after = _parts(old), _parts(new)
    taken = set(names.values())
    left = {inner: part for inner, part in before.items() if inner not in taken and inner not in after}
    came = {inner: part for inner, part in after.items() if inner not in names and inner not in before}
    if not left or not came:
        return {}
    ids = {old.id, new.id, *before, *after, *names, *taken}

    def is_quiet(inner: str, key: str) -> bool:
        return is_noise(new.kind, (PARTS, inner, key))

    mine = _shapes(left, ids, is_quiet)
    return {
        inner: was
        for shape, inners in _shapes(came, ids, is_quiet).items()
        if len(mine.get(shape, ())) == len(inners)
        for inner, was in zip(inners, mine[shape], strict=True)
    }


def renamed(value: Json, name: Callable[[str], str]) -> Json:
    """Return a content in which every text and every key is what `name` says of it."""
    match value:
        case str():
            return name(value)
        case list():
            return [renamed(item, name) for item in value]
        case dict():
            return {name(key): renamed(item, name) for key, item in value.items()}
        case _:
            return value


def _shapes(
    parts: Mapping[str, Json], ids: Collection[str], is_quiet: Callable[[str, str], bool]
) -> dict[str, list[str]]:
    """Return what parts hold without ids and noise → the ids of those that hold it."""
    found: dict[str, list[str]] = defaultdict(list)
    for inner, part in parts.items():
        loud: Json = part
        if isinstance(part, dict):
            loud = {key: item for key, item in part.items() if not is_quiet(inner, key)}
        bare = renamed(loud, lambda text: "" if text in ids else text)
        found[json.dumps(bare, sort_keys=True)].append(inner)
    return found


def _parts(component: Component) -> dict[str, Json]:
    parts = component.content.get(PARTS) if isinstance(component.content, dict) else None
    return parts if isinstance(parts, dict) else {}
