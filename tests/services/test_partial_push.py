"""A push to several n8n workflows that fails on the way: the record, and the two ways on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_n8n import ALL_SCOPES, FakeN8n, export
from support.flows_place import approved, broken_at, codes
from support.scene import Scene

from store.domain import events as ev
from store.domain.snapshot import Pushed
from store.errors import Conflict, PlatformFailure, Refusal
from store.platforms.folder import FolderTarget
from store.services import releases
from store.services.delivery import deploying, environments, rollback
from store.services.delivery.pushing import Outcome
from store.services.delivery.remains import remains
from store.services.drift import drifting
from store.services.triage import triage


def first(scene: Scene) -> None:
    assert scene.deploy(approved(scene, a="1", b="1", c="1", d="1")).verified


def half_done(scene: Scene, n8n: FakeN8n) -> tuple[str, Outcome]:
    """Deploy 2 over 1, and pull the plug at the third workflow."""
    first(scene)
    request = approved(scene, a="2", b="2", c="2", d="2")
    broken_at(n8n, "c")
    outcome = scene.deploy(request)
    n8n.plug = lambda method, path: None
    return request, outcome


def test_the_record_says_exactly_which_workflows_changed(scene: Scene, n8n: FakeN8n) -> None:
    request, outcome = half_done(scene, n8n)
    assert not outcome.verified
    assert outcome.reach is not None
    assert (outcome.reach.changed, outcome.reach.untouched, outcome.reach.unsure) == (("a", "b"), ("c", "d"), ())
    failed = scene.last("deployment.failed")
    assert isinstance(failed, ev.DeploymentFailed)
    assert (failed.changed, failed.unsure, failed.untouched) == (("a", "b"), (), ("c", "d"))
    assert failed.stage == "push"
    assert codes(n8n) == "2211"
    assert scene.state(request) == "approved"
    drifted = drifting.standing(scene.context.ledger, "flows", "orders")
    assert sorted(drifted) == ["a", "b"]


def test_a_lost_answer_is_looked_up_and_counted_right(scene: Scene, n8n: FakeN8n) -> None:
    first(scene)
    request = approved(scene, a="2", b="2", c="2")
    broken_at(n8n, "c", "lost")
    outcome = scene.deploy(request)
    assert outcome.verified, "c was the last one, and it is as it should be"
    assert codes(n8n) == "2221"


def test_resuming_touches_only_what_is_left(scene: Scene, n8n: FakeN8n) -> None:
    request, outcome = half_done(scene, n8n)
    n8n.log.clear()
    again = deploying.resume(scene.context, scene.bo, outcome.deployment)
    assert again.verified
    assert n8n.writes() == [("PUT", "workflows/c"), ("PUT", "workflows/d")]
    assert codes(n8n) == "2222"
    assert scene.state(request) == "live"
    assert not drifting.standing(scene.context.ledger, "flows", "orders")


def test_undoing_brings_back_what_was_desired(scene: Scene, n8n: FakeN8n) -> None:
    request, outcome = half_done(scene, n8n)
    plan = rollback.plan_undo(scene.context, outcome.deployment)
    assert plan.reason_back == "the desired release"
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="half a release is none").verified
    assert codes(n8n) == "1111"
    assert scene.state(request) == "approved"
    assert not drifting.standing(scene.context.ledger, "flows", "orders")


def test_neither_way_is_open_when_it_is_over(scene: Scene, n8n: FakeN8n) -> None:
    _, outcome = half_done(scene, n8n)
    deploying.resume(scene.context, scene.bo, outcome.deployment)
    for way in (
        lambda: deploying.resume(scene.context, scene.bo, outcome.deployment),
        lambda: rollback.plan_undo(scene.context, outcome.deployment),
        lambda: rollback.plan_undo(scene.context, "DEP-0001"),
    ):
        with pytest.raises(Refusal):
            way()


def test_resuming_does_not_run_over_a_change_of_somebody_else(scene: Scene, n8n: FakeN8n) -> None:
    _, outcome = half_done(scene, n8n)
    n8n.saved("d", nodes=[])
    with pytest.raises(Exception, match="behind our back"):
        deploying.resume(scene.context, scene.bo, outcome.deployment)
    with pytest.raises(Refusal, match="has drifted"):
        deploying.resume(scene.context, scene.bo, outcome.deployment)
    assert n8n.workflows["d"]["nodes"] == []


def half_first(scene: Scene, n8n: FakeN8n) -> tuple[str, Outcome]:
    """Deploy for the first time: `a` is changed, `new` is created, and the plug is pulled at `z`."""
    request = approved(scene, a="9", new="9", z="9")
    made = iter(["", "drop"])
    n8n.plug = lambda method, path: (next(made, "") or None) if method == "POST" else None
    outcome = scene.deploy(request)
    n8n.plug = lambda method, path: None
    assert outcome.reach is not None
    assert (outcome.reach.changed, outcome.reach.untouched) == (("a", "new"), ("z",))
    return request, outcome


def undo(scene: Scene, deployment: str) -> Outcome:
    plan = rollback.plan_undo(scene.context, deployment)
    return rollback.roll_back(scene.context, scene.bo, plan, reason="half a release is none")


def test_undoing_a_first_deployment_removes_what_it_created_and_restores_what_it_changed(
    scene: Scene, n8n: FakeN8n
) -> None:
    request, outcome = half_first(scene, n8n)
    plan = rollback.plan_undo(scene.context, outcome.deployment)
    assert {part.id: part.change for part in plan.diff.components} == {"a": "changed", "new": "removed"}
    n8n.log.clear()
    done = undo(scene, outcome.deployment)
    assert done.verified
    assert done.undoes == outcome.deployment
    assert [method for method, _ in n8n.writes()] == ["PUT", "DELETE"]
    assert codes(n8n) == "0000"
    event = scene.last("deployment.undone")
    assert isinstance(event, ev.DeploymentUndone)
    assert (event.undoes, event.removed, event.restored) == (outcome.deployment, ("new",), ("a",))
    assert releases.desired(scene.context.ledger, "flows", "orders") is None
    assert scene.state(request) == "approved"
    assert not [item for item in triage.overview(scene.context, "bo").items if item.kind == "failed"]
    with pytest.raises(Refusal, match="took back"):
        rollback.plan_undo(scene.context, outcome.deployment)
    assert scene.deploy(request).verified, "it can be deployed again"


def test_undoing_a_first_deployment_does_not_run_over_what_somebody_changed_since(scene: Scene, n8n: FakeN8n) -> None:
    _, outcome = half_first(scene, n8n)
    plan = rollback.plan_undo(scene.context, outcome.deployment)
    n8n.saved("a", nodes=[])
    with pytest.raises(Conflict, match="changed since the plan was made"):
        rollback.roll_back(scene.context, scene.bo, plan, reason="half a release is none")
    assert n8n.workflows["a"]["nodes"] == []


def test_what_cannot_be_deleted_is_deactivated_and_named(scene: Scene, n8n: FakeN8n) -> None:
    scene.ingest(export("new", "New", "9", active=True), place="flows", name="new.json")
    scene.ingest(export("z", "Z", "9"), place="flows", name="z.json")
    made = iter(["", "", "drop"])
    n8n.plug = lambda method, path: (next(made, "") or None) if method == "POST" else None
    outcome = scene.deploy(scene.approved(place="flows"))
    n8n.plug = lambda method, path: None
    assert outcome.reach is not None
    assert outcome.reach.changed == ("new",)
    n8n.methods = frozenset({"GET", "POST", "PUT"})
    done = undo(scene, outcome.deployment)
    assert not done.verified
    assert "it was deactivated and remains" in done.reason
    assert done.reach is not None
    assert done.reach.unsure == ("new",)
    (left,) = [flow for flow in n8n.workflows.values() if flow["name"] == "New"]
    assert left["active"] is False
    n8n.methods = ALL_SCOPES
    assert undo(scene, outcome.deployment).verified, "with the scope it goes on from there"
    assert "New" not in {flow["name"] for flow in n8n.workflows.values()}


def test_undoing_a_first_deployment_to_a_folder_takes_its_files_away(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    folder = scene.workspace.root / "out" / "prod" / "orders"
    folder.mkdir(parents=True)
    (folder / "notes.json").write_text('{"ours": true}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FolderTarget, "push", unconfirmed(FolderTarget.push))
        with pytest.raises(PlatformFailure):
            scene.deploy(request)
    assert set(scene.delivered()) == {"flows.json", "notes.json"}
    done = undo(scene, "DEP-0001")
    assert done.verified
    assert set(scene.delivered()) == {"notes.json"}


def unconfirmed(push: Callable[..., Pushed]) -> Callable[..., Pushed]:
    """Push, and lose the disk right after it."""

    def failing(*given: object, **named: object) -> Pushed:
        push(*given, **named)
        raise PlatformFailure("the disk went away")

    return failing


def test_a_first_deployment_that_failed_can_still_be_finished(scene: Scene, n8n: FakeN8n) -> None:
    _, outcome = half_first(scene, n8n)
    assert deploying.resume(scene.context, scene.bo, outcome.deployment).verified


def test_what_was_created_before_the_failure_is_not_created_twice(scene: Scene, n8n: FakeN8n) -> None:
    request = approved(scene, new1="1", new2="1", new3="1")
    made = iter(["", "", "drop"])
    n8n.plug = lambda method, path: (next(made, "") or None) if method == "POST" else None
    outcome = scene.deploy(request)
    assert outcome.reach is not None
    assert outcome.reach.changed == ("new1", "new2")
    n8n.plug = lambda method, path: None
    assert deploying.resume(scene.context, scene.bo, outcome.deployment).verified
    assert len(n8n.workflows) == 7


def test_the_home_screen_offers_both_ways(scene: Scene, n8n: FakeN8n) -> None:
    _, outcome = half_done(scene, n8n)
    (item,) = [item for item in triage.overview(scene.context, "bo").items if item.kind == "failed"]
    assert "2 of 4 components are changed" in item.what
    assert f"deploy --resume {outcome.deployment}" in item.what
    assert f"--undo {outcome.deployment}" in item.what


def test_a_failed_deployment_is_rolled_back_by_itself_where_the_environment_says_so(scene: Scene, n8n: FakeN8n) -> None:
    environments.edit(scene.context, scene.alice, "flows", changes={"on-failure": "revert"})
    first(scene)
    request = approved(scene, a="2", b="2", c="2", d="2")
    n8n.plug = lambda method, path: "400" if (method, path) == ("PUT", "workflows/c") else None
    outcome = scene.deploy(request)
    assert not outcome.verified
    assert outcome.reverted is not None
    assert outcome.reverted.verified
    assert codes(n8n) == "1111"
    assert "rolled back by itself (DEP-0003)" in outcome.reason
    started = scene.last("revert.started")
    assert isinstance(started, ev.RevertStarted)
    assert (started.cause, started.reason) == ("verification", "DEP-0002 failed its verification")
    deployed = releases.desired(scene.context.ledger, "flows", "orders")
    assert deployed is not None
    assert deployed.deployment == "DEP-0003"
    assert not drifting.standing(scene.context.ledger, "flows", "orders")


def test_an_automatic_rollback_that_fails_too_is_said_and_not_repeated(scene: Scene, n8n: FakeN8n) -> None:
    environments.edit(scene.context, scene.alice, "flows", changes={"on-failure": "revert"})
    first(scene)
    request = approved(scene, a="2", b="2", c="2", d="2")
    writes = iter(["", "drop", "500", "500", "500"])
    n8n.plug = lambda method, path: (next(writes, "") or None) if method == "PUT" else None
    outcome = scene.deploy(request)
    assert not outcome.verified
    assert "not rolled back" in outcome.reason or "the automatic rollback failed" in outcome.reason
    assert len(scene.entries(kind="revert.started")) == 1
    assert outcome.reverted is not None
    (why, _) = remains(scene.context, outcome.reverted.deployment, "bo").resume_blocked
    assert why == "DEP-0003 deployed no request: it was an automatic rollback"


def test_nothing_changed_is_a_plain_platform_failure(scene: Scene, n8n: FakeN8n) -> None:
    first(scene)
    request = approved(scene, a="2")
    n8n.plug = lambda method, path: "400" if method == "PUT" else None
    with pytest.raises(PlatformFailure, match="refused to save"):
        scene.deploy(request)
    failed = scene.last("deployment.failed")
    assert isinstance(failed, ev.DeploymentFailed)
    assert failed.changed is None


def test_a_workflow_that_somebody_added_goes_with_the_revert_that_showed_it(scene: Scene, n8n: FakeN8n) -> None:
    first(scene)
    n8n.created("evil", "Backdoor")
    with pytest.raises(Exception, match="behind our back"):
        scene.deploy(approved(scene, a="2"))
    (drift,) = drifting.standing(scene.context.ledger, "flows", "orders").values()
    plan = rollback.plan_revert(scene.context, drift.id)
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="nobody asked for it").verified
    assert sorted(n8n.workflows) == ["a", "b", "c", "d"]


def test_credentials_are_listed_before_and_after_a_rollback_across_a_deletion(scene: Scene, n8n: FakeN8n) -> None:
    scene.ingest(export("a", "A", "1", credential="Bank"), place="flows", name="a.json")
    scene.ingest(export("b", "B", "1"), place="flows", name="b.json")
    assert scene.deploy(scene.approved(place="flows")).credentials_missing == (
        "credential 'Bank' (httpBasicAuth) of 'A': make sure that it is there, or choose another",
    )
    scene.ingest(export("a", "A", "2"), place="flows", name="a.json")
    assert scene.deploy(scene.approved(place="flows")).verified
    plan = rollback.plan(scene.context, "flows", "orders")
    assert ["Bank" in line for line in plan.cannot_come_back] == [True]
    outcome = rollback.roll_back(scene.context, scene.bo, plan, reason="it hurts")
    assert (outcome.verified, outcome.credentials_missing) == (True, plan.cannot_come_back)
