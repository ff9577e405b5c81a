"""What a reviewer should see in a dashboard: plugins, data sources, hosts, alerts, open doors, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from store.domain.build import gathered
from store.domain.component import Component, Connector, Json, Notice
from store.domain.notices import brief, hosts_of, notice, objects, secrets_of
from store.domain.schedules import interval_seconds

_CORE_PANELS: Final = frozenset({
    "row", "timeseries", "graph", "stat", "singlestat", "gauge", "bargauge", "table", "table-old", "text", "logs",
    "heatmap", "heatmap-new", "histogram", "piechart", "barchart", "state-timeline", "status-history", "alertlist",
    "dashlist", "news", "annolist", "nodeGraph", "geomap", "canvas", "candlestick", "trend", "xychart", "datagrid",
    "traces", "flamegraph", "pluginlist", "welcome", "gettingstarted", "live", "library-panel-ref", "debug",
})  # fmt: skip
"""The panels that come with Grafana; every other type comes from a plugin somebody installed."""
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_OWN_SOURCES: Final = frozenset({
    "grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__", "default", "-- Expression --",
})  # fmt: skip


def connectors_of(parts: Sequence[Component]) -> tuple[Connector, ...]:
    """Return the plugins, data sources and hosts that dashboard and panels use, each once with its users."""
    head = parts[0].content if parts and isinstance(parts[0].content, dict) else {}
    inputs = _inputs(head.get("__inputs"))
    sources = {part.id: dict.fromkeys(_sources(part.content, inputs)) for part in parts}
    plugins = {part.id: _plugin(part.content) for part in parts}
    required = list(_required(head.get("__requires")))
    uses: list[tuple[str, Connector]] = []
    for kind, module in required:
        if kind == "panel":
            users = [part.id for part in parts if plugins[part.id] == module.name]
        else:
            users = [
                part.id for part in parts if any(source.startswith(f"{module.name}: ") for source in sources[part.id])
            ]
        uses += [(user, module) for user in users or [""]]
    listed = {module.name for _, module in required}
    for part in parts:
        if (plugin := plugins[part.id]) and plugin not in _CORE_PANELS and plugin not in listed:
            uses.append((part.id, Connector(kind="module", name=plugin, version=_version(part.content))))
        uses += [(part.id, Connector(kind="connection", name=name)) for name in sources[part.id]]
        uses += hosts_of(part)
    return gathered(uses)


def _inputs(inputs: Json) -> dict[str, str]:
    """Return what an importer is asked for: `${DS_PLANT}` → the plugin it must be of."""
    return {
        f"${{{item['name']}}}": plugin
        for item in (inputs if isinstance(inputs, list) else ())
        if isinstance(item, dict)
        and isinstance(item.get("name"), str)
        and isinstance(plugin := item.get("pluginId"), str)
    }


def _required(listed: Json) -> Iterator[tuple[str, Connector]]:
    """Yield (kind, plugin with its version) from `__requires`; the panels that come with Grafana have no version."""
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(name := item.get("id"), str) and name:
            version = item.get("version")
            if isinstance(version, str) and version:
                yield str(item.get("type")), Connector(kind="module", name=name, version=version)


def _version(content: Json) -> str | None:
    version = content.get("pluginVersion") if isinstance(content, dict) else None
    if version is None and isinstance(content, dict) and isinstance(spec := content.get("spec"), dict):
        view = spec.get("vizConfig")  # schema version 2
        version = view.get("version") if isinstance(view, dict) else None
    return version if isinstance(version, str) and version else None


def _plugin(content: Json) -> str:
    """Return the type of panel that draws a part."""
    if not isinstance(content, dict):
        return ""
    model = content.get("model")
    kind = model.get("type") if isinstance(model, dict) else content.get("type")
    if not isinstance(kind, str) and isinstance(spec := content.get("spec"), dict):
        view = spec.get("vizConfig")
        kind = view.get("group") or view.get("kind") if isinstance(view, dict) else None
    return kind if isinstance(kind, str) else ""


def _sources(content: Json, inputs: Mapping[str, str]) -> Iterator[str]:
    """Yield the data sources named inside: by name in old versions, as `{type, uid}` since 8.3."""
    for thing in objects(content):
        source = thing.get("datasource")
        kind: Json = None
        if isinstance(source, dict):
            kind, source = source.get("type") or thing.get("group"), source.get("uid") or source.get("name")
        if isinstance(source, str) and source and not {source, kind} & _OWN_SOURCES:
            kind = inputs.get(source, kind)
            yield f"{kind}: {source}" if isinstance(kind, str) and kind else source


def notices_of(parts: Sequence[Component], *, any_secret: bool) -> tuple[Notice, ...]:
    """Return what a reviewer should see in dashboard and panels."""
    found = [item for part in parts for item in _seen(part)]
    return (*found, *secrets_of(parts, any_at_all=any_secret))


def _seconds(text: str) -> float | None:
    """Return the seconds of `60s`, `5m`, `1h`."""
    match = _DURATION.fullmatch(text)
    return interval_seconds(_UNITS[match[2]], int(match[1])) if match else None


def _seen(part: Component) -> Iterator[Notice]:
    content = part.content
    if not isinstance(content, dict):
        return
    if any(content.get(key) for key in ("publicDashboardEnabled", "publicDashboardUid", "isPublic")):
        yield notice("open-endpoint", part, "is shared with everybody who has its link, without signing in")
    alert = content.get("alert")
    if isinstance(alert, dict):
        every = brief(alert.get("frequency")) or "the usual time"
        what = f"checks the alert {brief(alert.get('name')) or 'without a name'} every {every}"
        yield notice("schedule", part, what, every=_seconds(every))
    if any(thing.get("tlsSkipVerify") is True or thing.get("insecureSkipVerify") is True for thing in objects(content)):
        yield notice("tls-off", part, "does not check the server's certificate")
