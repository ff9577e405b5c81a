"""Power Automate packages and Power Platform solutions, in small ones of our own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from support.parsing import FIXTURES, by_id, differences, read, unzipped, users
from support.zips import made, zipped

from store.domain.diff import Change
from store.errors import BadInput
from store.platforms import platform, recognise

PACKAGE = (FIXTURES / "power_automate/package.zip").read_bytes()
SOLUTION = (FIXTURES / "power_automate/solution.zip").read_bytes()
FLOW = "5f0c1d2e-1111-4a2b-8c3d-000000000001"
TOLD = "096175f7-d8bc-4d11-83fe-002248078001"
DEFINITION = "Microsoft.Flow/flows/9b8a7c6d-2222-4e3f-9a0b-000000000002/definition.json"
WORKFLOW = "Workflows/Tellwhopaid-096175F7-D8BC-4D11-83FE-002248078001.json"


def edited(data: bytes, member: str, change: Callable[[str], str]) -> bytes:
    members = unzipped(data)
    members[member] = change(members[member].decode("utf-8-sig")).encode()
    return zipped(members)


def test_a_package_is_its_flows_itself_and_its_connections() -> None:
    parsed = read("power_automate/package.zip")
    assert [(part.kind, part.id, part.name) for part in parsed.components] == [
        ("flow", FLOW, "Approve invoices"),
        ("package", "package:Approve invoices", "Approve invoices"),
        ("connection", "connection:22222222-0000-4000-8000-000000000001", "SharePoint: ada@contoso.example"),
        ("connection", "connection:22222222-0000-4000-8000-000000000002", "Approvals: ada@contoso.example"),
    ]
    assert parsed.secrets == 0


def test_a_solution_is_everything_that_is_in_it() -> None:
    parsed = read("power_automate/solution.zip")
    assert {part.id: part.kind for part in parsed.components} == {
        "solution:FinanceFlows": "solution",
        "fin_SiteUrl": "environment-variable",
        "fin_ApiKey": "environment-variable",
        "table:fin_Invoice": "table",
        TOLD: "flow",
        "process:096175f7-d8bc-4d11-83fe-002248078002": "process",
        "canvas-app:fin_pay_a1b2c": "canvas-app",
        "fin_sharedoffice365_a1": "connection-reference",
        "CanvasApps/fin_pay_a1b2c_BackgroundImageUri": "file",
        "WebResources/fin_pay.js55555555-0000-4000-8000-000000000001": "file",
    }
    assert {part.name for part in parsed.components} >= {"Tell who paid", "Finance flows", "Pay desk", "fin_pay.js"}


def test_managed_and_unmanaged_differ_in_the_solution_alone() -> None:
    managed = (FIXTURES / "power_automate/solution_managed.zip").read_bytes()
    (change,) = differences(SOLUTION, managed, "finance.zip").components
    assert [(field.path, field.old, field.new) for field in change.fields] == [("SolutionManifest.Managed", "0", "1")]


def test_exported_again_everything_keeps_its_digest() -> None:
    def later(text: str) -> str:
        for old, new in (
            ("2024-03-01T10:00:00Z", "2026-11-26T09:00:00Z"),
            ("33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-00000000ffff"),
            ("icons.example/1.0", "icons.example/2.0"),
            ("aaaaaaaa-0000", "bbbbbbbb-0000"),
        ):
            text = text.replace(old, new)
        return json.dumps(json.loads(text), sort_keys=True, indent=1)

    again = edited(edited(PACKAGE, "manifest.json", later), DEFINITION, later)
    assert again != PACKAGE
    diff = differences(PACKAGE, again, "package.zip")
    assert {change.change for change in diff.components} == {Change.NOISE}
    assert not diff.connectors_added
    assert not diff.connectors_removed


def test_a_guid_in_other_letters_is_the_same_guid() -> None:
    again = edited(SOLUTION, "solution.xml", lambda text: text.replace(TOLD, TOLD.upper()))
    again = edited(again, "customizations.xml", lambda text: text.replace("{" + TOLD, "{" + TOLD.upper()))
    assert by_id(recognise(again, "a.zip")).keys() == by_id(recognise(SOLUTION, "a.zip")).keys()
    assert {change.change for change in differences(SOLUTION, again, "a.zip").components} == {Change.NOISE}


def test_an_unzipped_definition_is_the_same_flow() -> None:
    (lone,) = read("power_automate/definition.json").components
    assert (lone.id, lone.name, lone.kind) == (FLOW, "Approve invoices", "flow")


def test_wires_and_fields_are_told_by_the_names_of_the_steps() -> None:
    def changed(text: str) -> str:
        document = json.loads(text)
        actions = document["properties"]["definition"]["actions"]
        loop = actions["For_each_invoice"]["actions"]
        loop["Note_it"] = {"type": "Compose", "inputs": "@item()", "runAfter": {"Is_it_large": ["Succeeded"]}}
        loop["Is_it_large"]["else"]["actions"]["Pay"]["inputs"]["uri"] = "https://other.example.com/v1/payments"
        return json.dumps(document)

    diff = differences(PACKAGE, edited(PACKAGE, DEFINITION, changed), "package.zip")
    (change,) = diff.components
    assert change.words == ("Is it large now also goes to Note it",)
    assert "Pay.inputs.uri" in {field.path for field in change.fields}
    assert [(link.kind, link.name) for link in diff.connectors_added] == [("host", "other.example.com")]
    assert [(code.field, code.language) for code in change.code] == [("Note it.inputs", "expression")]


def test_a_step_that_moves_into_a_condition_keeps_its_name() -> None:
    wires = platform("power-automate").rules.wires
    assert wires is not None
    (flow,) = read("power_automate/definition.json").components
    assert wires(flow.content) == {
        "Every_morning": ("List_invoices",),
        "List_invoices": ("For_each_invoice",),
        "For_each_invoice": ("Is_it_large",),
        "Is_it_large": ("Ask_the_manager", "Pay"),
    }


def test_connectors_say_who_uses_them() -> None:
    found = users(read("power_automate/solution.zip"))
    assert found["module", "shared_office365"] == (TOLD, "fin_sharedoffice365_a1")
    assert found["connection", "fin_sharedoffice365_a1"] == (TOLD, "fin_sharedoffice365_a1")
    assert found["module", "shared_sql"] == ("canvas-app:fin_pay_a1b2c",)
    assert found["credential", "fin_ApiKey"] == ("fin_ApiKey",)
    assert found["host", "test.contoso.example"] == ("fin_SiteUrl",)


def test_an_open_door_is_noticed_and_a_guarded_one_is_not() -> None:
    (notice,) = read("power_automate/solution.zip").notices
    assert (notice.code, notice.component) == ("open-endpoint", TOLD)
    guarded = edited(SOLUTION, WORKFLOW, lambda text: text.replace('"All"', '"Tenant"'))
    assert not recognise(guarded, "a.zip").notices


def test_a_flow_that_people_start_is_no_open_door() -> None:
    button = edited(
        SOLUTION,
        WORKFLOW,
        lambda text: text.replace('"kind": "Http", "inputs": {"trig', '"kind": "Button", "inputs": {"trig'),
    )
    assert button != SOLUTION
    assert not recognise(button, "a.zip").notices


def test_secrets_in_a_zip_are_counted_and_noticed_without_their_value() -> None:
    leaking = edited(SOLUTION, WORKFLOW, lambda text: text.replace('"Subject": "Paid"', '"Subject": "Paid"').replace(
        '"emailMessage/To"', '"authorization": "Bearer abcdef0123456789abcdef", "emailMessage/To"'))  # fmt: skip
    parsed = recognise(leaking, "a.zip")
    assert parsed.secrets == 1
    details = [notice.detail for notice in parsed.notices if notice.code == "inline-secret"]
    assert details == ["Send mail: holds a secret in the open (bearer token)"]


def test_the_value_of_a_variable_whose_name_promises_a_secret_is_one() -> None:
    data = (FIXTURES / "power_automate/environmentvariabledefinition.xml").read_bytes()
    data = data.replace(b"fin_SiteUrl", b"fin_BankPassword").replace(
        b"https://contoso.example/sites/finance", b"hunter2-hunter2"
    )
    (notice,) = recognise(data, "x.xml").notices
    assert (notice.code, notice.component) == ("inline-secret", "fin_BankPassword")
    assert "hunter2" not in notice.detail


def test_the_screens_of_a_canvas_app_are_code() -> None:
    members = unzipped(SOLUTION)
    name = "CanvasApps/fin_pay_a1b2c_DocumentUri.msapp"
    members[name] = made(rb"Src\Screen1.pa.yaml", b"Screens:\n  Screen1:\n    Properties:\n      Fill: =Color.Red\n")
    (change,) = differences(SOLUTION, zipped(members), "a.zip").components
    assert change.id == "canvas-app:fin_pay_a1b2c"
    (code,) = change.code
    assert (code.language, "+      Fill: =Color.Red" in code.unified) == ("power-fx", True)


def packaged(chance: str, screen: bytes) -> bytes:
    """Return a package of a canvas app, as it is exported: file names by chance, the app in a zip of its own."""
    folder = "Microsoft.PowerApps/apps/17095642363502456728/"
    uri = f"/17095642363502456728/N{chance}-document.msapp"
    properties = {"displayName": "Pay desk", "appVersion": chance, "appUris": {"documentUri": {"value": uri}}}
    described = {"schemaVersion": "1.0", "appDefinitionTemplate": {"properties": properties}}
    app = {"type": "Microsoft.PowerApps/apps", "details": {"displayName": "Pay desk"}}
    manifest = {"schema": "1.0", "details": {"displayName": "Pay desk"}, "resources": {"x": app}}
    return zipped(
        {
            "manifest.json": json.dumps(manifest).encode(),
            f"{folder}17095642363502456728.json": json.dumps(described).encode(),
            f"{folder}N{chance}-document.msapp": made(rb"Src\Screen1.pa.yaml", screen),
            f"{folder}N{chance}-large.png": b"\x89PNG",
        }
    )


def test_a_package_of_an_app_is_the_app_whatever_its_files_are_called() -> None:
    old = packaged("037c6c42-06a9-4b95-87fc-192b464e9c27", b"Fill: =Color.Red")
    new = packaged("99bc9261-4d19-4da8-a384-05531d167fbf", b"Fill: =Color.Red")
    parsed = recognise(old, "app.zip")
    assert {part.id for part in parsed.components} == {"canvas-app:Pay desk", "package:Pay desk"}
    assert {change.change for change in differences(old, new, "app.zip").components} == {Change.NOISE}
    blue = packaged("99bc9261-4d19-4da8-a384-05531d167fbf", b"Fill: =Color.Blue")
    (change,) = (change for change in differences(old, blue, "app.zip").components if change.code)
    assert [code.language for code in change.code] == ["power-fx"]


def test_a_script_of_a_solution_is_code() -> None:
    name = "WebResources/fin_pay.js55555555-0000-4000-8000-000000000001"
    (change,) = differences(SOLUTION, edited(SOLUTION, name, lambda text: text.replace("1", "2")), "a.zip").components
    assert [code.language for code in change.code] == ["javascript"]


def test_a_solution_zipped_by_a_windows_program_is_the_same_one() -> None:
    windows = zipped({name.replace("/", "\\"): data for name, data in unzipped(SOLUTION).items()})
    assert recognise(windows, "solution.zip").components == recognise(SOLUTION, "solution.zip").components


def test_a_solution_in_a_folder_and_one_that_was_unpacked_are_solutions_too() -> None:
    members = unzipped(SOLUTION)
    inside = zipped({f"finance/{name}": data for name, data in members.items()})
    assert by_id(recognise(inside, "a.zip")).keys() == by_id(recognise(SOLUTION, "a.zip")).keys()
    unpacked = {f"Other/{name.capitalize()}" if "/" not in name else name: data for name, data in members.items()}
    found = by_id(recognise(zipped(unpacked), "a.zip"))
    assert found.keys() >= {"solution:FinanceFlows", TOLD, "fin_SiteUrl", "fin_sharedoffice365_a1"}


def test_parts_are_recognised_one_by_one() -> None:
    assert [part.kind for part in recognise(b"{}", "flows_1_apisMap.json").components] == ["connector-map"]
    index = b'{"packageSchemaVersion": "1.0", "flowAssets": {"assetPaths": []}}'
    assert [part.kind for part in recognise(index, "manifest.json").components] == ["package-index"]
    settings = b'{"EnvironmentVariables": [], "ConnectionReferences": [{"LogicalName": "a", "ConnectionId": ""}]}'
    assert [part.kind for part in recognise(settings, "deploy.json").components] == ["deployment-settings"]
    assert recognise(unzipped(SOLUTION)[WORKFLOW], WORKFLOW).components[0].id == TOLD
    (solution,) = recognise(unzipped(SOLUTION)["solution.xml"], "solution.xml").components
    assert solution.id == "solution:FinanceFlows"


def test_a_bare_definition_that_only_power_automate_can_have_written_is_its_own() -> None:
    definition = json.loads(unzipped(PACKAGE)[DEFINITION])["properties"]["definition"]
    for document in ({"definition": definition}, definition):
        parsed = recognise(json.dumps(document).encode(), "copied.json")
        assert [(parsed.platform, part.kind) for part in parsed.components] == [("power-automate", "flow")]
    bare = {"definition": {"triggers": {}, "actions": {"A": {"type": "Compose", "inputs": 1}}}}
    assert recognise(json.dumps(bare).encode(), "copied.json").platform == "logic-apps"


def test_a_flow_without_connections_is_not_taken_for_a_logic_app() -> None:
    document = json.loads(unzipped(SOLUTION)[WORKFLOW])
    document["properties"]["connectionReferences"] = {}
    document["properties"]["definition"]["actions"] = {"A": {"type": "Compose", "inputs": 1}}
    assert recognise(json.dumps(document).encode(), "x.json").platform == "power-automate"


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ('<AppModule xmlns:xsi="{i}"><UniqueName>fin_app</UniqueName></AppModule>', "app", "app:fin_app"),
        ('<!-- c --><CanvasApp xmlns:xsi="{i}"><Name>fin_a</Name></CanvasApp>', "canvas-app", "canvas-app:fin_a"),
        ('<forms xmlns:xsi="{i}"><systemform /></forms>', "forms", "x.xml"),
    ],
)
def test_what_the_command_line_tool_unpacks_is_recognised(text: str, kind: str, key: str) -> None:
    data = text.replace("{i}", "http://www.w3.org/2001/XMLSchema-instance").encode()
    (part,) = recognise(data, "x.xml").components
    assert (part.kind, part.id) == (kind, key)


def test_any_other_zip_and_any_other_json_is_left_to_others() -> None:
    assert recognise(zipped({"readme.txt": b"hello"}), "docs.zip").platform == "generic"
    assert recognise(b'{"shared_secret": "none"}', "a.json").platform == "generic"
    assert recognise(b'{"apisMap": {}}', "a.json").platform == "generic"


def bomb() -> bytes:
    members = unzipped(SOLUTION)
    members["CanvasApps/fin_pay_a1b2c_DocumentUri.msapp"] = zipped({"Header.json": b"\0" * 30_000_000})
    return zipped(members)


HOSTILE = [
    (bomb(), "zip bomb"),
    (zipped({**unzipped(SOLUTION), "../evil": b"1"}), "leads out"),
    (edited(PACKAGE, DEFINITION, lambda _: "[" * 100_000), "inside each other"),
    (edited(PACKAGE, DEFINITION, lambda _: '{"a": 1, "a": 2}'), "twice"),
    (edited(PACKAGE, DEFINITION, lambda _: "{}"), "no definition of a flow"),
    (edited(SOLUTION, "customizations.xml", lambda _: '<!DOCTYPE a [<!ENTITY e "ha">]><a>&e;</a>'), "DTD"),
    (edited(SOLUTION, "customizations.xml", lambda _: "<a>" * 100_000), "inside each other"),
    (edited(SOLUTION, "solution.xml", lambda _: "<ImportExportXml />"), "no solution"),
    (zipped({**unzipped(SOLUTION), "Workflows/x.json": b"not json"}), "JSON"),
    (SOLUTION[:2000] + SOLUTION[2100:], "zip"),
    (zipped({"solution.xml": b"x" * 20_000_000}), "zip bomb|more than the"),
]


@pytest.mark.parametrize(("data", "why"), HOSTILE, ids=[f"{at}-{why[:20]}" for at, (_, why) in enumerate(HOSTILE)])
def test_a_harmful_package_is_refused_and_nobody_else_may_take_it(data: bytes, why: str) -> None:
    began = time.process_time()
    with pytest.raises(BadInput, match=why) as refused:
        recognise(data, "export.zip")
    assert "\n" not in str(refused.value)
    assert time.process_time() - began < 5
