"""What a reviewer should see in state machines: services, resources, hosts, commands, timers, open doors, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from store.domain.build import gathered, searchable
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import hosts_in
from store.domain.secrets import redact, scan

_SERVICE: Final = re.compile(r"arn:aws[a-z-]*:states:::(?P<service>.+)")
"""A service integration; other ARNs name one function, activity or queue."""
_TARGETS: Final = frozenset({
    "FunctionName", "StateMachineArn", "TopicArn", "QueueUrl", "TableName", "JobDefinition", "JobQueue", "Cluster",
    "TaskDefinition", "EventBusName", "ProjectName", "ModelId", "CrawlerName", "DatabaseName", "WorkGroup", "SecretId",
})  # fmt: skip
_SHELLS: Final = ("ssm:sendCommand", "ssm:startAutomationExecution")
_IDENTIFIERS: Final = re.compile(r"schema\.|json-schema\.org|www\.w3\.org")
_Found = Iterator[tuple[str, str]]


def outside(parts: Sequence[Component]) -> tuple[tuple[Connector, ...], tuple[Notice, ...]]:
    """Return the connectors of all parts with who uses them, and what a reviewer should see."""
    uses: list[tuple[str, Connector]] = []
    notices: dict[Notice, None] = {}
    for part in parts:
        content = part.content if isinstance(part.content, dict) else {}
        uses += ((part.id, connector) for connector in _connectors(part, content))
        for code, what in dict.fromkeys(_seen(part, content)):
            notices[Notice(code=code, component=part.id, detail=redact(f"{part.name}: {what}"))] = None
    return gathered(uses), tuple(notices)


def _connectors(part: Component, content: dict[str, Json]) -> Iterator[Connector]:
    role = content.get("roleArn")
    if isinstance(role, str):
        yield Connector(kind="credential", name=redact(role))
    if part.kind not in {"template", "state-machine"}:
        for holder in (content, content.get("ItemReader"), content.get("ResultWriter")):
            if isinstance(holder, dict):
                yield from _called(holder)
    text = part.canonical.decode()
    yield from (Connector(kind="host", name=host) for host in sorted(hosts_in(text)) if not _IDENTIFIERS.match(host))


def _called(holder: dict[str, Json]) -> Iterator[Connector]:
    """Yield what a task calls: the service, the one resource of it, the credentials it calls with."""
    resource = holder.get("Resource")
    if isinstance(resource, str) and resource:
        yield Connector(kind="module" if _SERVICE.match(resource) else "connection", name=redact(resource))
    for given in (holder.get("Parameters"), holder.get("Arguments")):
        for key, value in given.items() if isinstance(given, dict) else ():
            if key in _TARGETS and isinstance(value, str) and value:
                yield Connector(kind="credential" if key == "SecretId" else "connection", name=redact(value))
        authentication = given.get("Authentication") if isinstance(given, dict) else None
        connection = authentication.get("ConnectionArn") if isinstance(authentication, dict) else None
        if isinstance(connection, str):
            yield Connector(kind="credential", name=redact(connection))
    credentials = holder.get("Credentials")
    role = credentials.get("RoleArn") if isinstance(credentials, dict) else None
    if isinstance(role, str):
        yield Connector(kind="credential", name=redact(role))


def _seen(part: Component, content: dict[str, Json]) -> _Found:
    resource = content.get("Resource")
    service = resource if isinstance(resource, str) else ""
    given = content.get("Arguments") or content.get("Parameters")
    arguments = given if isinstance(given, dict) else {}
    if any(shell in service for shell in _SHELLS):
        document = arguments.get("DocumentName")
        yield "shell", f"runs a command on machines ({document})" if isinstance(document, str) else "runs a command"
    elif _command(arguments):
        yield "shell", f"runs a command in a container: {_command(arguments)}"
    endpoint = arguments.get("ApiEndpoint")
    if isinstance(endpoint, str) and endpoint.lower().startswith("http://"):
        yield "tls-off", f"talks to {endpoint[:120]} without TLS"
    if part.kind == "state-machine":
        yield from _events(content)
    for kind in dict.fromkeys(span.kind for span in scan(part.canonical)):
        yield "inline-secret", f"holds a secret in the open ({kind})"


def _command(arguments: dict[str, Json]) -> str:
    """Return the command that a task gives a container, empty where it gives none."""
    for path in (("Overrides", "ContainerOverrides"), ("ContainerOverrides",)):
        value: Json = arguments
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        for override in value if isinstance(value, list) else [value]:
            command = override.get("Command") if isinstance(override, dict) else None
            if command:
                return searchable(command).decode()[:120]
    return ""


def _events(content: dict[str, Json]) -> _Found:
    """Yield the timers and the open doors among the events of a SAM state machine."""
    properties = content.get("Properties")
    events = properties.get("Events") if isinstance(properties, dict) else None
    for name, event in events.items() if isinstance(events, dict) else ():
        if not isinstance(event, dict):
            continue
        given = event.get("Properties")
        inside = given if isinstance(given, dict) else {}
        match event.get("Type"):
            case "Schedule" | "ScheduleV2":
                when = inside.get("Schedule", inside.get("ScheduleExpression"))
                yield "schedule", f"{name}: runs on the schedule {when if isinstance(when, str) else 'it is given'}"
            case "Api" | "HttpApi" if not inside.get("Auth"):
                yield (
                    "open-endpoint",
                    f"{name}: answers {inside.get('Method')} {inside.get('Path')} without authentication",
                )
            case _:
                pass
