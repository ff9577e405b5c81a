"""Salesforce flows, built from the public documentation : elements, wires, what a reviewer is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.domain.component import Parsed
from store.domain.diff import Diff, compare
from store.errors import BadInput
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures/salesforce"
REFUND = (FIXTURES / "Refund_Order.flow-meta.xml").read_bytes()


def parsed(data: bytes, name: str = "flows/Refund_Order.flow-meta.xml") -> Parsed:
    found = recognise(data, name)
    assert found.platform == "salesforce"
    return found


def difference(new: bytes) -> Diff:
    return compare(parsed(REFUND).components, parsed(new).components, platform("salesforce").rules)


def test_a_flow_built_from_the_documentation_is_known_by_its_file_and_has_its_elements_by_name() -> None:
    (part,) = parsed(REFUND).components
    assert (part.id, part.kind, part.name) == ("flow.Refund_Order", "flow", "Refund an order")
    assert dict(part.labels) == {
        "Pay_Back": "Pay back",
        "Tell_Clerk": "Tell the clerk",
        "How_Much": "How much?",
        "Amount": "Amount",
        "start": "Start",
        "Log": "Log",
    }


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("Old_Process-3.flow", "flow.Old_Process"),
        ("main/default/flows/New.flow-meta.xml", "flow.New"),
        ("New-1.flow-meta.xml", "flow.New-1"),
        ("some.xml", "flow.some"),
    ],
)
def test_the_version_in_a_file_of_the_oldest_format_is_no_part_of_the_name(name: str, identity: str) -> None:
    data = (FIXTURES / "Old_Process-3.flow").read_bytes()
    assert [part.id for part in parsed(data, name).components] == [identity]


def test_the_wires_of_a_documented_flow_are_its_connectors() -> None:
    wires = platform("salesforce").rules.wires
    assert wires is not None
    assert wires(parsed(REFUND).components[0].content) == {
        "Pay_Back": ("Tell_Clerk",),
        "How_Much": ("Tell_Clerk", "Pay_Back"),
        "start": ("How_Much", "Tell_Clerk"),
    }
    old = parsed((FIXTURES / "Old_Process-3.flow").read_bytes()).components[0]
    assert wires(old.content) == {"start": ("Ask",)}


def test_a_connector_that_leads_elsewhere_is_told_in_words() -> None:
    new = REFUND.replace(b"<targetReference>Pay_Back</targetReference>", b"<targetReference>Log</targetReference>")
    (change,) = difference(new).components
    assert change.words == ("How much? now also goes to Log", "How much? no longer goes to Pay back")


def test_moved_elements_and_another_builder_are_noise() -> None:
    new = REFUND.replace(b"<locationX>176<", b"<locationX>9<").replace(b"AUTO_LAYOUT_CANVAS", b"FREE_FORM_CANVAS")
    assert new != REFUND
    assert difference(new).is_empty


def test_a_formula_that_changed_is_told_line_by_line() -> None:
    (change,) = difference(REFUND.replace(b"0.9<", b"0.8<")).components
    assert [(code.field, code.language) for code in change.code] == [("Amount.expression", "formula")]
    assert "-0.9\n+0.8" in change.code[0].unified


def test_a_second_condition_beside_the_first_is_one_thing_that_came() -> None:
    one = REFUND[REFUND.index(b"<conditions>") : REFUND.index(b"</conditions>") + len(b"</conditions>")]
    new = REFUND.replace(one, one + one.replace(b"LessThan", b"GreaterThan"))
    (change,) = difference(new).components
    assert [(field.path, field.added) for field in change.fields] == [("How much?.rules.0.conditions.1", True)]


def test_classes_components_services_and_flows_are_connectors() -> None:
    old = parsed((FIXTURES / "Old_Process-3.flow").read_bytes())
    assert [(link.kind, link.name) for link in parsed(REFUND).connectors] == [
        ("connection", "externalService: BankService.payBack"),
        ("module", "apex ClerkNotifier"),
        ("module", "flow acme__Write_Log"),
    ]
    assert [(link.kind, link.name) for link in old.connectors] == [("module", "component acme:map")]


def test_a_reviewer_is_told_when_a_flow_runs_by_itself() -> None:
    assert [(notice.code, notice.detail) for notice in parsed(REFUND).notices] == [
        ("schedule", "Start: runs 3 Days after RecordTriggerEvent")
    ]
    daily = REFUND.replace(
        b"<object>Order</object>",
        b"<object>Order</object><schedule><frequency>Daily</frequency><startDate>2024-01-02</startDate>"
        b"<startTime>03:00:00.000Z</startTime></schedule>",
    )
    assert parsed(daily).notices[0].every == 86_400
    assert parsed(daily).notices[0].detail == "Start: runs on the schedule Daily 2024-01-02 03:00:00.000Z"


def test_a_definition_of_the_active_version_is_a_component_too() -> None:
    data = b'<FlowDefinition xmlns="http://soap.sforce.com/2006/04/metadata"><activeVersionNumber>4</activeVersionNumber></FlowDefinition>'
    assert [part.id for part in parsed(data, "Refund.flowDefinition-meta.xml").components] == ["flow definition.Refund"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_flow_saved_by_an_editor_of_windows_is_the_same_flow(encoding: str) -> None:
    text = REFUND.decode().replace(
        'encoding="UTF-8"', 'encoding="UTF-16"' if encoding == "utf-16" else 'encoding="UTF-8"'
    )
    assert parsed(text.encode(encoding)).components == parsed(REFUND).components


def test_other_metadata_is_a_document() -> None:
    data = b'<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><name>Flow</name></types></Package>'
    assert recognise(data, "package.xml").platform == "generic"


def test_a_flow_with_a_document_type_is_refused() -> None:
    with pytest.raises(BadInput, match="document type"):
        recognise(
            REFUND.replace(b"<Flow ", b"<!DOCTYPE Flow [<!ENTITY a 'b'>]><Flow ", 1), "Refund_Order.flow-meta.xml"
        )


def test_a_workflow_rule_of_salesforce_is_no_workflow_of_the_power_platform() -> None:
    rule = b'<?xml version="1.0"?>\n<Workflow xmlns="http://soap.sforce.com/2006/04/metadata"><alerts/></Workflow>'
    assert recognise(rule, "Opportunity.workflow-meta.xml").platform == "generic"
