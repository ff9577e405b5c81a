"""An export of about 5 MB of every platform, in two versions: in the second, one part in a hundred says something else.

Built of many parts as the platform writes them; what a real one would have besides (pictures, histories) is left out.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias

Maker: TypeAlias = Callable[[int, int], bytes]
"""(how many parts, version 1 or 2) → the export."""
_EVERY: Final = 100
_NOTE: Final = (
    "Whoever is on call looks at the order first, at what was paid and sent, and whether the customer was told."
)


def _word(number: int, version: int) -> str:
    return "urgent" if version == 2 and number % _EVERY == 0 else "high"


def _code(number: int, version: int) -> str:
    return (
        f"// step {number}\nconst order = msg.payload;\nif (order.total > {number % 97}) {{\n"
        f"  order.priority = '{_word(number, version)}';\n}} else {{\n  order.priority = 'low';\n}}\nreturn order;"
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


def n8n(count: int, version: int) -> bytes:
    """Return what `export:workflow --all` writes: a list of workflows of three nodes."""
    return _json([_workflow(number, version) for number in range(count)])


def _workflow(number: int, version: int) -> dict[str, Any]:
    def node(inner: int, name: str, kind: str, parameters: dict[str, Any]) -> dict[str, Any]:
        identity = f"{number:08d}-0000-4000-8000-{inner:012d}"
        place = [200 * inner, 300]
        return {
            "parameters": parameters,
            "id": identity,
            "name": name,
            "type": kind,
            "typeVersion": 2,
            "position": place,
        }

    nodes = [
        node(1, "Every hour", "n8n-nodes-base.scheduleTrigger", {"rule": {"interval": [{"field": "hours"}]}}),
        node(2, "Weigh", "n8n-nodes-base.code", {"jsCode": _code(number, version)}),
        node(3, "Tell", "n8n-nodes-base.httpRequest", {"url": f"https://host{number % 50}.example/{number}"}),
    ]
    names = [one["name"] for one in nodes]
    wires = {a: {"main": [[{"node": b, "type": "main", "index": 0}]]} for a, b in pairwise(names)}
    return {"id": f"wf{number:06d}", "name": f"Orders {number}", "active": True, "nodes": nodes, "connections": wires}


def grafana(count: int, version: int) -> bytes:
    """Return a dashboard of many panels."""
    panels = [
        {
            "id": number + 1,
            "type": "timeseries",
            "title": f"Orders of shop {number}",
            "description": f"{_NOTE} ({_word(number, version)})",
            "datasource": {"type": "prometheus", "uid": "metrics"},
            "gridPos": {"h": 8, "w": 12, "x": 0, "y": 8 * number},
            "fieldConfig": {"defaults": {"unit": "short", "custom": {"lineWidth": 1}}, "overrides": []},
            "targets": [
                {"refId": "A", "expr": f'rate(orders_total{{shop="{number}"}}[5m])', "legendFormat": "{{till}}"}
            ],
        }
        for number in range(count)
    ]
    return _json({"uid": "shops", "title": "Shops", "schemaVersion": 39, "version": 3, "panels": panels})


def home_assistant(count: int, version: int) -> bytes:
    """Return an `automations.yaml` of many automations."""
    return "".join(
        f'- id: "{number}"\n'
        f"  alias: Lights of room {number}\n"
        f"  description: {_NOTE}\n"
        f"  triggers:\n"
        f"    - trigger: state\n"
        f"      entity_id: binary_sensor.motion_{number}\n"
        f'      to: "on"\n'
        f"  conditions:\n"
        f"    - condition: numeric_state\n"
        f"      entity_id: sensor.light_{number}\n"
        f"      below: {number % 90}\n"
        f"  actions:\n"
        f"    - action: light.turn_on\n"
        f"      target:\n"
        f"        entity_id: light.room_{number}\n"
        f"      data:\n"
        f"        brightness_pct: 80\n"
        f"        effect: {_word(number, version)}\n"
        for number in range(count)
    ).encode()


def salesforce(count: int, version: int) -> bytes:
    """Return a flow of many actions."""
    actions = "".join(
        f"    <actionCalls>\n        <name>Step_{number}</name>\n        <label>Step {number}</label>\n"
        f"        <description>{_NOTE}</description>\n"
        f"        <locationX>176</locationX>\n        <locationY>{number}</locationY>\n"
        f"        <actionName>Orders.step</actionName>\n        <actionType>apex</actionType>\n"
        f"        <connector>\n            <targetReference>Step_{number + 1}</targetReference>\n        </connector>\n"
        f"        <inputParameters>\n            <name>priority</name>\n            <value>\n"
        f"                <stringValue>{_word(number, version)}</stringValue>\n            </value>\n"
        f"        </inputParameters>\n    </actionCalls>\n"
        for number in range(count)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Flow xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        f"{actions}    <apiVersion>62.0</apiVersion>\n    <label>Orders</label>\n"
        "    <processType>AutoLaunchedFlow</processType>\n    <status>Active</status>\n</Flow>\n"
    ).encode()


def _steps(count: int, version: int) -> dict[str, Any]:
    return {
        f"Step_{number}": {
            "type": "Http",
            "description": _NOTE,
            "inputs": {
                "method": "POST",
                "uri": f"https://host{number % 50}.example/{number}",
                "body": {"order": "@triggerBody()?['id']", "priority": _word(number, version)},
            },
            "runAfter": {f"Step_{number - 1}": ["Succeeded"]} if number else {},
        }
        for number in range(count)
    }


def _definition(count: int, version: int) -> dict[str, Any]:
    return {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/"
        "workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {},
        "triggers": {"manual": {"type": "Request", "kind": "Http", "inputs": {}}},
        "actions": _steps(count, version),
    }


def logic_apps(count: int, version: int) -> bytes:
    """Return one workflow of many actions."""
    return _json({"definition": _definition(count, version), "kind": "Stateful"})


def power_platform(count: int, version: int) -> bytes:
    """Return a solution of flows of ten steps each; unpacked it is what `count` says of the others."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "solution.xml",
            '<?xml version="1.0" encoding="utf-8"?>\n<ImportExportXml version="9.2" SolutionPackageVersion="9.2">'
            "<SolutionManifest><UniqueName>Orders</UniqueName><Version>1.0.0.0</Version><Managed>0</Managed>"
            "</SolutionManifest></ImportExportXml>",
        )
        archive.writestr("customizations.xml", "<ImportExportXml><Workflows /></ImportExportXml>")
        archive.writestr("[Content_Types].xml", "<Types />")
        for number in range(count // 10):
            identity = f"{number:08X}-D8BC-4D11-83FE-002248078001"
            flow = {
                "properties": {
                    "definition": _definition(10, version if number % 10 == 0 else 1),
                    "connectionReferences": {},
                }
            }
            archive.writestr(f"Workflows/Orders{number}-{identity}.json", json.dumps(flow))
    return made.getvalue()


def step_functions(count: int, version: int) -> bytes:
    """Return one machine of many states."""
    states: dict[str, Any] = {
        f"Step {number}": {
            "Type": "Task",
            "Comment": _NOTE,
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": f"orders-{number % 50}", "Payload": {"priority": _word(number, version)}},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
            "Next": f"Step {number + 1}",
        }
        for number in range(count)
    }
    states[f"Step {count}"] = {"Type": "Succeed"}
    return _json({"StartAt": "Step 0", "States": states})


def make(count: int, version: int) -> bytes:
    """Return one blueprint of many modules."""
    flow = [
        {
            "id": number + 1,
            "module": "http:ActionSendData",
            "version": 3,
            "parameters": {"handleErrors": True},
            "mapper": {
                "url": f"https://host{number % 50}.example/{number}",
                "method": "post",
                "data": f"{_NOTE} ({_word(number, version)})",
                "headers": [{"name": "Accept", "value": "application/json"}],
            },
            "metadata": {"designer": {"x": 300 * number, "y": 0}, "expect": [{"name": "url", "type": "url"}]},
        }
        for number in range(count)
    ]
    return _json({"name": "Orders", "flow": flow, "metadata": {"version": 1, "designer": {"orphans": []}}})


def appsmith(count: int, version: int) -> bytes:
    """Return an application of many queries and a page of as many texts."""
    actions = [
        {
            "pluginId": "restapi-plugin",
            "unpublishedAction": {
                "name": f"ask_{number}",
                "pageId": "Desk",
                "datasource": {"name": "bank"},
                "actionConfiguration": {
                    "httpMethod": "POST",
                    "path": f"/orders/{number}",
                    "body": _code(number, version),
                    "timeoutInMillisecond": 10000,
                },
            },
        }
        for number in range(count)
    ]
    texts = [
        {
            "widgetName": f"Text{number}",
            "widgetId": f"w{number}",
            "type": "TEXT_WIDGET",
            "text": f"{{{{ask_{number}.data}}}}",
        }
        for number in range(count)
    ]
    dsl = {"widgetName": "MainContainer", "widgetId": "0", "type": "CANVAS_WIDGET", "children": texts}
    page = {"unpublishedPage": {"name": "Desk", "slug": "desk", "layouts": [{"id": "l1", "dsl": dsl}]}}
    return _json(
        {
            "artifactJsonType": "APPLICATION",
            "clientSchemaVersion": 1,
            "serverSchemaVersion": 6,
            "exportedApplication": {"name": "Refunds", "slug": "refunds", "pages": [{"id": "Desk", "isDefault": True}]},
            "datasourceList": [
                {"name": "bank", "pluginId": "restapi-plugin", "datasourceConfiguration": {"url": "https://b.example"}}
            ],
            "pageList": [page],
            "actionList": actions,
            "actionCollectionList": [],
        }
    )


def _things(count: int, version: int) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "name": f"Rule {number}",
            "when": {"above": number % 97},
            "note": _NOTE,
            "set": _word(number, version),
        }
        for number in range(count)
    ]


