"""What a reviewer should see in steps: connectors, hosts, credentials, timers, open doors, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from store.domain.build import host as host_connector
from store.domain.build import searchable
from store.domain.component import Connector, Json, Notice
from store.domain.hosts import host_named, hosts_in
from store.domain.secrets import redact, scan
from store.formats.workflow_definition.steps import Object

_IDENTIFIERS: Final = re.compile(r"schema\.management\.azure\.com|(?:www\.)?json-schema\.org|www\.w3\.org|schemas?\.")
"""Hosts in `$schema` and namespaces; nobody is called there."""
_CONNECTION_ID: Final = re.compile(r"\[\s*'([^']+)'\s*\]\s*\[\s*'connectionId'\s*\]")
_NUMBERED: Final = re.compile(r"[-_][0-9]+\Z")
_QUOTED: Final = re.compile(r"'([^']+)'")
_NO_ADDRESSES: Final = frozenset({"$schema", "audience", "schema", "resource"})
"""Fields whose URLs are identifiers."""
_HTTP: Final = frozenset({"http", "httpwebhook", "httpaction", "swagger"})
_BY_PEOPLE: Final = frozenset({
    "button", "powerapp", "powerappv2", "apiconnection", "virtualagent", "skills", "teams", "copilot", "agent",
})  # fmt: skip
"""Kinds of the Request trigger that the platform itself calls for a signed-in person."""
_KNOWN_CALLERS: Final = frozenset({"tenant", "specificusers", "user", "users"})
"""Values of `triggerAuthenticationType` that ask who is calling; `All` does not."""
_CODE: Final = {"powershellcode": "PowerShell", "csharpscriptcode": "C#", "csharpcode": "C#"}
_MACHINES: Final = frozenset({"shared_uiflow", "uiflow"})
_FILES: Final = frozenset({
    "filesystem", "ftp", "sftp", "sftpwithssh", "azurefile", "shared_filesystem", "shared_ftp", "shared_sftpwithssh",
    "shared_azurefile",
})  # fmt: skip
_BOILERPLATE: Final = ("@parameters('$authentication')", "@json(decodeBase64(", "@{json(decodeBase64(")
_SECRET_FIELDS: Final = ("password", "secret", "pfx", "value", "parameter")
"""What holds the secret of an `authentication` object, by its type."""

Use = tuple[str, Connector]
_Found = Iterator[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was found in one workflow."""

    uses: tuple[Use, ...]
    """(component id, connector) pairs, for `gathered`; one may stand there more than once."""
    notices: tuple[Notice, ...]


def look(component: str, content: Object, references: Mapping[str, Json], *, guarded: bool = False) -> Seen:
    """Return what the steps of a flattened workflow use, and what a reviewer should see in them.

    `references` are its connection references by the keys its steps use; `guarded` says that something outside
    the definition asks callers of its trigger who they are.
    """
    steps = content.get("nodes")
    definition = content.get("definition")
    described: Object = definition if isinstance(definition, dict) else {}
    names = described.get("triggers")
    triggers = frozenset(str(name) for name in names) if isinstance(names, list) else frozenset()
    holds = bool(scan(searchable(steps)))  # one look at all of them is much quicker than one at each
    uses: list[Use] = []
    notices: dict[Notice, None] = {}
    for key in references:
        uses += [(component, connector) for connector in connectors_of_reference(key, references)]
    for name, step in steps.items() if isinstance(steps, dict) else ():
        if not isinstance(step, dict):
            continue
        is_trigger = name in triggers
        uses += [(component, connector) for connector in _connectors(step, references)]
        found = [*(_trigger(step, guarded=guarded) if is_trigger else ()), *_step(step, references, holds=holds)]
        for code, what in dict.fromkeys(found) if found else ():
            shown = redact(f"{name.replace('_', ' ')}: {what}")
            notices[Notice(code=code, component=component, detail=shown)] = None
    uses += [(component, host_connector(name)) for name in _default_hosts(described)]
    for parameter, secret in _parameters(described):
        uses.append((component, Connector(kind="credential", name=f"parameter {parameter}")))
        if secret:
            detail = f"parameter {redact(parameter)}: holds a secret in the open (its default value)"
            notices[Notice(code="inline-secret", component=component, detail=detail)] = None
    return Seen(uses=tuple(uses), notices=tuple(notices))


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


def _connectors(step: Object, references: Mapping[str, Json]) -> Iterator[Connector]:
    inputs = step.get("inputs")
    if not isinstance(inputs, dict):
        return
    api, key = _called(inputs, references)
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


