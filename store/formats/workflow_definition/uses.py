"""What the steps of a workflow use: connector modules, connections, hosts, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from store.domain.build import host as host_connector
from store.domain.component import Connector, Json
from store.domain.hosts import host_named, hosts_in
from store.domain.secrets import redact
from store.formats.workflow_definition.steps import Object

_IDENTIFIERS: Final = re.compile(r"schema\.management\.azure\.com|(?:www\.)?json-schema\.org|www\.w3\.org|schemas?\.")
"""Hosts in `$schema` and namespaces; nobody is called there."""
_CONNECTION_ID: Final = re.compile(r"\[\s*'([^']+)'\s*\]\s*\[\s*'connectionId'\s*\]")
_QUOTED: Final = re.compile(r"'([^']+)'")
_NO_ADDRESSES: Final = frozenset({"$schema", "audience", "schema", "resource"})
"""Fields whose URLs are identifiers."""
_BOILERPLATE: Final = ("@parameters('$authentication')", "@json(decodeBase64(", "@{json(decodeBase64(")


def connectors_of_reference(key: str, references: Mapping[str, Json]) -> Iterator[Connector]:
    """Yield the connector module a connection reference is for, and the connection it stands for."""
    reference = references.get(key)
    if not isinstance(reference, dict):
        return
    if api := _api_of(reference):
        yield Connector(kind="module", name=api)
    connection = reference.get("connection")
    inner = connection if isinstance(connection, dict) else {}
    candidates = (
        inner.get("connectionReferenceLogicalName"),
        reference.get("connectionReferenceLogicalName"),
        inner.get("name"),
        reference.get("connectionName"),
        inner.get("id"),
        reference.get("connectionId"),
    )
    named = next((text for text in candidates if isinstance(text, str) and text), key)
    yield Connector(kind="connection", name=redact(_last(named) or key))


def _api_of(reference: Object) -> str:
    api = reference.get("api")
    inner = api if isinstance(api, dict) else {}
    provider = reference.get("serviceProvider")
    candidates = (
        inner.get("name"),
        inner.get("id"),
        provider.get("id") if isinstance(provider, dict) else None,
        reference.get("apiId"),
        reference.get("id"),
        reference.get("apiName"),
    )
    return next((name for text in candidates if isinstance(text, str) and (name := _last(text))), "")


def _last(text: str) -> str:
    """Return the last step of an id (`/providers/Microsoft.PowerApps/apis/shared_teams`).

    Of a template's expression (`[subscriptionResourceId('…/managedApis', 'azureblob')]`) it is the last text.
    """
    if text.startswith("["):
        texts = _QUOTED.findall(text)
        text = texts[-1] if texts else text
    return text if text.startswith("@") else text.rstrip("/").rpartition("/")[2]


def connectors(step: Object, references: Mapping[str, Json]) -> Iterator[Connector]:
    """Yield what one step reaches, and what it signs in with."""
    inputs = step.get("inputs")
    if not isinstance(inputs, dict):
        return
    api, key = called(inputs, references)
    if api:
        yield Connector(kind="module", name=api)
    if key and key not in references:
        yield Connector(kind="connection", name=redact(key))
    function = inputs.get("function")
    if isinstance(function, dict):
        name = function.get("connectionName") or function.get("id")
        if isinstance(name, str) and name:
            yield Connector(kind="connection", name=f"function {redact(_last(name))}")
    models = inputs.get("modelConfigurations")
    for model in models.values() if isinstance(models, dict) else ():
        if isinstance(model, dict) and isinstance(reference := model.get("referenceName"), str):
            yield Connector(kind="connection", name=redact(reference))
    hosts = {name for text in _with_addresses(inputs) for name in hosts_in(text) if not _IDENTIFIERS.match(name)}
    address = inputs.get("uri")
    if isinstance(address, str) and not address.startswith(("@", "[")) and "{" not in address.partition("/")[0]:
        hosts |= host_named(address)
    yield from map(host_connector, sorted(hosts))
    yield from credentials(inputs.get("authentication"))


def _with_addresses(inputs: Object) -> list[str]:
    """Return the texts in which a URL stands, in no order."""
    found: list[str] = []
    todo: list[Json] = [inputs]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if "://" in item:
                found.append(item)
        elif isinstance(item, dict):
            todo += [inner for key, inner in item.items() if key not in _NO_ADDRESSES]
        elif isinstance(item, list):
            todo += item
    return found


def called(inputs: Object, references: Mapping[str, Json]) -> tuple[str, str]:
    """Return (the connector a step calls, the key of its connection), empty where it has none."""
    host = inputs.get("host")
    api, key = "", ""
    if isinstance(host, dict):
        api = _last(text) if isinstance(text := host.get("apiId"), str) else ""
        connection = host.get("connection")
        named = connection if isinstance(connection, dict) else {}
        texts = (host.get("connectionName"), host.get("connectionReferenceName"), named.get("referenceName"))
        key = next((text for text in texts if isinstance(text, str)), "")
        if not key and isinstance(expression := named.get("name"), str):
            match = _CONNECTION_ID.search(expression)
            key = match[1] if match else ""
    provider = inputs.get("serviceProviderConfiguration")
    if isinstance(provider, dict):
        api = _last(text) if isinstance(text := provider.get("serviceProviderId"), str) else api
        key = text if isinstance(text := provider.get("connectionName"), str) else key
    reference = references.get(key)
    if not api and isinstance(reference, dict):
        api = _api_of(reference)
    return api, key


def credentials(authentication: Json) -> Iterator[Connector]:
    """Yield what an `authentication` field signs in with: a kind and who, or the parameter that holds it."""
    if isinstance(authentication, str):
        if authentication and not authentication.startswith(_BOILERPLATE):
            yield Connector(kind="credential", name=redact(authentication[:120]))
        return
    if not isinstance(authentication, dict) or is_boilerplate(authentication):
        return
    kind = authentication.get("type")
    who = next(
        (text for key in ("username", "clientId", "identity") if isinstance(text := authentication.get(key), str)), ""
    )
    if isinstance(kind, str) and kind:
        yield Connector(kind="credential", name=redact(f"{kind} {_last(who)[:100]}".strip()))


def is_boilerplate(authentication: Object) -> bool:
    """Say whether an `authentication` object is the one that every exported step carries."""
    value = authentication.get("value")
    return isinstance(value, str) and value.startswith(_BOILERPLATE)


def default_hosts(definition: Object) -> list[str]:
    """Return the hosts that stand in the defaults of parameters: a site that steps reach by the parameter's name."""
    parameters = definition.get("parameters")
    texts = [
        default
        for parameter in (parameters.values() if isinstance(parameters, dict) else ())
        if isinstance(parameter, dict)
        and isinstance(default := parameter.get("defaultValue", parameter.get("value")), str)
    ]
    return sorted({name for text in texts for name in hosts_in(text) if not _IDENTIFIERS.match(name)})
