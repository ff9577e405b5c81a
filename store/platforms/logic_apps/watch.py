"""What a reviewer should see in Logic Apps: connectors, credentials, timers, open doors, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import hosts_in
from store.domain.secrets import scan
from store.formats import workflow_definition as wdl
from store.platforms.logic_apps.workflow import is_guarded, references_of

_IDENTIFIERS: Final = re.compile(r"schema\.management\.azure\.com|(?:www\.)?json-schema\.org|www\.w3\.org|schemas?\.")
_SECRET_NAME: Final = re.compile(r"(?i)(?:key|password|secret|token|passphrase)\Z")
_EXPRESSION: Final = re.compile(r"\s*(?:@|\[|<|\{|\Z)")
"""What stands for a value that is elsewhere: an expression, a template function, a gap to fill in."""
_Use = tuple[str, Connector]


def outside(parts: Sequence[Component]) -> tuple[tuple[Connector, ...], tuple[Notice, ...]]:
    """Return the connectors of all parts with who uses them, and what a reviewer should see."""
    uses: list[_Use] = []
    notices: list[Notice] = []
    for part in parts:
        content = part.content if isinstance(part.content, dict) else {}
        if part.kind == "workflow":
            seen = wdl.look(part.id, content, references_of(content), guarded=is_guarded(content))
            uses += seen.uses
            notices += seen.notices
            continue
        uses += ((part.id, connector) for connector in _connectors(part, content))
        for kind in _secrets(part, content):
            detail = f"{part.name}: holds a secret in the open ({kind})"
            notices.append(Notice(code="inline-secret", component=part.id, detail=detail))
    return gathered(uses), tuple(notices)


def _connectors(part: Component, content: dict[str, Json]) -> Iterator[Connector]:
    if part.kind == "connection":
        yield from _connection(part, content)
    bundle = content.get("extensionBundle")
    if part.kind == "host" and isinstance(bundle, dict) and isinstance(name := bundle.get("id"), str):
        version = bundle.get("version")
        yield Connector(kind="module", name=name, version=version if isinstance(version, str) else None)
    hosts = {host for host in hosts_in(part.canonical.decode()) if not _IDENTIFIERS.match(host)}
    yield from (Connector(kind="host", name=host) for host in sorted(hosts))


def _connection(part: Component, content: dict[str, Json]) -> Iterator[Connector]:
    """Yield the connector of a connection: an entry of `connections.json`, or a resource of a template."""
    properties = content.get("properties")
    if isinstance(properties, dict):
        yield from wdl.connectors_of_reference(part.name, {part.name: properties})
        return
    key = part.id.rpartition("/")[2]
    for entry in content.values():
        yield from wdl.connectors_of_reference(key, {key: entry})
        if isinstance(entry, dict):
            yield from wdl.credentials(entry.get("authentication"))


def _secrets(part: Component, content: dict[str, Json]) -> dict[str, None]:
    kinds = dict.fromkeys(span.kind for span in scan(part.canonical))
    for entry in content.values() if part.kind == "connection" and not kinds else ():
        values = entry.get("parameterValues") if isinstance(entry, dict) else None
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, str) and _SECRET_NAME.search(name) and not _EXPRESSION.match(value):
                kinds[name] = None
    return kinds
