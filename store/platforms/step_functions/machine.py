"""A state machine in the Amazon States Language: a component for each state, however deep it is nested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from store.domain.build import FreeKeys, Source, component
from store.domain.component import Component, Json, Path

NEXT: Final = ""
"""The inner id of the state itself: a component is one state, and its wires lead to other components."""
_NESTED: Final = ("ItemProcessor", "Iterator")
_NOISE: Final = frozenset({
    "creationDate", "updateDate", "revisionId", "stateMachineArn", "stateMachineVersionArn", "status",
    "ResponseMetadata",
})  # fmt: skip
"""What `describe-state-machine` says of one copy of a machine: when, where, which revision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A state machine as it was found: in a file of its own, in an answer of the API, in a template."""

    key: str
    """What its component is called by; the states are `<key>#<state>`."""
    name: str
    definition: dict[str, Json]
    """The Amazon States Language object; empty where it stands in another file."""
    beside: dict[str, Json]
    """What stands around the definition: the role, logging, events."""
    source: Source | None


def is_definition(value: Json) -> bool:
    """Say whether `value` is a state machine: a state to start at, and states that each have a type.

    What else people write among the states (a comment, a setting in the wrong place) is no state and does no harm.
    """
    if not isinstance(value, dict) or not isinstance(value.get("StartAt"), str):
        return False
    states = value.get("States")
    inside = [state for state in states.values() if isinstance(state, dict)] if isinstance(states, dict) else []
    return bool(inside) and all(isinstance(state.get("Type"), str) for state in inside)


def components_of(machine: Machine) -> tuple[Component, ...]:
    """Return the machine and its states, in the order of the definition, what is nested right after its state.

    State names are unique in a whole machine (the specification says so); a second one of a name is kept apart.
    """
    rest: dict[str, Json] = {key: value for key, value in machine.definition.items() if key != "States"}
    states = machine.definition.get("States")
    odd: Json = (
        {key: item for key, item in states.items() if not isinstance(item, dict)} if isinstance(states, dict) else {}
    )
    if odd:
        rest["States"] = odd
    content: dict[str, Json] = {**rest, **machine.beside}
    whole = component(
        id=machine.key,
        name=machine.name,
        kind="state-machine",
        content=content,
        behaviour={key: value for key, value in content.items() if key not in _NOISE},
        labels={NEXT: machine.name},
        source=machine.source,
    )
    found: dict[str, Component] = {machine.key: whole}
    keys = FreeKeys()
    for name, state in _states(states):
        key = keys.free(f"{machine.key}#{name}", found)
        bare = _without_states(state)
        found[key] = component(
            id=key,
            name=name or "state",
            kind=str(state.get("Type", "state")).lower() or "state",
            content=bare,
            behaviour=bare,
            labels={NEXT: name},
            source=machine.source,
        )
    return tuple(found.values())


def _states(states: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield name, state
            for inner in inner_machines(state):
                yield from _states(inner.get("States"))


def inner_machines(state: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the machines inside a state: the branches of a Parallel, what a Map does for each item."""
    branches = state.get("Branches")
    for inner in (*(branches if isinstance(branches, list) else ()), *(state.get(key) for key in _NESTED)):
        if isinstance(inner, dict):
            yield inner


def _without_states(state: dict[str, Json]) -> dict[str, Json]:
    """Return a state in which the states inside it are only named, in sorted order."""
    bare = state.copy()
    branches = state.get("Branches")
    if isinstance(branches, list):
        bare["Branches"] = [_named(inner) for inner in branches]
    for key in _NESTED:
        if key in state:
            bare[key] = _named(state[key])
    return bare


def _named(inner: Json) -> Json:
    states = inner.get("States") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(states, dict):
        return inner
    kept: list[Json] = [name if isinstance(states[name], dict) else {name: states[name]} for name in sorted(states)]
    return {**inner, "States": kept}


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return where a state, or the machine itself, goes on: next, by choice, on failure, into what it holds."""
    if not isinstance(content, dict):
        return {}
    targets = tuple(dict.fromkeys(_targets(content)))
    return {NEXT: targets} if targets else {}


def _targets(state: dict[str, Json]) -> Iterator[str]:
    for inner in inner_machines(state):
        if isinstance(start := inner.get("StartAt"), str):
            yield start
    for key in ("StartAt", "Next", "Default"):
        if isinstance(target := state.get(key), str):
            yield target
    for key in ("Choices", "Catch"):
        rules = state.get(key)
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, dict) and isinstance(target := rule.get("Next"), str):
                yield target


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path says nothing about behaviour."""
    return kind == "state-machine" and path[0] in _NOISE if path else False


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code field: JSONata, paths and intrinsic functions, queries, commands."""
    if not path:
        return None
    if value.startswith("{%"):
        return "jsonata"
    if path[-1].endswith(".$"):
        return "jsonpath"
    if path[-1] in {"QueryString", "Sql", "Statement"}:
        return "sql"
    return "shell" if "commands" in {step.lower().removesuffix(".$") for step in path[-2:]} else None
