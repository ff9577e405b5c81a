"""AWS Step Functions: the Amazon States Language in JSON and YAML, alone and in templates, in small ones of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.parsing import FIXTURES, by_id, differences, read, users

from store.errors import BadInput
from store.platforms import platform, recognise
from store.platforms.step_functions import StepFunctions

ORDERS = (FIXTURES / "step_functions/orders.asl.json").read_bytes()


def edited(change: Any) -> bytes:
    document = json.loads(ORDERS)
    change(document["States"])
    return json.dumps(document).encode()


def test_each_state_is_a_component_however_deep_it_is_nested() -> None:
    parsed = read("step_functions/orders.asl.json")
    assert {part.id: part.kind for part in parsed.components} == {
        "orders": "state-machine",
        "orders#Check order": "task",
        "orders#Is it large?": "choice",
        "orders#Both at once": "parallel",
        "orders#Ask the manager": "task",
        "orders#Weigh lines": "map",
        "orders#Weigh": "task",
        "orders#Pay": "task",
        "orders#Apologise": "task",
        "orders#Failed": "fail",
        "orders#Done": "succeed",
    }
    both = json.loads(by_id(parsed)["orders#Both at once"].canonical)
    assert [branch["States"] for branch in both["Branches"]] == [["Ask the manager"], ["Weigh lines"]]


def test_two_machines_of_one_project_share_no_ids() -> None:
    one, two = (by_id(recognise(ORDERS, name)).keys() for name in ("a/main.asl.json", "b/main.asl.json"))
    assert not one & two
    assert "a/main#Done" in one


def test_yaml_and_json_give_the_same_states() -> None:
    import yaml

    again = yaml.safe_dump(json.loads(ORDERS), sort_keys=False).encode()
    found = {part.id: part.digest for part in recognise(again, "orders.asl.yaml").components}
    assert found == {part.id: part.digest for part in recognise(ORDERS, "orders.asl.json").components}


def test_where_a_state_leads_is_told_in_words() -> None:
    def changed(states: dict[str, Any]) -> None:
        states["Is it large?"]["Choices"].append({"Variable": "$.vip", "BooleanEquals": True, "Next": "Done"})
        states["Check order"]["Catch"][0]["Next"] = "Failed"
        states["Both at once"]["Branches"][0]["StartAt"] = "Ask the boss"
        branch = states["Both at once"]["Branches"][0]["States"]
        branch["Ask the boss"] = branch.pop("Ask the manager")

    diff = differences(ORDERS, edited(changed), "orders.asl.json")
    words = {change.name: change.words for change in diff.components}
    assert words["Is it large?"] == ("Is it large? now also goes to Done",)
    assert words["Check order"] == (
        "Check order now also goes to Failed",
        "Check order no longer goes to Apologise",
    )
    assert words["Both at once"] == (
        "Both at once now also goes to Ask the boss",
        "Both at once no longer goes to Ask the manager",
    )
    assert words["Ask the boss"] == ("was called Ask the manager", "its id was orders#Ask the manager")


def test_the_machine_leads_to_its_first_state() -> None:
    wires = platform("step-functions").rules.wires
    assert wires is not None
    assert wires(read("step_functions/orders.asl.json").components[0].content) == {"": ("Check order",)}


def test_connectors_are_services_resources_hosts_and_credentials_with_their_states() -> None:
    assert users(read("step_functions/orders.asl.json")) == {
        ("module", "arn:aws:states:::lambda:invoke"): ("orders#Check order",),
        ("connection", "${CheckFunction}"): ("orders#Check order",),
        ("module", "arn:aws:states:::sqs:sendMessage.waitForTaskToken"): ("orders#Ask the manager",),
        ("connection", "${ApprovalQueue}"): ("orders#Ask the manager",),
        ("connection", "${WeighFunction}"): ("orders#Weigh",),
        ("module", "arn:aws:states:::http:invoke"): ("orders#Pay",),
        ("credential", "${BankConnection}"): ("orders#Pay",),
        ("host", "pay.example.com"): ("orders#Pay",),
        ("module", "arn:aws:states:::sns:publish"): ("orders#Apologise",),
        ("connection", "${Topic}"): ("orders#Apologise",),
    }


def test_expressions_queries_and_commands_are_code_with_their_language() -> None:
    rules = platform("step-functions").rules
    assert rules.language("task", ("Assign", "a"), "{% $count($found) > 0 %}") == "jsonata"
    assert rules.language("task", ("Parameters", "Message.$"), "States.Format('{}', $.a)") == "jsonpath"
    assert rules.language("task", ("Arguments", "QueryString"), "select 1") == "sql"
    assert rules.language("task", ("Arguments", "Parameters", "commands", "0"), "rm -rf /x") == "shell"
    assert rules.language("task", ("Resource",), "arn:aws:states:::lambda:invoke") is None


def test_a_command_on_a_machine_and_one_in_a_container_are_noticed() -> None:
    (notice,) = read("step_functions/cleanup.asl.yaml").notices
    assert (notice.code, notice.component) == ("shell", "cleanup#Delete them")

    def changed(states: dict[str, Any]) -> None:
        overrides = {"ContainerOverrides": [{"Name": "x", "Command": ["sh", "-c", "date"]}]}
        states["Pay"] |= {"Resource": "arn:aws:states:::ecs:runTask", "Parameters": {"Overrides": overrides}}

    (notice,) = recognise(edited(changed), "orders.asl.json").notices
    assert (notice.code, notice.detail) == ("shell", 'Pay: runs a command in a container: ["sh","-c","date"]')


def test_plain_http_and_secrets_are_noticed() -> None:
    def changed(states: dict[str, Any]) -> None:
        states["Pay"]["Parameters"]["ApiEndpoint"] = "http://pay.example.com/v1"
        states["Pay"]["Parameters"]["Headers"] = {"Authorization": "Bearer abcdef0123456789abcdef"}

    found = {(notice.code, notice.component) for notice in recognise(edited(changed), "orders.asl.json").notices}
    assert found == {("tls-off", "orders#Pay"), ("inline-secret", "orders#Pay")}


def test_a_template_is_its_machines_and_the_rest() -> None:
    parsed = read("step_functions/template.yaml")
    assert [(part.kind, part.id) for part in parsed.components] == [
        ("template", "template.yaml"),
        ("state-machine", "template.yaml/Orders"),
        ("wait", "template.yaml/Orders#Wait a bit"),
        ("succeed", "template.yaml/Orders#Done"),
        ("state-machine", "template.yaml/Refunds"),
        ("task", "template.yaml/Refunds#Refund"),
    ]
    assert [(notice.code, notice.detail) for notice in parsed.notices] == [
        ("schedule", "orders: Nightly: runs on the schedule cron(0 3 * * ? *)"),
        ("open-endpoint", "orders: Door: answers post /orders without authentication"),
    ]
    assert users(parsed)["connection", "${RefundFunction.Arn}"] == ("template.yaml/Refunds#Refund",)


def test_what_the_cdk_writes_is_put_together() -> None:
    text = ["", ['{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"', {"Fn::GetAtt": ["Fn", "Arn"]},
                 '","End":true}}}']]  # fmt: skip
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": {"Fn::Join": text}}}
    parsed = recognise(json.dumps({"Resources": {"M1": machine}}).encode(), "stack.template.json")
    assert ("connection", "${Fn.Arn}") in users(parsed)


def test_a_definition_elsewhere_or_beyond_reading_leaves_the_machine_as_it_is() -> None:
    for given in ({"DefinitionUri": "a.asl.json"}, {"DefinitionString": "${nonsense"}, {"Definition": {"a": 1}}):
        machine = {"Type": "AWS::Serverless::StateMachine", "Properties": given}
        parts = recognise(json.dumps({"Resources": {"M": machine}}).encode(), "t.json").components
        assert [part.kind for part in parts] == ["template", "state-machine"]
        assert json.loads(parts[1].canonical)["Properties"] == given


def test_an_answer_of_the_api_is_a_machine_and_its_revision_is_noise() -> None:
    data = (FIXTURES / "step_functions/described.json").read_bytes()
    parsed = recognise(data, "x.json")
    assert [part.id for part in parsed.components] == ["refunds", "refunds#Refund"]
    again = recognise(
        data.replace(b"2024-01-01", b"2026-01-01").replace(b"123456789012:state", b"210987654321:state"), "y"
    )
    assert [part.digest for part in again.components] == [part.digest for part in parsed.components]


def test_a_placeholder_outside_of_a_text_is_read_and_one_inside_stays() -> None:
    data = ORDERS.replace(b'"TimeoutSeconds": 3600', b'"TimeoutSeconds": ${Timeout}').replace(
        b"made for this test", b"for ${Stage}, see: ${Wiki}, or ask"
    )
    (machine, *_) = recognise(data, "orders.asl.json").components
    assert json.loads(machine.canonical)["TimeoutSeconds"] == {"unquoted": "${Timeout}"}
    assert json.loads(machine.canonical)["Comment"] == "Orders, for ${Stage}, see: ${Wiki}, or ask"


def test_what_is_no_state_among_the_states_is_kept_and_does_no_harm() -> None:
    parts = by_id(recognise(edited(lambda states: states.update({"Comment": "hello"})), "orders.asl.json"))
    assert json.loads(parts["orders"].canonical)["States"] == {"Comment": "hello"}
    assert len(parts) == 11


def test_two_states_of_one_name_are_kept_apart() -> None:
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    document = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner, inner], "End": True}}}
    ids = [part.id for part in recognise(json.dumps(document).encode(), "x.asl.json").components]
    assert ids == ["x", "x#P", "x#A", "x#A (2)"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("mock.json", b'{"StateMachines": {"a": {"TestCases": {"StartAt": {}}}}, "MockedResponses": {}}'),
        ("a.json", b'{"StartAt": 1, "States": {}}'),
        ("a.json", b'{"StartAt": "A", "States": {"A": {"kind": "x"}}}'),
        ("notes.yaml", b"StartAt: where\nStates:\n  - one\n"),
    ],
)
def test_what_only_looks_alike_is_left_to_others(name: str, data: bytes) -> None:
    assert recognise(data, name).platform == "generic"


@pytest.mark.parametrize(
    "data", [b"{", b"{}", b"- StartAt", b"a: 1\n---\nb: 2", b'{"definition": "{}", "roleArn": "x"}']
)
def test_what_is_no_state_machine_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        StepFunctions().parse(data, "a.json")
    assert "\n" not in str(refused.value)
