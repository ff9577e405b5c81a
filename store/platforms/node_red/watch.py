"""What a reviewer should see in Node-RED nodes: hosts, modules, shells, files, open doors, secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import orjson

from store.domain.build import gathered, host
from store.domain.component import Connector, Notice
from store.domain.hosts import host_named, hosts_in
from store.domain.schedules import cron_seconds, interval_seconds
from store.domain.secrets import Span, redact, scan
from store.platforms.node_red.nodes import Node, home_of, inner_id, label

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
_SHELL_CODE: Final = ("child_process", "execSync(", "spawnSync(")

_Found = Iterator[tuple[str, str]]


def connectors_of(nodes: list[Node]) -> tuple[Connector, ...]:
    """Return the hosts and the third-party modules that the nodes use, each once.

    An export names node types, not packages: a module of an unknown package is called by the type it brings.
    """
    ids = {node["id"] for node in nodes if isinstance(node.get("id"), str)}
    modules = [
        (home_of(node, number), Connector(kind="module", name=node["type"]))
        for number, node in enumerate(nodes)
        if node["type"] not in CORE and not node["type"].startswith("subflow:")
    ]
    links = (
        (home_of(node, number), link)
        for number, node in enumerate(nodes)
        if node["type"] in _WITH_CODE or not _ADDRESSES.isdisjoint(node)  # most nodes reach nothing outside
        for link in _links(node, ids)
    )
    return gathered([*modules, *links])


def _links(node: Node, ids: set[str]) -> Iterator[Connector]:
    if not _ADDRESSES.isdisjoint(node):
        yield from (host(name) for name in _hosts(node, ids))
    if node["type"] in _WITH_CODE:
        yield from _in_code(node)


def _hosts(node: Node, ids: set[str]) -> Iterator[str]:
    """Yield the hosts in a node's address fields; `broker` may name a config node, `tcp in` says what it is."""
    for key in _SORTED_ADDRESSES:
        if key not in node:
            continue
        value = node[key]
        mode = node["type"] == "tcp in" and key == "server"
        if isinstance(value, str) and value and value not in ids and not mode:
            yield from sorted(host_named(value))


def _in_code(node: Node) -> Iterator[Connector]:
    for key in ("func", "initialize", "finalize", "template"):
        text = node.get(key)
        if isinstance(text, str):
            yield from (host(name) for name in sorted(hosts_in(text)))
    libraries = node.get("libs")
    for library in libraries if isinstance(libraries, list) else []:
        module = library.get("module") if isinstance(library, dict) else None
        if isinstance(module, str) and module:
            name, at, version = module[1:].partition("@")
            yield Connector(kind="module", name=module[0] + name, version=version if at else None)
    modules = node.get("modules")
    for name, version in modules.items() if isinstance(modules, dict) else ():
        yield Connector(kind="module", name=name, version=version if isinstance(version, str) else None)


def notices_of(nodes: list[Node], data: bytes, spans: Sequence[Span]) -> tuple[Notice, ...]:
    """Return what a reviewer should see; `data` are the bytes they were read from, with these secrets."""
    found: list[Notice] = []
    holders = _holders(nodes, data, spans)
    for number, node in enumerate(nodes):
        look = _WATCHED.get(node["type"])
        if look is None and number not in holders:
            continue
        seen = [*(look(node) if look else ()), *(_secrets(node) if number in holders else ())]
        identity = inner_id(node, number)
        for code, what in dict.fromkeys(seen):
            detail = f"{label(node, identity)}: {what}"
            found.append(
                Notice(
                    code=code,
                    component=home_of(node, number),
                    detail=redact(detail) if holders else detail,
                    part=identity,
                    every=_every(node) if code == "schedule" else None,
                )
            )
    return tuple(found)


def _holders(nodes: list[Node], data: bytes, spans: Sequence[Span]) -> frozenset[int]:
    """Return which nodes may hold a secret. Looking at the whole export first is much quicker than at each node."""
    secrets = {data[span.start : span.end] for span in spans}
    if b'"credentials"' in data:
        secrets.add(b'"credentials"')
    if not secrets:
        return frozenset()
    texts = [orjson.dumps(node) for node in nodes]
    if all(any(secret in text for text in texts) for secret in secrets):
        return frozenset(number for number, text in enumerate(texts) if any(secret in text for secret in secrets))
    return frozenset(range(len(nodes)))  # written with other escapes than ours: look at every node


def _secrets(node: Node) -> _Found:
    if isinstance(node.get("credentials"), dict):
        yield "inline-secret", "its credentials are in the export"
    spans = scan(orjson.dumps({key: value for key, value in node.items() if key != "credentials"}))
    for kind in dict.fromkeys(span.kind for span in spans):
        yield "inline-secret", f"holds a secret in the open ({kind})"


def _exec(node: Node) -> _Found:
    yield "shell", f"runs the command {_shown(node, 'command') or 'that the message names'}"


def _function(node: Node) -> _Found:
    code = "\n".join(text for key in ("func", "initialize", "finalize") if isinstance(text := node.get(key), str))
    libraries = node.get("libs")
    modules = [
        str(library.get("module"))
        for library in (libraries if isinstance(libraries, list) else [])
        if isinstance(library, dict)
    ]
    if any(word in code for word in _SHELL_CODE) or any("child_process" in module for module in modules):
        yield "shell", "its code starts other programs"


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
        yield "tls-off", f"talks to {_shown(node, 'broker')} without TLS"


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
