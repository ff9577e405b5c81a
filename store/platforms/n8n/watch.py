"""What a reviewer should see in n8n nodes: hosts, credentials, modules, shells, files, open doors, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from store.domain.build import gathered, host, searchable
from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import host_named, hosts_in
from store.domain.secrets import redact, scan
from store.platforms.n8n.credentials import held_in
from store.platforms.n8n.timers import seconds_between, when
from store.platforms.n8n.workflow import behaviour_of, content_of, is_workflow

_OWN: Final = ("n8n-nodes-base.", "@n8n/")
_SHELLS: Final = frozenset({"executeCommand", "ssh"})
_FILES: Final = frozenset({"readWriteFile", "readBinaryFile", "readBinaryFiles", "writeBinaryFile", "localFileTrigger"})
_DOORS: Final = frozenset({"webhook", "formTrigger", "chatTrigger", "mcpTrigger"})
_TIMERS: Final = frozenset({"scheduleTrigger", "cron", "interval"})
_CODE: Final = ("jsCode", "pythonCode", "functionCode", "code")
_SHELL_CODE: Final = ("child_process", "execSync(", "spawnSync(", "os.system(", "subprocess.")
_ADDRESSES: Final = ("url", "baseUrl", "host", "endpoint")


def connectors_of(workflows: Sequence[Component]) -> tuple[Connector, ...]:
    """Return the hosts, credentials and community modules that the workflows use, each once."""
    return gathered(
        (workflow.id, link) for workflow in workflows for _, node in _nodes(workflow) for link in _links(node)
    )


def _links(node: dict[str, Any]) -> Iterator[Connector]:
    if not node["type"].startswith(_OWN):
        yield Connector(kind="module", name=node["type"].rpartition(".")[0] or node["type"])
    credentials = node.get("credentials")
    for kind, credential in credentials.items() if isinstance(credentials, dict) else ():
        given = credential if isinstance(credential, dict) else {"name": credential}
        name, identity = given.get("name"), given.get("id")
        yield Connector(
            kind="credential",
            name=f"{kind}: {name}" if isinstance(name, str) else kind,
            ref=str(identity) if isinstance(identity, (str, int)) and identity != "" else None,
        )
    parameters = node.get("parameters")
    if not isinstance(parameters, dict):
        return
    hosts = set(hosts_in(searchable(parameters).decode()))
    for key in _ADDRESSES:
        value = parameters.get(key)
        if isinstance(value, str):
            hosts |= host_named(value.removeprefix("="))
    yield from (host(name) for name in sorted(hosts))


def credentials_in(workflow: Component) -> Iterator[tuple[str, str]]:
    """Yield (`type/id`, words) of every credential that a workflow's nodes refer to."""
    for _, node in _nodes(workflow):
        credentials = node.get("credentials")
        for kind, credential in credentials.items() if isinstance(credentials, dict) else ():
            known = credential if isinstance(credential, dict) else {"name": credential}
            name = redact(str(known.get("name") or kind))
            yield (
                f"{kind}/{known.get('id') or name}",
                f"credential {name!r} ({kind}) of {workflow.name!r}: make sure that it is there, or choose another",
            )


def credential_connectors(kept: Sequence[Component]) -> tuple[Connector, ...]:
    """Return each exported credential, named as workflows name it, and the hosts it is for."""
    uses: list[tuple[str, Connector]] = []
    for part in kept:
        content: dict[str, Any] = part.content if isinstance(part.content, dict) else {}
        identity = content.get("id")
        ref = str(identity) if isinstance(identity, (str, int)) and identity != "" else None
        uses.append((part.id, Connector(kind="credential", name=f"{content.get('type')}: {part.name}", ref=ref)))
        data = content.get("data")
        given: dict[str, Any] = data if isinstance(data, dict) else {}
        for key in (*_ADDRESSES, "accessTokenUrl"):
            if isinstance(value := given.get(key), str):
                uses += [(part.id, host(name)) for name in sorted(host_named(value))]
    return gathered(uses)


