from __future__ import annotations

import pytest
from support.exports import TAMPERED, V1, V2, document
from support.scene import Scene, add_environment

from store.errors import BadInput, Conflict, NotFound, PlatformFailure, Refusal
from store.projections import requests as request_rows
from store.services.delivery import environments, rollback
from store.services.drift import drifting
from store.services.requests import approving, requests
from store.services.requests.requests import change_of


def test_a_deployment_delivers_exactly_the_bytes_that_were_approved(scene: Scene) -> None:
    odd = document(name="Ärger \u202e") + b"  \r\n\n"
    scene.ingest(V1)
    scene.ingest(odd, name="sub/settings.json")
    outcome = scene.deploy(scene.approved())
    assert (outcome.verified, outcome.deployment) == (True, "DEP-0001")
    assert scene.delivered() == {"flows.json": V1, "sub/settings.json": odd}
    assert scene.state("CR-0001") == "live"
    assert scene.kinds()[-2:] == ["deployment.started", "deployment.verified"]


def test_the_next_release_removes_what_it_no_longer_holds_and_nothing_else(scene: Scene) -> None:
    scene.ingest(V1)
    scene.ingest(document(a=1), name="old.json")
    scene.deploy(scene.approved())
    first = scene.entries(kind="artifact.ingested")[0].statement.on["artifact"]
    foreign = scene.workspace.root / "out/prod/crm/flows.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not ours")
    request = requests.open_request(
        scene.context,
        scene.cy,
        project="orders",
        environment="prod",
        content=change_of(scene.context.ledger, "CR-0001").content,
        artifacts_named=[first],
    ).statement.on["request"]
    requests.submit(scene.context, scene.cy, request)
    approving.approve(scene.context, scene.dana, request)
    scene.deploy(request)
    assert scene.delivered() == {"flows.json": V1}
    assert foreign.read_bytes() == b"not ours"


def test_a_live_request_is_superseded_by_the_next(scene: Scene) -> None:
    first, second = scene.live(V1), scene.live(V2)
    with scene.context.ledger.reading() as connection:
        states = {row.id: row.state for row in request_rows.listing(connection)}
    assert states == {first: "superseded", second: "live"}
    with pytest.raises(Refusal, match="is live"):
        scene.deploy(second)
    with pytest.raises(Refusal):
        scene.deploy(first)


def test_nothing_deploys_while_frozen_and_everything_after(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    environments.freeze(scene.context, scene.alice, "prod", reason="audit week")
    before = scene.acts
    with pytest.raises(Refusal, match="prod is frozen: audit week"):
        scene.deploy(request)
    assert scene.acts == before
    environments.thaw(scene.context, scene.alice, "prod", reason="audit is over")
    assert scene.deploy(request).verified


def test_a_freeze_stops_one_environment_only(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    environments.freeze(scene.context, scene.alice, "prod", reason="audit week")
    scene.live(V1, place="dev")
    with pytest.raises(Refusal, match="frozen already"):
        environments.freeze(scene.context, scene.bo, "prod", reason="again")
    with pytest.raises(Refusal, match="not frozen"):
        environments.thaw(scene.context, scene.bo, "dev", reason="why not")


def test_open_drift_blocks_and_an_answer_unblocks(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()
    assert scene.observe(TAMPERED) == ("DR-0001",)
    with pytest.raises(Refusal, match=r"has drifted: DR-0001"):
        scene.deploy(request)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="will be overwritten")
    assert scene.deploy(request).verified


def test_drift_of_one_project_does_not_block_another(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    scene.live(document(a=1), project="crm", name="crm.json")
    assert scene.last("deployment.verified").project == "crm"


def test_what_changed_in_the_folder_behind_our_back_stops_the_push(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()
    path = scene.workspace.root / "out/prod/orders/flows.json"
    path.write_bytes(TAMPERED)
    with pytest.raises(Conflict, match=r"behind our back just now \(DR-0001\)"):
        scene.deploy(request)
    assert path.read_bytes() == TAMPERED, "evidence was overwritten unseen"
    assert "deployment.started" not in scene.kinds(after=scene.size - 6)
    with pytest.raises(Refusal, match="has drifted"):
        scene.deploy(request)


def test_a_drift_seen_in_the_folder_ends_when_the_folder_is_as_it_should_be_again(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()
    (scene.workspace.root / "out/prod/orders/flows.json").write_bytes(TAMPERED)
    with pytest.raises(Conflict):
        scene.deploy(request)
    plan = rollback.plan_revert(scene.context, "DR-0001")
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="nobody asked for it").verified
    assert scene.delivered() == {"flows.json": V1}
    assert scene.deploy(request).verified
    assert scene.delivered() == {"flows.json": V2}


def test_a_stray_file_in_the_folder_is_drift_until_it_is_gone(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()
    stray = scene.workspace.root / "out/prod/orders/stray.json"
    stray.write_bytes(document(evil=True))
    with pytest.raises(Conflict, match="DR-0001"):
        scene.deploy(request)
    with pytest.raises(Refusal, match="has drifted: DR-0001"):
        scene.deploy(request)
    stray.unlink()
    assert scene.deploy(request).verified


def test_a_symlink_in_the_place_of_the_folder_is_not_followed(scene: Scene) -> None:
    elsewhere = scene.workspace.root.parent / "elsewhere"
    elsewhere.mkdir()
    (scene.workspace.root / "out/prod").mkdir(parents=True)
    (scene.workspace.root / "out/prod/orders").symlink_to(elsewhere)
    scene.ingest()
    with pytest.raises(PlatformFailure):
        scene.deploy(scene.approved())
    assert list(elsewhere.iterdir()) == []


def test_an_unknown_environment_or_nothing_ingested_is_bad_input(scene: Scene) -> None:
    with pytest.raises(BadInput, match="nothing of the project 'orders' has been ingested"):
        scene.open()
    scene.ingest()
    with pytest.raises(NotFound, match="no environment 'moon'"):
        scene.open(place="moon")
    for name in ("../prod", "", "a b", "x" * 65, "\u202e"):
        with pytest.raises(BadInput):
            scene.open(project=name)
