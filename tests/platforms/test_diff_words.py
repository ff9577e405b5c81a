"""Wires and names in words: several outputs, renamed nodes, targets that are gone, links between tabs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from store.domain.diff import Change, ComponentChange, compare_exports
from store.platforms import platform, recognise


def switchboard() -> Any:
    return [
        {"id": "t1", "type": "tab", "label": "Orders"},
        {"id": "a", "z": "t1", "type": "switch", "name": "Check", "outputs": 2, "wires": [["b"], ["c"]]},
        {"id": "b", "z": "t1", "type": "debug", "name": "Good", "wires": []},
        {"id": "c", "z": "t1", "type": "debug", "name": "Bad", "wires": []},
        {"id": "l", "z": "t1", "type": "link out", "name": "Over", "mode": "link", "links": [], "wires": []},
        {"id": "t2", "type": "tab", "label": "Pay"},
        {"id": "li", "z": "t2", "type": "link in", "name": "From orders", "links": [], "wires": [[]]},
    ]


def mailing() -> Any:
    def step(identity: str, name: str) -> Any:
        return {"id": identity, "name": name, "type": "n8n-nodes-base.set", "typeVersion": 3, "parameters": {}}

    def wire(name: str) -> Any:
        return {"node": name, "type": "main", "index": 0}

    return {
        "id": "7",
        "name": "Mail",
        "nodes": [step("1", "Parse order"), step("2", "Tell shop"), step("3", "Alert on-call")],
        "connections": {
            "Parse order": {"main": [[wire("Tell shop")]]},
            "Tell shop": {"main": [[wire("Alert on-call")]]},
        },
    }


def change(make: Callable[[], Any], edit: Callable[[Any], object]) -> ComponentChange:
    old, new = make(), make()
    edit(new)
    before, after = (recognise(json.dumps(value).encode(), "flows.json") for value in (old, new))
    found = compare_exports(before, after, platform(after.platform).rules)
    return found.components[0]


def node(value: Any, name: str) -> Any:
    return next(one for one in (value["nodes"] if isinstance(value, dict) else value) if one.get("name") == name)


def test_a_wire_from_another_output_is_told_with_both_outputs() -> None:
    def swap(value: Any) -> None:
        node(value, "Check")["wires"] = [["c"], ["b", "c"]]

    assert change(switchboard, swap).words == (
        "Check now also goes to Bad from output 1",
        "Check goes to Good from output 2 now, not from output 1",
    )


def test_a_new_second_output_is_told_by_its_number() -> None:
    def second(value: Any) -> None:
        node(value, "Check")["wires"] = [["b"], ["c"], ["c"]]

    assert change(switchboard, second).words == ("Check now also goes to Bad from output 3",)


def test_a_target_that_is_gone_is_told_as_gone() -> None:
    def cut(value: Any) -> None:
        value.remove(node(value, "Bad"))
        node(value, "Check")["wires"] = [["b"], []]

    assert change(switchboard, cut).words == ("Check no longer goes to Bad, which is gone",)


def test_a_node_that_is_gone_is_told_once() -> None:
    def cut(value: Any) -> None:
        value.remove(node(value, "Check"))

    found = change(switchboard, cut)
    assert found.words == ()
    assert [(field.path, field.removed) for field in found.fields] == [("Check", True)]


def test_a_link_to_another_tab_is_told_by_the_name_there() -> None:
    assert change(switchboard, lambda value: node(value, "Over").update(links=["li"])).words == (
        "Over now goes to From orders",
    )


def test_a_renamed_node_of_n8n_changes_no_wire_and_no_field_but_its_name() -> None:
    def rename(value: Any) -> None:
        text = json.dumps(value).replace("Tell shop", "Tell the shop")
        value.clear()
        value.update(json.loads(text))

    found = change(mailing, rename)
    assert found.words == ("Tell the shop was called Tell shop",)
    assert [(field.path, field.old, field.new) for field in found.fields] == [
        ("Tell the shop.name", "Tell shop", "Tell the shop")
    ]


def test_a_wire_of_a_renamed_node_is_told_by_its_new_name() -> None:
    def rename(value: Any) -> None:
        text = json.dumps(value).replace("Tell shop", "Tell the shop")
        value.clear()
        value.update(json.loads(text))
        value["connections"]["Parse order"]["main"][0].append({"node": "Alert on-call", "type": "main", "index": 0})

    assert change(mailing, rename).words == (
        "Tell the shop was called Tell shop",
        "Parse order now also goes to Alert on-call",
    )


def test_two_nodes_that_swap_their_names_change_their_names_only() -> None:
    def swap(value: Any) -> None:
        text = (
            json.dumps(value).replace("Tell shop", "%").replace("Parse order", "Tell shop").replace("%", "Parse order")
        )
        value.clear()
        value.update(json.loads(text))

    found = change(mailing, swap)
    assert {field.path.rpartition(".")[2] for field in found.fields} == {"name"}


def test_a_tool_that_an_agent_of_n8n_may_use_is_a_wire_of_its_own_kind() -> None:
    def give(value: Any) -> None:
        value["connections"]["Alert on-call"] = {"ai_tool": [[{"node": "Tell shop", "type": "ai_tool", "index": 0}]]}

    assert change(mailing, give).words == ("Alert on-call now goes to Tell shop",)


def test_names_with_secrets_are_shown_without_them() -> None:
    def leak(value: Any) -> None:
        node(value, "Good")["name"] = "password=hunter2hunter2"

    found = change(switchboard, leak)
    assert found.change is Change.CHANGED
    assert "hunter2hunter2" not in json.dumps([found.words, [field.path for field in found.fields]])


def test_a_deep_copy_differs_in_nothing() -> None:
    old = recognise(json.dumps(mailing()).encode(), "flows.json")
    assert compare_exports(old, copy.deepcopy(old), platform("n8n").rules).is_empty
