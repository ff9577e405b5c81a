"""What a reviewer should see in steps: timers, open doors, code, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from store.domain.build import host as host_connector
from store.domain.build import searchable
from store.domain.component import Connector, Json, Notice
from store.domain.secrets import redact, scan
from store.formats.workflow_definition.steps import Object
from store.formats.workflow_definition.uses import (
    called,
    connectors,
    connectors_of_reference,
    default_hosts,
    is_boilerplate,
)

_NUMBERED: Final = re.compile(r"[-_][0-9]+\Z")
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
        uses += [(component, connector) for connector in connectors(step, references)]
        found = [*(_trigger(step, guarded=guarded) if is_trigger else ()), *_step(step, references, holds=holds)]
        for code, what in dict.fromkeys(found) if found else ():
            shown = redact(f"{name.replace('_', ' ')}: {what}")
            notices[Notice(code=code, component=component, detail=shown)] = None
    uses += [(component, host_connector(name)) for name in default_hosts(described)]
    for parameter, secret in _parameters(described):
        uses.append((component, Connector(kind="credential", name=f"parameter {parameter}")))
        if secret:
            detail = f"parameter {redact(parameter)}: holds a secret in the open (its default value)"
            notices[Notice(code="inline-secret", component=component, detail=detail)] = None
    return Seen(uses=tuple(uses), notices=tuple(notices))


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
    api, key = called(inputs, references)
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
    if isinstance(authentication, dict) and not is_boilerplate(authentication) and not kinds:
        for key in _SECRET_FIELDS:
            value = authentication.get(key)
            if isinstance(value, str) and len(value) > 2 and "@" not in value[:2] and not value.startswith("["):
                kinds.setdefault(f"{authentication.get('type', 'authentication')} {key}")
    for kind in kinds:
        yield "inline-secret", f"holds a secret in the open ({kind})"
