"""What in a component's content says nothing about behaviour: a table of paths, for the digest and for the diff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store.domain.component import Json, Path

ANY = "*"
"""In a path of the table: any one step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Paths that are noise together with everything below them. None of them ends in a list."""

    anywhere: frozenset[str] = frozenset()
    """Object keys that are noise wherever they stand."""
    at: tuple[Path, ...] = ()
    """Paths from the top of the content."""

    def covers(self, path: Path) -> bool:
        """Say whether a path is noise."""
        if not self.anywhere.isdisjoint(path):
            return True
        return any(
            len(pattern) <= len(path) and all(step in {ANY, own} for step, own in zip(pattern, path, strict=False))
            for pattern in self.at
        )

    def without(self, content: Json) -> Json:
        """Return `content` without its noise; an object whose every member is noise stays, empty."""
        return self._bare(content, self.at)

    def _bare(self, value: Json, patterns: Iterable[Path]) -> Json:
        if isinstance(value, dict):
            kept: dict[str, Json] = {}
            for key, item in value.items():
                inner = [pattern[1:] for pattern in patterns if pattern[0] in {ANY, key}]
                if key not in self.anywhere and () not in inner:
                    kept[key] = self._bare(item, inner) if inner or self.anywhere else item
            return kept
        if isinstance(value, list):
            return [
                self._bare(item, [pattern[1:] for pattern in patterns if pattern[0] in {ANY, str(number)}])
                for number, item in enumerate(value)
            ]
        return value
