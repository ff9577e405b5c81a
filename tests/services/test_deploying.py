from __future__ import annotations

import shutil
import threading

import pytest
from support.exports import TAMPERED, V1, V2, document
from support.scene import Scene, add_environment, content

from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.errors import BadInput, Conflict, LockFailure, NotFound, PlatformFailure, Refusal
from store.projections import deployments
from store.projections import requests as request_rows
from store.services import releases
from store.services.acting import perform
from store.services.context import Source
from store.services.delivery import deploying, environments, rollback
from store.services.drift import drifting
from store.services.locking import pushing
from store.services.requests import approving, promoting, requests
from store.services.requests.requests import change_of


def rows(scene: Scene) -> list[tuple[str, str]]:
    """Return (id, state) of every deployment, oldest first."""
    with scene.context.ledger.reading() as connection:
        return [(row.id, row.state) for row in reversed(deployments.listing(connection))]


def abandon(scene: Scene, request: str) -> None:
    """Start a deployment and die before anything else happens."""
    change = change_of(scene.context.ledger, request)

    def decide(_: Source) -> list[ev.Event]:
        started = ev.DeploymentStarted(
            deployment="DEP-0001",
            request=request,
            project="orders",
            environment="prod",
            target=change.target,
            digest=change.digest,
            expected="whatever",
        )
        return [started]

    perform(scene.context, scene.bo, decide)


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


def test_a_quarantined_release_neither_deploys_nor_is_promoted_until_it_is_lifted(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    for data in (V1, V2):
        scene.live(data, place="dev")
    second = "CR-0002"
    release = change_of(scene.context.ledger, second).target.release
    promoted = promoting.promote(scene.context, scene.cy, second, to="prod").statement.on["request"]
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "dev", "orders"), reason="it hurts")
    with pytest.raises(Refusal, match="not live"):
        promoting.promote(scene.context, scene.cy, second, to="prod")
    requests.submit(scene.context, scene.cy, promoted)
    approving.approve(scene.context, scene.dana, promoted)
    with pytest.raises(Refusal, match="in quarantine: rolled back by bo: it hurts"):
        scene.deploy(promoted)
    scene.ingest(V2, place="prod", name="other-name.json")  # the same release by another way
    again = scene.approved(place="prod")
    with pytest.raises(Refusal, match="in quarantine"):
        scene.deploy(again)
    rollback.lift_quarantine(scene.context, scene.alice, "orders", release[:8], reason="found the cause")
    assert scene.deploy(promoted).verified


def test_a_release_quarantined_while_live_elsewhere_is_not_promoted_from_there(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    add_environment(scene.context, scene.alice, "test")
    for place in ("dev", "test"):
        scene.live(V1, place=place)
        scene.live(V2, place=place)
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "test", "orders"), reason="it hurts")
    with pytest.raises(Refusal, match="in quarantine"):
        promoting.promote(scene.context, scene.cy, "CR-0002", to="prod")


def test_a_promotion_goes_on_as_another_kind_of_change_where_its_own_is_not_for_the_environment(scene: Scene) -> None:
    for place in ("dev", "test"):
        add_environment(scene.context, scene.alice, place)
    ours = '[templates.ours]\ntitle = "Ours"\nenvironments = ["dev", "test"]\n'
    context = scene.context.under(read_policy({"policy.toml": ours}))
    scene.ingest(V1, place="dev")
    opened = {"project": "orders", "content": content(template="ours", what="more", impact="the shop")}
    request = requests.open_request(context, scene.cy, environment="dev", **opened).statement.on["request"]
    for place in ("dev", "test"):
        if place != "dev":
            request = promoting.promote(context, scene.cy, request, to=place).statement.on["request"]
        requests.submit(context, scene.cy, request)
        approving.approve(context, scene.dana, request)
        deploying.deploy(context, scene.bo, request)
    with pytest.raises(BadInput, match="ours is for dev, test, not for prod: name another"):
        promoting.promote(context, scene.cy, request, to="prod")
    entry = promoting.promote(context, scene.cy, request, to="prod", template="emergency-fix")
    stated = change_of(context.ledger, entry.statement.on["request"]).content
    assert (stated.template, stated.title) == ("emergency-fix", "Change orders (promoted from test)")


