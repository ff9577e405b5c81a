"""What a reviewer should see in a dashboard: plugins, data sources, hosts, alerts, open doors, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Notice
from store.domain.findings import brief, hosts_of, notice, objects, secrets_of

_CORE_PANELS: Final = frozenset({
    "row", "timeseries", "graph", "stat", "singlestat", "gauge", "bargauge", "table", "table-old", "text", "logs",
    "heatmap", "heatmap-new", "histogram", "piechart", "barchart", "state-timeline", "status-history", "alertlist",
    "dashlist", "news", "annolist", "nodeGraph", "geomap", "canvas", "candlestick", "trend", "xychart", "datagrid",
    "traces", "flamegraph", "pluginlist", "welcome", "gettingstarted", "live", "library-panel-ref", "debug",
})  # fmt: skip
"""The panels that come with Grafana; every other type comes from a plugin somebody installed."""
_OWN_SOURCES: Final = frozenset({
    "grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__", "default", "-- Expression --",
})  # fmt: skip


def connectors_of(parts: Sequence[Component]) -> tuple[Connector, ...]:
    """Return the plugins, data sources and hosts that dashboard and panels use, each once with its users."""
    return gathered(use for part in parts for use in _uses(part, parts))


def _uses(part: Component, parts: Sequence[Component]) -> Iterator[tuple[str, Connector]]:
    content = part.content
    if not isinstance(content, dict):
        return
    versions = _required(parts)
    if part.kind == "dashboard":
        for (kind, name), (version, _) in versions.items():
            if kind in {"grafana", "app"}:
                yield "", Connector(kind="module", name=name, version=version)
        for (kind, name), (version, title) in versions.items():
            if kind in {"panel", "datasource"} and version is not None and name not in _CORE_PANELS:
                for user in _users(name, title, parts) or [""]:
                    yield user, Connector(kind="module", name=name, version=version)
    plugin = _plugin(content)
    if plugin and plugin not in _CORE_PANELS and ("panel", plugin) not in versions:
        version = content.get("pluginVersion")
        yield part.id, Connector(kind="module", name=plugin, version=version if isinstance(version, str) else None)
    for name in dict.fromkeys(_sources(content)):
        yield part.id, Connector(kind="connection", name=name)
    yield from hosts_of(part)


def _required(parts: Sequence[Component]) -> dict[tuple[str, str], tuple[str | None, str]]:
    """Return (kind, plugin) → (version, title) from `__requires`; Grafana's own panels have no version."""
    content = parts[0].content if parts else None
    listed = content.get("__requires") if isinstance(content, dict) else None
    found: dict[tuple[str, str], tuple[str | None, str]] = {}
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(name := item.get("id"), str) and name:
            version = item.get("version")
            shown = version if isinstance(version, str) and version else None
            found[str(item.get("type")), name] = shown, str(item.get("name") or name)
    return found


def _users(plugin: str, title: str, parts: Sequence[Component]) -> list[str]:
    """Return the parts that show with a panel plugin, or ask a data source of this type."""
    wanted = {plugin, title}
    return [
        part.id
        for part in parts
        if isinstance(part.content, dict)
        and (_plugin(part.content) == plugin or any(wanted & set(name.split(": ", 1)) for name in _sources(part.content)))
    ]


def _plugin(content: dict[str, Any]) -> str:
    model = content.get("model")
    kind = model.get("type") if isinstance(model, dict) else content.get("type")
    if not isinstance(kind, str) and isinstance(spec := content.get("spec"), dict):
        view = spec.get("vizConfig")
        kind = view.get("group") or view.get("kind") if isinstance(view, dict) else None
    return kind if isinstance(kind, str) else ""


def _sources(content: dict[str, Any]) -> Iterator[str]:
    """Yield the data sources named inside: by name in old versions, as `{type, uid}` since 8.3."""
    for thing in objects(content):
        source = thing.get("datasource")
        if isinstance(source, str) and source and source not in _OWN_SOURCES:
            yield source
        elif isinstance(source, dict):
            kind, name = source.get("type"), source.get("uid") or source.get("name")
            if isinstance(name, str) and name and not {name, kind} & _OWN_SOURCES:
                yield f"{kind}: {name}" if isinstance(kind, str) and kind else name


def notices_of(parts: Sequence[Component], *, any_secret: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see in dashboard and panels."""
    found = [item for part in parts for item in _seen(part)]
    return tuple([*found, *secrets_of(parts, any_at_all=any_secret)])


def _seen(part: Component) -> Iterator[Notice]:
    content = part.content
    if not isinstance(content, dict):
        return
    meta = content.get("meta")
    if isinstance(meta, dict) and (meta.get("publicDashboardEnabled") is True or meta.get("publicDashboardUid")):
        yield notice("open-endpoint", part, "is shared with everybody who has its link, without signing in")
    alert = content.get("alert")
    if isinstance(alert, dict):
        every = brief(alert.get("frequency")) or "the usual time"
        yield notice("schedule", part, f"checks the alert {brief(alert.get('name')) or 'without a name'} every {every}")
    if any(thing.get("tlsSkipVerify") is True or thing.get("insecureSkipVerify") is True for thing in objects(content)):
        yield notice("tls-off", part, "does not check the server's certificate")
