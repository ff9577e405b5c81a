"""What a reviewer should see in a flow: code, components and flows it calls, services outside, timers, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Notice
from store.domain.notices import brief, hosts_of, notice, objects, secrets_of
from store.domain.schedules import DAY

_OWN_COMPONENTS: Final = ("flowruntime:", "forceContent:", "lightning:", "flowcomponents:")
_OUTSIDE: Final = frozenset({"externalService", "externalConnector", "outboundMessage", "slackPostMessage"})
_EVERY: Final = {"Daily": DAY, "Weekly": 7 * DAY, "Weekdays": DAY * 7 / 5}
_CODE: Final = frozenset({"apex", "apexPlugin", "component", "quickAction", "flow"})


def connectors_of(flow: Component) -> tuple[Connector, ...]:
    """Return Apex classes, components, flows, services and hosts that a flow calls."""
    uses = [(flow.id, connector) for _, node in _nodes(flow) for connector in _connectors(node)]
    return gathered([*uses, *hosts_of(flow)])


def _connectors(node: dict[str, Any]) -> Iterator[Connector]:
    action, kind = node.get("actionName"), node.get("actionType")
    if isinstance(action, str) and action and isinstance(kind, str):
        version = node.get("versionString") or node.get("versionSegment")
        if kind in _OUTSIDE or kind.startswith("externalService"):
            yield Connector(kind="connection", name=f"{kind}: {action}")
        elif kind in _CODE or "__" in action:
            yield Connector(
                kind="module", name=f"{kind} {action}", version=version if isinstance(version, str) else None
            )
    if isinstance(called := node.get("flowName"), str) and called:
        yield Connector(kind="module", name=f"flow {called}")
    if isinstance(called := node.get("apexClass"), str) and called:
        yield Connector(kind="module", name=f"apex {called}")
    for thing in objects(node):
        extension = thing.get("extensionName")
        if isinstance(extension, str) and extension and not extension.startswith(_OWN_COMPONENTS):
            yield Connector(kind="module", name=f"component {extension}")
        credential = thing.get("namedCredential")
        if isinstance(credential, str) and credential:
            yield Connector(kind="credential", name=credential)


def notices_of(flow: Component, *, any_secret: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see in a flow and its elements."""
    found = [
        notice("schedule", flow, what, part=name, every=every)
        for name, node in _nodes(flow)
        for what, every in _timers(node)
    ]
    return (*found, *secrets_of([flow], any_at_all=any_secret))


def _timers(node: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    timer = node.get("schedule")
    if node["element"] == "start" and isinstance(timer, dict):
        when = " ".join(part for key in ("frequency", "startDate", "startTime") if (part := brief(timer.get(key))))
        yield f"runs on the schedule {when or 'of its settings'}", _EVERY.get(brief(timer.get("frequency")))
    paths = node.get("scheduledPaths")
    for path in paths if isinstance(paths, list) else ():
        if isinstance(path, dict) and path.get("pathType") != "AsyncAfterCommit":
            offset = " ".join(part for key in ("offsetNumber", "offsetUnit") if (part := brief(path.get(key))))
            yield f"runs {offset or 'some time'} after {brief(path.get('timeSource')) or 'its record'}", None


def _nodes(flow: Component) -> Iterator[tuple[str, dict[str, Any]]]:
    content = flow.content
    nodes = content.get("nodes") if isinstance(content, dict) else None
    for name, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(node, dict):
            yield name, node
