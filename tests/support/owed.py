"""What the tests of health and of its rounds share."""

from __future__ import annotations

from support.scene import Scene

from store.domain.duties import Duty, State
from store.services import incidents
from store.services.context import Actor, Context
from store.services.glass import breaking
from store.services.health import health as service


def duty(context: Context, key: str) -> Duty:
    return next(one for one in service.health(context).duties if one.key == key)


def keys(context: Context, state: State) -> list[str]:
    return [one.key for one in service.health(context).duties if one.state is state]


def glass_broken(scene: Scene) -> Actor:
    """Let rex break glass; its review is due after 72 hours."""
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    return rex
