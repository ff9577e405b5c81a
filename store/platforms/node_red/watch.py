"""What a reviewer should see in one Node-RED node: hosts, modules, shells, files, open doors, secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from store.domain.build import host, searchable
from store.domain.component import Connector, Json
from store.domain.hosts import host_named, hosts_in
from store.domain.schedules import cron_seconds, interval_seconds
from store.domain.secrets import scan
from store.platforms.node_red.nodes import Node

CORE: Final = frozenset({
    "tab", "subflow", "group", "junction", "unknown", "comment", "global-config", "inject", "debug",
    "complete", "catch", "status", "link in", "link out", "link call", "function", "switch", "change", "range",
    "template", "delay", "trigger", "exec", "rbe", "tls-config", "http proxy", "mqtt in", "mqtt out",
    "mqtt-broker", "http in", "http response", "http request", "websocket in", "websocket out",
    "websocket-listener", "websocket-client", "tcp in", "tcp out", "tcp request", "udp in", "udp out", "split",
    "join", "sort", "batch", "csv", "html", "json", "xml", "yaml", "file", "file in", "watch", "tail",
})  # fmt: skip
"""The types that come with Node-RED 4; every other type comes from a module somebody installed."""
_ADDRESSES: Final = frozenset({"url", "host", "hostname", "broker", "server", "address", "endpoint"})
_SORTED_ADDRESSES: Final = sorted(_ADDRESSES)
_WITH_CODE: Final = frozenset({"function", "template", "global-config"})

_Found = Iterator[tuple[str, str]]


class Reach(NamedTuple):
    """Something outside that a node reaches."""

    address: str
    """As its address field has it. Where that is another node's id, nothing is reached; empty: it is reached anyway."""
    connector: Connector


def module_of(node: Node) -> Connector | None:
    """Return the module that brings a node's type, None for those that come with Node-RED.

    An export names node types, not packages: a module of an unknown package is called by the type it brings.
    """
    kind = node["type"]
    return None if kind in CORE or kind.startswith("subflow:") else _module(kind)


@lru_cache(maxsize=4_096)
def _module(name: str) -> Connector:
    """Return the connector of a module. The same few stand in most parts of an export."""
    return Connector(kind="module", name=name)


def reach_of(node: Node) -> tuple[Reach, ...]:
    """Return the hosts in a node's addresses and in its code, and the modules that its code loads."""
    found: list[Reach] = []
    if not _ADDRESSES.isdisjoint(node):
        found += _hosts(node)
    if node["type"] in _WITH_CODE:
        found += [Reach("", link) for link in _in_code(node)]
    return tuple(found)


def _hosts(node: Node) -> Iterator[Reach]:
    """Yield the hosts in a node's address fields; `broker` may name a config node, `tcp in` says what it is."""
    for key in _SORTED_ADDRESSES:
        if key not in node:
            continue
        value = node[key]
        mode = node["type"] == "tcp in" and key == "server"
        if isinstance(value, str) and value and not mode:
            for name in sorted(host_named(value)):
                yield Reach(value, host(name))


def _in_code(node: Node) -> Iterator[Connector]:
    for key in ("func", "initialize", "finalize", "template"):
        text = node.get(key)
        if text and isinstance(text, str) and "://" in text:
            yield from map(host, sorted(hosts_in(text)))
    if isinstance(libraries := node.get("libs"), list):
        yield from _libraries(libraries)
    if isinstance(modules := node.get("modules"), dict):
        for name, version in modules.items():
            yield Connector(kind="module", name=name, version=version if isinstance(version, str) else None)


def _libraries(libraries: list[Json]) -> Iterator[Connector]:
    for library in libraries:
        module = library.get("module") if isinstance(library, dict) else None
        if isinstance(module, str) and module:
            name, at, version = module[1:].partition("@")
            yield Connector(kind="module", name=module[0] + name, version=version if at else None)


class Sight(NamedTuple):
    """Something in a node that a reviewer should see."""

    code: str
    what: str
    every: float | None = None
    """Of a `schedule`: seconds between two runs."""


