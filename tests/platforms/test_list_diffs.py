"""Items of lists in the diff: what was put in, taken out or moved is told, and nothing about the items beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from store.domain import diff as whole_diff
from store.domain.build import component
from store.domain.component import Component, DiffRules, Json
from store.domain.diff import Change, ComponentChange, Diff, aligning, compare, compare_exports
from store.domain.diff.aligning import aligned
from store.domain.diff.fields import differences
from store.domain.diff.sides import Sides
from store.platforms import platform, recognise

FLOW = """<?xml version="1.0" encoding="UTF-8"?>
<Flow xmlns="http://soap.sforce.com/2006/04/metadata">
    <label>Edit</label><processType>Flow</processType><status>Active</status>
    <screens>
        <name>Ask</name><label>Ask</label><locationX>1</locationX><locationY>2</locationY>{}
    </screens>
</Flow>
"""
AUTOMATION = """- alias: Shower
  trigger:
    - platform: numeric_state
      entity_id: sensor.pump
      above: 10
  action:
{}"""
KINDLY = "    - service: light.turn_on\n"
PRESET = "    - service: climate.set_preset_mode\n      data: {preset_mode: boost}\n"
LOG = "    - service: logbook.log\n      data: {name: EVENT, message: warmer}\n"
SCENE = "    - service: scene.create\n      data: {scene_id: before}\n"


def field(name: str, text: str, kind: str = "InputField") -> str:
    return f"<fields><name>{name}</name><fieldText>{text}</fieldText><fieldType>{kind}</fieldType></fields>"


def diff(old: str, new: str, name: str) -> Diff:
    before, after = (recognise(text.encode(), name) for text in (old, new))
    return compare_exports(before, after, platform(after.platform).rules)


def told(old: str, new: str, name: str) -> list[tuple[str, Any, Any]]:
    (component,) = diff(old, new, name).components
    return [(one.path, one.old, one.new) for one in component.fields]


def test_a_field_put_before_one_that_was_edited_renames_neither() -> None:
    old = FLOW.format(field("what", "Which change?") + field("pick", "Pick one"))
    hint = field("hint", "Hello", "DisplayText")
    new = FLOW.format(hint + field("what", "What change?") + field("pick", "Pick one!"))
    assert told(old, new, "Edit.flow-meta.xml") == [
        ("Ask.fields.0", None, {"name": "hint", "fieldText": "Hello", "fieldType": "DisplayText"}),
        ("Ask.fields.1.fieldText", "Which change?", "What change?"),
        ("Ask.fields.2.fieldText", "Pick one", "Pick one!"),
    ]


def test_fields_that_changed_places_are_told_as_moved_not_as_renamed() -> None:
    both = (field("what", "Which?"), field("pick", "Pick"))
    found = told(FLOW.format("".join(both)), FLOW.format("".join(reversed(both))), "Edit.flow-meta.xml")
    assert [(path, (old or new)["name"]) for path, old, new in found] == [
        ("Ask.fields.0", "what"),
        ("Ask.fields.1", "what"),
    ]


def test_an_action_that_three_others_replace_is_told_as_gone_and_they_as_new() -> None:
    old, new = AUTOMATION.format(KINDLY + PRESET), AUTOMATION.format(KINDLY + LOG + SCENE + LOG)
    found = told(old, new, "automations.yaml")
    assert [(path, (before or after)["service"], after is None) for path, before, after in found] == [
        ("action.1", "climate.set_preset_mode", True),
        ("action.1", "logbook.log", False),
        ("action.2", "scene.create", False),
        ("action.3", "logbook.log", False),
    ]


def test_an_edited_item_after_a_new_one_is_compared_with_itself() -> None:
    louder = PRESET.replace("boost", "eco")
    assert told(AUTOMATION.format(PRESET), AUTOMATION.format(LOG + louder), "automations.yaml") == [
        ("action.0", None, {"service": "logbook.log", "data": {"name": "EVENT", "message": "warmer"}}),
        ("action.1.data.preset_mode", "boost", "eco"),
    ]


def test_a_white_space_beside_a_new_item_hides_no_change_of_another() -> None:
    """Where items moved on, each is held against itself to tell whether only its white space differs."""

    def flows(info: str, **rules: str) -> str:
        listed = [{"name": name, "v": value} for name, value in rules.items()]
        switch = {"id": "s", "z": "t", "type": "switch", "info": info, "rules": listed, "wires": []}
        return json.dumps([{"id": "t", "type": "tab", "label": "T"}, switch])

    (component,) = diff(flows("a ", a="1", b="2"), flows("a", n="0", a="2", b="2"), "flows.json").components
    assert [one.path for one in component.fields if not one.noise] == ["switch s.rules.0", "switch s.rules.1.v"]


@pytest.mark.parametrize("put_in", [True, False], ids=["put in", "taken out"])
def test_a_step_that_differs_from_its_neighbour_in_white_space_alone_came_or_went_all_the_same(*, put_in: bool) -> None:
    """It has no other side: what stands at its place there is another step."""

    def flow(retries: int, *notes: str) -> Component:
        def content(notes: Iterable[str]) -> Json:
            return {"retries": retries, "steps": [{"call": "charge", "note": note} for note in notes]}

        meant = content(note.strip() for note in notes)
        return component(id="f", name="f", kind="flow", content=content(notes), behaviour=meant, labels={}, source=None)

    one, two = flow(1, "pays"), flow(2, "pays ", "pays")
    fields, _ = differences(Sides.of(one, two) if put_in else Sides.of(two, one), DiffRules())
    assert [(field.path, field.noise) for field in fields] == [("retries", False), ("steps.0", False)]


def test_places_in_a_list_of_lists_keep_their_meaning() -> None:
    assert list(aligned([["b"], ["c"]], [["c"], ["b"], ["c"]])) == [(None, 0), (0, 1), (1, 2)]
    assert list(aligned([["b"], ["c"]], [["x"], ["c"], ["b"]])) == [(0, 0), (1, 1), (None, 2)]


def test_lists_too_long_to_be_weighed_are_paired_one_by_one() -> None:
    old: list[Any] = [{"name": f"a{number}"} for number in range(150)]
    new: list[Any] = [{"name": f"b{number}"} for number in range(151)]
    assert list(aligned(old, new))[-1] == (None, 150)


def test_what_the_items_of_a_list_hold_is_read_once_and_not_once_for_every_pair() -> None:
    """A list of a hundred large items would else be gone through a hundred times."""
    compared = 0

    class Large(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    old: list[Any] = [{"at": number, "part": Large("x" * 80), "kind": "step"} for number in range(60)]
    new: list[Any] = [{"at": -number, "part": Large("x" * 79), "kind": "step"} for number in range(1, 60)]
    assert len(list(aligned(old, new))) == 60
    assert compared <= 60


def named(change: Change, found: Diff) -> list[str]:
    return [component.name for component in found.components if component.change is change]


def test_an_automation_that_was_given_an_id_and_new_triggers_is_the_same_automation() -> None:
    old = (
        "alias: cupboard\ntrigger:\n  platform: state\n  entity_id: light.kitchen\naction:\n  service: light.turn_on\n"
    )
    new = (
        "id: 52e25b71\nalias: cupboard\ndescription: Off with the ceiling\ntrigger:\n  - platform: homeassistant\n"
        "    event: start\n  - platform: state\n    entity_id: [light.kitchen]\naction:\n  - service: light.turn_on\n"
        "    data: {entity_id: switch.cupboard}\n"
    )
    found = diff(old, new, "automations/cupboard.yaml")
    (component,) = found.components
    assert (component.change, component.old_id) == (Change.RENAMED, "automation.cupboard")
    assert component.words[0] == "its id was automation.cupboard"


def board(uid: str | None, *panels: dict[str, Any]) -> str:
    return json.dumps({"title": "NFS", "uid": uid, "schemaVersion": 30, "panels": list(panels)})


def test_panels_drawn_anew_under_a_board_with_another_uid_are_compared_by_their_titles() -> None:
    queries = [{"refId": "A", "expr": "rate(nfs_cache[5m])"}]
    old = {"id": 1, "title": "Cache", "type": "graph", "bars": False, "fill": 2, "targets": queries}
    new = {"id": 7, "title": "Cache", "type": "timeseries", "fieldConfig": {"defaults": {}}, "targets": queries}
    found = diff(board(None, old), board("vfsuyqfSk", new), "nfs.json")
    assert (named(Change.ADDED, found), named(Change.REMOVED, found)) == ([], [])
    cache = next(part for part in found.components if part.name == "Cache")
    assert cache.change is Change.RENAMED
    assert [one.new for one in cache.fields if one.path == "type"] == ["timeseries"]


def test_two_of_one_title_are_nobodys_namesake() -> None:
    old = [{"id": n, "title": "Load", "type": "graph", "bars": n == 1, "stack": str(n)} for n in (1, 2)]
    new = {"id": 9, "title": "Load", "type": "text", "options": {"mode": "html", "content": "hello"}}
    found = diff(board("a", *old), board("a", new), "load.json")
    assert len(named(Change.REMOVED, found)) == 2


def test_what_has_a_title_and_nothing_else_in_common_came_and_went() -> None:
    def flows(identity: str, kind: str, text: str) -> str:
        nodes = [{"id": identity, "type": "tab", "label": "Flow 1"}]
        words = {f"{text}{number}": f"{text}-{number}" for number in range(20)}
        return json.dumps([*nodes, {"id": f"{identity}n", "z": identity, "type": kind, "wires": [], **words}])

    found = diff(flows("a1", "inject", "left"), flows("b2", "debug", "right"), "flows.json")
    changes: list[ComponentChange] = list(found.components)
    assert sorted(one.change for one in changes) == [Change.ADDED, Change.REMOVED]


def test_nodes_without_names_that_were_imported_anew_are_the_same_nodes() -> None:
    def flows(prefix: str, answer: str) -> str:
        parts = [
            {"type": "http in", "name": "", "url": "/a", "method": "get", "wires": [[f"{prefix}2"]]},
            {"type": "http response", "name": "", "statusCode": answer, "wires": []},
            {"type": "debug", "name": "", "wires": []},
            {"type": "debug", "name": "", "wires": []},
        ]
        nodes = [{"id": f"{prefix}{at}", "z": f"{prefix}0", **part} for at, part in enumerate(parts, 1)]
        group = {"id": f"{prefix}9", "z": f"{prefix}0", "type": "group", "name": "G", "nodes": [f"{prefix}3"]}
        return json.dumps([{"id": f"{prefix}0", "type": "tab", "label": "Doors"}, *nodes, group])

    (same,) = diff(flows("aaaaaaaaaaaaaaa", "200"), flows("bbbbbbbbbbbbbbb", "200"), "flows.json").components
    assert (same.change, same.old_id, same.words) == (
        Change.RENAMED,
        "aaaaaaaaaaaaaaa0",
        ("its id was aaaaaaaaaaaaaaa0",),
    )
    assert [one.path for one in same.fields if not one.noise] == []


def test_texts_put_into_a_list_and_taken_out_of_it_move_no_other() -> None:
    assert list(aligned(["a", "b", "c"], ["x", "b", "d", "c"])) == [(0, None), (None, 0), (1, 1), (None, 2), (2, 3)]
    assert list(aligned(["a", "b"], ["a", "x"])) == [(0, 0), (1, 1)]


def lists(count: int, *, length: int, edited: bool) -> dict[str, Any]:
    """Lists of objects without names; an edit puts one in at the beginning of each."""
    new = [{"at": "new", "kind": "new", "why": "new"}] if edited else []
    return {
        f"list {n}": [*new, *({"at": at, "kind": f"{n}-{at}", "why": at % 3} for at in range(length))]
        for n in range(count)
    }


def test_what_is_spent_on_lists_without_names_is_bounded_and_what_is_told_beyond_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weighed: list[int] = []
    real = aligning._weights
    monkeypatch.setattr(aligning, "_weights", lambda a, b: (weighed.append(len(a) * len(b)), real(a, b))[1])
    old, new = (lists(10, length=50, edited=edited) for edited in (False, True))
    for one in old.values():
        one[-1]["why"] = "another end"  # else the same ends leave nothing to weigh
    parts = [component(id="x", name="x", kind="k", content=c, behaviour=c, labels={}) for c in (old, new)]
    fields, _ = differences(Sides.of(*parts, effort=aligning.Effort(8_000)), DiffRules())
    assert weighed == [50 * 51] * 3
    assert len([one for one in fields if one.at[0] == "list 0"]) == 2  # the one put in, and the other end
    by_place = [one for one in fields if one.at[0] == "list 9"]
    assert len(by_place) > 50
    for one in by_place:
        name, at, *member = one.at
        here = new[name][int(at)]
        assert one.new == (here[member[0]] if member else here)
        assert one.added or one.old == old[name][int(at)][member[0]]


def test_the_components_of_a_diff_share_what_may_be_spent_on_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_diff, "Effort", lambda: aligning.Effort(3_000))
    sides = []
    for edited in (False, True):
        content = lists(2, length=50, edited=edited)
        if edited:
            content = {name: [*items[:-1], {**items[-1], "why": "x"}] for name, items in content.items()}
        each = [{name: items} for name, items in content.items()]
        sides.append(
            [component(id=f"{n}", name="x", kind="k", content=c, behaviour=c, labels={}) for n, c in enumerate(each)]
        )
    first, second = compare(*sides, DiffRules()).components
    assert len(first.fields) == 2
    assert len(second.fields) > 50
