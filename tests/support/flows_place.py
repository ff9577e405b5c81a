"""The environment `flows`: an n8n with a few workflows, and deployments there that break off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fake_n8n import KEY, FakeN8n, export, running
from support.scene import Scene

from store.services.delivery import environments


@contextmanager
def flows_place(scene: Scene, names: str) -> Iterator[FakeN8n]:
    """Lend the n8n of the environment `flows`, with a workflow for each letter of `names`."""
    with running() as fake, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERS_KEY", KEY)
        for name in names:
            fake.created(name, name.title(), "0")
        add(scene, fake)
        yield fake


def add(scene: Scene, fake: FakeN8n, **rules: str) -> None:
    settings = {"url": fake.url, "api-key-env": "ORDERS_KEY", **rules}
    environments.add(scene.context, scene.alice, "flows", target="n8n", settings=settings)


def approved(scene: Scene, **code: str) -> str:
    """Ask for workflows with this code, and approve it; return the request."""
    for name, text in code.items():
        scene.ingest(export(name, name.title(), text), place="flows", name=f"{name}.json")
    return scene.approved(place="flows")


def broken_at(n8n: FakeN8n, identity: str, fault: str = "drop") -> None:
    """Let the next write of one workflow go wrong."""
    n8n.plug = lambda method, path: fault if method != "GET" and path.endswith(f"workflows/{identity}") else None


def codes(n8n: FakeN8n) -> str:
    """Return the code that each workflow runs, in the order of their names."""
    flows = sorted(n8n.workflows.values(), key=lambda flow: flow["name"])
    return "".join(flow["nodes"][1]["parameters"]["jsCode"] for flow in flows)
