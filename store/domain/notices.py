"""What a reviewer should see in any component, whatever its platform: secrets in the open, hosts, short texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import compress
from typing import Final

from store.domain.build import host
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import hosts_in
from store.domain.secrets import redact, scan, which_may_hold

_LONGEST: Final = 120
_NEVER_CALLED: Final = ("schema.", "schemas.", "json-schema.org", "www.w3.org", "soap.sforce.com")
"""Hosts in namespace names and `$schema` are identifiers; nobody is called there."""


def hosts_of(component: Component) -> Iterator[tuple[str, Connector]]:
    """Yield every host a URL in the component speaks of, for `gathered`."""
    for name in sorted(hosts_in(component.canonical.decode())):
        if not name.startswith(_NEVER_CALLED):
            yield component.id, host(name)


def secrets_of(components: Iterable[Component], *, any_at_all: bool = True) -> Iterator[Notice]:
    """Yield a notice for each kind of secret that stands in the open in a component.

    `any_at_all` is False when a look at the whole export found none.
    """
    looked_at = [*components] if any_at_all else []
    suspect = which_may_hold([component.canonical for component in looked_at])
    for component in compress(looked_at, suspect):
        for kind in dict.fromkeys(span.kind for span in scan(component.canonical)):
            yield notice("inline-secret", component, f"holds a secret in the open ({kind})")


def notice(code: str, component: Component, what: str, *, part: str = "", every: float | None = None) -> Notice:
    """Return a notice whose detail holds no secret and begins with a name: of the inner part, else the component's."""
    label = component.labels.get(part, component.name)
    return Notice(code=code, component=component.id, detail=redact(f"{label}: {what}"), part=part, every=every)


def brief(value: Json) -> str:
    """Return a value as a short text: itself, or a list of texts joined; empty for what says nothing in words."""
    match value:
        case str():
            text = " ".join(value.split())
        case bool() | None:
            text = ""
        case int() | float():
            text = str(value)
        case list():
            text = ", ".join(part for item in value[:8] if (part := brief(item)))
        case dict():
            text = ", ".join(f"{key} {part}" for key, item in list(value.items())[:8] if (part := brief(item)))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def objects(value: Json) -> Iterator[dict[str, Json]]:
    """Yield every object inside `value`, itself included, outer before inner, in the order of the document."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            yield item
            todo += [inner for inner in reversed(item.values()) if isinstance(inner, (dict, list))]
        elif isinstance(item, list):
            todo += [inner for inner in reversed(item) if isinstance(inner, (dict, list))]
