"""What a reviewer should see in an application: data sources, hosts, libraries, open doors, unchecked TLS, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import host_named
from store.domain.notices import hosts_of, notice, objects, secrets_of

_UNUSED: Final = frozenset({"UNUSED_DATASOURCE", "DEFAULT_REST_DATASOURCE", "DEFAULT_GRAPHQL_DATASOURCE"})
_NO_TLS: Final = frozenset({"DISABLED", "DISABLE", "NO_SSL", "ALLOW"})
_STATES: Final = ("unpublishedAction", "publishedAction")


def connectors_of(parts: Sequence[Component]) -> tuple[Connector, ...]:
    """Return data sources, hosts and libraries, each once with the ids of the parts that use it."""
    plugins = {
        part.name: str(part.content.get("pluginId") or "data source")
        for part in parts
        if part.kind == "datasource" and isinstance(part.content, dict)
    }
    return gathered(use for part in parts for use in _uses(part, plugins))


def _uses(part: Component, plugins: dict[str, str]) -> Iterator[tuple[str, Connector]]:
    content = part.content if isinstance(part.content, dict) else {}
    if part.kind == "application":
        libraries = content.get("customJSLibList")
        for library in libraries if isinstance(libraries, list) else ():
            if isinstance(library, dict) and isinstance(name := library.get("name"), str) and name:
                version = library.get("version")
                yield part.id, Connector(kind="module", name=name, version=str(version) if version else None)
    for name in dict.fromkeys([part.name] if part.kind == "datasource" else _sources(content)):
        yield part.id, Connector(kind="connection", name=f"{plugins.get(name, 'data source')}: {name}")
    for thing in objects(content) if part.kind == "datasource" else ():
        if isinstance(host := thing.get("host"), str) and "{" not in host:
            port = thing.get("port")
            shown = f"{host}:{int(port)}" if isinstance(port, (int, float)) and not isinstance(port, bool) else host
            yield from ((part.id, Connector(kind="host", name=name)) for name in sorted(host_named(shown)))
    yield from hosts_of(part)


def _sources(content: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the data sources an action asks; exports name them where servers have ids."""
    for state in _STATES:
        action = content.get(state)
        source = action.get("datasource") if isinstance(action, dict) else None
        name = (source.get("name") or source.get("id")) if isinstance(source, dict) else None
        if isinstance(name, str) and name and name not in _UNUSED:
            yield name


def notices_of(parts: Sequence[Component], *, any_secret: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see in the application and its parts."""
    found = [notice(code, part, what) for part in parts for code, what in dict.fromkeys(_seen(part))]
    return (*found, *secrets_of(parts, any_at_all=any_secret))


def _seen(part: Component) -> Iterator[tuple[str, str]]:
    content = part.content if isinstance(part.content, dict) else {}
    own = content.get("exportedApplication")
    if isinstance(own, dict) and own.get("isPublic") is True:
        yield "open-endpoint", "is open to everybody, without signing in"
    if part.kind == "datasource":
        if content.get("decryptedFields"):
            yield "inline-secret", "its credentials are in the export"
        if any(_is_unchecked(thing) for thing in objects(content.get("datasourceConfiguration"))):
            yield "tls-off", "talks to its server without TLS, or does not check the certificate"


def _is_unchecked(thing: dict[str, Json]) -> bool:
    ssl = thing.get("ssl")
    unchecked = isinstance(ssl, dict) and str(ssl.get("authType")) in _NO_TLS
    return unchecked or thing.get("tlsSkipVerify") is True or thing.get("rejectUnauthorized") is False
