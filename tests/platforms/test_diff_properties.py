"""What holds for the diff of any two exports."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.domain.component import Parsed
from store.domain.diff import Change, Diff, compare_exports
from store.platforms import platform, recognise

NAMES = st.text(alphabet='abc \u00e9\U0001f600:."\\', min_size=1, max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-4, 4) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
KINDS = st.sampled_from(["function", "exec", "http in", "inject", "mqtt-broker", "telegram sender"])


@st.composite
def flows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw a Node-RED export: some tabs with nodes that are wired to each other."""
    made: list[dict[str, Any]] = []
    for tab in range(draw(st.integers(1, 3))):
        made.append({"id": f"t{tab}", "type": "tab", "label": draw(NAMES)})
        count = draw(st.integers(0, 4))
        ids = [f"t{tab}n{number}" for number in range(count)]
        for identity in ids:
            wires = draw(st.lists(st.lists(st.sampled_from(ids), max_size=2), max_size=2))
            node = {"id": identity, "type": draw(KINDS), "z": f"t{tab}", "x": draw(st.integers(0, 9)), "wires": wires}
            made.append(node | {"name": draw(NAMES), "func": draw(NAMES), "set": draw(VALUES)})
    return made


def read(value: Any) -> Parsed:
    return recognise(json.dumps(value).encode(), "flows.json")


def diff(old: Any, new: Any) -> Diff:
    return compare_exports(read(old), read(new), platform("node-red").rules)


@settings(max_examples=60)
@given(flows())
def test_nothing_differs_from_itself(value: Any) -> None:
    found = diff(value, copy.deepcopy(value))
    assert found.components == ()
    assert found.impact.facts == ()
    assert found.is_empty


@settings(max_examples=60)
@given(flows(), st.data())
def test_what_only_moved_has_no_field_that_is_not_noise(value: Any, data: st.DataObject) -> None:
    moved = copy.deepcopy(value)
    for node in moved:
        node |= {
            key: data.draw(st.integers(10, 20)) for key in data.draw(st.sets(st.sampled_from(["x", "y", "w", "h"])))
        }
    order = {node["id"]: place for place, node in enumerate(data.draw(st.permutations(moved)))}
    moved.sort(key=lambda node: order[node["id"]])
    found = diff(value, moved)
    assert found.is_empty
    assert all(change.change is Change.NOISE for change in found.components)
    assert all(field.noise for change in found.components for field in change.fields)


@settings(max_examples=60)
@given(flows(), flows())
def test_what_was_added_one_way_is_removed_the_other_way(one: Any, other: Any) -> None:
    there, back = diff(one, other), diff(other, one)
    for change, opposite in ((Change.ADDED, Change.REMOVED), (Change.CHANGED, Change.CHANGED)):
        assert ids(there, change) == ids(back, opposite)
        assert ids(back, change) == ids(there, opposite)
    assert {link.name for link in there.connectors_added} == {link.name for link in back.connectors_removed}
    assert sum(fact.direction == "wider" for fact in there.impact.facts) == sum(
        fact.direction == "narrower" for fact in back.impact.facts
    )


def ids(found: Diff, change: Change) -> set[str]:
    return {one.id for one in found.components if one.change is change}


@settings(max_examples=60)
@given(flows(), NAMES)
def test_another_name_under_the_same_id_is_a_rename(value: Any, name: str) -> None:
    renamed = copy.deepcopy(value)
    renamed[0]["label"] = name.strip() + "'"
    found = diff(value, renamed)
    assert [(one.id, one.change) for one in found.components] == [("t0", Change.RENAMED)]
    assert found.components[0].words == (f"was called {read(value).components[0].name}",)


@settings(max_examples=60)
@given(flows(), flows())
def test_every_component_that_differs_is_told_and_no_other(one: Any, other: Any) -> None:
    before = {part.id: part.digest for part in read(one).components}
    after = {part.id: part.digest for part in read(other).components}
    found = diff(one, other)
    told = {change.id for change in found.components if change.change is not Change.NOISE}
    told |= {change.old_id for change in found.components if change.old_id is not None}
    assert told == {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
