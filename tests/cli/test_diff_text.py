"""The diff as people read it in a terminal: everything once, parts by their type, what stands as before in short."""

from __future__ import annotations

import json
from typing import Any

from console.cli.diff_text import diff_lines
from store.domain.diff import Diff, compare_exports
from store.platforms import platform, recognise


def flows(timers: int = 0) -> list[dict[str, Any]]:
    """Return a tab in which a check goes to a log, beside timers of their own."""
    beside = [
        {"id": f"i{number}", "z": "t", "type": "inject", "name": f"Every {number}", "repeat": "60", "wires": []}
        for number in range(timers)
    ]
    return [
        {"id": "t", "type": "tab", "label": "Orders"},
        {"id": "a", "z": "t", "type": "switch", "name": "Check", "property": "payload", "wires": [["b"]]},
        {"id": "b", "z": "t", "type": "debug", "name": "Log", "active": True, "wires": []},
        *beside,
    ]


def diff(old: Any, new: Any) -> Diff:
    before, after = (recognise(json.dumps(value).encode(), "flows.json") for value in (old, new))
    return compare_exports(before, after, platform("node-red").rules)


def rewired() -> Diff:
    new = flows()
    new[1]["wires"] = [["c"]]
    new[1]["property"] = "topic"
    new.append({"id": "c", "z": "t", "type": "exec", "name": "Print", "command": "lp", "wires": [], "x": 10})
    return diff(flows(), [node for node in new if node["id"] != "b"])


def test_a_wire_is_told_in_words_and_not_once_more_by_its_ids() -> None:
    lines = diff_lines(rewired())
    assert "    Check now goes to Print" in lines
    assert "    Check no longer goes to Log, which is gone" in lines
    assert '    Check.property: "payload" → "topic"' in lines
    assert not any("wires" in line for line in lines)
    assert any("Check.wires" in line for line in diff_lines(rewired(), noise=True))


def test_a_part_that_came_or_went_is_told_by_its_type_and_its_settings() -> None:
    lines = diff_lines(rewired())
    assert '    Print: new, of type exec: {"command": "lp"}' in lines
    assert '    Log: gone, of type debug: {"active": true}' in lines


def test_what_stands_as_before_is_told_in_short_and_in_full_when_asked() -> None:
    new = flows(timers=12)
    new[1]["property"] = "topic"
    found = diff(flows(timers=12), new)
    lines = diff_lines(found)
    start = lines.index("as before:")
    assert lines[start + 1] == "  ! schedule: Every 0: runs every 60 s"
    assert lines[-1] == "  … and 6 more (--noise shows them)"
    assert len(diff_lines(found, noise=True)) == start + 1 + 12


def test_the_document_for_machines_names_every_wire_by_its_ids() -> None:
    document: Any = rewired().to_json()
    assert "Check.wires.0.0" in {field["path"] for field in document["components"][0]["fields"]}


def test_an_item_of_a_list_that_came_is_told_by_its_name() -> None:
    def dashboard(*names: str) -> bytes:
        inputs = [{"name": name, "type": "constant", "value": f"of {name}"} for name in names]
        return json.dumps({"schemaVersion": 39, "title": "A", "panels": [], "__inputs": inputs}).encode()

    before, after = (recognise(data, "a.json") for data in (dashboard("ZONE"), dashboard("ZONE", "LIMIT")))
    lines = diff_lines(compare_exports(before, after, platform(after.platform).rules))
    assert '    __inputs.1: new, of type constant and called LIMIT: {"value": "of LIMIT"}' in lines
