"""A workflow as a running n8n answers it, and as it is put back: what the public API takes, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from store.domain.build import canonical
from store.domain.component import Json
from store.integrity.plain_json import dumps
from store.platforms.n8n.workflow import behaviour_of, content_of

Workflow = dict[str, Any]

FILE: Final = "workflows.json"
_WRITTEN: Final = ("name", "nodes", "connections", "settings")
"""All that PUT and POST take; anything else is refused as read-only."""


def as_export(workflow: Mapping[str, Json], identity: str) -> Workflow:
    """Return a live workflow as an export under the id that releases know it by.

    What runs is told: of an active workflow the published version. A draft that was saved and not published stands
    beside it as `draft`, so that nobody's unpublished work is overwritten unseen.
    """
    active = workflow.get("active") is True
    made: Workflow = {"id": identity, "name": workflow.get("name"), "active": active}
    runs: Mapping[str, Json] = workflow
    published = workflow.get("activeVersion")
    if active and isinstance(published, dict) and published.get("versionId") != workflow.get("versionId"):
        runs = published
        made["draft"] = {"nodes": workflow.get("nodes"), "connections": workflow.get("connections")}
    made |= {"nodes": runs.get("nodes"), "connections": runs.get("connections"), "settings": workflow.get("settings")}
    if workflow.get("isArchived") is True:
        made["isArchived"] = True
    return made


def body_of(workflow: Mapping[str, Json]) -> Workflow:
    """Return what is sent to make a live workflow this one."""
    body = {key: workflow[key] for key in _WRITTEN if key in workflow}
    return {"settings": {}, **body}


def meaning(workflow: Mapping[str, Json]) -> bytes:
    """Return the canonical bytes of what a workflow does."""
    return canonical(behaviour_of(content_of(workflow)))


def layout(workflow: Mapping[str, Json]) -> bytes:
    """Return bytes that differ where two workflows of one meaning look different on the canvas."""
    nodes = workflow.get("nodes")
    places = [node.get("position") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return dumps(places)


def version(workflow: Mapping[str, Json]) -> list[Json]:
    """Return what changes whenever anybody saves, publishes, archives, activates or deactivates a workflow.

    `updatedAt` is not in it: a running workflow that keeps data of its own moves it on by itself.
    """
    states = [workflow.get(key) for key in ("id", "versionId", "activeVersionId", "active", "isArchived")]
    return [*states, sha256(dumps(body_of(workflow))).hexdigest()]


def revision_of(workflows: Mapping[str, Mapping[str, Json]]) -> str:
    """Return one revision for all workflows (live id → workflow)."""
    versions = [version(workflows[identity]) for identity in sorted(workflows)]
    return sha256(dumps(versions)).hexdigest()