def test_a_promotion_carries_the_same_release_and_needs_its_own_approval(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    request = scene.live(V1, place="dev")
    promoted = promoting.promote(scene.context, scene.cy, request, to="prod").statement.on["request"]
    old, new = (change_of(scene.context.ledger, name) for name in (request, promoted))
    assert old.target == new.target
    assert old.digest != new.digest
    requests.submit(scene.context, scene.cy, promoted)
    with pytest.raises(Refusal, match="not approved: 0 of 1"):
        scene.deploy(promoted)


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


def test_a_failing_push_is_recorded_as_failed_and_can_be_repeated(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2, name="deep/er.json")
    scene.ingest(V2)
    request = scene.approved()
    blocker = scene.workspace.root / "out/prod/orders/deep"
    blocker.symlink_to(scene.workspace.root)  # nobody's folder: the target refuses to go through it
    with pytest.raises(PlatformFailure):
        scene.deploy(request)
    assert scene.kinds()[-1] == "deployment.failed"
    failed = scene.last("deployment.failed")
    assert isinstance(failed, ev.DeploymentFailed)
    assert (failed.stage, failed.request) == ("push", request)
    assert scene.state(request) == "approved"
    assert scene.delivered()["flows.json"] == V1
    blocker.unlink()
    assert scene.deploy(request).verified
    assert rows(scene) == [("DEP-0001", "verified"), ("DEP-0002", "failed"), ("DEP-0003", "verified")]


def test_names_the_target_cannot_carry_are_a_failed_push_not_a_hanging_one(scene: Scene) -> None:
    scene.ingest(document(a=1), name="a/b.json")
    scene.ingest(document(a=2), name="a\u200db.json")  # fine in an inbox
    request = scene.approved()
    with pytest.raises(BadInput, match="file name"):
        scene.deploy(request)
    assert scene.kinds()[-1] == "deployment.failed"
    assert scene.state(request) == "approved"


def test_bytes_that_do_not_read_back_are_a_failed_deployment(scene: Scene) -> None:
    """Somebody else writes into the folder between the push and the read-back."""
    scene.ingest(V1)
    request = scene.approved()

    def meddle(what: str) -> None:
        if what == "reading back":
            (scene.workspace.root / "out/prod/orders/flows.json").write_bytes(TAMPERED)

    outcome = deploying.deploy(scene.context, scene.bo, request, progress=meddle)
    assert (outcome.verified, "flows.json" in outcome.reason) == (False, True)
    assert scene.kinds()[-1] == "deployment.failed"
    assert scene.last("deployment.failed").stage == "read-back"
    assert scene.state(request) == "approved"
    assert releases.desired(scene.context.ledger, "prod", "orders") is None


def test_a_folder_that_cannot_be_read_back_is_a_failed_deployment(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()

    def meddle(what: str) -> None:
        if what == "reading back":
            folder = scene.workspace.root / "out/prod/orders"
            folder.rename(folder.with_name("away"))
            folder.symlink_to("away")

    assert not deploying.deploy(scene.context, scene.bo, request, progress=meddle).verified
    assert scene.kinds()[-1] == "deployment.failed"


def test_a_deployment_that_nobody_ended_is_closed_by_the_next(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    abandon(scene, request)
    assert scene.state(request) == "deploying"
    assert scene.deploy(request).verified
    assert rows(scene) == [("DEP-0001", "failed"), ("DEP-0002", "verified")]
    failed = scene.last("deployment.failed")
    assert isinstance(failed, ev.DeploymentFailed)
    assert (failed.deployment, failed.stage) == ("DEP-0001", "interrupted")
    assert scene.kinds().count("deployment.failed") == 1


def test_a_deployment_that_nobody_ended_is_finished_by_its_own_number(scene: Scene) -> None:
    scene.ingest(V1)
    abandon(scene, scene.approved())
    with pytest.raises(Refusal, match="DEP-0001 has not ended") as told:
        rollback.plan_undo(scene.context, "DEP-0001")
    assert told.value.would_unblock == ("if it died, finish it: quarterdeck deploy --resume DEP-0001",)
    with pushing(scene.context, "prod"), pytest.raises(Conflict, match="right now"):
        deploying.resume(scene.context, scene.bo, "DEP-0001")
    assert deploying.resume(scene.context, scene.bo, "DEP-0001").verified
    assert rows(scene) == [("DEP-0001", "failed"), ("DEP-0002", "verified")]
    assert scene.delivered() == {"flows.json": V1}


def test_a_rollback_closes_what_nobody_ended_as_well(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    plan = rollback.plan(scene.context, "prod", "orders")

    class Unplugged(BaseException):
        pass

    def die(what: str) -> None:
        raise Unplugged

    with pytest.raises(Unplugged):
        rollback.roll_back(scene.context, scene.bo, plan, reason="broken", progress=die)
    assert rows(scene)[-1] == ("DEP-0003", "started")
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="broken").verified
    assert rows(scene)[-2:] == [("DEP-0003", "failed"), ("DEP-0004", "verified")]


def test_a_deployment_that_died_after_the_push_does_not_wedge_the_environment(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.approved()

    class Unplugged(BaseException):
        pass

    def die(what: str) -> None:
        if what == "reading back":
            raise Unplugged

    with pytest.raises(Unplugged):
        deploying.deploy(scene.context, scene.bo, request, progress=die)
    assert scene.delivered() == {"flows.json": V2}
    with pytest.raises(Conflict, match="behind our back"):
        scene.deploy(request)
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="that was our own push")
    assert scene.deploy(request).verified
    assert drifting.standing(scene.context.ledger, "prod", "orders") == {}


def test_only_one_push_at_a_time(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    before = scene.acts
    with pushing(scene.context, "prod"), pytest.raises(Conflict, match="somebody else is deploying to prod"):
        scene.deploy(request)
    assert scene.acts == before
    assert scene.deploy(request).verified


def test_two_deployments_of_one_request_at_once_push_once(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    barrier, said = threading.Barrier(2), list[str]()

    def deploy() -> None:
        barrier.wait()
        try:
            said.append(str(scene.deploy(request).verified))
        except (Conflict, Refusal):
            said.append("no")

    threads = [threading.Thread(target=deploy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["True", "no"]
    assert scene.kinds().count("deployment.verified") == 1


def test_an_edit_during_the_gates_stops_the_deployment(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()

    def edit(what: str) -> None:
        if what == "running the gates":
            requests.edit(scene.context, scene.cy, request, content=content(why="sneaked in"))

    with pytest.raises((Refusal, Conflict)):
        deploying.deploy(scene.context, scene.bo, request, progress=edit)
    assert "deployment.started" not in scene.kinds()


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


def test_a_lock_that_cannot_be_taken_is_told_with_what_to_do(scene: Scene) -> None:
    folder = scene.context.root / "locks"
    for put in (lambda: folder.write_text("x"), lambda: (folder / "prod.lock").mkdir(parents=True)):
        shutil.rmtree(folder, ignore_errors=True)
        put()
        with pytest.raises(LockFailure, match="move away what stands"), pushing(scene.context, "prod"):
            pass
        folder.unlink() if folder.is_file() else shutil.rmtree(folder)
    with pushing(scene.context, "prod"):
        pass


def test_what_a_killed_delivery_wrote_beside_its_place_goes_with_the_next(scene: Scene) -> None:
    """It holds the bytes of a release, with their secrets; and a folder that is served would serve it."""
    scene.live(V1)
    folder = scene.workspace.root / "out/prod/orders"
    (folder / "sub").mkdir()
    for left in (folder, folder / "sub"):
        (left / ".quarterdeck-0123456789abcdef.tmp").write_bytes(V2)
    (folder / ".quarterdeck-notes").write_bytes(b"somebody else's")
    scene.ingest(V2)
    assert scene.deploy(scene.approved()).verified
    assert scene.delivered() == {"flows.json": V2, ".quarterdeck-notes": b"somebody else's"}
