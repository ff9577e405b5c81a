"""Planning a rollback of the scene's one project, and carrying it out."""

from __future__ import annotations

from typing import Any

from support.scene import Scene

from store.services.delivery import rollback
from store.services.delivery.rollback import Plan
from store.services.requests.requests import change_of


def plan(scene: Scene, **more: Any) -> Plan:
    return rollback.plan(scene.context, "prod", "orders", **more)


def back(scene: Scene, what: Plan) -> None:
    assert rollback.roll_back(scene.context, scene.bo, what, reason="it hurts").verified


def release_of(scene: Scene, request: str) -> str:
    return change_of(scene.context.ledger, request).target.release
