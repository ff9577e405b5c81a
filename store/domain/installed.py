"""What changed between two lists of installed modules, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from store.domain.component import Connector


def changes_in_words(before: Iterable[Connector], after: Iterable[Connector]) -> tuple[str, ...]:
    """Return a line for each module that came, went or has another version, by name."""
    old, new = _versions(before), _versions(after)
    words = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if was is None:
            words.append(f"{name} {now} came".replace("  ", " "))
        elif now is None:
            words.append(f"{name} {was} is gone".replace("  ", " "))
        elif was != now:
            words.append(f"{name} {was or 'of unknown version'} → {now or 'of unknown version'}")
    return tuple(words)


def _versions(modules: Iterable[Connector]) -> dict[str, str]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in modules:
        found[one.name].update({one.version} if one.version else ())
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}
