"""A semantic diff as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from console.presentation.text import display
from store.domain.component import Json
from store.domain.diff import Diff
from store.domain.diff.model import ComponentChange

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">", "noise": "."}


def diff_lines(diff: Diff, *, noise: bool = False) -> list[str]:
    """Return the diff in lines: a summary, then each component with its fields and code."""
    counts = diff.to_json()["summary"]
    assert isinstance(counts, dict)
    words = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    lines = [f"changes: {words or 'none'}"]
    for component in diff.components:
        lines += _component(component, noise=noise)
    for sign, links in (("+", diff.connectors_added), ("-", diff.connectors_removed)):
        lines += [f"{sign} connector {link.kind} {link.name}" for link in links]
    lines += [f"! {notice.code}: {notice.detail}" for notice in diff.notices]
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
        yield f"    {field.path}: {_value(field.old)} → {_value(field.new)}"
    for code in component.code:
        yield f"    {code.field} ({code.language}):"
        for line in code.unified.splitlines():
            yield f"      {line}"


def _value(value: Json) -> str:
    """Return a value in one short line; nothing stands for a value that is not there."""
    return "nothing" if value is None else display(json.dumps(value, ensure_ascii=False), 60)
