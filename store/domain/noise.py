"""What in a component's content says nothing about behaviour: a table of places, for the digest and for the diff.

Places are exact. A key that is noise where an editor puts it may be a column somebody called so in another place,
with code under it: nothing is noise by its key alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from store.domain.component import Json, Path

ANY = "*"
"""In a path of the table: any one step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nested:
    """Keys of things that hold things of their own kind, as a canvas holds widgets that hold widgets."""

    top: Path
    """Where the outermost thing stands."""
    inner: Path
    """The steps from a thing to one inside it."""
    keys: frozenset[str]
    """What is noise in each of them."""

    def covers(self, path: Path) -> bool:
        """Say whether a path leads to such a key, or below it."""
        at = len(self.top)
        if not _starts(path, self.top):
            return False
        while _starts(path[at:], self.inner):
            at += len(self.inner)
        return at < len(path) and path[at] in self.keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Places that are noise together with everything below them. Each ends in an object's key."""

    at: tuple[Path, ...] = ()
    nested: tuple[Nested, ...] = ()
    _keys: frozenset[str] = field(init=False, repr=False)
    _deepest: float = field(init=False, repr=False)
    """How many steps down the lowest place stands; below that, all is as it is."""

    def __post_init__(self) -> None:
        keys = {path[-1] for path in self.at}.union(*(nested.keys for nested in self.nested))
        object.__setattr__(self, "_keys", frozenset(keys))
        deepest = math.inf if self.nested else max(map(len, self.at), default=0)
        object.__setattr__(self, "_deepest", deepest)

    def covers(self, path: Path) -> bool:
        """Say whether a path is noise."""
        if self._keys.isdisjoint(path):
            return False
        return any(_starts(path, place) for place in self.at) or any(nested.covers(path) for nested in self.nested)

    def without(self, content: Json) -> Json:
        """Return `content` without its noise; an object whose every member is noise stays, empty.

        What holds none may be the same object as in `content`.
        """
        return self._bare(content, [])

    def _bare(self, value: Json, path: list[str]) -> Json:
        if len(path) >= self._deepest:
            return value
        if isinstance(value, dict):
            kept: dict[str, Json] = {}
            for key, item in value.items():
                inside = isinstance(item, (dict, list))
                if not inside and key not in self._keys:
                    kept[key] = item  # most members: neither noise nor a way to it
                    continue
                path.append(key)
                if key not in self._keys or not self.covers(tuple(path)):
                    kept[key] = self._bare(item, path) if inside else item
                path.pop()
            return kept
        if isinstance(value, list):
            items: list[Json] = []
            for number, item in enumerate(value):
                if isinstance(item, (dict, list)):
                    path.append(str(number))
                    items.append(self._bare(item, path))
                    path.pop()
                else:
                    items.append(item)
            return items
        return value


def _starts(path: Path, pattern: Path) -> bool:
    return len(pattern) <= len(path) and all(step in {ANY, own} for step, own in zip(pattern, path, strict=False))
