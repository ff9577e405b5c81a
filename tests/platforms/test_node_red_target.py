"""Against a real Node-RED: what is fetched, what a deployment changes, and who is refused."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from node_red_server import PASSWORD, TOKEN, USER, Server, running
from support.ports import free_port

from store.domain.component import ExportFile
from store.domain.diff import compare
from store.errors import BadInput, Conflict, PlatformFailure
from store.platforms import Target, platform, recognise
from store.platforms.node_red.target import NodeRedTarget
from store.platforms.protocol import HoldsCredentials
from store.reach.secret import Secret

pytestmark = pytest.mark.node_red
FLOWS = Path(__file__).parent / "fixtures" / "node_red" / "orders-v1.json"
SAMPLES = Path(__file__).parents[2] / "../shared/data/exports/node-red"
LATER = Path(__file__).parent / "fixtures" / "node_red" / "orders-v2.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("node-red"), flows=json.loads(FLOWS.read_bytes())) as started:
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("node-red"), with_password=True, flows=json.loads(FLOWS.read_bytes())) as it:
        yield it


@pytest.fixture
def target(server: Server) -> Target:
    reset = NodeRedTarget(url=server.url)
    reset.push("orders", [export(FLOWS)], expected=reset.fetch("orders").revision)
    return reset


def export(path: Path) -> ExportFile:
    return ExportFile(name="flows.json", data=path.read_bytes())


def flows_of(data: bytes) -> Any:
    return json.loads(data)


def test_what_is_fetched_is_what_was_pushed(target: Target) -> None:
    snapshot = target.fetch("orders")
    assert [file.name for file in snapshot.files] == ["flows.json"]
    assert flows_of(snapshot.files[0].data) == flows_of(FLOWS.read_bytes())


def test_what_is_fetched_has_the_bytes_that_node_red_writes_itself(target: Target, server: Server) -> None:
    assert target.fetch("orders").files[0].data == server.flow_file.read_bytes()


def test_a_deployment_over_the_compared_revision_is_live_and_has_a_new_revision(target: Target) -> None:
    before = target.fetch("orders")
    revision = target.push("orders", [export(LATER)], expected=before.revision).revision
    after = target.fetch("orders")
    assert after.revision == revision != before.revision
    assert flows_of(after.files[0].data) == flows_of(LATER.read_bytes())


def test_pushing_a_release_and_the_one_before_brings_back_the_same_components(target: Target) -> None:
    first = target.fetch("orders")
    second = target.push("orders", [export(LATER)], expected=first.revision).revision
    target.push("orders", first.files, expected=second)
    again = target.fetch("orders")
    wanted = {part.id: part.digest for part in recognise(first.files[0].data, "flows.json").components}
    assert {part.id: part.digest for part in recognise(again.files[0].data, "flows.json").components} == wanted


def test_somebody_elses_deployment_in_between_is_a_conflict_and_stays(target: Target, server: Server) -> None:
    compared = target.fetch("orders")
    foreign = flows_of(FLOWS.read_bytes())
    foreign[0]["label"] = "Changed by hand"
    httpx.post(f"{server.url}/flows", json=foreign, trust_env=False).raise_for_status()
    with pytest.raises(Conflict, match="somebody else deployed"):
        target.push("orders", [export(LATER)], expected=compared.revision)
    assert flows_of(target.fetch("orders").files[0].data)[0]["label"] == "Changed by hand"


def test_a_hand_made_change_is_told_by_the_name_of_the_node(target: Target, server: Server) -> None:
    foreign = flows_of(target.fetch("orders").files[0].data)
    node = next(node for node in foreign if node.get("name") == "Parse order")
    node["func"] = node["func"] + "\nmsg.cheat = true;"
    httpx.post(f"{server.url}/flows", json=foreign, trust_env=False).raise_for_status()
    live = recognise(target.fetch("orders").files[0].data, "flows.json")
    wanted = recognise(FLOWS.read_bytes(), "flows.json")
    diff = compare(wanted.components, live.components, platform("node-red").rules)
    assert [field.path for change in diff.components for field in change.fields] == ["Parse order.func"]
    assert "+msg.cheat = true;" in diff.components[0].code[0].unified


def test_credentials_are_not_given_back_and_their_loss_is_no_drift(target: Target) -> None:
    flows = flows_of(FLOWS.read_bytes())
    broker = next(node for node in flows if node["type"] == "mqtt-broker")
    broker["credentials"] = {"user": "orders", "password": "not for everybody"}
    pushed = ExportFile(name="flows.json", data=json.dumps(flows).encode())
    target.push("orders", [pushed], expected=target.fetch("orders").revision)
    live = target.fetch("orders").files[0].data
    assert b"not for everybody" not in live
    wanted, there = recognise(pushed.data, "flows.json"), recognise(live, "flows.json")
    assert [part.digest for part in wanted.components] == [part.digest for part in there.components]


def test_removing_the_only_file_leaves_no_flows(target: Target) -> None:
    target.push("orders", [], expected=target.fetch("orders").revision, remove=["flows.json"])
    snapshot = target.fetch("orders")
    assert snapshot.files[0].data == b"[]"
    assert recognise(snapshot.files[0].data, snapshot.files[0].name).components == ()


def test_two_files_or_other_documents_are_refused_before_anything_is_sent(target: Target) -> None:
    before = target.fetch("orders").revision
    with pytest.raises(BadInput, match="one file"):
        target.push("orders", [export(FLOWS), export(LATER)], expected=before)
    with pytest.raises(BadInput, match="no Node-RED flows"):
        target.push("orders", [ExportFile(name="flows.json", data=b'{"a": 1}')], expected=before)
    assert target.fetch("orders").revision == before


def test_without_the_compared_revision_nothing_is_overwritten(target: Target) -> None:
    with pytest.raises(BadInput, match="compared"):
        target.push("orders", [export(LATER)], expected="")
    assert flows_of(target.fetch("orders").files[0].data) == flows_of(FLOWS.read_bytes())


def test_the_installed_modules_are_an_inventory_with_versions(server: Server) -> None:
    modules = NodeRedTarget(url=server.url).modules()
    assert ("node-red", "4.1.8") in [(module.name, module.version) for module in modules]


def test_a_user_with_the_password_may_read_and_deploy(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", PASSWORD)
    target = NodeRedTarget(url=guarded.url, user=USER, password=Secret(what="password", variable="ORDERS_PASSWORD"))
    revision = target.fetch("orders").revision
    assert target.push("orders", [export(LATER)], expected=revision).revision == target.fetch("orders").revision


def test_a_user_who_may_only_read_cannot_deploy(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", PASSWORD)
    target = NodeRedTarget(url=guarded.url, user="reader", password=Secret(what="password", variable="ORDERS_PASSWORD"))
    revision = target.fetch("orders").revision
    with pytest.raises(PlatformFailure, match="does not let reader deploy"):
        target.push("orders", [export(LATER)], expected=revision)


def test_a_wrong_password_is_one_clear_line_without_the_password(
    guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", "guessed wrong")
    target = NodeRedTarget(url=guarded.url, user=USER, password=Secret(what="password", variable="ORDERS_PASSWORD"))
    with pytest.raises(PlatformFailure, match="does not know the user olive with this password") as refused:
        target.fetch("orders")
    assert "guessed wrong" not in str(refused.value)


def test_no_user_where_one_is_needed_says_so(guarded: Server) -> None:
    with pytest.raises(PlatformFailure, match="asks for a user and a password"):
        NodeRedTarget(url=guarded.url).fetch("orders")


def test_a_password_variable_that_is_not_set_is_named(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERS_PASSWORD", raising=False)
    target = NodeRedTarget(url=guarded.url, user=USER, password=Secret(what="password", variable="ORDERS_PASSWORD"))
    with pytest.raises(PlatformFailure, match="variable ORDERS_PASSWORD is not set"):
        target.fetch("orders")


def test_the_holder_of_a_static_token_may_read_and_deploy(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", TOKEN)
    target = NodeRedTarget(url=guarded.url, token=Secret(what="token", variable="ORDERS_TOKEN"))
    assert target.push("orders", [export(FLOWS)], expected=target.fetch("orders").revision).revision
    monkeypatch.setenv("ORDERS_TOKEN", "guessed")
    with pytest.raises(PlatformFailure, match="does not let this token read") as refused:
        target.fetch("orders")
    assert "guessed" not in str(refused.value)


def test_a_token_is_asked_for_once_and_renewed_when_it_is_refused(
    guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", PASSWORD)
    target = NodeRedTarget(url=guarded.url, user=USER, password=Secret(what="password", variable="ORDERS_PASSWORD"))
    target.fetch("orders")
    first = target._granted.value
    target.fetch("orders")
    assert target._granted.value == first
    httpx.post(  # olive logs out everywhere
        f"{guarded.url}/auth/revoke",
        json={"token": first},
        headers={"Authorization": f"Bearer {first}"},
        trust_env=False,
    ).raise_for_status()
    assert target.push("orders", [export(FLOWS)], expected=target.fetch("orders").revision).revision
    assert target._granted.value != first


def test_a_user_with_a_token_or_half_a_login_makes_no_target() -> None:
    password = Secret(what="password", variable="A")
    with pytest.raises(BadInput, match="not with both"):
        NodeRedTarget(url="http://127.0.0.1", user="a", password=password, token=Secret(what="token", variable="B"))
    with pytest.raises(BadInput, match="both a user and a password"):
        NodeRedTarget(url="http://127.0.0.1", password=password)


def test_nodes_without_credentials_are_known(target: Target) -> None:
    assert isinstance(target, HoldsCredentials)
    flows = flows_of(FLOWS.read_bytes())
    broker = next(node for node in flows if node["type"] == "mqtt-broker")
    broker["credentials"] = {"user": "orders", "password": "not for everybody"}
    other = {"id": "proxy1", "type": "http proxy", "name": "Proxy", "url": "http://proxy.example", "noproxy": []}
    pushed = ExportFile(name="flows.json", data=json.dumps([*flows, other]).encode())
    target.push("orders", [pushed], expected=target.fetch("orders").revision)
    parts = {f"mqtt-broker/{broker['id']}": "the broker", "http proxy/proxy1": "the proxy"}
    assert target.without_credentials(parts) == {"http proxy/proxy1"}


def test_every_sample_comes_back_as_it_was_pushed(target: Target, record_property: Any) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("no ../shared/data/exports")
    taken = 0
    revision = target.fetch("orders").revision
    for path in sorted(SAMPLES.rglob("*.json")):
        try:
            parsed = recognise(path.read_bytes(), path.name)
        except BadInput:
            continue
        if parsed.platform != "node-red" or not parsed.components:
            continue
        revision = target.push("orders", [export(path)], expected=revision).revision
        (live,) = target.fetch("orders").files
        there = {part.id: part.digest for part in recognise(live.data, live.name).components}
        assert there == {part.id: part.digest for part in parsed.components}, path.name
        taken += 1
    record_property("soak", f"Node-RED: {taken} sample exports came back as pushed")
    assert taken > 20


def test_nobody_at_the_address_is_a_platform_failure() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PlatformFailure, match="cannot be reached"):
        NodeRedTarget(url=url).fetch("orders")


def test_somebody_who_never_answers_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = NodeRedTarget(url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        start = time.monotonic()
        with pytest.raises(PlatformFailure, match=r"did not answer within 0\.2 s"):
            target.fetch("orders")
        assert time.monotonic() - start < 60, "nothing else would have ended it"


def test_a_path_that_is_no_node_red_is_named_by_its_answer(server: Server) -> None:
    with pytest.raises(PlatformFailure, match="answered 404"):
        NodeRedTarget(url=f"{server.url}/elsewhere").fetch("orders")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:1880", "http://user:pw@127.0.0.1", "http://x/?a=1", ""])
def test_an_address_that_is_no_plain_web_address_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput):
        NodeRedTarget(url=url)
