"""Appsmith applications: the JSON file the editor exports, whole or in part, and the files it keeps in git."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source
from store.domain.component import DiffRules, Parsed
from store.domain.secrets import scan
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.appsmith.application import LISTS, components_of
from store.platforms.appsmith.bodies import body, is_body, language
from store.platforms.appsmith.kept import MARKS, is_noise, kept_alone
from store.platforms.appsmith.watch import connectors_of, notices_of


class Appsmith:
    """Appsmith 1.5 and later. A component is a page, a query, a JS object, a data source, the application itself."""

    name: Final = "appsmith"
    rules: Final = DiffRules(is_noise=is_noise, language=language)

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like an exported application, or like a file that one keeps in git."""
        if is_body(name):
            return 95
        if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            return 0
        marks = sum(f'"{key}"'.encode() in data for key in LISTS)
        if b'"exportedApplication"' in data:
            return 90 if marks else 60
        if marks >= 2:
            return 80
        return 75 if any(all(key in data for key in keys) for keys in MARKS) else 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return pages, queries, JS objects and data sources with the hosts and libraries they use.

        Raises:
            BadInput: no strict JSON, or no application of Appsmith.
        """
        if is_body(name):
            code = (body(data, name),)
            return Parsed(
                platform=self.name,
                confidence=95,
                components=code,
                connectors=connectors_of(code),
                notices=notices_of(code, any_secret=True),
            )
        document = parse_json(data)
        value = document.value
        source = Source.of(data, has_float=document.has_float)
        if isinstance(value, dict) and any(isinstance(value.get(key), list) for key in LISTS):
            parts = components_of(value, name, source=source)
        elif isinstance(value, dict):
            parts = kept_alone(value, name, source=source)
        else:
            raise BadInput("not an Appsmith application: neither pages, actions nor data sources")
        spans = scan(data)
        return Parsed(
            platform=self.name,
            confidence=95,
            components=parts,
            connectors=connectors_of(parts),
            notices=notices_of(parts, any_secret=bool(spans)),
            secrets=len(spans),
        )
