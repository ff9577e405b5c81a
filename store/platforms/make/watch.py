"""What a reviewer should see in a scenario: apps, connections, hosts, webhooks, commands, timers, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import host_named
from store.domain.notices import brief, hosts_of, notice, objects, secrets_of
from store.domain.schedules import DAY, interval_seconds

_OWN: Final = frozenset({"builtin", "util", "json", "csv", "xml", "regexp", "math", "placeholder", "archive", "image"})
"""Apps that reach nothing outside."""
_DOORS: Final = ("gateway:CustomWebHook", "gateway:CustomMailHook", "gateway:CustomWebhook")
_SHELLS: Final = frozenset({"ssh", "code", "aws-lambda", "customjs", "0codekit"})
_FILES: Final = frozenset({"ftp", "sftp", "ftps", "local-files"})
_CONNECTIONS: Final = ("__IMTCONN__", "account", "connection")
_KEYS: Final = ("__IMTKEY__", "__IMTKEYCHAIN__", "keychain", "authUser", "hook", "__IMTHOOK__")
_ADDRESSES: Final = ("url", "host", "server", "baseUrl", "endpoint")


def connectors_of(scenario: Component) -> tuple[Connector, ...]:
    """Return the apps with their versions, the connections, keys and hosts of a scenario."""
    uses = [(scenario.id, connector) for _, node in _nodes(scenario) for connector in _connectors(node)]
    return gathered([*uses, *hosts_of(scenario)])


def _connectors(node: dict[str, Any]) -> Iterator[Connector]:
    app = _app(node)
    if app not in _OWN:
        version = node.get("version")
        yield Connector(kind="module", name=app, version=str(version) if isinstance(version, (int, str)) else None)
    parameters = node.get("parameters")
    given: dict[str, Any] = parameters if isinstance(parameters, dict) else {}
    for key in _CONNECTIONS:
        if isinstance(number := given.get(key), (int, str)) and not isinstance(number, bool) and number:
            yield Connector(kind="connection", name=f"{app}: {_title(node, key) or number}", ref=str(number))
    for key in _KEYS:
        if isinstance(number := given.get(key), (int, str)) and not isinstance(number, bool) and number:
            name = f"{app} {key.strip('_').lower()}: {_title(node, key) or number}"
            yield Connector(kind="credential", name=name, ref=str(number))
    for place in (given, node.get("mapper")):
        for key in _ADDRESSES:
            value = place.get(key) if isinstance(place, dict) else None
            if isinstance(value, str) and "{{" not in value.partition("/")[0] and value:
                yield from (Connector(kind="host", name=host) for host in sorted(host_named(value)))


def _title(node: dict[str, Any], key: str) -> str:
    """Return the name the editor remembers of a chosen connection."""
    at: Json = node
    for step in ("metadata", "restore", "parameters", key, "label"):
        at = at.get(step) if isinstance(at, dict) else None
    return at if isinstance(at, str) else ""


def notices_of(scenario: Component, *, any_secret: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see in a scenario and its modules."""
    content = scenario.content if isinstance(scenario.content, dict) else {}
    found = []
    timer = content.get("scheduling")
    if isinstance(timer, dict) and timer.get("type") not in {None, "on-demand", "immediately"}:
        found.append(notice("schedule", scenario, f"runs on the schedule {brief(timer)}", every=_seconds(timer)))
    for identity, node in _nodes(scenario):
        found += [notice(code, scenario, what, part=identity) for code, what in dict.fromkeys(_seen(node))]
    return (*found, *secrets_of([scenario], any_at_all=any_secret))


def _seconds(timer: dict[str, Json]) -> float | None:
    """Return the mean seconds between two runs; None for the schedules that name single dates."""
    seconds = timer.get("interval")
    if timer.get("type") == "indefinitely" and isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        return interval_seconds("second", seconds)
    days = timer.get("days")
    several = len(days) if isinstance(days, list) and days else 1
    return {"daily": DAY, "weekly": 7 * DAY / several}.get(str(timer.get("type")))


def _seen(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    app = _app(node)
    mapper = node.get("mapper")
    fields: dict[str, Any] = mapper if isinstance(mapper, dict) else {}
    if node["module"] in _DOORS:
        yield "open-endpoint", "starts the scenario for whoever knows its address"
    elif app in _SHELLS:
        yield "shell", f"runs {brief(fields.get('command') or fields.get('code') or fields.get('script')) or 'code'}"
    elif app in _FILES:
        yield "file", f"reads or writes {brief(fields.get('path') or fields.get('folder')) or 'files of a server'}"
    if any(thing.get("rejectUnauthorized") is False for thing in objects([fields, node.get("parameters")])):
        yield "tls-off", "does not check the server's certificate"
    if _app(node) == "http" and str(fields.get("url", "")).startswith("http://"):
        yield "tls-off", f"talks to {brief(fields['url'])} without TLS"


def _app(node: dict[str, Any]) -> str:
    return str(node["module"]).partition(":")[0]


def _nodes(scenario: Component) -> Iterator[tuple[str, dict[str, Any]]]:
    content = scenario.content
    nodes = content.get("nodes") if isinstance(content, dict) else None
    for identity, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(node, dict):
            yield identity, node
