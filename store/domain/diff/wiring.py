"""Wires in words: `Parse order now also goes to Alert on-call`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from store.domain.component import DiffRules
from store.domain.diff.fields import Sides
from store.domain.secrets import redact


def wiring(sides: Sides, rules: DiffRules) -> tuple[str, ...]:
    """Return one sentence for each part that sends its messages elsewhere than before, names made safe."""
    if rules.wires is None:
        return ()
    old = rules.wires(sides.old)
    new = rules.wires(sides.new)
    words: list[str] = []
    for source in [*old, *(source for source in new if source not in old)]:
        before, after = old.get(source, ()), new.get(source, ())
        if before != after:
            words += _sentences(sides.label, source, before, after)
    return tuple(redact(sentence) for sentence in words)


def _sentences(
    label: Callable[[str], str], source: str, before: tuple[str, ...], after: tuple[str, ...]
) -> Iterator[str]:
    also = "also " if set(before) & set(after) else ""
    for target in dict.fromkeys(after):
        if target not in before:
            yield f"{label(source)} now {also}goes to {label(target)}"
    for target in dict.fromkeys(before):
        if target not in after:
            yield f"{label(source)} no longer goes to {label(target)}"