def generic_json(count: int, version: int) -> bytes:
    """Return a document of many identified things."""
    return _json({"rules": _things(count, version)})


def generic_yaml(count: int, version: int) -> bytes:
    """Return the same as YAML."""
    return (
        b"rules:\n"
        + "".join(
            f"  - id: {one['id']}\n    name: {one['name']}\n    when:\n      above: {one['when']['above']}\n"
            f"    note: {_NOTE}\n    set: {one['set']}\n"
            for one in _things(count, version)
        ).encode()
    )


def generic_xml(count: int, version: int) -> bytes:
    """Return the same as XML."""
    rows = "".join(
        f'  <rule id="{one["id"]}"><name>{one["name"]}</name><when above="{one["when"]["above"]}"/>'
        f"<note>{_NOTE}</note><set>{one['set']}</set></rule>\n"
        for one in _things(count, version)
    )
    return f'<?xml version="1.0"?>\n<rules>\n{rows}</rules>\n'.encode()


EXPORTS: Final[Mapping[str, tuple[str, Maker, int]]] = {
    "n8n": ("all.json", n8n, 3_000),
    "Grafana": ("shops.json", grafana, 6_300),
    "Home Assistant": ("automations.yaml", home_assistant, 8_600),
    "Salesforce": ("Orders.flow-meta.xml", salesforce, 7_000),
    "Logic Apps": ("workflow.json", logic_apps, 9_800),
    "Power Platform": ("orders.zip", power_platform, 14_000),
    "Step Functions": ("orders.asl.json", step_functions, 9_000),
    "Make": ("orders.json", make, 6_500),
    "Appsmith": ("refunds.json", appsmith, 6_500),
    "any JSON": ("rules.json", generic_json, 19_000),
    "any YAML": ("rules.yaml", generic_yaml, 24_000),
    "any XML": ("rules.xml", generic_xml, 22_000),
}
"""Platform → the file's name, what makes it, and how many parts make 5 MB."""
