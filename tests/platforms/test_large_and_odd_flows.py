"""Flows nobody would draw: very many steps, all of one name, all triggers. Linear time, one line, no surprise."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from store.domain.diff import compare
from store.platforms import platform, recognise


def scopes(count: int) -> Any:
    """A workflow of `count` scopes that each hold an action of the same name."""
    inner = {"same": {"type": "Compose", "inputs": "@a"}}
    actions = {f"s{n}": {"type": "Scope", "actions": inner, "runAfter": {}} for n in range(count)}
    return {"definition": {"triggers": {}, "actions": actions}, "kind": "Stateful"}


def triggers(count: int) -> Any:
    one = {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1}}
    steps = {f"t{n}": one for n in range(count)}
    return {"definition": {"triggers": steps, "actions": {f"a{n}": {"type": "Compose"} for n in range(count)}}}


def resources(count: int) -> Any:
    items = [{"type": "Microsoft.Web/connections", "name": f"c{n}", "properties": {}} for n in range(count)]
    return {"$schema": "https://x/deploymentTemplate.json#", "resources": items}


def states(count: int) -> Any:
    branch = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    return {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [branch] * count, "End": True}}}


def chain(count: int) -> Any:
    return {"StartAt": "s0", "States": {f"s{n}": {"Type": "Pass", "Next": f"s{n + 1}"} for n in range(count)}}


@pytest.mark.parametrize(
    ("made", "parts"),
    [
        (scopes(6_000), 1),
        (triggers(6_000), 1),
        (resources(6_000), 6_001),
        (states(6_000), 6_002),
        (chain(5_000), 5_001),
    ],
    ids=["scopes", "triggers", "resources", "states", "chain"],
)
def test_very_many_of_anything_takes_seconds_not_minutes(made: Any, parts: int) -> None:
    data = json.dumps(made).encode()
    began = time.process_time()
    parsed = recognise(data, "x.json")
    assert len(parsed.components) == parts
    changed = recognise(data.replace(b"Pass", b"Wait", 1).replace(b"Compose", b"Query", 1), "x.json")
    rules = platform(parsed.platform).rules
    compare(parsed.components, changed.components, rules)
    if rules.wires:
        rules.wires(parsed.components[0].content)
    assert time.process_time() - began < 8


HUGE = 10**30


TIMER = {"name": "S", "type": "n8n-nodes-base.scheduleTrigger", "parameters": {"rule": {"n": HUGE}}}
NUMBERED = [
    [
        {"id": "t", "type": "tab"},
        {"id": "f", "type": "function", "z": "t", "n": HUGE, "credentials": {"password": "x"}},
    ],
    {"name": "w", "nodes": [{"id": "1", "pinned": 1, **TIMER}], "connections": {}, "pinData": {"S": [{"json": HUGE}]}},
    {"definition": {"actions": {"a": {"type": "Http", "inputs": {"n": HUGE}}}}},
    {"StartAt": "A", "States": {"A": {"Type": "Task", "Parameters": {"ContainerOverrides": {"Command": [HUGE]}}}}},
    {"definition": {"triggers": {"t": {"type": "Recurrence", "recurrence": {"frequency": "Day", "schedule": [HUGE]}}}}},
]


@pytest.mark.parametrize("made", NUMBERED, ids=["list of nodes", "n8n", "workflow", "state machine", "timer"])
def test_a_number_too_large_for_most_readers_is_read(made: Any) -> None:
    parsed = recognise(json.dumps(made).encode(), "x.json")
    assert parsed.platform != "generic"
    assert str(HUGE).encode() in b"".join(part.canonical for part in parsed.components)
