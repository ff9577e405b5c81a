"""Azure Logic Apps: standard and consumption workflows, templates, and the files beside them, in small ones of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from platform_promises import holds
from support.parsing import FIXTURES, by_id, differences, read, users
from support.zips import zipped

from store.domain.diff import Change
from store.errors import BadInput
from store.platforms import platform, recognise
from store.platforms.logic_apps import LogicApps

WORKFLOW = (FIXTURES / "logic_apps/workflow.json").read_bytes()
RESOURCE = (FIXTURES / "logic_apps/resource.json").read_bytes()
DEFINITION = json.loads(WORKFLOW)["definition"]


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


SHAPES = [
    ("orders/workflow.json", json.loads(WORKFLOW), "orders"),
    ("src/orders/workflow.json", json.loads(WORKFLOW), "src/orders"),
    ("orders.json", {"definition": DEFINITION}, "orders.json"),
    ("bare.json", DEFINITION, "bare.json"),
    ("shown.json", {"type": "Microsoft.Logic/workflows", "name": "la-1", "definition": DEFINITION}, "la-1"),
    ("put.json", {"location": "x", "properties": {"definition": DEFINITION}}, "put.json"),
    ("code-view.json", {"$connections": {"value": {}}, "definition": DEFINITION}, "code-view.json"),
    ("gallery.json", {"type": "Microsoft.Logic/galleries/templates", "name": "498f", "id": "/x",
                      "properties": {"definition": DEFINITION}}, "gallery.json"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "document", "key"), SHAPES, ids=[name for name, _, _ in SHAPES])
def test_a_workflow_is_known_in_every_shape_it_is_exported_in(name: str, document: Any, key: str) -> None:
    parsed = recognise(written(document), name)
    assert [(parsed.platform, part.kind, part.id) for part in parsed.components] == [("logic-apps", "workflow", key)]


def test_steps_are_wired_through_conditions_cases_and_scopes() -> None:
    wires = platform("logic-apps").rules.wires
    assert wires is not None
    (workflow,) = read("logic_apps/workflow.json").components
    assert wires(workflow.content) == {
        "When_an_order_comes": ("Read_it",),
        "Read_it": ("Weigh_it",),
        "Weigh_it": ("By_country",),
        "By_country": ("Ask_the_post", "Ask_the_courier", "Give_up", "Keep_it"),
        "Keep_it": ("Answer",),
    }


def test_the_tools_of_an_agent_are_steps_too() -> None:
    tools = {"Look_up": {"actions": {"Read_a_page": {"type": "Http", "inputs": {"uri": "https://wiki.example/"}}}}}
    document = {"definition": {"triggers": {}, "actions": {"Ask": {"type": "Agent", "tools": tools}}}, "kind": "Agent"}
    parsed = recognise(written(document), "agent/workflow.json")
    assert parsed.components[0].labels == {"Ask": "Ask", "Read_a_page": "Read a page"}
    assert ("host", "wiki.example") in users(parsed)


@pytest.mark.parametrize(
    "address", ["https://good.example@{concat('.evil.example')}", "@concat('https://good.example', '.evil.example/x')"]
)
def test_a_host_that_an_expression_goes_on_with_is_marked(address: str) -> None:
    actions = {"Ask": {"type": "Http", "inputs": {"method": "GET", "uri": address}}}
    parsed = recognise(
        written({"definition": {"triggers": {}, "actions": actions}, "kind": "Stateful"}), "a/workflow.json"
    )
    assert {name for kind, name in users(parsed) if kind == "host"} == {"good.example…"}


def test_inline_code_and_expressions_are_code_with_their_language() -> None:
    rules = platform("logic-apps").rules
    found = {
        language
        for path, text in [
            (("nodes", "a", "inputs", "code"), "return workflowContext.trigger.outputs.body;"),
            (("nodes", "a", "inputs", "code"), "using System;\npublic static async Task Run() {}"),
            (("nodes", "a", "inputs", "code"), "$order = Get-TriggerOutput\nPush-WorkflowOutput -Output $order"),
            (("nodes", "a", "inputs", "body"), "@triggerBody()?['id']"),
            (("nodes", "a", "inputs", "parameters", "query"), "select 1 from orders"),
        ]
        if (language := rules.language("workflow", path, text))
    }
    assert found == {"javascript", "csharp", "powershell", "expression", "sql"}
    assert rules.language("workflow", ("nodes", "a", "inputs", "CodeFile"), "execute_csharp_code.csx") is None
    assert rules.language("workflow", ("nodes", "a", "inputs", "body"), "@@home") is None


def test_a_changed_line_of_code_is_shown_as_a_line() -> None:
    diff = differences(WORKFLOW, WORKFLOW.replace(b"order.lines.length", b"order.lines.length + 1"), "workflow.json")
    (change,) = diff.components
    ((code),) = change.code
    assert (code.field, code.language) == ("Read it.inputs.code", "javascript")
    assert "+return order.lines.length + 1" in code.unified


def test_when_and_where_a_resource_was_exported_is_noise() -> None:
    again = json.loads(RESOURCE)
    again["id"] = again["id"].replace("rg-test", "rg-prod")
    again["properties"] |= {"changedTime": "2026-01-01T00:00:00Z", "version": "0858", "accessEndpoint": "https://x"}
    diff = differences(RESOURCE, written(again), "resource.json")
    assert [change.change for change in diff.components] == [Change.NOISE]


def test_a_resource_says_its_connections_credentials_and_secrets() -> None:
    parsed = read("logic_apps/resource.json")
    assert users(parsed) == {
        ("module", "dropbox"): ("la-orders",),
        ("connection", "dropbox"): ("la-orders",),
        ("host", "bank.example"): ("la-orders",),
        ("credential", "Basic orders"): ("la-orders",),
        ("credential", "parameter bankPassword"): ("la-orders",),
    }
    assert [(notice.code, notice.detail) for notice in parsed.notices] == [
        ("schedule", "When a file is created: looks for news every 3 minutes"),
        ("inline-secret", "Call the bank: holds a secret in the open (password)"),
        ("inline-secret", "parameter bankPassword: holds a secret in the open (its default value)"),
    ]


def test_a_standard_workflow_is_looked_through() -> None:
    found = {(notice.code, notice.detail) for notice in read("logic_apps/workflow.json").notices}
    door = "When an order comes: answers POST requests and asks for no authentication but the key in its address"
    assert found == {
        ("open-endpoint", door),
        ("shell", "Weigh it: runs C# on the host"),
        ("tls-off", "Ask the post: talks to http://post.example/rates without TLS"),
        ("file", "Keep it: reads or writes files over sftpwithssh"),
    }


def test_a_trigger_that_azure_guards_is_no_open_door() -> None:
    document = json.loads(RESOURCE)
    document["properties"]["definition"]["triggers"] = {"manual": {"type": "Request", "kind": "Http"}}
    open_door = {notice.code for notice in recognise(written(document), "a.json").notices}
    policies = {"policies": {"ours": {"claims": [{"name": "iss", "value": "https://sts.example/"}]}}}
    document["properties"]["accessControl"] = {"triggers": {"openAuthenticationPolicies": policies}}
    guarded = {notice.code for notice in recognise(written(document), "a.json").notices}
    assert open_door - guarded == {"open-endpoint"}


def test_a_template_is_its_workflows_its_connections_and_the_rest() -> None:
    parsed = read("logic_apps/azuredeploy.json")
    assert [(part.kind, part.name) for part in parsed.components] == [
        ("template", "azuredeploy"),
        ("workflow", "la-orders"),
        ("connection", "dropbox"),
    ]
    rest = json.loads(parsed.components[0].canonical)
    assert [resource["type"] for resource in rest["resources"]] == ["Microsoft.Storage/storageAccounts"]
    assert users(parsed)["module", "dropbox"] == tuple(sorted(part.id for part in parsed.components[1:]))


def test_a_template_in_a_template_is_looked_into() -> None:
    inner = json.loads((FIXTURES / "logic_apps/azuredeploy.json").read_bytes())
    outer = {key: inner[key] for key in ("$schema", "contentVersion")}
    nested = {"type": "Microsoft.Resources/deployments", "name": "n", "properties": {"template": inner}}
    outer["resources"] = {"nested": nested}
    kinds = [part.kind for part in recognise(written(outer), "main.json").components]
    assert kinds == ["template", "workflow", "connection"]


def test_a_template_without_logic_apps_is_left_to_others() -> None:
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{"type": "Microsoft.Storage/storageAccounts", "name": "a"}],
    }
    assert recognise(written(template), "azuredeploy.json").platform == "generic"


def test_connections_are_components_and_say_what_they_reach() -> None:
    parsed = read("logic_apps/connections.json")
    assert {part.id: part.name for part in parsed.components} == {
        "connections.json/sftpwithssh": "sftpwithssh",
        "connections.json/sql": "Rates",
        "connections.json/openai": "Model",
    }
    assert users(parsed)["credential", "ManagedServiceIdentity"] == ("connections.json/sftpwithssh",)
    assert [(notice.code, notice.component) for notice in parsed.notices] == [
        ("inline-secret", "connections.json/openai")
    ]


def test_settings_hold_secrets_and_the_folder_of_a_developer_is_noise() -> None:
    data = (FIXTURES / "logic_apps/local.settings.json").read_bytes()
    (notice,) = recognise(data, "local.settings.json").notices
    assert (notice.code, notice.component) == ("inline-secret", "local.settings.json")
    moved = data.replace(b"c:\\\\dev", b"d:\\\\work")
    assert moved != data
    assert [change.change for change in differences(data, moved, "local.settings.json").components] == [Change.NOISE]


def test_the_runtime_is_a_module_with_its_version() -> None:
    (link,) = read("logic_apps/host.json").connectors
    assert (link.kind, link.name, link.version) == (
        "module",
        "Microsoft.Azure.Functions.ExtensionBundle.Workflows",
        "[1.*, 2.0.0)",
    )


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("launch.json", {"version": "0.2.0", "configurations": []}),
        ("extensions.json", {"recommendations": ["ms-azuretools.vscode-azurelogicapps"]}),
        ("index.json", {"definition": {"fields": []}, "kind": "x"}),
        ("task.json", {"definition": {"triggers": {"a": 1}, "actions": []}}),
        ("azure.parameters.json", {"a": {"value": 1}}),
    ],
)
def test_what_lies_beside_workflows_is_left_to_others(name: str, document: Any) -> None:
    assert recognise(written(document), name).platform == "generic"


def test_two_connections_of_one_name_are_both_kept() -> None:
    document = {"managedApiConnections": {"a": {"api": {"id": "x/one"}}}, "functionConnections": {"a": {"b": 1}}}
    assert by_id(recognise(written(document), "connections.json")).keys() == {
        "connections.json/a",
        "connections.json/a (2)",
    }


@pytest.mark.parametrize("data", [b"{", b'{"definition": 1}', b"[]", b'{"managedApiConnections": []}'])
def test_what_is_no_logic_app_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        LogicApps().parse(data, "a.json")
    assert "\n" not in str(refused.value)


def app(**more: bytes) -> bytes:
    """Return a standard app as it is zipped for its deployment."""
    files = {
        name: (FIXTURES / "logic_apps" / name).read_bytes()
        for name in ("connections.json", "host.json", "parameters.json")
    }
    workflow = WORKFLOW
    return zipped({"Orders/workflow.json": workflow, "Refunds/workflow.json": workflow, **files, **more})


def test_a_zip_as_it_is_deployed_holds_the_workflows_by_their_folders_and_what_stands_beside_them() -> None:
    found = recognise(app(**{"lib/rules.dll": b"MZ", "parameters.json": b"{}"}), "app.zip")
    assert found.platform == "logic-apps"
    holds(found)
    kinds = [(part.kind, part.name) for part in found.components]
    assert [name for kind, name in kinds if kind == "workflow"] == ["Orders", "Refunds"]
    assert {("file", "lib/rules.dll"), ("file", "parameters.json")} <= set(kinds)
    alone = recognise(WORKFLOW, "Orders/workflow.json")
    assert next(part.digest for part in found.components if part.name == "Orders") == alone.components[0].digest
    assert {link.name for link in alone.connectors} <= {link.name for link in found.connectors}


def test_the_order_and_packing_of_a_deployed_zip_change_nothing() -> None:
    files = {name: (FIXTURES / "logic_apps" / name).read_bytes() for name in ("host.json", "connections.json")}
    workflow = {"Orders/workflow.json": WORKFLOW}
    one, other = zipped({**files, **workflow}), zipped({**workflow, **files}, packed=False)
    digests = [{part.id: part.digest for part in recognise(data, "app.zip").components} for data in (one, other)]
    assert digests[0] == digests[1]


def test_a_zip_that_only_calls_a_file_so_is_an_archive_like_any_other() -> None:
    assert recognise(zipped({"host.json": b"{}", "a/workflow.json": b"[1]"}), "app.zip").platform == "generic"
