"""A component as text that people compare: indented, keys in order, code line by line, secrets taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from store.domain.component import Component, Json
from store.domain.secrets import redact

_STEP = "  "


def component_text(component: Component | None) -> str:
    r"""Return everything an export says of a component, one value a line; empty for none.

    Close to JSON, so that `path_of` finds where a line stands, with one difference: a string of several lines
    (a script) begins with `|` and is written line by line below, because `\n` in a row of code cannot be reviewed.
    Keys are sorted: the order in which a tool writes them means nothing. An inner id carries the name people know
    it by (`"Limit (0b02)": {`).
    """
    if component is None:
        return ""
    return redact("\n".join(_lines(component.content, "", "", component.labels)))


def _lines(value: Json, indent: str, key: str, labels: Mapping[str, str]) -> Iterator[str]:
    head = f"{indent}{key}"
    match value:
        case dict() if value:
            yield f"{head}{{"
            for name in sorted(value):
                yield from _lines(value[name], indent + _STEP, f"{_plain(_named(name, labels))}: ", labels)
            yield f"{indent}}}"
        case list() if value and any(isinstance(one, dict | list) and one for one in value):
            yield f"{head}["
            for one in value:
                yield from _lines(one, indent + _STEP, "", labels)
            yield f"{indent}]"
        case str() if "\n" in value:
            yield f"{head}|"
            for line in value.split("\n"):
                yield f"{indent}{_STEP}{line}" if line else ""
        case _:
            yield f"{head}{_plain(value)}"


def _named(key: str, labels: Mapping[str, str]) -> str:
    return f"{labels[key]} ({key})" if labels.get(key, key) != key else key


def _plain(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
