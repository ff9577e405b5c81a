from __future__ import annotations

from collections.abc import Callable

import pytest
from support.exports import TAMPERED, V1, V2, V3
from support.rolling import back, plan, release_of
from support.scene import Scene, add_environment, content
from support.tampering import damage_blob

from store.domain import events as ev
from store.domain.notifications import notices
from store.errors import BadInput, Conflict, IntegrityFailure, NotFound, Refusal
from store.projections import deployments
from store.services import releases
from store.services.context import recorded
from store.services.delivery import rollback
from store.services.drift import drifting
from store.services.requests import approving, promoting, requests
from store.services.triage import triage


def test_a_plan_is_a_dry_run(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    blobs = _blobs(scene)
    before = (scene.size, scene.delivered())
    what = plan(scene)
    plan(scene, to="DEP-0001")
    assert (scene.size, scene.delivered()) == before
    assert _blobs(scene) == blobs
    assert [component.id for component in what.diff.components if component.change == "changed"] == ["tab-intake"]
    assert (what.reason_back, what.takes_along) == ("the release before", ("CR-0002",))


def _blobs(scene: Scene) -> int:
    with scene.context.ledger.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM blob").fetchone()[0])


def test_rolling_back_brings_the_bytes_back_and_quarantines_what_it_leaves(scene: Scene) -> None:
    first, second = scene.live(V1), scene.live(V2)
    back(scene, plan(scene))
    assert scene.delivered() == {"flows.json": V1}
    assert scene.states == {first: "live", second: "rolled back"}
    with scene.context.ledger.reading() as connection:
        (held,) = deployments.quarantined(connection)
    assert (held.release, held.reason) == (release_of(scene, second), "rolled back by bo: it hurts")
    started = scene.last("rollback.started")
    assert isinstance(started, ev.RollbackStarted)
    assert (started.takes_along, started.previous) == ((second,), release_of(scene, second))


def test_who_asked_for_a_rolled_back_release_or_approved_it_is_told(scene: Scene) -> None:
    scene.live(V1)
    second = scene.live(V2)
    back(scene, plan(scene))
    held = scene.last("release.quarantined")
    assert isinstance(held, ev.ReleaseQuarantined)
    assert held.concerns == ("cy", "dana")

    def told(handle: str) -> list[str]:
        return [one.what for one in triage.overview(scene.context, handle).items if one.kind == "rolled-back"]

    assert (
        told("cy") == told("dana") == [f"your release {release_of(scene, second)[:12]} is in quarantine: {held.reason}"]
    )
    assert told("alice") == []
    record = next(recorded(scene.entries(kind="release.quarantined")))
    (notice,) = notices(record, policy=scene.context.policy, channels=["hook"], ledger="l")
    assert "concerns: cy, dana" in notice.body
    scene.clock.advance(days=7)
    assert told("cy") == []


def test_a_rollback_takes_along_everything_deployed_since(scene: Scene) -> None:
    first, second, third = scene.live(V1), scene.live(V2), scene.live(V3)
    what = plan(scene, to=first)
    assert what.takes_along == (third, second)
    back(scene, what)
    assert scene.delivered() == {"flows.json": V1}
    assert scene.states[first] == "live"


@pytest.mark.parametrize("name", ["request", "deployment", "release", "prefix"])
def test_the_goal_can_be_named_in_several_ways(scene: Scene, name: str) -> None:
    first = scene.live(V1)
    scene.live(V2)
    goal = {
        "request": first,
        "deployment": "DEP-0001",
        "release": release_of(scene, first),
        "prefix": release_of(scene, first)[:12],
    }[name]
    assert plan(scene, to=goal).ref.release == release_of(scene, first)


@pytest.mark.parametrize("goal", ["CR-0099", "ffffffff", "DEP-9", "", "moon"])
def test_a_goal_that_names_nothing_or_too_much_is_refused(scene: Scene, goal: str) -> None:
    scene.live(V1)
    scene.live(V2)
    with pytest.raises(BadInput, match="names"):
        plan(scene, to=goal)


def test_nothing_to_go_back_to_is_said_so(scene: Scene) -> None:
    with pytest.raises(NotFound, match="ever deployed"):
        plan(scene)
    scene.live(V1)
    with pytest.raises(NotFound, match="no earlier release"):
        plan(scene)


def test_a_rollback_needs_a_reason(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    with pytest.raises(BadInput, match="reason"):
        rollback.roll_back(scene.context, scene.bo, plan(scene), reason=" ")


def test_a_deployment_between_plan_and_act_is_a_conflict(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    what = plan(scene)
    scene.live(V3)
    before = scene.acts
    with pytest.raises(Conflict, match="deployed to since the plan was made"):
        rollback.roll_back(scene.context, scene.bo, what, reason="late")
    assert scene.acts == before
    assert scene.delivered() == {"flows.json": V3}


def test_the_same_plan_twice_is_a_conflict(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    what = plan(scene)
    back(scene, what)
    with pytest.raises(Conflict):
        rollback.roll_back(scene.context, scene.bo, what, reason="again")


def test_a_goal_quarantined_between_plan_and_act_is_refused(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    for place in ("dev", "prod"):
        scene.live(V1, place=place)
        scene.live(V2, place=place)
    scene.live(V3, place="dev")
    what = plan(scene)
    scene.ingest(V1, place="dev")
    scene.deploy(scene.approved(place="dev"))
    back(scene, rollback.plan(scene.context, "dev", "orders", to=release_of(scene, "CR-0002")))
    with pytest.raises(Refusal, match="in quarantine"):
        rollback.roll_back(scene.context, scene.bo, what, reason="late")
    assert scene.delivered() == {"flows.json": V2}


def test_a_quarantined_release_is_passed_over_and_refused_by_name(scene: Scene) -> None:
    first, second = scene.live(V1), scene.live(V2)
    back(scene, plan(scene))
    third = scene.live(V3)
    assert plan(scene).ref.release == release_of(scene, first)
    with pytest.raises(Refusal, match="in quarantine"):
        plan(scene, to=second)
    assert third == "CR-0003"


def test_every_earlier_release_in_quarantine_is_a_refusal_until_one_is_lifted(scene: Scene) -> None:
    scene.live(V1)
    second = scene.live(V2)
    back(scene, plan(scene))
    with pytest.raises(Refusal, match="every earlier release is in quarantine: rolled back by bo") as told:
        plan(scene)
    held = release_of(scene, second)[:12]
    assert told.value.would_unblock == (f"an admin lifts a quarantine: quarterdeck quarantine lift {held}",)
    before = scene.size
    with pytest.raises(Refusal, match="every earlier release"):
        rollback.begin(scene.context, scene.bo, "prod", "orders")
    (tried,) = scene.entries(after=before)
    assert (tried.statement.kind, tried.statement.on["principal"]) == ("attempt.refused", "bo")
    assert (tried.statement.on["environment"], tried.statement.data["act"]) == ("prod", "roll back")
    with pytest.raises(BadInput, match="reason"):
        rollback.lift_quarantine(scene.context, scene.alice, "orders", release_of(scene, second), reason="")
    rollback.lift_quarantine(scene.context, scene.alice, "orders", release_of(scene, second), reason="mended outside")
    assert plan(scene).ref.release == release_of(scene, second)
    with pytest.raises(NotFound):
        rollback.lift_quarantine(scene.context, scene.alice, "orders", release_of(scene, second), reason="twice")


def test_drift_on_a_first_release_is_reverted_to_that_release(scene: Scene) -> None:
    first = scene.live(V1)
    scene.observe(TAMPERED)
    what = plan(scene)
    assert (what.reason_back, what.drifts, what.ref.release) == (
        "the desired release",
        ("DR-0001",),
        release_of(scene, first),
    )
    back(scene, what)
    assert scene.states == {first: "live"}
    assert releases.quarantine(scene.context.ledger, "orders", release_of(scene, first)) is None
    assert scene.observe(V1) == ()


def test_a_revert_pushes_the_desired_release_over_a_drift(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    scene.observe(TAMPERED)
    what = rollback.plan_revert(scene.context, "DR-0001")
    assert what.ref.release == release_of(scene, "CR-0002")
    back(scene, what)
    assert scene.delivered() == {"flows.json": V2}
    with pytest.raises(NotFound):
        rollback.plan_revert(scene.context, "DR-0099")
    scene.observe(V2)
    with pytest.raises(Refusal, match="resolved already"):
        rollback.plan_revert(scene.context, "DR-0001")


def test_open_requests_that_lose_their_base_are_named(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    scene.ingest(V3)
    waiting = scene.submitted()
    assert plan(scene).makes_stale == (waiting,)


def test_a_failed_rollback_changes_no_desired_state_and_quarantines_nothing(scene: Scene) -> None:
    scene.live(V1)
    second = scene.live(V2)
    what = plan(scene)

    def meddle(step: str) -> None:
        if step == "reading back":
            (scene.workspace.root / "out/prod/orders/flows.json").write_bytes(V3)

    outcome = rollback.roll_back(scene.context, scene.bo, what, reason="it hurts", progress=meddle)
    assert not outcome.verified
    desired = releases.desired(scene.context.ledger, "prod", "orders")
    assert desired is not None
    assert desired.target.release == release_of(scene, second)
    assert "release.quarantined" not in scene.kinds()
    assert scene.states[second] == "live"


def test_a_rollback_to_damaged_bytes_is_recorded_as_failed(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    what = plan(scene)
    artifact = scene.entries(kind="artifact.ingested")[0].statement.on["artifact"]
    damage_blob(scene.context.ledger.path, artifact)
    with pytest.raises(IntegrityFailure):
        rollback.roll_back(scene.context, scene.bo, what, reason="it hurts")
    assert scene.kinds()[-1] == "deployment.failed"
    assert scene.delivered() == {"flows.json": V2}


def test_a_request_whose_push_failed_is_not_what_a_rollback_makes_live(scene: Scene) -> None:
    first = scene.live(V1)
    scene.live(V2)
    scene.ingest(V1)
    never = scene.approved(why="the same release again")
    blocker = scene.workspace.root / "out/prod/orders/flows.json"
    blocker.unlink()
    blocker.mkdir()
    with pytest.raises(Exception, match="folder"):
        scene.deploy(never)
    blocker.rmdir()
    scene.clock.advance(minutes=1)
    blocker.write_bytes(V2)
    back(scene, plan(scene))
    assert scene.states == {first: "live", "CR-0002": "rolled back", never: "approved"}


def test_the_requester_of_a_rolled_back_release_may_mend_and_come_again(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    back(scene, plan(scene))
    scene.ingest(V3)
    mended = scene.approved(why="mended")
    assert scene.deploy(mended).verified


ANSWERS: dict[str, Callable[[Scene], object]] = {
    "acknowledge": lambda s: drifting.acknowledge(s.context, s.bo, "DR-0001", note="seen"),
    "adopt": lambda s: drifting.adopt(s.context, s.bo, "DR-0001", content=content()),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_rollback_overwrites_answered_drift_as_well(scene: Scene, answer: str) -> None:
    scene.live(V1)
    scene.live(V2)
    scene.observe(TAMPERED)
    ANSWERS[answer](scene)
    what = plan(scene)
    assert what.drifts == ("DR-0001", "DR-0002")
    back(scene, what)
    assert scene.delivered() == {"flows.json": V1}


def test_the_people_who_decided_on_it_cannot_be_worked_around_by_promotion_backwards(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    scene.live(V1, place="dev")
    promoted = promoting.promote(scene.context, scene.bo, "CR-0001", to="prod").statement.on["request"]
    requests.submit(scene.context, scene.bo, promoted)
    with pytest.raises(Refusal, match="separation of duties"):
        approving.approve(scene.context, scene.bo, promoted)


def test_a_rollback_and_the_quarantine_that_follows_from_it_are_recorded_at_once(scene: Scene) -> None:
    """A process that dies between the two would leave a release that hurt free to be deployed again."""
    scene.live(V1)
    scene.live(V2)
    back(scene, plan(scene))
    (held,) = scene.entries(kind="release.quarantined")
    verified = scene.entries(kind="deployment.verified")[-1]
    with scene.context.ledger.reading() as connection:
        sizes = {size for (size,) in connection.execute("SELECT size FROM checkpoint").fetchall()}
    assert verified.seq < held.seq
    assert sizes.isdisjoint(range(verified.seq, held.seq)), "no checkpoint between: one transaction"
