"""What is promised of anything a platform parsed."""

from __future__ import annotations

import json
from hashlib import sha256

import orjson

from store.domain.component import Json, Parsed
from store.domain.component import Path as Inner
from store.domain.diff import compare
from store.integrity.canonical import canonical_bytes
from store.platforms import platform

DEFAULTS = {"active", "isArchived", "settings", "callerPolicy", "availableInMCP"}
"""What n8n says of itself though it is as if it were not said."""


def leaves(value: Json, path: Inner = ()) -> list[tuple[Inner, Json]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at, item in enumerate(value) for leaf in leaves(item, (*path, str(at)))]
    return [(path, value)]


def holds(parsed: Parsed) -> None:
    """Check what is promised of anything that was parsed."""
    rules = platform(parsed.platform).rules
    ids = [component.id for component in parsed.components]
    assert len(set(ids)) == len(ids)
    assert 0 < parsed.confidence <= 100
    for component in parsed.components:
        assert component.digest == sha256(component.canonical).hexdigest()
        assert component.canonical == canonical_bytes(orjson.loads(component.canonical))
        assert component.name
        kept = {path for path, _ in leaves(json.loads(component.canonical))}
        assert not [path for path in kept if rules.is_noise(component.kind, path)]
        shown = [path for path, _ in leaves(component.content) if not _inside_emptied(path, kept)]
        assert {path[-1] for path in shown if path not in kept and not rules.is_noise(component.kind, path)} <= DEFAULTS
    assert {notice.component for notice in parsed.notices} <= set(ids)
    assert compare(parsed.components, parsed.components, rules).is_empty


def _inside_emptied(path: Inner, kept: set[Inner]) -> bool:
    """An object whose every member is noise stands empty in the canonical form (a port, `meta`)."""
    return any(path[:end] in kept for end in range(1, len(path)))
