"""Make blueprints, built from the public documentation: what a scenario holds, what a change of it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.diff import Diff, compare
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures/make"


def orders() -> dict[str, Any]:
    return json.loads((FIXTURES / "orders.json").read_bytes())


def parsed(value: Any) -> Parsed:
    found = recognise(json.dumps(value).encode(), "blueprint.json")
    assert found.platform == "make"
    return found


def difference(old: Any, new: Any) -> Diff:
    return compare(parsed(old).components, parsed(new).components, platform("make").rules)


def test_a_blueprint_built_from_the_documentation_is_a_scenario_with_its_modules_by_id() -> None:
    (part,) = parsed(orders()).components
    assert (part.id, part.kind, part.name) == (
        "scenario.Orders to the kitchen",
        "scenario",
        "Orders to the kitchen",
    )
    assert dict(part.labels) == {
        "1": "gateway:CustomWebHook [1]",
        "2": "builtin:BasicRouter [2]",
        "3": "Tell the kitchen",
        "4": "postgres:SelectQuery [4]",
        "5": "http:ActionSendData [5]",
        "6": "builtin:Resume [6]",
    }


def test_routes_and_error_handlers_of_a_documented_blueprint_are_wires() -> None:
    (part,) = parsed(orders()).components
    wires = platform("make").rules.wires
    assert wires is not None
    assert wires(part.content) == {"1": ("2",), "2": ("3", "5"), "3": ("4",), "5": ("6",)}


def test_another_order_of_modules_is_told_in_words() -> None:
    new = orders()
    first, second = new["flow"][1]["routes"][0]["flow"]
    new["flow"][1]["routes"][0]["flow"] = [second, first]
    (change,) = difference(orders(), new).components
    assert change.words == (
        "builtin:BasicRouter [2] now also goes to postgres:SelectQuery [4]",
        "builtin:BasicRouter [2] no longer goes to Tell the kitchen",
        "Tell the kitchen no longer goes to postgres:SelectQuery [4]",
        "postgres:SelectQuery [4] now goes to Tell the kitchen",
    )


def test_what_only_the_editor_remembers_is_noise() -> None:
    new = orders()
    new["flow"][0]["metadata"] = {"designer": {"x": 9, "y": 9}, "restore": {}}
    new["metadata"]["zone"] = "eu2.make.com"
    assert difference(orders(), new).is_empty


def test_mapped_fields_and_queries_are_code() -> None:
    new = orders()
    kitchen, query = new["flow"][1]["routes"][0]["flow"]
    kitchen["mapper"]["text"] = "Order {{1.number}}"
    query["mapper"]["query"] = "SELECT id\nFROM orders\nWHERE due"
    (change,) = difference(orders(), new).components
    assert [(code.field, code.language) for code in change.code] == [
        ("Tell the kitchen.mapper.text", "formula"),
        ("postgres:SelectQuery [4].mapper.query", "sql"),
    ]


def test_apps_connections_and_hosts_are_connectors() -> None:
    assert [(link.kind, link.name, link.version) for link in parsed(orders()).connectors] == [
        ("module", "gateway", "1"),
        ("credential", "gateway hook: Shop orders", None),
        ("module", "slack", "4"),
        ("connection", "slack: Kitchen Slack", None),
        ("module", "postgres", "1"),
        ("connection", "postgres: 1002", None),
        ("host", "db.example", None),
        ("module", "http", "3"),
        ("host", "till.example", None),
    ]


def test_a_reviewer_is_told_of_webhooks_unchecked_certificates_and_secrets() -> None:
    found = parsed(orders())
    assert [(notice.code, notice.detail.partition(":")[0]) for notice in found.notices] == [
        ("open-endpoint", "gateway"),
        ("tls-off", "http"),
        ("inline-secret", "Orders to the kitchen"),
    ]
    assert "k7Fq2" not in str(found.notices)


def test_an_answer_of_the_documented_api_says_when_the_scenario_runs() -> None:
    found = recognise((FIXTURES / "answer-of-the-api.json").read_bytes(), "answer.json")
    assert [part.id for part in found.components] == ["scenario.Nightly report"]
    assert [(notice.code, notice.detail, notice.part, notice.every) for notice in found.notices] == [
        ("schedule", "Nightly report: runs on the schedule type daily, time 03:00", "", 86_400),
        ("shell", "ssh:ExecuteCommand [2]: runs report --night", "2", None),
    ]


def test_two_modules_of_one_id_are_kept_apart() -> None:
    value = orders()
    value["flow"].append(value["flow"][0])
    assert "1 (2)" in parsed(value).components[0].labels


@pytest.mark.parametrize(
    "value",
    [
        {"flow": [], "module": "a"},
        {"flow": ["a"], "module": "b", "mapper": {}},
        {"flow": [{"module": "a:b"}], "mapper": {}},
        {"blueprint": {"blueprint": {}}, "flow": "module"},
    ],
)
def test_what_only_talks_of_flows_and_modules_is_a_document(value: Any) -> None:
    assert recognise(json.dumps(value).encode(), "export.json").platform == "generic"