def _called(inputs: Object, references: Mapping[str, Json]) -> tuple[str, str]:
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
    if not isinstance(authentication, dict) or _is_boilerplate(authentication):
        return
    kind = authentication.get("type")
    who = next(
        (text for key in ("username", "clientId", "identity") if isinstance(text := authentication.get(key), str)), ""
    )
    if isinstance(kind, str) and kind:
        yield Connector(kind="credential", name=redact(f"{kind} {_last(who)[:100]}".strip()))


def _is_boilerplate(authentication: Object) -> bool:
    value = authentication.get("value")
    return isinstance(value, str) and value.startswith(_BOILERPLATE)


def _default_hosts(definition: Object) -> list[str]:
    """Return the hosts that stand in the defaults of parameters: a site that steps reach by the parameter's name."""
    parameters = definition.get("parameters")
    texts = [
        default
        for parameter in (parameters.values() if isinstance(parameters, dict) else ())
        if isinstance(parameter, dict)
        and isinstance(default := parameter.get("defaultValue", parameter.get("value")), str)
    ]
    return sorted({name for text in texts for name in hosts_in(text) if not _IDENTIFIERS.match(name)})


def _parameters(definition: Object) -> Iterator[tuple[str, bool]]:
    """Yield the secure parameters of a definition, and whether one carries a secret as its default."""
    parameters = definition.get("parameters")
    for name, parameter in parameters.items() if isinstance(parameters, dict) else ():
        if not isinstance(parameter, dict) or name == "$authentication":
            continue
        if str(parameter.get("type")).lower() in {"securestring", "secureobject"}:
            default = parameter.get("defaultValue", parameter.get("value"))
            literal = isinstance(default, str) and not default.startswith(("@", "[")) and len(default) > 2
            yield name, literal or (isinstance(default, dict) and bool(default))


def _trigger(step: Object, *, guarded: bool) -> _Found:
    kind = str(step.get("type")).lower()
    given = step.get("inputs")
    inputs: Object = given if isinstance(given, dict) else {}
    if kind in {"request", "manual"} and not guarded:
        asks = str(inputs.get("triggerAuthenticationType", "")).lower()
        if str(step.get("kind", "http")).lower() not in _BY_PEOPLE and asks not in _KNOWN_CALLERS:
            method = inputs.get("method")
            verb = f"{method} requests" if isinstance(method, str) and method else "HTTP requests"
            yield "open-endpoint", f"answers {verb} and asks for no authentication but the key in its address"
    recurrence = step.get("recurrence")
    if isinstance(recurrence, dict) or kind in {"recurrence", "slidingwindow"}:
        polls = "runs" if kind in {"recurrence", "slidingwindow"} else "looks for news"
        yield "schedule", f"{polls} {_every(recurrence if isinstance(recurrence, dict) else {})}"


def _every(recurrence: Object) -> str:
    schedule = recurrence.get("schedule")
    at = f" at {searchable(schedule).decode()[:120]}" if schedule else ""
    interval, frequency = recurrence.get("interval"), recurrence.get("frequency")
    if not isinstance(frequency, str):
        return f"on a schedule{at}"
    unit = frequency.lower()
    return f"every {unit}{at}" if interval in {None, 1} else f"every {interval} {unit}s{at}"


def _step(step: Object, references: Mapping[str, Json], *, holds: bool) -> _Found:
    kind = str(step.get("type")).lower()
    given = step.get("inputs")
    inputs: Object = given if isinstance(given, dict) else {}
    api, key = _called(inputs, references)
    api = api or _NUMBERED.sub("", key)  # where the connections are in another file, their keys are all there is
    host = inputs.get("host")
    operation = host.get("operationId") if isinstance(host, dict) else None
    what = f" ({operation})" if isinstance(operation, str) else ""
    if kind in _CODE:
        yield "shell", f"runs {_CODE[kind]} on the host"
    if api.lower() in _MACHINES:
        yield "shell", f"runs a desktop flow on a machine{what}"
    if api.lower() in _FILES:
        yield "file", f"reads or writes files over {api}{what}"
    address = inputs.get("uri")
    if kind in _HTTP and isinstance(address, str) and address.lower().startswith("http://"):
        yield "tls-off", f"talks to {redact(address)[:120]} without TLS"
    yield from _secrets(inputs, holds=holds)


def _secrets(inputs: Object, *, holds: bool) -> _Found:
    kinds = dict.fromkeys(span.kind for span in scan(searchable(inputs))) if holds else {}
    authentication = inputs.get("authentication")
    if isinstance(authentication, dict) and not _is_boilerplate(authentication) and not kinds:
        for key in _SECRET_FIELDS:
            value = authentication.get(key)
            if isinstance(value, str) and len(value) > 2 and "@" not in value[:2] and not value.startswith("["):
                kinds.setdefault(f"{authentication.get('type', 'authentication')} {key}")
    for kind in kinds:
        yield "inline-secret", f"holds a secret in the open ({kind})"
