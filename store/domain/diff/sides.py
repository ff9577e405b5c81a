"""Two versions of one component, and what its parts are called on both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from store.domain.component import PARTS, Component, Json, Path
from store.domain.diff.aligning import Effort
from store.domain.secrets import redact

_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Two versions of one component; a component that came or went has an empty content on the other side."""

    kind: str
    old: Json
    new: Json
    old_canonical: bytes | None
    new_canonical: bytes | None
    labels: Mapping[str, str]
    wired_old: Json = None
    """The old content before its parts were called by their new names: where its wires can be read."""
    gone: frozenset[str] = frozenset()
    """The inner ids of parts that are only on the old side."""
    renamed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The inner ids of parts that have another name now → what they were called, what they are called."""
    elsewhere: Callable[[str], str | None] = field(default=lambda _: None)
    """Inner id → the name of a part of another component, for wires that leave this one."""
    is_clean: bool = False
    """Nothing in the canonical bytes of either could be redacted."""
    is_bare: bool = False
    """The canonical bytes of both are of the contents as they stand: what differs here differs there."""
    effort: Effort = field(default_factory=Effort)
    """What may be spent on finding which items of lists belong together."""
    _twice: frozenset[str] = frozenset()
    """The names that several parts have."""

    @classmethod
    def of(
        cls,
        old: Component | None,
        new: Component | None,
        elsewhere: Callable[[str], str | None] = lambda _: None,
        *,
        is_clean: bool = False,
        effort: Effort | None = None,
    ) -> Sides:
        """Return the two sides of a component that came, went or stayed."""
        some = new or old
        assert some is not None
        was: Mapping[str, str] = old.labels if old else {}
        now: Mapping[str, str] = new.labels if new else {}
        labels, gone = now, _NOBODY
        both: dict[str, tuple[str, str]] = {}
        if was != now:
            labels, gone = {**was, **now}, frozenset(was.keys() - now.keys())
            both = {inner: (name, now[inner]) for inner, name in was.items() if now.get(inner, name) != name}
        return cls(
            kind=some.kind,
            old=old.content if old else {},
            new=new.content if new else {},
            old_canonical=old.canonical if old else None,
            new_canonical=new.canonical if new else None,
            labels=labels,
            wired_old=old.content if old else {},
            gone=gone,
            renamed=both,
            elsewhere=elsewhere,
            is_clean=is_clean,
            is_bare=old is not None and new is not None and old.is_bare and new.is_bare,
            effort=effort or Effort(),
            _twice=_repeated(labels.values()),
        )

    def label(self, inner: str) -> str:
        """Return the name people know a part by; two parts of one name are told apart by their ids."""
        name = self.labels.get(inner)
        if name is None:
            return inner
        return f"{name} ({inner})" if name in self._twice and name != inner else name

    def shown(self, path: Path) -> str:
        """Return a path for people: `Parse order.func`."""
        steps = path[1:] if len(path) > 1 and path[0] == PARTS else path
        return ".".join([safe_name(self.label(step)) for step in steps])


def _repeated(names: Collection[str]) -> frozenset[str]:
    if len(set(names)) == len(names):  # as nearly always
        return _NOBODY
    return frozenset(name for name, count in Counter(names).items() if count > 1)


@lru_cache(maxsize=4_096)
def safe_name(text: str) -> str:
    """Return the name of a part or a key without secrets. The same few stand in most paths."""
    return redact(text)
