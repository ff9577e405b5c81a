"""What a reviewer should see in a package or a solution: connectors, credentials, timers, open doors, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from store.domain.build import gathered, searchable
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import hosts_in
from store.domain.secrets import scan
from store.errors import BadInput
from store.formats import workflow_definition as wdl
from store.integrity.strict_json import parse as parse_json
from store.platforms.power_automate.flow import references_of

_SECRET_TYPE: Final = "100000005"  # noqa: S105  the number Dataverse gives variables that point to a key vault
_ANYBODY: Final = "1"
"""The number Dataverse gives an agent's `authenticationmode` when it asks for none."""
_NUMBERED: Final = re.compile(r"_[0-9]+\Z")
"""A flow that uses a connector twice calls the second `shared_teams_1`."""
_HOLDING_ADDRESSES: Final = frozenset({
    "deployment-settings", "environment-variable-value", "screen", "app-component", "app-source", "agent-dialog",
})  # fmt: skip
_Use = tuple[str, Connector]


def outside(
    parts: Sequence[Component], *, inside: Iterable[_Use] = ()
) -> tuple[tuple[Connector, ...], tuple[Notice, ...]]:
    """Return the connectors of all parts with who uses them, and what a reviewer should see.

    `inside` are uses that only the bytes of a part tell.
    """
    uses: list[_Use] = [*inside]
    notices: list[Notice] = []
    for part in parts:
        if part.kind == "flow" and isinstance(part.content, dict):
            seen = wdl.look(part.id, part.content, references_of(part.content))
            uses += seen.uses
            notices += seen.notices
        else:
            uses += ((part.id, connector) for connector in _connectors(part))
            notices += _secrets(part)
            notices += _open_agent(part)
    return gathered(uses), tuple(notices)


def _connectors(part: Component) -> Iterator[Connector]:
    content = part.content if isinstance(part.content, dict) else {}
    match part.kind:
        case "package":
            resources = content.get("resources")
            for item in resources.values() if isinstance(resources, dict) else ():
                if isinstance(item, dict) and item.get("type") == "Microsoft.PowerApps/apis":
                    yield from _module(item.get("name"))
        case "connector-map":
            yield from (connector for key in content for connector in _module(_NUMBERED.sub("", key)))
        case "connection":
            yield Connector(kind="connection", name=part.name)
        case "connection-reference":
            yield from _module(content.get("connectorid"))
            yield Connector(kind="connection", name=part.id)
        case "environment-variable":
            if content.get("type") == _SECRET_TYPE:
                yield Connector(kind="credential", name=part.id)
            yield from _hosts(part)
        case "canvas-app":
            yield from _app(content.get("app"))
        case "app-connections":
            yield from modules_of(content)
        case kind if kind in _HOLDING_ADDRESSES or (kind == "app-file" and "DataSources/" in part.id):
            yield from _hosts(part)
        case _:
            return


def _module(api: Json) -> Iterator[Connector]:
    if isinstance(api, str) and api:
        yield Connector(kind="module", name=api.rpartition("/")[2])


def _hosts(part: Component) -> Iterator[Connector]:
    yield from (Connector(kind="host", name=host) for host in sorted(hosts_in(part.canonical.decode())))


def _app(entry: Json) -> Iterator[Connector]:
    """Yield what a canvas app connects to: JSON text inside the XML of its solution."""
    text = entry.get("ConnectionReferences") if isinstance(entry, dict) else None
    try:
        references = parse_json(text.encode()).value if isinstance(text, str) and text else None
    except BadInput:  # it stays in the content as it is
        return
    yield from modules_of(references)


def modules_of(references: Json) -> Iterator[Connector]:
    """Yield the connectors behind an app's references, as a solution, an app itself and its source write them."""
    for item in references.values() if isinstance(references, dict) else ():
        if isinstance(item, dict):
            own = item.get("connectionRef")
            yield from _module(own.get("id") if isinstance(own, dict) else item.get("id"))


def _open_agent(part: Component) -> Iterator[Notice]:
    """Yield a notice for an agent of Copilot Studio that talks to anybody."""
    content = part.content if part.kind == "agent" and isinstance(part.content, dict) else {}
    if content.get("authenticationmode") == _ANYBODY:
        yield Notice(code="open-endpoint", component=part.id, detail=f"{part.name}: answers anybody, without a sign-in")


def _secrets(part: Component) -> Iterator[Notice]:
    kinds = dict.fromkeys(span.kind for span in scan(part.canonical))
    variable = part.content if isinstance(part.content, dict) and part.kind.startswith("environment-variable") else {}
    for text in _values(variable):
        named = searchable({part.id: text})
        kinds.update(dict.fromkeys(span.kind for span in scan(named)))
    for kind in kinds:
        yield Notice(
            code="inline-secret", component=part.id, detail=f"{part.name}: holds a secret in the open ({kind})"
        )


def _values(variable: dict[str, Json]) -> Iterator[str]:
    """Yield the values of an environment variable: a name such as `ApiKey` says what they are."""
    current = variable.get("current")
    found = current.get("value") if isinstance(current, dict) else None
    for text in (variable.get("defaultvalue"), variable.get("value"), found):
        if isinstance(text, str) and text:
            yield text
