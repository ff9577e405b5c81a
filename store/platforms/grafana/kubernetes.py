"""Dashboards as Kubernetes keeps them, in YAML: resources of Grafana's own, of its operator, and config maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from store.domain.component import Json
from store.errors import BadInput, TooMuch
from store.formats.safe_yaml import read as read_yaml
from store.integrity.strict_json import parse as parse_json
from store.platforms.grafana.dashboard import Model, model_of

_MOST: Final = 500
"""Dashboards in one file; the largest collections that are published hold some dozens."""
_MOST_VALUES: Final = 500_000
"""JSON values in all its dashboards together, as many as a YAML file may hold."""
_OPERATOR: Final = ("grafana.integreatly.org/", "integreatly.org/")


def looks_like(data: bytes) -> int:
    """Return at a glance how likely a document that is no JSON holds dashboards, 0 to 100."""
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b"<", b""} or b"apiVersion:" not in data:
        return 0
    if b"dashboard.grafana.app/" in data or b"kind: GrafanaDashboard" in data:
        return 85
    is_map = b"ConfigMap" in data and b'"panels"' in data and b'"schemaVersion"' in data
    return 80 if is_map else 0


def models_of(data: bytes, name: str) -> list[Model]:
    """Return every dashboard in a stream of resources.

    Raises:
        BadInput: no YAML, no dashboard in it, something beside dashboards, or two dashboards of one uid.
    """
    found: list[Model] = []
    spent = [0]
    for resource in _resources(read_yaml(data)):
        for model in _dashboards(resource, name, spent):
            found.append(model)
            if len(found) > _MOST:
                raise TooMuch(f"it holds more than {_MOST} dashboards")
    if not found:
        raise BadInput("not a Grafana dashboard: none of the resources holds one")
    twice = [uid for uid, count in Counter(model.uid for model in found).items() if count > 1]
    if twice:
        raise BadInput(f"two dashboards have the uid {ascii(twice[0])[:80]}")
    return found


def _resources(documents: list[Json]) -> Iterator[dict[str, Any]]:
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict):
            raise BadInput("not a Grafana dashboard: a document is no resource")
        items = document.get("items")
        if isinstance(items, list) and str(document.get("kind")).endswith("List"):
            yield from _resources(items)
        else:
            yield document


def _dashboards(resource: dict[str, Any], name: str, spent: list[int]) -> Iterator[Model]:
    version, kind = str(resource.get("apiVersion")), resource.get("kind")
    spec, values = resource.get("spec"), resource.get("data")
    if version.startswith(_OPERATOR) and isinstance(spec, dict) and isinstance(text := spec.get("json"), str):
        own = {key: item for key, item in spec.items() if key != "json"}
        yield model_of({**resource, "spec": own, "dashboard": _json(text, spent)}, name)
    elif kind == "ConfigMap" and isinstance(values, dict) and values:
        for key, text in values.items():
            if not isinstance(text, str):
                raise BadInput("not a Grafana dashboard: a config map holds something else")
            yield model_of(_json(text, spent), key)
    else:
        yield model_of(resource, name)


def _json(text: str, spent: list[int]) -> Json:
    """Return a dashboard; `spent` counts the values of all of them, because an alias repeats one for nothing."""
    spent[0] += text.count(",") + text.count("{") + text.count("[")
    if spent[0] > _MOST_VALUES:
        raise TooMuch(f"its dashboards have more than {_MOST_VALUES:,} values")
    return parse_json(text.encode()).value
