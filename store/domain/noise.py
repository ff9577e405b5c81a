"""What in a component's content says nothing about behaviour: a table of places, for the digest and for the diff.

Places are exact. A key that is noise where an editor puts it may be a column somebody called so in another place,
with code under it: nothing is noise by its key alone.
"""

from __future__ import annotations

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


class _Step:
    """What may come next on the way to a place of the table."""

    __slots__ = ("any", "ends", "next")

    def __init__(self) -> None:
        self.ends: set[str] = set()
        """Keys that are noise here."""
        self.next: dict[str, _Step] = {}
        self.any: _Step | None = None
        """Where any step leads."""

    def after(self, path: Path) -> _Step:
        """Return where a way leads, laid where there is none yet."""
        at = self
        for step in path:
            if step == ANY:
                at.any = at.any or _Step()
                at = at.any
            else:
                at = at.next.setdefault(step, _Step())
        return at

    def loop(self, inner: Path) -> None:
        """Let a way lead back to where it began."""
        last = self.after(inner[:-1])
        if inner[-1] == ANY:
            last.any = self
        else:
            last.next[inner[-1]] = self


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Places that are noise together with everything below them. Each ends in an object's key."""

    at: tuple[Path, ...] = ()
    nested: tuple[Nested, ...] = ()
    _keys: frozenset[str] = field(init=False, repr=False)
    _ways: tuple[_Step, ...] = field(init=False, repr=False, compare=False)
    """The places of the table as ways to them, so that a content is walked only where one may lead."""

    def __post_init__(self) -> None:
        keys = {path[-1] for path in self.at}.union(*(nested.keys for nested in self.nested))
        object.__setattr__(self, "_keys", frozenset(keys))
        places = _Step()
        for path in self.at:
            places.after(path[:-1]).ends.add(path[-1])
        ways = [places]
        for nested in self.nested:  # each on its own, for it leads back into itself
            ways.append(_Step())
            thing = ways[-1].after(nested.top)
            thing.ends |= nested.keys
            thing.loop(nested.inner)
        object.__setattr__(self, "_ways", tuple(ways))

    def covers(self, path: Path) -> bool:
        """Say whether a path is noise."""
        if self._keys.isdisjoint(path):
            return False
        return any(_starts(path, place) for place in self.at) or any(nested.covers(path) for nested in self.nested)

    def without(self, content: Json) -> Json:
        """Return `content` without its noise; an object whose every member is noise stays, empty.

        What holds none may be the same object as in `content`.
        """
        return _bare(content, self._ways)


def _bare(value: Json, ways: tuple[_Step, ...]) -> Json:
    """Return a value without what is noise on any of the ways that lead through it."""
    if isinstance(value, list):
        return [_inside(item, str(number), ways) for number, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = value.copy()
    for way in ways:
        for key in way.ends.intersection(value):
            kept.pop(key, None)
    for key in _followed(kept, ways):
        kept[key] = _inside(kept[key], key, ways)
    return kept


def _followed(thing: dict[str, Json], ways: tuple[_Step, ...]) -> list[str]:
    """Return the members that a way leads into, each once: ways may share their first steps."""
    if any(way.any is not None for way in ways):
        return list(thing)
    return [*dict.fromkeys(key for way in ways for key in way.next if key in thing)]


def _inside(item: Json, step: str, ways: tuple[_Step, ...]) -> Json:
    if not isinstance(item, (dict, list)):
        return item
    further = tuple(found for way in ways for found in (way.next.get(step), way.any) if found is not None)
    return _bare(item, further) if further else item


def _starts(path: Path, pattern: Path) -> bool:
    return len(pattern) <= len(path) and all(step in {ANY, own} for step, own in zip(pattern, path, strict=False))
