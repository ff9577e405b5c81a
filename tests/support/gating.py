"""Requests under a policy of a test's own: its gates, and what they record."""

from __future__ import annotations

from support.exports import V1
from support.scene import Scene

from store.domain.policy import Policy
from store.domain.policy.reading import read_policy
from store.services.context import Actor, Context
from store.services.requests import requests

GATES = ("gate.evaluated", "risk.assessed")
"""Kinds of entry that gates leave behind, whatever they say."""


def policy(text: str, **files: str) -> Policy:
    """Return the policy of one file, and of `files` beside it."""
    return read_policy({"p.toml": text, **{f"{name}.toml": more for name, more in files.items()}})


def asked(scene: Scene, context: Context, data: bytes = V1, *, by: Actor | None = None, **stated: str) -> str:
    """Ingest an export, open a request for it and submit it under the policy of `context`; return its id."""
    scene.ingest(data)
    request = scene.open(by, **stated)
    requests.submit(context, by or scene.cy, request)
    return request
