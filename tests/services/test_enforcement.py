"""An environment that reverts unauthorised changes by itself, and stops before it becomes a fight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fake_n8n import KEY, FakeN8n, export, running
from support.scene import Scene

from store.domain import enforcement
from store.domain import events as ev
from store.errors import BadInput, Refusal
from store.services.audit.verifying import Scope, verify_workspace
from store.services.delivery import environments, reverting, rollback
from store.services.drift import drifting
from store.services.drift.polling import LivePlace
from store.services.triage import triage


@pytest.fixture
def n8n(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeN8n]:
    """The environment `flows`, which reverts, with the workflow `a` deployed."""
    monkeypatch.setenv("ORDERS_KEY", KEY)
    with running() as fake:
        settings = {"url": fake.url, "api-key-env": "ORDERS_KEY", "enforce": "revert"}
        environments.add(scene.context, scene.alice, "flows", target="n8n", settings=settings)
        fake.created("a", "A", "1")
        scene.ingest(export("a", "A", "1"), place="flows", name="a.json")
        assert scene.deploy(scene.approved(place="flows")).verified
        yield fake


@pytest.fixture
def place(scene: Scene, n8n: FakeN8n) -> LivePlace:
    return LivePlace(scene.context, "flows")


def tamper(n8n: FakeN8n, code: str = "evil") -> None:
    flow = n8n.workflows["a"]
    start, work = flow["nodes"]
    n8n.saved("a", nodes=[start, {**work, "parameters": {"jsCode": code}}])


def code(n8n: FakeN8n) -> str:
    return str(n8n.workflows["a"]["nodes"][1]["parameters"]["jsCode"])


def standing(scene: Scene) -> list[str]:
    return [drift.status for drift in drifting.standing(scene.context.ledger, "flows", "orders").values()]


def test_an_unauthorised_change_is_reverted_archived_and_reported(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    tamper(n8n)
    polled = place.poll()
    assert code(n8n) == "1"
    assert polled.said == ("flows/orders: unauthorised change: DR-0001, reverted by itself (DEP-0002)",)
    kinds = scene.kinds()
    assert kinds[-4:] == ["drift.opened", "revert.started", "deployment.verified", "drift.resolved"]
    started = scene.last("revert.started")
    assert isinstance(started, ev.RevertStarted)
    assert (started.cause, started.attempt) == ("drift", 1)
    assert standing(scene) == []


def test_a_new_workflow_that_nobody_asked_for_is_taken_away(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    n8n.created("evil", "Backdoor")
    place.poll()
    assert list(n8n.workflows) == ["a"]
    assert standing(scene) == []


def test_without_the_rule_nothing_is_touched(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    environments.edit(scene.context, scene.alice, "flows", changes={"enforce": "report"})
    tamper(n8n)
    assert place.poll().said == ()
    assert (code(n8n), standing(scene)) == ("evil", ["open"])


def test_a_drift_that_a_person_has_in_hand_is_left_to_them(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    environments.edit(scene.context, scene.alice, "flows", changes={"enforce": "report"})
    tamper(n8n)
    place.poll()
    drifting.acknowledge(scene.context, scene.bo, "DR-0001", note="I am looking")
    environments.edit(scene.context, scene.alice, "flows", changes={"enforce": "revert"})
    assert place.poll().said == ()
    assert code(n8n) == "evil"


def test_three_attempts_then_an_alarm_and_silence_until_a_person_acts(
    scene: Scene, n8n: FakeN8n, place: LivePlace
) -> None:
    said = []
    for number in range(6):
        tamper(n8n, f"evil {number}")
        said += place.poll().said
    assert ["reverted by itself" in words for words in said] == [True, True, True, False]
    assert "not reverted any more: 3 automatic reverts within an hour did not hold" in said[-1]
    assert (len(scene.entries(kind="revert.started")), len(scene.entries(kind="enforcement.halted"))) == (3, 1)
    assert code(n8n) == "evil 5"
    (alarm,) = [item for item in triage.overview(scene.context, "bo").items if item.kind == "halted"]
    assert (alarm.severity, alarm.environment, alarm.project) == ("critical", "flows", "orders")

    (drift,) = drifting.standing(scene.context.ledger, "flows", "orders").values()
    plan = rollback.plan_revert(scene.context, drift.id)
    assert rollback.roll_back(scene.context, scene.bo, plan, reason="found who it was").verified
    assert reverting.halts(scene.context) == ()
    tamper(n8n, "again")
    assert "reverted by itself" in place.poll().said[0]


def test_a_revert_that_fails_counts_and_is_recorded(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    tamper(n8n)
    n8n.plug = lambda method, path: "400" if method == "PUT" else None
    troubles = [place.poll().trouble for _ in range(3)]
    assert all(trouble and "refused to save" in trouble for trouble in troubles)
    assert "not reverted any more" in place.poll().said[0]
    assert place.poll().said == ()
    assert [entry.statement.data["attempt"] for entry in scene.entries(kind="revert.started")] == [1, 2, 3]
    assert len(scene.entries(kind="deployment.failed")) == 3


def test_somebody_saving_during_the_revert_is_not_overwritten_unseen(
    scene: Scene, n8n: FakeN8n, place: LivePlace
) -> None:
    tamper(n8n, "first")
    meddled: list[bool] = []

    def meddle(method: str, path: str) -> None:
        if (method, path) == ("GET", "workflows/a") and not meddled:
            meddled.append(True)
            tamper(n8n, "second")

    n8n.plug = meddle
    place.poll()
    assert code(n8n) == "second"
    place.poll()
    assert code(n8n) == "1"
    assert len(scene.entries(kind="drift.changed")) == 1, "the second change was seen and archived before it went"


def test_only_an_admin_sets_the_rules_and_only_where_they_can_be_kept(scene: Scene, n8n: FakeN8n) -> None:
    with pytest.raises(Refusal):
        environments.edit(scene.context, scene.bo, "flows", changes={"enforce": "report"})
    with pytest.raises(BadInput, match="does not tell what runs there"):
        environments.edit(scene.context, scene.alice, "prod", changes={"enforce": "revert"})
    with pytest.raises(BadInput, match="keep or revert"):
        environments.edit(scene.context, scene.alice, "prod", changes={"on-failure": "panic"})
    with pytest.raises(BadInput, match="change nothing"):
        environments.edit(scene.context, scene.alice, "flows", changes={"enforce": "revert"})


def test_the_ledger_with_automatic_reverts_verifies(scene: Scene, n8n: FakeN8n, place: LivePlace) -> None:
    tamper(n8n)
    place.poll()
    assert verify_workspace(scene.context, scope=Scope()).ok


def at(second: int) -> str:
    return datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC).isoformat()


def entry(second: int, event: ev.Event) -> ev.Recorded:
    return ev.Recorded(seq=second + 1, time=at(second), actor="system", event=event)


def revert(project: str = "orders", cause: str = "drift") -> ev.RevertStarted:
    ref = ev.ReleaseRef(release="r", manifest="m", files=1, components=1)
    return ev.RevertStarted(
        deployment="DEP-1",
        project=project,
        environment="e",
        target=ref,
        expected="x",
        cause=cause,
        reason="",
        attempt=1,
    )


def judge(*past: ev.Recorded, since: int = 0) -> object:
    newest_first = sorted(past, key=lambda item: -item.seq)
    return enforcement.judge(newest_first, project="orders", since=datetime.fromisoformat(at(since)))


def test_only_recent_reverts_of_this_project_for_drift_count() -> None:
    others = [entry(number, revert("other")) for number in range(5)]
    assert judge(*others) == enforcement.Go(attempt=1)
    assert judge(*(entry(number, revert(cause="verification")) for number in range(5))) == enforcement.Go(attempt=1)
    mine = [entry(number, revert()) for number in range(3)]
    assert judge(*mine) == enforcement.Halt(attempts=3)
    assert judge(*mine, since=1) == enforcement.Go(attempt=3)


def test_a_person_acting_gives_a_new_start_and_the_same_person_elsewhere_does_not() -> None:
    mine = [entry(number, revert()) for number in range(3)]
    edited = ev.EnvironmentEdited(environment="e", settings={})
    halted = ev.EnforcementHalted(project="orders", environment="e", attempts=3, reason="")
    acknowledged = ev.DriftAcknowledged(drift="d", project="other", environment="e", component="c", note="n")
    assert judge(*mine, entry(4, edited)) == enforcement.Go(attempt=1)
    assert judge(*mine, entry(4, halted)) == enforcement.Halted()
    assert judge(*mine, entry(4, halted), entry(5, acknowledged)) == enforcement.Halted()
    assert judge(*mine, entry(4, halted), entry(5, edited)) == enforcement.Go(attempt=1)
