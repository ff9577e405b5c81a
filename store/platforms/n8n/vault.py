"""Credentials as n8n exports them (`export:credentials`): encrypted, or in the open, where all of it is secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.build import component, free_key
from store.domain.component import Component, Json
from store.domain.items import Items
from store.domain.secrets import Span
from store.domain.secrets.marks import MARK
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json

KIND: Final = "credential"
HIDDEN: Final = "[redacted: secret]"
_TYPE: Final = re.compile(rb'"type"\s{0,9}:\s{0,9}"[a-zA-Z][\w.]{2,60}"')
_NODE: Final = (b'"nodes"', b'"connections"', b'"wires"')
_OUTSIDE: Final = frozenset({
    "id", "name", "type", "data", "createdAt", "updatedAt", "nodesAccess", "isManaged", "isGlobal", "isResolvable",
    "resolvableAllowFallback", "resolverId", "shared", "homeProject", "ownedBy", "sharedWithProjects", "scopes",
})  # fmt: skip
_ALWAYS: Final = frozenset({"id", "name", "type", "data", "createdAt", "updatedAt"})
_NOISE: Final = frozenset(
    {"createdAt", "updatedAt", "shared", "homeProject", "ownedBy", "sharedWithProjects", "scopes"}
)
_OPEN: Final = frozenset({
    "host", "hostname", "user", "username", "login", "email", "port", "database", "region", "server", "domain",
    "subdomain", "environment", "url", "baseUrl", "authUrl", "accessTokenUrl", "scope", "grantType", "authentication",
    "name", "type", "ssl", "sslMode", "allowedHttpRequestDomains", "clientId", "token_type", "schema",
})  # fmt: skip
"""Members of a credential that say where it is used and by whom."""
_PAIR: Final = re.compile(rb'"(?P<key>[^"\\]{1,80})"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)++)"')
_KIND_OF: Final = re.compile(
    r"\w{0,60}(?:Api|Auth|OAuth[12]|Oauth[12])(?:Api)?|postgres|mySql|mongoDb|microsoftSql|snowflake|redis|smtp|imap|s?ftp|"
    r"ssh\w+|aws|s3|mqtt|kafka|rabbitmq|amqp|crateDb|questDb|timescaleDb|oracleDb|ldap|crypto|gitPassword"
)
"""How n8n names kinds of credentials."""
_GLANCE: Final = 65536


def is_vault(data: bytes) -> bool:
    """Say at a glance whether a file may be an export of credentials."""
    head = data[:_GLANCE]
    if any(f'"{key}"'.encode() not in head for key in _ALWAYS) or any(word in head for word in _NODE):
        return False
    return _TYPE.search(head) is not None


def credentials_of(value: Json) -> tuple[Component, ...]:
    """Return one component a credential; what it holds is seen by its digest alone.

    Raises:
        BadInput: it is something else.
    """
    items = value if isinstance(value, list) else [value]
    found: dict[str, Component] = {}
    for item in items:
        if not isinstance(item, dict) or not _is_credential(item):
            raise BadInput("not an export of credentials of n8n")
        name, identity = str(item["name"]), item.get("id")
        wanted = f"credential:{identity}" if identity not in {None, ""} else f"credential:{name}"
        content: dict[str, Json] = {**item, "data": _hidden(item["data"])}
        behaviour = {key: part for key, part in item.items() if key not in _NOISE}
        made = component(
            id=free_key(wanted, found),
            name=name,
            kind=KIND,
            content=content,
            behaviour=behaviour,
            labels={},
            source=None,
        )
        found[made.id] = made
    if not found:
        raise BadInput("not an export of credentials of n8n")
    return tuple(found.values())


def held_in(part: Component) -> int:
    """Return how many secrets stand in the open in a credential."""
    data = part.content.get("data") if isinstance(part.content, dict) else None
    return sum(1 for text in _texts(data) if text == HIDDEN)


def n8n_secrets(data: bytes, _name: str, _items: Items | None) -> Iterator[Span]:
    """Yield what stands in decrypted credentials, whatever it is called, but for where they are used."""
    if not is_vault(data):
        return
    try:
        credentials_of(parse_json(data).value)
    except BadInput:
        return
    for match in _PAIR.finditer(data):
        key = match["key"].decode("utf-8", "replace")
        if key not in _OPEN and (key == "data" or key not in _OUTSIDE) and key not in {"nodeType", "date", "role"}:
            yield Span(start=match.start("value"), end=match.end("value"), kind="secret")


def _is_credential(item: dict[str, Json]) -> bool:
    return (
        isinstance(item.get("name"), str)
        and isinstance(kind := item.get("type"), str)
        and _KIND_OF.fullmatch(kind) is not None
        and isinstance(item.get("data"), (dict, str))
        and item.keys() >= _ALWAYS
        and item.keys() <= _OUTSIDE
    )


def _hidden(value: Json, key: str = "data") -> Json:
    if isinstance(value, dict):
        return {inner: _hidden(item, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, key) for item in value]
    if not isinstance(value, str) or not value or key in _OPEN or MARK.fullmatch(value.encode("utf-8", "replace")):
        return value
    return HIDDEN


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
