"""Rehearsed rollbacks: really back and forward again, in an environment before the last, and what the gate believes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.exports import TAMPERED, V1, V2, V3
from support.scene import Scene, add_environment

from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.errors import Conflict, PlatformFailure, Refusal
from store.platforms.folder import FolderTarget
from store.projections import deployments
from store.services.acting import record
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context
from store.services.delivery import environments, rehearsing, rollback
from store.services.delivery.rehearsing import Rehearsal
from store.services.explaining.explain import explain
from store.services.requests import carried_out, gates
from store.services.requests.reading import change_of

LINE = read_policy(
    {"p.toml": "[environments.prod]\nbaseline = 'staging'\n[environments.prod.gates.rollback-ready]\n"
               "rehearsed_in = 'staging'\n"}
)  # fmt: skip


@pytest.fixture
def staged(scene: Scene) -> Scene:
    """Two releases went through staging; the first of them is live in production too."""
    add_environment(scene.context, scene.alice, "staging")
    for data in (V1, V2):
        scene.live(data, place="staging")
    scene.live(V1)
    return scene


def under(scene: Scene) -> Context:
    return scene.context.under(LINE)


def rehearse(scene: Scene, **more: str) -> Rehearsal:
    context = under(scene)
    plan = rehearsing.plan_rehearsal(context, "staging", "orders", **more)
    return rehearsing.rehearse(context, scene.bo, plan, reason="before it goes on")


def to_production(scene: Scene) -> str:
    scene.ingest(V2)
    return scene.submitted()


def ready(scene: Scene, request: str) -> ev.GateEvaluated:
    run = gates.run(under(scene), scene.context.ledger, change_of(scene.context.ledger, request), phase="asked")
    (verdict,) = [one for one in run.verdicts if one.gate == "rollback-ready"]
    return verdict


def test_it_really_goes_back_and_forward_and_every_step_is_an_entry(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood: list[bytes] = []
    fetch = FolderTarget.fetch

    def seen(self: FolderTarget, project: str) -> object:
        stood.append(staged.delivered(place="staging")["flows.json"])
        return fetch(self, project)

    monkeypatch.setattr(FolderTarget, "fetch", seen)
    before, size = staged.states, staged.size
    done = rehearse(staged)
    assert staged.kinds(after=size) == [
        "rehearsal.started", "deployment.verified", "rehearsal.returning", "deployment.verified", "rollback.rehearsed",
    ]  # fmt: skip
    assert [entry.seq for entry in done.entries] == list(range(size + 1, size + 6))
    assert (V1 in stood, staged.delivered(place="staging")) == (True, {"flows.json": V2})
    event = done.event
    assert (event.passed, event.stands, event.returned_by) == (True, event.release, "DEP-0005")
    assert staged.states == before
    with staged.context.ledger.reading() as connection:
        assert deployments.quarantined(connection) == ()
    assert verify_workspace(staged.context, scope=Scope()).ok


def test_the_gate_believes_a_rehearsal_and_nothing_less(staged: Scene) -> None:
    request = to_production(staged)
    refused = ready(staged, request)
    assert not refused.passed
    assert refused.unblock == "quarterdeck rollback staging --project orders --rehearse"
    release = change_of(staged.context.ledger, request).target
    forged = ev.RollbackRehearsed(
        deployment="DEP-0002", project="orders", environment="staging", release=release.release, to="0" * 64,
        passed=True, stands=release.release, summary="honest", returned_by="DEP-0002",
    )  # fmt: skip
    record(staged.context, [forged])
    assert not ready(staged, request).passed
    rehearse(staged)
    assert ready(staged, request).passed


def test_a_rehearsal_of_another_release_is_none(staged: Scene) -> None:
    rehearse(staged)
    staged.ingest(V3)
    assert not ready(staged, staged.submitted()).passed


def test_what_the_promotion_gate_sees_is_what_stood_there(staged: Scene) -> None:
    rehearse(staged)
    told = carried_out.deployments(staged.context.ledger, "staging", "orders")
    assert [one.event.deployment for one in told if isinstance(one.event, ev.DeploymentVerified)] == [
        "DEP-0001", "DEP-0002", "DEP-0004", "DEP-0005",
    ]  # fmt: skip


def test_a_first_release_has_no_way_back_to_rehearse(scene: Scene) -> None:
    scene.ingest(V1)
    verdict = ready(scene, scene.submitted())
    assert (verdict.passed, "first release" in verdict.reason) == (True, True)


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda scene: environments.freeze(scene.context, scene.alice, "staging", reason="audit"), "frozen: audit"),
        (lambda scene: scene.observe(TAMPERED, place="staging"), "has drifted"),
    ],
)
def test_it_begins_only_where_all_is_as_it_should_be(
    staged: Scene, spoil: Callable[[Scene], object], because: str
) -> None:
    spoil(staged)
    size = staged.acts
    with pytest.raises(Refusal, match=because):
        rehearse(staged)
    assert staged.acts == size


def test_it_is_for_operators_before_the_last_environment(staged: Scene) -> None:
    context = under(staged)
    plan = rehearsing.plan_rehearsal(context, "staging", "orders")
    with pytest.raises(Refusal, match="cy may not roll back"):
        rehearsing.rehearse(context, staged.cy, plan, reason="r")
    with pytest.raises(Refusal, match="no environment that comes after staging"):
        rehearsing.rehearse(staged.context, staged.bo, plan, reason="r")
    staged.live(V3)
    last = rehearsing.plan_rehearsal(context, "prod", "orders")
    with pytest.raises(Refusal, match="no environment that comes after prod"):
        rehearsing.rehearse(context, staged.bo, last, reason="r")
    with pytest.raises(Refusal, match="no way back to try"):
        rehearsing.plan_rehearsal(context, "staging", "orders", to="DEP-0002")


def test_a_plan_that_is_out_of_date_is_none(staged: Scene) -> None:
    context = under(staged)
    plan = rehearsing.plan_rehearsal(context, "staging", "orders")
    staged.live(V3, place="staging")
    with pytest.raises(Conflict, match="look again"):
        rehearsing.rehearse(context, staged.bo, plan, reason="r")


class Faulty:
    """Lets the n-th push to a folder fail, before or after it wrote."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *numbers: int, after: bool = False) -> None:
        self.calls = 0
        push = FolderTarget.push

        def faulty(target: FolderTarget, *args: object, **more: object) -> object:
            self.calls += 1
            if self.calls in numbers and not after:
                raise PlatformFailure("the disk is gone")
            done = push(target, *args, **more)
            if self.calls in numbers:
                for path in target.deliver.rglob("flows.json"):
                    path.chmod(0o600)
                    path.write_bytes(V3)
            return done

        monkeypatch.setattr(FolderTarget, "push", faulty)


