"""The semantic diff over real parsers: what changed, in the words people use for it."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.domain.diff import Change, Diff, compare, compare_exports
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures"
Edit = Callable[[Any], None]


def orders() -> Any:
    return json.loads((FIXTURES / "node_red/orders-v1.json").read_bytes())


def mail() -> Any:
    return json.loads((FIXTURES / "n8n/welcome-mail.json").read_bytes())


def diff(old: Any, new: Any, name: str = "flows.json") -> Diff:
    before, after = (recognise(json.dumps(value).encode(), name) for value in (old, new))
    return compare_exports(before, after, platform(after.platform).rules)


def changed(make: Callable[[], Any], edit: Edit) -> Diff:
    new = make()
    edit(new)
    return diff(make(), new)


def node(flows: Any, name: str) -> Any:
    nodes = flows["nodes"] if isinstance(flows, dict) else flows
    return next(item for item in nodes if item.get("name") == name or item.get("label") == name)


def test_two_versions_of_an_export_differ_in_code_wires_and_a_new_node() -> None:
    old, new = ((FIXTURES / f"node_red/orders-v{number}.json").read_bytes() for number in (1, 2))
    found = diff(json.loads(old), json.loads(new))
    assert found.to_json()["summary"] == {
        "added": 0,
        "removed": 0,
        "changed": 1,
        "renamed": 0,
        "noise": 1,
        "noise_fields": 1,
    }
    orders_tab, alerts = found.components
    assert (orders_tab.name, orders_tab.kind, orders_tab.change) == ("Orders", "tab", Change.CHANGED)
    assert [field.path for field in orders_tab.fields] == ["Parse order.func", "Parse order.wires.0.2", "Write log"]
    assert orders_tab.words == ("Parse order now also goes to Write log",)
    assert orders_tab.code[0].field == "Parse order.func"
    assert orders_tab.code[0].language == "javascript"
    assert "+msg.priority = order.total > 1000 ? 'high' : 'normal';" in orders_tab.code[0].unified.split("\n")
    assert (alerts.change, [(field.path, field.noise) for field in alerts.fields]) == (
        Change.NOISE,
        [("Every minute.x", True)],
    )


def test_the_json_has_the_shape_of_the_command_line() -> None:
    document = changed(orders, lambda flows: node(flows, "Ask the shop").update(url="https://evil.example/x")).to_json()
    assert set(document) == {"summary", "impact", "components", "connectors", "notices"}
    component = document["components"][0]
    assert {"id", "name", "kind", "change", "fields", "code"} <= set(component)
    assert component["fields"] == [
        {
            "path": "Ask the shop.url",
            "old": "https://shop.example/api/health",
            "new": "https://evil.example/x",
            "noise": False,
            "added": False,
            "removed": False,
        }
    ]
    assert document["connectors"] == {
        "added": [
            {
                "kind": "host",
                "name": "evil.example",
                "version": None,
                "licence": None,
                "components": ["f10a000000000002"],
            }
        ],
        "removed": [
            {
                "kind": "host",
                "name": "shop.example",
                "version": None,
                "licence": None,
                "components": ["f10a000000000002"],
            }
        ],
    }
    json.dumps(document)


NOISE: list[tuple[str, Callable[[], Any], Edit]] = [
    ("a node moved", orders, lambda flows: node(flows, "Parse order").update(x=900, y=12)),
    ("a description wrapped anew", orders,
     lambda flows: flows[0].update(info="Orders from the web shop and the phone.")),
    ("nodes in another order", orders, lambda flows: flows.reverse()),
    ("a subflow's ports moved", orders, lambda flows: flows[2]["in"][0].update(x=1, y=2)),
    ("an n8n node moved", mail, lambda flow: node(flow, "Tidy up").update(position=[1, 2])),
    ("n8n counted a version", mail, lambda flow: flow.update(versionId="x", updatedAt="2025-01-01", versionCounter=7)),
    ("n8n wrote its defaults", mail, lambda flow: flow["settings"].update(
        callerPolicy="workflowsFromSameOwner", availableInMCP=False)),
    ("test data was pinned", mail, lambda flow: flow.update(pinData={"Sign-up": [{"json": {"email": "a@b.example"}}]})),
]  # fmt: skip


@pytest.mark.parametrize(("make", "edit"), [case[1:] for case in NOISE], ids=[case[0] for case in NOISE])
def test_noise_changes_no_digest_and_is_told_as_noise(make: Callable[[], Any], edit: Edit) -> None:
    found = changed(make, edit)
    assert found.is_empty
    assert all(field.noise for change in found.components for field in change.fields)


REAL: list[tuple[str, Callable[[], Any], Edit, str]] = [
    ("an output went", orders, lambda flows: node(flows, "Parse order").update(wires=[[]]), "Parse order.wires.0.0"),
    ("a switch turned", orders, lambda flows: flows[0].update(disabled=True), "tab.disabled"),
    ("true is not 1", orders, lambda flows: node(flows, "Alert on-call").update(active=1), "Alert on-call.active"),
    ("absent is not null", orders, lambda flows: node(flows, "Accepted").update(extra=None), "Accepted.extra"),
    ("a config node changed", orders, lambda flows: node(flows, "Shop floor").update(port="8883"), "port"),
    ("a webhook opened", mail, lambda flow: node(flow, "Sign-up")["parameters"].update(authentication="none"),
     "Sign-up.parameters.authentication"),
    ("another credential", mail, lambda flow: node(flow, "Send mail")["credentials"]["httpHeaderAuth"].update(id="9"),
     "Send mail.credentials.httpHeaderAuth.id"),
    ("a workflow was switched off", mail, lambda flow: flow.update(active=False), "active"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "edit", "path"), [case[1:] for case in REAL], ids=[case[0] for case in REAL])
def test_a_change_of_behaviour_is_told_by_its_path(make: Callable[[], Any], edit: Edit, path: str) -> None:
    found = changed(make, edit)
    assert [change.change for change in found.components] == [Change.CHANGED]
    assert path in [field.path for field in found.components[0].fields if not field.noise]


def test_a_change_and_a_move_in_one_component_are_told_apart() -> None:
    def edit(flows: Any) -> None:
        node(flows, "Ask the shop").update(x=1, method="POST")

    fields = changed(orders, edit).components[0].fields
    assert [(field.path, field.noise) for field in fields] == [("Ask the shop.method", False), ("Ask the shop.x", True)]


def test_a_tab_with_another_name_is_renamed() -> None:
    change = changed(orders, lambda flows: flows[0].update(label="Purchases")).components[0]
    assert (change.change, change.name, change.words) == (Change.RENAMED, "Purchases", ("was called Orders",))
    assert [(field.path, field.old, field.new) for field in change.fields] == [("tab.label", "Orders", "Purchases")]


def test_a_flow_imported_anew_with_other_ids_is_the_same_flow() -> None:
    new = orders()
    text = json.dumps(new)
    for number, item in enumerate(new):
        text = text.replace(item["id"], f"{number:016x}")
    found = diff(orders(), json.loads(text))
    assert {change.change for change in found.components} == {Change.RENAMED}
    assert next(change.old_id for change in found.components) == "f10a000000000001"
    assert [field.path for change in found.components for field in change.fields if not field.noise] == []


def test_a_copy_with_a_trap_in_it_is_told_with_the_trap() -> None:
    new = orders()
    text = json.dumps(new)
    for number, item in enumerate(new):
        text = text.replace(item["id"], f"{number:016x}")
    copied = json.loads(text)
    node(copied, "Parse order")["func"] += "\nsteal(msg);"
    change = diff(orders(), copied).components[0]
    assert "Parse order.func" in [field.path for field in change.fields]
    assert "+steal(msg);" in change.code[0].unified


def test_what_came_and_what_went_are_told_with_their_code() -> None:
    def without_alerts(flows: Any) -> None:
        flows[:] = [item for item in flows if "f10a000000000002" not in (item["id"], item.get("z"))]

    smaller = orders()
    without_alerts(smaller)
    gone = diff(orders(), smaller).components
    assert [(change.name, change.change) for change in gone] == [("Alerts", Change.REMOVED)]
    first = diff([], orders())
    assert {change.change for change in first.components} == {Change.ADDED}
    assert first.components[0].code[0].unified.startswith("@@ -0,0 +1,7 @@\n+const order = msg.payload;")


def test_a_second_node_of_the_same_id_cannot_hide() -> None:
    def edit(flows: Any) -> None:
        twin = copy.deepcopy(node(flows, "Parse order"))
        twin["func"] = "evil()"
        flows.append(twin)

    found = changed(orders, edit)
    assert "a000000000000002 (2)" in [field.at[1] for field in found.components[0].fields]


def test_a_secret_never_stands_in_a_diff_but_its_change_does() -> None:
    def edit(flows: Any) -> None:
        node(flows, "Parse order")["func"] = "const password = 'winter-2025';\nreturn msg;"
        node(flows, "Ask the shop").update(password="summer-2025", url="https://olive:spring-2025@shop.example/")
        node(flows, "Accepted")["credentials"] = {"password": "autumn-2025"}

    text = json.dumps(changed(orders, edit).to_json())
    assert "2025" not in text
    assert "+const password = '[redacted: password]';" in text
    assert "Ask the shop.password" in text


def test_two_nodes_of_one_name_are_told_apart_by_their_ids() -> None:
    old = orders()
    node(old, "Accepted")["name"] = "Parse order"
    new = copy.deepcopy(old)
    new[6]["outputs"] = 2
    assert diff(old, new).components[0].fields[0].path == "Parse order (a000000000000002).outputs"


def test_items_put_into_a_list_are_the_only_ones_told() -> None:
    def edit(flows: Any) -> None:
        node(flows, "Every minute")["props"].insert(0, {"p": "topic"})

    assert [field.path for field in changed(orders, edit).components[0].fields] == ["Every minute.props.0"]


def test_n8n_code_and_wires_are_told_by_node_name() -> None:
    def edit(flow: Any) -> None:
        code = node(flow, "Tidy up")["parameters"]
        code["jsCode"] = code["jsCode"].replace("trim()", "trim().toLowerCase()")
        flow["connections"]["Sign-up"]["main"][0].append({"node": "Send mail", "type": "main", "index": 0})

    change = changed(mail, edit).components[0]
    assert change.words == ("Sign-up now also goes to Send mail",)
    assert [(code.field, code.language) for code in change.code] == [("Tidy up.parameters.jsCode", "javascript")]


def test_an_expression_counts_as_code() -> None:
    def edit(flow: Any) -> None:
        node(flow, "Send mail")["parameters"]["bodyParameters"]["parameters"][0]["value"] = "={{ $json.other }}"

    assert [code.language for code in changed(mail, edit).components[0].code] == ["expression"]


def big_export(edit: str) -> bytes:
    """About 5 MB: 5,000 tabs of one function and one debug node."""
    code = "\\n".join(f"msg.payload[{line}] = context.get('value-{line}') || {line};" for line in range(12))
    flows: list[dict[str, object]] = []
    for number in range(5000):
        tab, function, debug = f"{number:015x}a", f"{number:015x}b", f"{number:015x}c"
        flows += [
            {"id": tab, "type": "tab", "label": f"Flow {number}", "disabled": False, "info": f"Flow {number}."},
            {"id": function, "type": "function", "z": tab, "name": f"Work {number}", "func": code + edit, "outputs": 1,
             "x": 100, "y": 40, "wires": [[debug]]},
            {"id": debug, "type": "debug", "z": tab, "name": "", "active": True, "x": 300, "y": 40, "wires": []},
        ]  # fmt: skip
    return json.dumps(flows).encode()


@pytest.mark.usefixtures("collector_waits")
def test_a_diff_of_five_thousand_components_takes_about_a_second() -> None:
    rules = platform("node-red").rules
    old, new = recognise(big_export(""), "flows.json"), recognise(big_export("\\nreturn msg;"), "flows.json")
    start = time.process_time()
    found = compare(old.components, new.components, rules)
    seconds = time.process_time() - start
    assert found.count(Change.CHANGED) == 5000
    assert seconds < 4  # of the processor; 1 s is the goal on an idle machine
