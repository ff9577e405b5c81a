"""A semantic diff as lines of text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from console.presentation.text import display
from console.presentation.words import counted, direction
from store.domain.component import Json
from store.domain.diff import Change, ComponentChange, Diff, FieldChange

_MOST_STANDING = 6
_OF_THE_CANVAS = frozenset({"id", "name", "label", "type", "typeVersion", "z", "g", "x", "y", "wires", "position"})
"""Members of a part that its line says already, or that say nothing to people."""
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">", "noise": "."}


def diff_lines(diff: Diff, *, noise: bool = False) -> list[str]:
    """Return the diff in lines: a summary and what it does, then each component with its fields and code."""
    words = ", ".join(f"{diff.count(change)} {change.value}" for change in Change if diff.count(change))
    lines = [f"changes: {words or 'none'}"]
    if diff.noise_fields and not noise:
        lines.append(f"layout: {counted(diff.noise_fields, 'field')} apart from behaviour (--noise shows)")
    for title, facts in (("permissions", diff.impact.permissions), ("connectors", diff.impact.connectors)):
        lines += [f"{title}:"] * bool(facts)
        for fact in facts:
            mark = direction(fact.direction.value)
            lines.append(f"  {mark.symbol} {mark.word:<8} {fact.words}")
    for component in diff.components:
        lines += _component(component, noise=noise)
    return [*lines, *_standing(diff, every=noise)]


def _standing(diff: Diff, *, every: bool) -> Iterator[str]:
    """Yield what a reviewer should see and what the change leaves as it was: the most, unless `every` is wanted."""
    found = Counter(f"{notice.code}: {notice.detail}" for notice in diff.standing)
    if not found:
        return
    yield "as before:"
    shown = len(found) if every or len(found) <= _MOST_STANDING + 1 else _MOST_STANDING
    for line, times in list(found.items())[:shown]:
        yield f"  ! {line}{f' (×{times})' if times > 1 else ''}"
    if shown < len(found):
        yield f"  … and {len(found) - shown} more (--noise shows them)"


def _component(component: ComponentChange, *, noise: bool) -> Iterator[str]:
    code_at = {code.field for code in component.code}
    shown = [
        field for field in component.fields if field.path not in code_at and (noise or not (field.noise or field.told))
    ]
    if not shown and not component.code and component.change == "noise":
        return
    yield f"{_SIGNS.get(component.change, '~')} {component.kind} {component.name} ({component.change})"
    for words in component.words:
        yield f"    {words}"
    for field in shown:
        mark = "  (layout)" if field.noise else ""
        yield f"    {field.path}: {_change(field)}{mark}"
    for code in component.code:
        yield f"    {code.field} ({code.language}):"
        for line in code.unified.splitlines():
            yield f"      {line}"


def _change(field: FieldChange) -> str:
    """Return what became of a value; a whole part that came or went is told by its type and what sets it apart."""
    part = field.new if field.added else field.old if field.removed else None
    if not isinstance(part, dict) or not isinstance(kind := part.get("type"), str):
        return f"{_value(field.old)} → {_value(field.new)}"
    settings = {key: value for key, value in part.items() if key not in _OF_THE_CANVAS and value not in ("", [], {})}
    told = f"{'new' if field.added else 'gone'}, of type {display(kind, 60)}"
    name = part.get("name")
    if field.at[-1].isdigit() and isinstance(name, str) and name:  # else its path says what it is called
        told += f" and called {display(name, 60)}"
    return f"{told}: {display(json.dumps(settings, ensure_ascii=False), 100)}" if settings else told


def _value(value: Json) -> str:
    """Return a value in one short line; nothing stands for a value that is not there."""
    return "nothing" if value is None else display(json.dumps(value, ensure_ascii=False), 60)
