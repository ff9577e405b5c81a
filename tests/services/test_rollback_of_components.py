"""Some components go back while the rest stays: alone in their file, in a shared one, with what they refer to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.exports import V1, document, tabs
from support.rolling import back, plan, release_of
from support.scene import Scene

from store.domain import events as ev
from store.domain.gates.verdict import good
from store.errors import BadInput, NotFound
from store.platforms import recognise
from store.services import releases
from store.services.requests.gates import GATES


def test_one_component_goes_back_alone(scene: Scene) -> None:
    for number in (1, 2):
        for name in ("a.json", "b.json"):
            scene.ingest(document(version=number, file=name), name=name)
        scene.deploy(scene.approved())
    what = plan(scene, components=["a.json"])
    assert [part.id for part in what.diff.components] == ["a.json"]
    back(scene, what)
    assert scene.delivered() == {
        "a.json": document(version=1, file="a.json"),
        "b.json": document(version=2, file="b.json"),
    }
    started = scene.last("rollback.started")
    assert isinstance(started, ev.RollbackStarted)
    assert started.component == "a.json"
    assert releases.quarantine(scene.context.ledger, "orders", release_of(scene, "CR-0002")) == (
        "rolled back by bo: it hurts"
    )


def test_a_component_that_was_added_goes_away_alone(scene: Scene) -> None:
    scene.ingest(document(a=1), name="a.json")
    scene.deploy(scene.approved())
    scene.ingest(document(b=1), name="b.json")
    scene.deploy(scene.approved())
    back(scene, plan(scene, components=["b.json"]))
    assert scene.delivered() == {"a.json": document(a=1)}


def test_a_component_that_shares_its_file_is_taken_out_of_it_and_goes_back_alone(scene: Scene) -> None:
    scene.live(V1)
    scene.live(tabs(intake="return [msg, null];", refunds="return msg.refund * 2;"))
    what = plan(scene, components=["tab-intake"])
    assert [part.id for part in what.diff.components] == ["tab-intake"]
    back(scene, what)
    assert json.loads(scene.delivered()["flows.json"]) == json.loads(
        tabs(intake="return msg;", refunds="return msg.refund * 2;")
    )
    with pytest.raises(NotFound, match="no component"):
        plan(scene, components=["tab-of-nobody"])


def test_a_component_that_was_added_or_deleted_in_a_shared_file_goes_back_alone(scene: Scene) -> None:
    scene.live(tabs(intake="1", refunds="2", stock="3"))
    scene.live(tabs(intake="1b", refunds="2b", alarms="4"))
    back(scene, plan(scene, components=["tab-stock"]))
    assert set(ids(scene)) == {"tab-intake", "tab-refunds", "tab-alarms", "tab-stock"}
    back(scene, plan(scene, to="CR-0001", components=["tab-alarms"]))
    assert json.loads(scene.delivered()["flows.json"]) == json.loads(tabs(intake="1b", refunds="2b", stock="3"))


def test_several_components_go_back_together_and_the_entry_names_them(scene: Scene) -> None:
    scene.live(tabs(intake="1", refunds="2", stock="3"))
    scene.live(tabs(intake="1b", refunds="2b", stock="3b"))
    back(scene, plan(scene, components=["tab-intake", "tab-stock"]))
    assert json.loads(scene.delivered()["flows.json"]) == json.loads(tabs(intake="1", refunds="2b", stock="3"))
    started = scene.last("rollback.started")
    assert isinstance(started, ev.RollbackStarted)
    assert (started.component, started.components) == (None, ("tab-intake", "tab-stock"))


def test_a_renamed_component_goes_back_to_its_name_alone(scene: Scene) -> None:
    scene.live(tabs(intake="return msg;", refunds="2"))
    scene.live(tabs(intake="return msg;", refunds="2b").replace(b'"label": "intake"', b'"label": "Intake desk"'))
    back(scene, plan(scene, components=["tab-intake"]))
    assert json.loads(scene.delivered()["flows.json"]) == json.loads(tabs(intake="return msg;", refunds="2b"))


def test_a_component_that_came_back_under_another_id_takes_its_other_self_along(scene: Scene) -> None:
    code = "\n".join(f"msg.step{number} = {number};" for number in range(30))
    scene.live(tabs(intake=code, refunds="2"))
    scene.live(tabs(intake=code, refunds="2b").replace(b"tab-intake", b"tab-new").replace(b"fn-intake", b"fn-new"))
    back(scene, plan(scene, components=["tab-new"]))
    assert by_id(scene.delivered()["flows.json"]) == by_id(tabs(intake=code, refunds="2b"))


def test_what_a_component_refers_to_and_does_not_bring_along_is_said(scene: Scene) -> None:
    broker = {"id": "broker-1", "type": "mqtt-broker", "name": "Main", "broker": "mq.example"}
    flows = json.loads(tabs(intake="1", refunds="2"))
    listener = {"id": "in", "type": "mqtt in", "z": "tab-intake", "name": "", "broker": "broker-1", "wires": [[]]}
    scene.live(json.dumps([*flows, listener, broker]).encode())
    scene.live(tabs(intake="1", refunds="2"))
    alone = plan(scene, components=["tab-intake"])
    assert alone.cannot_come_back == (
        "'intake' refers to 'Main', which does not go back with it (add --component broker-1)",
    )
    both = plan(scene, components=["tab-intake", "broker-1"])
    assert both.cannot_come_back == ("credentials of 'Main' (mqtt-broker): enter them again, if it uses any",)
    back(scene, both)
    assert {"tab-intake", "broker-1"} <= set(ids(scene))


def test_a_component_goes_back_alone_in_a_file_of_n8n_workflows(scene: Scene) -> None:
    scene.live(workflows(a="1", b="2"), name="flows.json")
    scene.live(workflows(a="1b", b="2b"), name="flows.json")
    back(scene, plan(scene, components=["a"]))
    assert json.loads(scene.delivered()["flows.json"]) == json.loads(workflows(a="1", b="2b"))


def test_a_component_that_no_platform_can_take_out_of_its_file_is_refused(scene: Scene) -> None:
    scene.live(V1)
    scene.live(workflows(a="1", b="2"))
    with pytest.raises(BadInput, match="'intake' shares its file"):
        plan(scene, components=["tab-intake"])


def test_a_file_with_sealed_secrets_is_not_written_anew_so_that_no_cover_is_ever_delivered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = replace(GATES["secrets-clean"], judge=lambda _: good("as a waiver would let it"))
    monkeypatch.setitem(GATES, "secrets-clean", passing)
    token = "ghp_" + "a1B2" * 9
    scene.live(tabs(intake=f"const token = '{token}';", refunds="2"))
    scene.live(tabs(intake=f"const token = '{token}'; // later", refunds="2b"))
    with pytest.raises(BadInput, match="holds sealed secrets"):
        plan(scene, components=["tab-refunds"])
    back(scene, plan(scene))
    assert token.encode() in scene.delivered()["flows.json"]


def by_id(flows: bytes) -> dict[str, object]:
    return {node["id"]: node for node in json.loads(flows)}


def ids(scene: Scene, name: str = "flows.json") -> list[str]:
    return [part.id for part in recognise(scene.delivered()[name], name).components]


def workflows(**code: str) -> bytes:
    """Return an n8n export: a workflow a keyword, with one code node."""

    def workflow(name: str, text: str) -> dict[str, object]:
        node = {
            "id": f"n-{name}",
            "name": "Work",
            "type": "n8n-nodes-base.code",
            "typeVersion": 2,
            "position": [0, 0],
            "parameters": {"jsCode": text},
        }
        return {"id": name, "name": name.title(), "active": False, "nodes": [node], "connections": {}, "settings": {}}

    return json.dumps([workflow(name, text) for name, text in code.items()]).encode()
