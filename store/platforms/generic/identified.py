"""Lists of things with ids, by id: an automation that moved up the list is still the same automation."""

from __future__ import annotations

from typing import Final

from store.domain.component import Json

ORDER: Final = "#order"
"""Beside the things by id stands the order they came in: in a document nobody knows, order may matter."""
_IDS: Final = ("id", "uid", "alias")
_NAMES: Final = ("name", "title", "alias", "label", "displayName")


def identified(value: Json, labels: dict[str, str]) -> Json:
    """Return `value` with every list of uniquely identified objects as one object by id, which loses nothing.

    Puts id → name into `labels` for things that have both. Nothing is written anew that holds no such list.
    """
    if isinstance(value, dict):
        return _members(value, labels)
    if not isinstance(value, list):
        return value
    key = _identifier(value)
    if key is None:
        return [identified(item, labels) for item in value] if _hold_more(value) else value
    identities = [str(item[key]) for item in value if isinstance(item, dict)]
    things: dict[str, Json] = {ORDER: [*identities]}
    for identity, item in zip(identities, value, strict=True):
        assert isinstance(item, dict)
        things[identity] = _members(item, labels)
        for label in _NAMES:
            if (name := item.get(label)) and isinstance(name, str):
                if name != identity:
                    labels.setdefault(identity, name)
                break
    return things


def _members(value: dict[str, Json], labels: dict[str, str]) -> dict[str, Json]:
    changed: dict[str, Json] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            inner: Json = _members(item, labels)
        elif isinstance(item, list):
            inner = identified(item, labels)
        else:
            continue
        if inner is not item:
            changed[key] = inner
    return {**value, **changed} if changed else value


def _hold_more(items: list[Json]) -> bool:
    return any(isinstance(item, (dict, list)) for item in items)


def _identifier(items: list[Json]) -> str | None:
    """Return the key that tells the items apart, None when they are no identified objects."""
    first = items[0] if items else None
    for key in _IDS:
        if not isinstance(first, dict) or key not in first:
            continue
        ids = [item.get(key) for item in items if isinstance(item, dict)]
        texts = {str(identity) for identity in ids if isinstance(identity, (str, int))}
        if len(texts) == len(items) and not any(text.startswith("#") for text in texts):
            return key
    return None