def test_a_way_back_that_fails_before_it_begins_leaves_all_as_it_was(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faulty(monkeypatch, 1)
    with pytest.raises(PlatformFailure):
        rehearse(staged)
    event = staged.last("rollback.rehearsed")
    assert isinstance(event, ev.RollbackRehearsed)
    assert (event.passed, event.stands, event.returned_by) == (False, event.release, None)
    assert staged.delivered(place="staging") == {"flows.json": V2}
    assert not ready(staged, to_production(staged)).passed


def test_a_way_back_that_is_not_verified_is_a_failure_and_the_release_stands_again(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faulty(monkeypatch, 1, after=True)
    event = rehearse(staged).event
    assert (event.passed, event.stands) == (False, event.release)
    assert staged.delivered(place="staging") == {"flows.json": V2}
    assert not ready(staged, to_production(staged)).passed


def test_a_way_forward_that_fails_says_what_stands_there_and_how_to_bring_it_back(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = staged.states
    with monkeypatch.context() as patch:
        Faulty(patch, 2)
        event = rehearse(staged).event
    assert (event.passed, event.stands) == (False, event.to)
    assert staged.delivered(place="staging") == {"flows.json": V1}
    assert staged.states == {**before, "CR-0001": "live", "CR-0002": "rolled back"}
    assert f"quarterdeck rollback staging --project orders --to {event.release[:12]}" in event.summary
    home = rollback.plan(staged.context, "staging", "orders", to=event.release[:12])
    assert rollback.roll_back(staged.context, staged.bo, home, reason="home").verified
    with staged.context.ledger.reading() as connection:
        assert deployments.quarantined(connection) == ()
    assert staged.states["CR-0002"] == "live"


def test_a_process_that_dies_between_is_found_and_told(staged: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rehearsing, "_forward", dies)
        with pytest.raises(KeyboardInterrupt):
            rehearse(staged)
    home = rollback.plan(staged.context, "staging", "orders", to="DEP-0002")
    rollback.roll_back(staged.context, staged.bo, home, reason="home")
    event = staged.last("rollback.rehearsed")
    assert isinstance(event, ev.RollbackRehearsed)
    assert (event.passed, event.stands) == (False, event.to)


def dying(staged: Scene, monkeypatch: pytest.MonkeyPatch, *, number: int) -> None:
    """Rehearse, in a process that dies right after its push `number` was written."""
    push, calls = FolderTarget.push, []

    def dies(target: FolderTarget, *args: object, **more: object) -> object:
        calls.append(push(target, *args, **more))
        if len(calls) == number:
            raise KeyboardInterrupt
        return calls[-1]

    with monkeypatch.context() as patch:
        patch.setattr(FolderTarget, "push", dies)
        with pytest.raises(KeyboardInterrupt):
            rehearse(staged)


def test_what_a_rehearsal_left_that_died_is_nobody_elses_change_and_rehearsing_again_ends_it(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying(staged, monkeypatch, number=1)
    assert staged.delivered(place="staging") == {"flows.json": V1}
    assert rehearse(staged).event.passed
    assert staged.delivered(place="staging") == {"flows.json": V2}
    assert "drift.opened" not in staged.kinds()


def test_where_it_died_on_its_way_forward_that_is_to_be_ended_first(
    staged: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying(staged, monkeypatch, number=2)
    with pytest.raises(Refusal, match="died") as refused:
        rehearse(staged, to="DEP-0002")
    assert "bring it back" in refused.value.would_unblock[0]
    assert "drift.opened" not in staged.kinds()


def test_what_somebody_else_did_meanwhile_is_theirs(staged: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    dying(staged, monkeypatch, number=1)
    folder = environments.target(staged.context, environments.one(staged.context.ledger, "staging"))
    assert isinstance(folder, FolderTarget)
    for path in folder.deliver.rglob("flows.json"):
        path.chmod(0o600)
        path.write_bytes(V3)
    with pytest.raises(Conflict, match="behind our back"):
        rehearse(staged)


def test_a_rollback_after_a_rehearsal_takes_along_and_quarantines_as_ever(staged: Scene) -> None:
    rehearse(staged)
    plan = rollback.plan(staged.context, "staging", "orders")
    assert plan.takes_along == ("CR-0002",)
    rollback.roll_back(staged.context, staged.bo, plan, reason="it hurts")
    with staged.context.ledger.reading() as connection:
        (held,) = deployments.quarantined(connection)
    assert held.release == plan.leaves_digest


def test_the_last_rehearsal_of_each_environment_is_known(staged: Scene) -> None:
    assert rehearsing.last_rehearsals(staged.context) == ()
    rehearse(staged)
    rehearse(staged, to="DEP-0001")
    (last,) = rehearsing.last_rehearsals(staged.context)
    assert (last.environment, last.project, last.passed, last.seq) == ("staging", "orders", True, staged.size)
    assert last.release == replace(last).stands


def test_a_page_about_the_release_tells_of_its_rehearsal(staged: Scene) -> None:
    rehearse(staged)
    page = explain(staged.context, "CR-0002")
    after = next(section for section in page.sections if section.id == "after")
    assert any(fact.label == "rehearsal" and fact.state == "pass" for fact in after.facts)
