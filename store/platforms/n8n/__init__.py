"""n8n workflows: what the editor downloads, what backups write, what the public API answers."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source, component, free_key
from store.domain.component import Component, DiffRules, Json, Parsed
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.n8n.watch import connectors_of, notices_of
from store.platforms.n8n.workflow import (
    behaviour_of,
    content_of,
    is_noise,
    is_workflow,
    labels_of,
    language,
    outputs,
    wires,
)


class N8n:
    """n8n 0.2 to 1.x. A component is one workflow, called by its id, else by its name."""

    name: Final = "n8n"
    rules: Final = DiffRules(
        is_noise=is_noise, language=language, wires=wires, outputs=outputs, called_by_name=("connections",)
    )

    def detect(self, data: bytes, name: str) -> int:  # noqa: ARG002  the shape of Platform.detect
        """Return how much `data` looks like workflows."""
        start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in {b"{", b"["} or b'"nodes"' not in data or b'"connections"' not in data:
            return 0
        return 90 if b'"typeVersion"' in data or b"n8n" in data else 60

    def parse(self, data: bytes, name: str) -> Parsed:  # noqa: ARG002
        """Return the workflows with the hosts, credentials, modules and risky nodes in them.

        Raises:
            BadInput: no strict JSON, or no n8n workflow.
        """
        document = parse_json(data)
        workflows = _workflows(document.value)
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


def _workflows(value: Json) -> list[dict[str, Json]]:
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
