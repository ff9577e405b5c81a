"""Integers beyond 64 bits, which JSON allows and exports hold: they go through every way out as they came in."""

from __future__ import annotations

import json
from typing import Any

from fake_n8n import export

from store.integrity.plain_json import dumps
from store.platforms import recognise
from store.platforms.n8n import N8n
from store.platforms.n8n.live import layout, revision_of

LARGE = 2**64 + 10**30


def with_large(identity: str, name: str) -> dict[str, Any]:
    flow: dict[str, Any] = json.loads(export(identity, name))
    flow["nodes"][0]["parameters"] = {"chat": LARGE}
    flow["nodes"][0]["position"] = [LARGE, 0]
    return flow


def test_large_integers_are_written_in_the_order_and_layout_of_all_others() -> None:
    value = {"b": [1, {"ä": "\n"}], "a": LARGE}
    assert dumps(value) == f'{{"b":[1,{{"ä":"\\n"}}],"a":{LARGE}}}'.encode()
    assert dumps(value, indented=True).replace(str(LARGE).encode(), b"7") == dumps({**value, "a": 7}, indented=True)


def test_a_workflow_with_large_integers_is_grafted_as_it_is() -> None:
    base = json.dumps([json.loads(export("a", "One")), json.loads(export("b", "Two"))]).encode()
    made = N8n().graft(base, json.dumps(with_large("b", "Two")).encode(), ["b"])
    assert json.loads(made)[1]["nodes"][0]["parameters"] == {"chat": LARGE}
    assert len(recognise(made, "workflows.json").components) == 2


def test_a_live_workflow_with_large_integers_has_a_revision_and_a_layout() -> None:
    one, other = with_large("a", "One"), with_large("a", "One")
    other["nodes"][0]["parameters"]["chat"] += 1
    assert revision_of({"a": one}) == revision_of({"a": with_large("a", "One")}) != revision_of({"a": other})
    assert str(LARGE).encode() in layout(one)