def notices_of_credentials(kept: Sequence[Component]) -> tuple[Notice, ...]:
    """Return a notice for each credential whose secrets can be read in the export."""
    return tuple(
        Notice(code="inline-secret", component=part.id, detail=redact(f"{part.name}: its secrets are in the export"))
        for part in kept
        if held_in(part)
    )


def notices_of(workflows: Sequence[Component]) -> tuple[Notice, ...]:
    """Return what a reviewer should see in the workflows."""
    found = tuple(
        Notice(
            code=code,
            component=workflow.id,
            detail=f"{redact(str(node.get('name') or node['type']))}: {what}",
            part=identity,
            every=seconds_between(node.get("parameters")) if code == "schedule" else None,
        )
        for workflow in workflows
        for leaky in [bool(scan(workflow.canonical))]  # one look at all of it is quicker than one at each node
        for identity, node in _nodes(workflow)
        for code, what in dict.fromkeys((*_seen(node, leaky=leaky), *_kept(workflow, node)))
    )
    return (*found, *(draft for workflow in workflows for draft in _unpublished(workflow)))


def _unpublished(workflow: Component) -> Iterator[Notice]:
    """Yield a notice where an active workflow runs as it was published, and what the export holds is a draft."""
    content: dict[str, Any] = workflow.content if isinstance(workflow.content, dict) else {}
    runs = content.get("activeVersion")
    if content.get("active") is not True or not isinstance(runs, dict) or not is_workflow(runs):
        return
    version = runs.get("versionId")
    if version == content.get("versionId") or _meant(content_of(runs)) == _meant(content):
        return
    detail = f"{workflow.name}: is a draft beside the published version {str(version)[:8]}, which runs"
    yield Notice(code="unpublished-draft", component=workflow.id, detail=redact(detail))


def _meant(content: dict[str, Any]) -> dict[str, Any]:
    behaviour = behaviour_of(content)
    return {key: behaviour.get(key) for key in ("nodes", "connections")}


def _seen(node: dict[str, Any], *, leaky: bool) -> Iterator[tuple[str, str]]:
    kind = node["type"].rpartition(".")[2]
    given = node.get("parameters")
    parameters: dict[str, Any] = given if isinstance(given, dict) else {}
    code = "\n".join(text for key in _CODE if isinstance(text := parameters.get(key), str))
    if any(word in code for word in _SHELL_CODE):
        yield "shell", "its code starts other programs"
    if kind in _SHELLS:
        yield "shell", f"runs the command {_shown(parameters.get('command')) or 'that the data names'}"
    elif kind in _FILES:
        path = parameters.get("fileSelector") or parameters.get("fileName") or parameters.get("filePath")
        yield "file", f"reads or writes {_shown(path) or 'files'}"
    elif kind in _DOORS and parameters.get("authentication", "none") == "none":
        yield "open-endpoint", f"answers on /{_shown(parameters.get('path')) or kind} and asks for no authentication"
    elif kind in _TIMERS:
        yield "schedule", when(parameters)
    options = parameters.get("options")
    if parameters.get("allowUnauthorizedCerts") is True or (
        isinstance(options, dict) and options.get("allowUnauthorizedCerts") is True
    ):
        yield "tls-off", "does not check the server's certificate"
    for span in scan(searchable(parameters)) if leaky else ():
        yield "inline-secret", f"holds a secret in the open ({span.kind})"


def _kept(workflow: Component, node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the secrets in data that the editor pinned to a node: noise to what it does, and in every copy."""
    content = workflow.content
    pinned = content.get("pinData") if isinstance(content, dict) else None
    data = pinned.get(str(node.get("name"))) if isinstance(pinned, dict) else None
    for span in scan(searchable(data)) if data else ():
        yield "inline-secret", f"its pinned data holds a secret in the open ({span.kind})"


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else searchable(value).decode() if value else ""
    return redact(text if len(text) <= 120 else f"{text[:119]}…")


def _nodes(workflow: Component) -> Iterator[tuple[str, dict[str, Any]]]:
    content = workflow.content
    nodes = content.get("nodes") if isinstance(content, dict) else None
    for identity, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(node, dict):
            yield identity, node