def sights_of(node: Node) -> tuple[Sight, ...]:
    """Return what a reviewer should see of a node, but for its secrets."""
    look = _WATCHED.get(node["type"])
    if look is None:  # most types
        return ()
    found = dict.fromkeys(look(node))
    return tuple([Sight(code, what, _every(node) if code == "schedule" else None) for code, what in found])


def secrets_of(node: Node) -> Iterator[Sight]:
    """Yield the secrets that stand in a node in the open."""
    if isinstance(node.get("credentials"), dict):
        yield Sight("inline-secret", "its credentials are in the export")
    spans = scan(searchable({key: value for key, value in node.items() if key != "credentials"}))
    for kind in dict.fromkeys(span.kind for span in spans):
        yield Sight("inline-secret", f"holds a secret in the open ({kind})")


def _exec(node: Node) -> _Found:
    yield "shell", f"runs the command {_shown(node, 'command') or 'that the message names'}"


def _function(node: Node) -> _Found:
    code = [text for key in ("func", "initialize", "finalize") if isinstance(text := node.get(key), str)]
    libraries = node.get("libs")
    modules = [
        str(library.get("module"))
        for library in (libraries if isinstance(libraries, list) else [])
        if isinstance(library, dict)
    ]
    if any(map(_starts_programs, code)) or any("child_process" in module for module in modules):
        yield "shell", "its code starts other programs"


def _starts_programs(code: str) -> bool:
    return "child_process" in code or "execSync(" in code or "spawnSync(" in code


def _file(node: Node) -> _Found:
    verb = {"file": "writes", "file in": "reads", "watch": "watches", "tail": "reads"}[node["type"]]
    name, kind = _shown(node, "filename") or _shown(node, "files"), node.get("filenameType", "str")
    told = {
        "msg": f"the file that msg.{name} names",
        "env": f"the file that the variable {name} names",
        "jsonata": "a file that an expression names",
    }.get(str(kind), name)
    yield "file", f"{verb} {told if name else 'a file that the message names'}"


def _http_in(node: Node) -> _Found:
    method = _shown(node, "method").upper() or "GET"
    yield "open-endpoint", f"answers {method} {_shown(node, 'url')} and asks for no authentication itself"


def _listener(node: Node) -> _Found:
    if node["type"] == "tcp in" and node.get("server") != "server":
        return
    place = _shown(node, "path") or f"port {_shown(node, 'port')}"
    yield "open-endpoint", f"listens on {place} and asks for no authentication itself"


def _broker(node: Node) -> _Found:
    secured = node.get("usetls") is True or _shown(node, "broker").startswith(("mqtts:", "wss:"))
    if not secured:
        yield "tls-off", f"talks to {_shown(node, 'broker').strip()} without TLS"


def _tls(node: Node) -> _Found:
    if node.get("verifyservercert") is False:
        yield "tls-off", "does not check the server's certificate"


def _inject(node: Node) -> _Found:
    if crontab := _shown(node, "crontab"):
        yield "schedule", f"runs on the schedule {crontab}"
    elif (repeat := _shown(node, "repeat")) and repeat != "0":
        yield "schedule", f"runs every {repeat} s"


def _every(node: Node) -> float | None:
    """Return the seconds between two runs of an inject node."""
    if crontab := _shown(node, "crontab"):
        return cron_seconds(crontab)
    try:
        return interval_seconds("second", float(_shown(node, "repeat")))
    except ValueError:
        return None


def _shown(node: Node, key: str) -> str:
    value = node.get(key)
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


_WATCHED: Final[Mapping[str, Callable[[Node], _Found]]] = {
    "exec": _exec,
    "function": _function,
    "file": _file,
    "file in": _file,
    "watch": _file,
    "tail": _file,
    "http in": _http_in,
    "websocket-listener": _listener,
    "tcp in": _listener,
    "udp in": _listener,
    "mqtt-broker": _broker,
    "tls-config": _tls,
    "inject": _inject,
}
"""Node type → what to look at in it. To watch one more type, add a function and a line."""
