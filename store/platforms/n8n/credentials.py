"""Credentials as n8n exports them (`export:credentials`): encrypted, or in the open, where all of it is secret."""

from __future__ import annotations

import json
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
_OUTSIDE: Final = frozenset({
    "id", "name", "type", "data", "createdAt", "updatedAt", "nodesAccess", "isManaged", "isGlobal", "isResolvable",
    "resolvableAllowFallback", "resolverId", "shared", "homeProject", "ownedBy", "sharedWithProjects", "scopes",
})  # fmt: skip
_ALWAYS: Final = ("createdAt", "updatedAt", "data", "id", "name", "type")
"""Members of every credential; those that other documents have least come first."""
_TELLING: Final = frozenset({"nodesAccess", "isManaged"})
"""Members that nothing but a credential has."""
_NOISE: Final = frozenset(
    {"createdAt", "updatedAt", "shared", "homeProject", "ownedBy", "sharedWithProjects", "scopes"}
)
_OPEN: Final = frozenset({
    "host", "hostname", "user", "username", "login", "email", "port", "database", "region", "server", "domain",
    "subdomain", "environment", "url", "baseUrl", "authUrl", "accessTokenUrl", "scope", "grantType", "authentication",
    "name", "type", "ssl", "sslMode", "allowedHttpRequestDomains", "clientId", "token_type", "schema",
})  # fmt: skip
"""Members of a credential that say where it is used and by whom."""
_TOKEN: Final = re.compile(rb'"(?P<text>(?:[^"\\]|\\.)*+)"(?P<key>\s*+:)?|(?P<opens>[\[{])|[\]}]')
_KIND_OF: Final = re.compile(
    r"\w{0,60}(?:Api|Auth|OAuth[12]|Oauth[12])(?:Api)?|postgres|mySql|mongoDb|microsoftSql|snowflake|redis|smtp|imap|s?ftp|"
    r"ssh\w+|aws|s3|mqtt|kafka|rabbitmq|amqp|crateDb|questDb|timescaleDb|oracleDb|ldap|crypto|gitPassword"
)
"""How n8n names kinds of credentials."""
_GLANCE: Final = 65536


def may_be_credentials(data: bytes) -> bool:
    """Say at a glance whether a file may be an export of credentials."""
    head = data[:_GLANCE]
    return all(f'"{key}"'.encode() in head for key in _ALWAYS) and _TYPE.search(head) is not None


def are_credentials(value: Json) -> bool:
    """Say whether a document is an export of credentials: all look like one, and one is one for sure.

    A member or a kind that a later n8n adds must not let the others' secrets pass.
    """
    items = value if isinstance(value, list) else [value]
    return all(map(_has_the_shape, items)) and any(map(_is_credential, items))


def credentials_of(value: Json) -> tuple[Component, ...]:
    """Return one component a credential; what it holds is seen by its digest alone.

    Raises:
        BadInput: it is something else.
    """
    if not are_credentials(value):
        raise BadInput("not an export of credentials of n8n")
    found: dict[str, Component] = {}
    for item in value if isinstance(value, list) else [value]:
        assert isinstance(item, dict)
        name, identity = str(item["name"]), item.get("id")
        wanted = f"credential:{identity}" if identity not in {None, ""} else f"credential:{name}"
        made = component(
            id=free_key(wanted, found),
            name=name,
            kind=KIND,
            content={key: _hidden(part, key) if _holds_secrets(key) else part for key, part in item.items()},
            behaviour={key: part for key, part in item.items() if key not in _NOISE},
            labels={},
            source=None,
        )
        found[made.id] = made
    return tuple(found.values())


def held_in(part: Component) -> int:
    """Return how many secrets stand in the open in a credential."""
    return sum(1 for text in _texts(part.content) if text == HIDDEN)


def n8n_secrets(data: bytes, _name: str, _items: Items | None) -> Iterator[Span]:
    """Yield what stands in decrypted credentials, whatever it is called, but for where they are used."""
    if not may_be_credentials(data):
        return
    try:
        value = parse_json(data).value
    except BadInput:
        return
    if are_credentials(value):
        yield from _secrets_in(data, depth=2 if isinstance(value, list) else 1)


def _secrets_in(data: bytes, *, depth: int) -> Iterator[Span]:
    """Yield them from strict JSON, in which each credential's own members stand `depth` deep."""
    above: list[str] = []
    key = ""
    for token in _TOKEN.finditer(data):
        if token["opens"]:
            above.append(key)
        elif token["text"] is None:
            key = above.pop()
        elif token["key"]:
            key = json.loads(b'"%b"' % token["text"])
        elif token["text"] and key not in _OPEN and _holds_secrets((*above, key)[depth]):
            yield Span(start=token.start("text"), end=token.end("text"), kind="secret")


def _holds_secrets(member: str) -> bool:
    """Say whether a credential's own member may hold some; of one that is not known here nobody can say no."""
    return member == "data" or member not in _OUTSIDE


def _has_the_shape(item: Json) -> bool:
    return (
        isinstance(item, dict)
        and all(key in item for key in _ALWAYS)
        and isinstance(item["name"], str)
        and isinstance(item["type"], str)
        and isinstance(item["data"], (dict, str))
    )


def _is_credential(item: Json) -> bool:
    if not isinstance(item, dict):
        return False
    return _KIND_OF.fullmatch(str(item["type"])) is not None or not _TELLING.isdisjoint(item)


def _hidden(value: Json, key: str) -> Json:
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
