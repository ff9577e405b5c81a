from __future__ import annotations

import shutil
import threading
from collections.abc import Callable

import pytest
from support.exports import TAMPERED, V1, V2, document
from support.scene import Scene, content

from store.domain import events as ev
from store.errors import BadInput, Conflict, LockFailure, PlatformFailure, Refusal
from store.projections import deployments
from store.services import releases
from store.services.acting import perform
from store.services.context import Source
from store.services.delivery import deploying, rollback
from store.services.delivery.pushing import Progress
from store.services.locking import pushing
from store.services.requests import requests
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


def die_on(act: Callable[[Progress], object]) -> None:
    """Die once the act has recorded that it started."""

    class Unplugged(BaseException):
        pass

    def die(what: str) -> None:
        raise Unplugged

    with pytest.raises(Unplugged):
        act(die)


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


@pytest.mark.parametrize("who", ["cy", "nobody"])
def test_whoever_may_not_deploy_closes_nothing_either(scene: Scene, who: str) -> None:
    scene.ingest(V1)
    abandon(scene, scene.approved())
    before = scene.kinds()
    with pytest.raises(Refusal, match=f"{who} may not deploy|{who} is not a principal"):
        deploying.resume(scene.context, scene.actor(who), "DEP-0001")
    assert scene.kinds() == [*before, "attempt.refused"]
    assert rows(scene) == [("DEP-0001", "started")]


def test_a_rollback_that_nobody_ended_is_not_finished_but_done_again(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    plan = rollback.plan(scene.context, "prod", "orders")
    die_on(lambda die: rollback.roll_back(scene.context, scene.bo, plan, reason="broken", progress=die))
    before = scene.kinds()
    way = f"roll back again: quarterdeck rollback prod --project orders --to {plan.ref.release[:12]}"
    with pytest.raises(Refusal, match="DEP-0003 deployed no request: it was a rollback") as told:
        deploying.resume(scene.context, scene.bo, "DEP-0003")
    assert told.value.would_unblock == (way,)
    assert scene.kinds() == [*before, "attempt.refused"]
    with pytest.raises(Refusal, match="DEP-0003 has not ended") as told:
        rollback.plan_undo(scene.context, "DEP-0003")
    assert told.value.would_unblock == (f"if it died, {way}",)


def test_a_revert_that_nobody_ended_is_done_again_by_the_drift(scene: Scene) -> None:
    scene.live(V1)
    (drift,) = scene.observe(V2)
    plan = rollback.plan_revert(scene.context, drift)
    die_on(lambda die: rollback.roll_back(scene.context, scene.bo, plan, reason="not ours", progress=die))
    with pytest.raises(Refusal, match="DEP-0002 deployed no request: it was a revert") as told:
        deploying.resume(scene.context, scene.bo, "DEP-0002")
    (way,) = told.value.would_unblock
    assert way.startswith("revert what drifted: quarterdeck drift list prod --project orders")


def test_a_rollback_closes_what_nobody_ended_as_well(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    plan = rollback.plan(scene.context, "prod", "orders")
    die_on(lambda die: rollback.roll_back(scene.context, scene.bo, plan, reason="broken", progress=die))
    assert rows(scene)[-1] == ("DEP-0003", "started")
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="broken").verified
    assert rows(scene)[-2:] == [("DEP-0003", "failed"), ("DEP-0004", "verified")]


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


def test_what_looks_left_behind_and_cannot_be_deleted_keeps_no_delivery_from_its_place(scene: Scene) -> None:
    scene.live(V1)
    odd = scene.workspace.root / "out/prod/orders/.quarterdeck-0123456789abcdef.tmp"
    odd.mkdir()
    scene.ingest(V2)
    assert scene.deploy(scene.approved()).verified
    assert scene.delivered() == {"flows.json": V2}
    assert odd.is_dir()
