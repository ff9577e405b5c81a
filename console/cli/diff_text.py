"""A semantic diff as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from console.presentation.text import display
from console.presentation.words import counted, direction
from store.domain.component import Json
from store.domain.diff import Change, ComponentChange, Diff

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
    lines += [f"! {notice.code}: {notice.detail}" for notice in diff.standing]
    return lines


def _component(component: ComponentChange, *, noise: bool) -> Iterator[str]:
    code_at = {code.field for code in component.code}
    shown = [field for field in component.fields if (noise or not field.noise) and field.path not in code_at]
    if not shown and not component.code and component.change == "noise":
        return
    yield f"{_SIGNS.get(component.change, '~')} {component.kind} {component.name} ({component.change})"
    for words in component.words:
        yield f"    {words}"
    for field in shown:
        mark = "  (layout)" if field.noise else ""
        yield f"    {field.path}: {_value(field.old)} → {_value(field.new)}{mark}"
    for code in component.code:
        yield f"    {code.field} ({code.language}):"
        for line in code.unified.splitlines():
            yield f"      {line}"


def _value(value: Json) -> str:
    """Return a value in one short line; nothing stands for a value that is not there."""
    return "nothing" if value is None else display(json.dumps(value, ensure_ascii=False), 60)
