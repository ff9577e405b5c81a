"""Grafana dashboards: exported from the editor, answered by the API, kept as code; and library panels."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source, gathered
from store.domain.component import DiffRules, Parsed
from store.domain.secrets import scan
from store.integrity.strict_json import parse as parse_json
from store.platforms.grafana import kubernetes
from store.platforms.grafana.dashboard import components_of, is_noise, language, model_of
from store.platforms.grafana.watch import connectors_of, notices_of

_SURE: Final = (
    b'"schemaVersion"', b'"gridPos"', b'"__requires"', b'"timepicker"', b'"dashboard.grafana.app/', b'"vizConfig"',
)  # fmt: skip
_PARTS: Final = (b'"panels"', b'"rows"', b'"model"', b'"elements"')


class Grafana:
    """Grafana 3 to 12. A component is a dashboard's own settings, a row or a panel."""

    name: Final = "grafana"
    rules: Final = DiffRules(is_noise=is_noise, language=language)

    def detect(self, data: bytes, _name: str) -> int:
        """Return how much `data` looks like a dashboard or a library panel."""
        if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            return kubernetes.looks_like(data)
        if not any(part in data for part in _PARTS):
            return 0
        marks = sum(mark in data for mark in _SURE)
        if b'"libraryPanel"' in data or (b'"model"' in data and b'"folderUid"' in data):
            marks += 1
        return min(90, 60 + 15 * marks) if marks else 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return dashboard, rows and panels with the plugins, data sources and hosts they need.

        Raises:
            BadInput: no strict JSON, or neither a dashboard nor a library panel.
        """
        if kubernetes.looks_like(data):
            models, source = kubernetes.models_of(data, name), None
        else:
            document = parse_json(data)
            models, source = [model_of(document.value, name)], Source.of(data, has_float=document.has_float)
        each = [components_of(model, source=source) for model in models]
        parts = tuple(part for some in each for part in some)
        links = [link for some in each for link in connectors_of(some)]
        spans = scan(data)
        return Parsed(
            platform=self.name,
            confidence=95,
            components=parts,
            connectors=gathered((user, link) for link in links for user in link.components or ("",)),
            notices=notices_of(parts, any_secret=bool(spans)),
            secrets=len(spans),
        )
