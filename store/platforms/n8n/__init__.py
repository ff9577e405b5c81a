"""n8n workflows: what the editor downloads, what backups write, what the public API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from store.domain.build import Source, component, free_key
from store.domain.component import Component, DiffRules, Json, Parsed
from store.errors import BadInput
from store.integrity.plain_json import dumps
from store.integrity.strict_json import parse as parse_json
from store.platforms.n8n.credentials import are_credentials, credentials_of, held_in, may_be_credentials
from store.platforms.n8n.watch import (
    connectors_of,
    credential_connectors,
    credentials_in,
    notices_of,
    notices_of_credentials,
)
from store.platforms.n8n.workflow import (
    behaviour_of,
    content_of,
    is_noise,
    is_workflow,
    labels_of,
    language,
    outputs,
    wire_of,
    wires,
)


class N8n:
    """n8n 0.2 to 1.x. A component is one workflow, or one exported credential, called by its id, else by its name."""

    name: Final = "n8n"
    rules: Final = DiffRules(
        is_noise=is_noise,
        language=language,
        wires=wires,
        outputs=outputs,
        wire_of=wire_of,
        called_by_name=("connections",),
    )

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like workflows; an empty list counts when it is called workflows."""
        if len(data) < 64 and data.strip() == b"[]":
            return 60 if _is_workflows(name) else 0
        start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in {b"{", b"["}:
            return 0
        if b'"connections"' not in data or b'"nodes"' not in data:
            return 70 if may_be_credentials(data) else 0
        return 90 if b'"typeVersion"' in data or b"n8n" in data else 60

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the workflows with the hosts, credentials, modules and risky nodes in them.

        Raises:
            BadInput: no strict JSON, or no n8n workflow.
        """
        document = parse_json(data)
        if are_credentials(document.value):
            return self._credentials(document.value)
        workflows = [] if document.value == [] and _is_workflows(name) else workflows_of(document.value)
        source = Source.of(data, has_float=document.has_float)
        found: dict[str, Component] = {}
        for workflow in workflows:
            part = _component(workflow, found, source=source)
            found[part.id] = part
        parts = tuple(found.values())
        return Parsed(
            platform=self.name,
            confidence=95,
            components=parts,
            connectors=connectors_of(parts),
            notices=notices_of(parts),
        )

    def _credentials(self, value: Json) -> Parsed:
        kept = credentials_of(value)
        return Parsed(
            platform=self.name,
            confidence=90,
            components=kept,
            connectors=credential_connectors(kept),
            notices=notices_of_credentials(kept),
            secrets=sum(map(held_in, kept)),
        )

    def graft(self, data: bytes, donor: bytes | None, ids: Sequence[str]) -> bytes:
        """Return `data` with the workflows `ids` as they are in `donor`: as one workflow, or as a list of them.

        Raises:
            BadInput: one of the two cannot be read, or nothing would be left.
        """
        theirs = self._keyed(donor) if donor is not None else {}
        mine = self._keyed(data)
        made = {key: flow for key, flow in mine.items() if key not in ids or key in theirs}
        made |= {key: theirs[key] for key in ids if key in theirs}
        if not made:
            raise BadInput("no workflow would be left in the file")
        flows = list(made.values())
        return dumps(flows[0] if len(flows) == 1 else flows, indented=True)

    def credentials(self, component: Component) -> Mapping[str, str]:
        """Return `type/id` → words for each credential that a workflow refers to: it lives in n8n, not in exports."""
        return dict(credentials_in(component))

    def _keyed(self, data: bytes) -> dict[str, dict[str, Json]]:
        """Return component id → workflow; nothing for an empty list."""
        value = parse_json(data).value
        if value == []:
            return {}
        parts = self.parse(data, "").components
        return {part.id: flow for part, flow in zip(parts, workflows_of(value), strict=True)}


def _is_workflows(name: str) -> bool:
    return name.rpartition("/")[2].lower().startswith("workflows")


def workflows_of(value: Json) -> list[dict[str, Json]]:
    """Return the workflows in an export: one, a list, or a page of the public API.

    Raises:
        BadInput: something in it is no workflow.
    """
    if isinstance(value, dict) and isinstance(value.get("data"), list) and set(value) <= {"data", "nextCursor"}:
        value = value["data"]
    items = value if isinstance(value, list) else [value]
    workflows = [item for item in items if isinstance(item, dict) and is_workflow(item)]
    if not workflows or len(workflows) != len(items):
        raise BadInput("not an n8n workflow: nodes and connections are missing or misshapen")
    return workflows


def _component(workflow: dict[str, Json], taken: dict[str, Component], *, source: Source) -> Component:
    name = workflow.get("name")
    shown = name if isinstance(name, str) and name else "workflow"
    identity = workflow.get("id")
    wanted = str(identity) if isinstance(identity, (str, int)) and identity not in {"", None} else shown
    content = content_of(workflow)
    return component(
        id=free_key(wanted, taken),
        name=shown,
        kind="workflow",
        content=content,
        behaviour=behaviour_of(content),
        labels=labels_of(content),
        source=source,
    )
