"""Canvas apps and agents of Copilot Studio as the command line tool lays them out, a file at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.diff import Change, compare_exports
from store.platforms import platform, recognise

APP = "src/CanvasApps/src/contoso_orders_1a2b3"
TOPIC = """kind: AdaptiveDialog
beginDialog:
  kind: OnUnknownIntent
  id: main
  actions:
    - kind: HttpRequestAction
      id: ask
      url: https://api.example.com/answers
"""
BOT = (
    '<bot schemaname="contoso_helper"><authenticationmode>{}</authenticationmode><iconbase64>{}</iconbase64>'
    "<name>Helper</name></bot>"
)


def read(value: Any, name: str) -> Parsed:
    text = value if isinstance(value, str) else json.dumps(value)
    return recognise(text.encode(), name)


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        ({"ControlUniqueIds": {"App": 1}}, f"{APP}/Entropy/Entropy.json", "app-layout"),
        ({"IsLocked": False}, f"{APP}/Src/EditorState/Screen1.editorstate.json", "app-layout"),
        ({"FormatVersion": "0.24", "Properties": {}}, f"{APP}/CanvasManifest.json", "app-file"),
        ([{"Name": "Orders"}], f"{APP}/DataSources/Orders.json", "app-file"),
        ("<widget xmlns='http://openajax.org/metadata'/>", f"{APP}/pkgs/label_2.5.1.xml", "app-file"),
        (BOT.format(2, "aGk="), "bots/contoso_helper/bot.xml", "agent"),
        ('<botcomponent schemaname="contoso_helper.topic.Hi"/>', "botcomponents/x/botcomponent.xml", "agent-component"),
        ({"$kind": "BotConfiguration", "settings": {}}, "bots/contoso_helper/configuration.json", "app-file"),
        ("function onLoad() {}", "src/WebResources/contoso_/scripts/orders.js", "file"),
        ("<html></html>", "WebResources/contoso_/orders.html", "file"),
        (TOPIC, "botcomponents/contoso_helper.topic.Fallback/data", "agent-dialog"),
        ("kind: Variable\nname: x\n", "agents/x/variables/Order.mcs.yml", "agent-dialog"),
    ],
)
def test_each_file_of_an_unpacked_app_or_agent_is_known(value: Any, name: str, kind: str) -> None:
    found = read(value, name)
    assert (found.platform, [part.kind for part in found.components]) == ("power-automate", [kind])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kind: Deployment\nspec: {}\n", "k8s/app.yaml"),
        ('{"ControlUniqueIds": {}}', "Entropy/Entropy.json"),
        ('{"a": 1}', "settings.json"),
        ("<bots><bot schemaname='x'/></bots>", "robots.xml"),
    ],
)
def test_what_only_looks_a_little_like_one_is_not(text: str, name: str) -> None:
    assert recognise(text.encode(), name).platform == "generic"


def test_what_the_studio_writes_down_for_itself_is_noise() -> None:
    name = f"{APP}/Entropy/Entropy.json"
    before, after = (read({"ControlUniqueIds": ids}, name) for ids in ({"App": 1}, {"App": 1, "Label1": 7}))
    found = compare_exports(before, after, platform("power-automate").rules)
    assert found.is_empty
    assert [part.change for part in found.components] == [Change.NOISE]


def test_a_script_of_a_solution_that_changed_is_told_line_by_line_in_its_language() -> None:
    name = "src/WebResources/contoso_/orders.js"
    before, after = (read(text, name) for text in ("let a = 1;\r\nsave();", "let a = 1;\nsteal();"))
    (change,) = compare_exports(before, after, platform("power-automate").rules).components
    assert [(code.language, "-save();" in code.unified) for code in change.code] == [("javascript", True)]
    assert "-let a" not in change.code[0].unified


def test_a_topic_is_called_as_people_call_it_and_tells_whom_it_asks() -> None:
    found = read(TOPIC, "botcomponents/contoso_helper.topic.Fallback/data")
    assert [part.name for part in found.components] == ["Fallback"]
    assert [(one.kind, one.name) for one in found.connectors] == [("host", "api.example.com")]


def test_an_agent_that_asks_for_no_sign_in_is_an_open_endpoint_whatever_its_icon() -> None:
    guarded, anybody = read(BOT.format(2, "aGk="), "bot.xml"), read(BOT.format(1, "b3Ro"), "bot.xml")
    assert guarded.notices == ()
    assert [(one.code, one.component, one.detail) for one in anybody.notices] == [
        ("open-endpoint", "contoso_helper", "Helper: answers anybody, without a sign-in")
    ]
    found = compare_exports(guarded, anybody, platform("power-automate").rules)
    assert [one.path for one in found.components[0].fields if not one.noise] == ["authenticationmode"]
    assert [fact.code for fact in found.impact.facts] == ["endpoint-opened"]


def test_a_site_in_the_default_of_a_parameter_is_a_host_of_the_flow() -> None:
    definition = {
        "$schema": "https://schema.management.azure.com/schemas/2016-06-01/workflowdefinition.json#",
        "parameters": {"Site (contoso_Site)": {"defaultValue": "https://contoso.sharepoint.com", "type": "String"}},
        "triggers": {},
        "actions": {},
    }
    flow = {"properties": {"connectionReferences": {}, "definition": definition}, "schemaVersion": "1.0.0.0"}
    assert [(one.kind, one.name) for one in read(flow, "Workflows/Site.json").connectors] == [
        ("host", "contoso.sharepoint.com")
    ]
