"""Home Assistant: automations, scripts, scenes, packages, blueprints, dashboards, a whole configuration.yaml."""

from __future__ import annotations

import re
from itertools import chain
from typing import Final

from store.domain.build import gathered
from store.domain.component import DiffRules, Json, Parsed, Path
from store.domain.memo import Memo
from store.domain.secrets import scan
from store.errors import BadInput
from store.formats.safe_yaml import read as read_yaml
from store.integrity.strict_json import parse as parse_json
from store.platforms.home_assistant.components import held_in
from store.platforms.home_assistant.dashboards import stored_dashboard
from store.platforms.home_assistant.domains import SURE
from store.platforms.home_assistant.parts import look_for_secrets, parts_of
from store.platforms.home_assistant.shapes import (
    hints_in,
    is_called_like_one,
    is_kept_like_one,
    pieces_of,
)

_OTHERS: Final = re.compile(
    rb"^(?:esphome|appdaemon|apiVersion|openapi|swagger|jobs|StartAt|AWSTemplateFormatVersion):", re.MULTILINE
)
"""Keys at the left edge of YAML that others write, some of it with the same tags (ESPHome)."""
_DOMAIN: Final = re.compile(rf"^(?:{'|'.join(sorted(SURE))})(?: [\w -]+)?:".encode(), re.MULTILINE)
_TRIGGER: Final = re.compile(rb"(?:^|[\s{,])(?:triggers?|use_blueprint):")
_ACTION: Final = re.compile(rb"(?:^|[\s{,])(?:actions?|use_blueprint):")
_SEQUENCE: Final = re.compile(rb"(?:^|[\s{,])sequence:")
_BLUEPRINT: Final = re.compile(rb"^blueprint:", re.MULTILINE)
_STORED: Final = re.compile(rb'"key"\s{0,9}:\s{0,9}"lovelace[."]')
_HEAD: Final = 1024
_BLUEPRINT_OF: Final = re.compile(rb"^ {1,8}domain: {0,8}(?:automation|script|template)", re.MULTILINE)
_SWITCHED_OFF: Final = re.compile(rb"^[ \t]{0,20}#[# -]{0,20}platform: ", re.MULTILINE)
_LIVE: Final = re.compile(rb"^(?!---[ \t\r]*$)[ \t]{0,200}[^\s#]", re.MULTILINE)
"""A line that is no comment."""
_GLANCE: Final = 1 << 20
"""Bytes that are looked at to tell whose a file is; houses are written by hand."""


class HomeAssistant:
    """Home Assistant 0.60 and later. A component is an automation, a script, a scene, a blueprint, an integration."""

    name: Final = "home-assistant"

    @property
    def rules(self) -> DiffRules:
        """No noise: comments and layout are gone after reading. Templates are code."""
        return DiffRules(language=_language)

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like YAML of Home Assistant; it makes files for the editor that are empty."""
        if not data:
            return 60 if is_called_like_one(name) or is_kept_like_one(name) else 0
        if _is_stored(data):
            return 85
        if not name.lower().endswith((".yaml", ".yml")) and data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {
            b"{", b"[", b"<", b""
        }:  # fmt: skip
            return 0
        data = data[:_GLANCE]
        edge = _at_left_edge(data)
        if b"\0" in data[:4096] or _OTHERS.search(edge):
            return 0
        signs = [
            hints_in(data),
            _DOMAIN.search(edge) is not None,
            _holds(_TRIGGER, data, b"trigger", b"use_blueprint") and _holds(_ACTION, data, b"action", b"use_blueprint"),
            _holds(_SEQUENCE, data, b"sequence:"),
            _BLUEPRINT.search(edge) is not None and _BLUEPRINT_OF.search(data) is not None,
            is_called_like_one(name),
            is_kept_like_one(name),
        ]
        if not any(signs) and _is_switched_off(data):
            return 50
        return min(90, 45 + 15 * sum(signs)) if any(signs) else 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return automations, scripts, scenes and integrations with the services and credentials they use.

        Raises:
            BadInput: no harmless YAML, or nothing of Home Assistant.
        """
        return self.parse_with(data, name, None)

    def parse_with(self, data: bytes, name: str, memo: Memo | None) -> Parsed:
        """Return what `parse` returns, going on from what `memo` knows of lists.

        Raises:
            BadInput: as `parse`.
        """
        if _is_stored(data):
            pieces = stored_dashboard(parse_json(data).value)
        else:
            pieces = pieces_of(_document(data, memo), name, hinted=hints_in(data) or _is_switched_off(data))
        parts = parts_of(pieces, memo)
        look_for_secrets(parts)
        components = tuple(part.component for part in parts)
        spans = scan(data)
        return Parsed(
            platform=self.name,
            confidence=60 if is_called_like_one(name) and not hints_in(data) else 90,
            components=components,
            connectors=gathered((part.component.id, link) for part in parts for link in part.connectors),
            notices=(
                *chain.from_iterable(part.notices for part in parts),
                *chain.from_iterable(part.secrets or () for part in parts),
            ),
            secrets=max(len(spans), sum(map(held_in, components))),
        )


def _at_left_edge(data: bytes) -> bytes:
    """Return the lines that begin with a letter: a tenth of most documents."""
    return b"\n".join([line for line in data.split(b"\n") if line[:1].isalpha()])


def _holds(pattern: re.Pattern[bytes], data: bytes, *words: bytes) -> bool:
    """Say whether a pattern is found, of which each match holds one of the words: these are found at once."""
    return any(word in data for word in words) and pattern.search(data) is not None


def _is_stored(data: bytes) -> bool:
    """Say whether these are bytes of a dashboard as `.storage` keeps it."""
    return data[:1] == b"{" and _STORED.search(data[:_HEAD]) is not None


def _is_switched_off(data: bytes) -> bool:
    """Say whether all there is are comments, among them a platform that was set up here once."""
    return _SWITCHED_OFF.search(data) is not None and _LIVE.search(data) is None


def _document(data: bytes, memo: Memo | None) -> Json:
    documents = read_yaml(data, memo)
    if len(documents) > 1:
        raise BadInput("not of Home Assistant: several YAML documents in one file")
    return documents[0] if documents else None


def _language(kind: str, path: Path, value: str) -> str | None:
    """Return `jinja` for templates and `shell` for commands."""
    if kind == "integration" and path[:1] == ("shell_command",):
        return "shell"
    return "jinja" if "{{" in value or "{%" in value else None
