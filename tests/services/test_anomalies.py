"""Anomalies in a workspace: noticed after the append, once, listed, told, acknowledged by somebody else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.exports import TAMPERED, V1, V2
from support.keyring import line_of
from support.scene import Scene, add_environment
from support.ticking import TickingClock

from store.demo.build import make
from store.domain import events as ev
from store.domain.notifications import notices
from store.domain.policy.reading import read_policy
from store.domain.roles import parse_grant
from store.errors import BadInput, NotFound, Refusal
from store.projections import anomalies
from store.projections.anomalies import AnomalyRow
from store.services import incidents
from store.services.acting import record
from store.services.anomalies import acknowledging
from store.services.anomalies.noticing import Noticing
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor, recorded
from store.services.explaining.explain import explain
from store.services.glass import breaking
from store.services.history import activity
from store.services.identity import people
from store.services.policy import proposing
from store.services.requests import approving, waiving
from store.services.requests.waiving import Scope as Where
from store.services.triage.triage import overview
from store.workspace import open_workspace

EAGER = read_policy({"p.toml": "[anomalies]\nleast_acts = 5\nvolume_factor = 3\n"})


def rows(scene: Scene) -> list[AnomalyRow]:
    with scene.context.ledger.reading() as connection:
        return list(reversed(anomalies.listing(connection)))


def second_key(scene: Scene) -> Actor:
    """Give bo one more key, and return bo with it in hand."""
    other = scene.actor("bo-laptop")
    people.add_key(scene.context, scene.alice, "bo", key_line=people.bare_line(other.signer.public))
    return Actor(handle="bo", signer=other.signer)


def two_places(scene: Scene) -> str:
    bo = second_key(scene)
    incidents.annotate(scene.context, scene.bo, "1", "here")
    incidents.annotate(scene.context, bo, "1", "and there")
    (entry,) = Noticing(scene.context).round()
    return entry.statement.on["anomaly"]


def test_two_keys_within_minutes_are_recorded_once_whoever_looks(scene: Scene) -> None:
    watching = Noticing(scene.context)
    assert watching.round() == ()
    two_places(scene)
    assert watching.round() == ()
    assert Noticing(scene.context).round() == ()
    (row,) = rows(scene)
    assert (row.id, row.rule, row.principal, row.about) == ("AN-0001", "two-places", "bo", scene.size - 1)
    assert row.numbers["minutes_least"] == 10
    (entry,) = scene.entries(kind="anomaly.noticed")
    assert (entry.statement.actor, entry.signature) == ("system", None)
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_an_ordinary_life_is_ordinary(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    assert Noticing(scene.context).round() == ()


def test_the_demo_raises_what_its_story_tells_and_nothing_else(tmp_path: Path) -> None:
    made = make(
        tmp_path / "demo", progress=lambda _: None, now=datetime(2026, 3, 2, 15, 0, tzinfo=UTC), origin="d.example/l",
        seed="s",
    )  # fmt: skip
    workspace = open_workspace(
        Path(str(made["workspace"])), clock=TickingClock(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    )
    try:
        Noticing(workspace.context).round()
        with workspace.context.ledger.reading() as connection:
            found = anomalies.listing(connection)
    finally:
        workspace.close()
    assert found
    assert {(row.rule, row.severity) for row in found} == {("order", "info")}
    assert all("no request asked for it" in row.summary for row in found)


def test_a_deployment_that_skipped_its_steps_is_noticed_told_and_explained(scene: Scene) -> None:
    """Nobody gets this past the services; whoever can write the file can."""
    scene.live(V1)
    scene.ingest(V2)
    request = scene.submitted()
    change = approving.change_of(scene.context.ledger, request)
    started = ev.DeploymentStarted(
        deployment="DEP-0002", request=request, project="orders", environment="prod", target=change.target,
        digest=change.digest, expected="",
    )  # fmt: skip
    record(scene.context, [started])
    (entry,) = Noticing(scene.context).round()
    (event,) = [one.event for one in recorded([entry])]
    assert isinstance(event, ev.AnomalyNoticed)
    assert (event.rule, event.severity, event.request) == ("order", "high", request)
    told = notices(next(recorded([entry])), policy=scene.context.policy, channels=("ops",), ledger="l")
    assert [one.severity for one in told] == ["high"]
    page = explain(scene.context, request)
    facts = [fact for section in page.sections for fact in section.facts if fact.label == "AN-0001"]
    assert [fact.state for fact in facts] == ["unusual"]


def test_a_step_that_policy_puts_before_it_and_that_was_skipped_is_noticed(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "staging")
    scene.live(V1)
    assert Noticing(scene.context).round() == ()
    line = read_policy({"p.toml": "[environments.prod]\nbaseline = 'staging'\n"})
    (entry,) = Noticing(scene.context.under(line)).round()
    assert "was never in staging" in str(entry.statement.data["summary"])


def adopt(scene: Scene, text: str) -> None:
    folder = scene.workspace.root / "policies"
    folder.mkdir()
    (folder / "policy.toml").write_text(text)
    proposed = proposing.propose(scene.context, scene.cy, title="Rules", why="we learned")
    request = proposed[0].statement.on["request"]
    approving.approve(scene.context, scene.dana, request)
    proposing.adopt(scene.context, scene.alice, request)


def test_a_deployment_is_judged_by_the_policy_and_the_places_of_its_own_time(scene: Scene) -> None:
    scene.live(V1)
    add_environment(scene.context, scene.alice, "staging")
    adopt(scene, "[environments.staging]\norder = 1\n[environments.prod]\norder = 2\n")
    assert Noticing(scene.context).round() == (), "what was adopted later says nothing about it"
    scene.live(V2)
    scene.live(V2, place="staging")  # too late: it was in production before
    (entry,) = Noticing(scene.context).round()
    assert "went to prod and was never in staging" in str(entry.statement.data["summary"])
    assert entry.statement.on["request"] == "CR-0003"
    assert entry.statement.data["policy"] == scene.context.policy.digest


def test_thresholds_that_are_adopted_later_make_nothing_unusual_that_was_usual(scene: Scene) -> None:
    bo = second_key(scene)
    incidents.annotate(scene.context, scene.bo, "1", "here")
    scene.clock.advance(minutes=30)
    incidents.annotate(scene.context, bo, "1", "and there")
    adopt(scene, "[anomalies]\ntwo_places_minutes = 60\n")
    assert Noticing(scene.context).round() == ()
    incidents.annotate(scene.context, scene.bo, "1", "here")
    scene.clock.advance(minutes=30)
    incidents.annotate(scene.context, bo, "1", "and there")
    assert [entry.statement.data["rule"] for entry in Noticing(scene.context).round()] == ["two-places"]


def test_a_live_change_that_no_request_asked_for_is_noticed_once_a_day(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    (entry,) = Noticing(scene.context).round()
    assert "no request asked for it" in str(entry.statement.data["summary"])
    assert Noticing(scene.context).round() == ()


def test_what_is_older_than_two_weeks_is_history(scene: Scene) -> None:
    bo = second_key(scene)
    incidents.annotate(scene.context, scene.bo, "1", "here")
    incidents.annotate(scene.context, bo, "1", "and there")
    scene.clock.advance(days=15)
    assert Noticing(scene.context).round() == ()


def test_a_flood_is_noticed_under_the_thresholds_of_the_policy(scene: Scene) -> None:
    for _ in range(11):
        for _ in range(2):
            incidents.annotate(scene.context, scene.bo, "1", "a note")
        scene.clock.advance(days=1)
    for _ in range(9):
        incidents.annotate(scene.context, scene.bo, "1", "a note")
    assert Noticing(scene.context).round() == ()
    (entry,) = Noticing(scene.context.under(EAGER)).round()
    assert entry.statement.data["rule"] == "volume"


def test_somebody_else_acknowledges_it_with_a_note(scene: Scene) -> None:
    anomaly = two_places(scene)
    assert activity.newest_about(scene.context, anomaly) == scene.size
    (item,) = [one for one in overview(scene.context, "dana").items if one.kind == "anomaly"]
    assert (item.key, item.severity, item.mine) == (anomaly, "high", True)
    with pytest.raises(Refusal, match="separation of duties"):
        acknowledging.acknowledge(scene.context, scene.bo, anomaly, note="it was me")
    with pytest.raises(Refusal, match="cy may not acknowledge an anomaly"):
        acknowledging.acknowledge(scene.context, scene.cy, anomaly, note="fine")
    with pytest.raises(BadInput, match="--note"):
        acknowledging.acknowledge(scene.context, scene.dana, anomaly, note=" ")
    with pytest.raises(NotFound, match="AN-0099"):
        acknowledging.acknowledge(scene.context, scene.dana, "AN-0099", note="fine")
    acknowledging.acknowledge(scene.context, scene.dana, anomaly, note="bo got a new laptop")
    with pytest.raises(Refusal, match="dana acknowledged"):
        acknowledging.acknowledge(scene.context, scene.alice, anomaly, note="me too")
    (row,) = rows(scene)
    assert (row.state, row.acknowledged_by, row.note) == ("acknowledged", "dana", "bo got a new laptop")
    assert [one for one in overview(scene.context, "dana").items if one.kind == "anomaly"] == []


def test_an_admin_who_lets_a_second_self_approve_is_noticed_and_neither_can_say_it_was_nothing(scene: Scene) -> None:
    """It cannot be refused: nobody can tell a second self from a colleague. It can be seen."""
    scene.clock.advance(days=40)
    mallory = scene.enrol("mallory", "approver", "operator")
    scene.ingest(V1)
    request = scene.submitted(scene.alice)
    approving.approve(scene.context, mallory, request)
    (entry,) = Noticing(scene.context).round()
    assert entry.statement.data["rule"] == "standing"
    assert entry.statement.data["severity"] == "high"
    assert f"mallory approved {request} of alice, and got their key from alice" in str(entry.statement.data["summary"])
    assert (entry.statement.on["principal"], entry.statement.on["request"]) == ("mallory", request)
    for puppet in (mallory, scene.alice):
        with pytest.raises(Refusal, match=f"separation of duties: AN-0001 is about {puppet.handle}"):
            acknowledging.acknowledge(scene.context, puppet, "AN-0001", note="fine")
    assert [one.mine for one in overview(scene.context, "alice").items if one.kind == "anomaly"] == [False]
    acknowledging.acknowledge(scene.context, scene.dana, "AN-0001", note="mallory is new, and sits beside me")
    assert Noticing(scene.context).round() == ()
    told = [f.text for part in explain(scene.context, request).sections for f in part.facts if f.label == "AN-0001"]
    assert len(told) == 2
    assert "mallory is new, and sits beside me" in told[1]


def test_a_waiver_and_a_review_by_whom_the_one_they_are_for_enrolled_are_noticed(scene: Scene) -> None:
    fay = scene.enrol("fay", "responder", "admin")
    people.add(
        scene.context, fay, "puppet", key_lines=[line_of(scene.actor("puppet").signer)],
        grants=[parse_grant("auditor"), parse_grant("security-approver")],
    )  # fmt: skip
    opened = incidents.open_incident(scene.context, fay, title="down", severity="high", environment="prod")
    incident = opened.statement.on["incident"]
    breaking.break_glass(scene.context, fay, incident, environment="prod", justification="it burns")
    breaking.end(scene.context, fay, "BG-0001", reason="it is out")
    breaking.review(scene.context, scene.actor("puppet"), "BG-0001", note="fine")
    scene.ingest(V1)
    request = scene.submitted(fay)
    waiving.grant(
        scene.context, scene.actor("puppet"), "secrets-clean", scope=Where(request=request),
        justification="a test key", accepted="none",
    )  # fmt: skip
    found = [str(one.statement.data["summary"]) for one in Noticing(scene.context).round()]
    assert [one.split(",")[0] for one in found] == [
        "puppet reviewed the broken glass BG-0001 of fay", f"puppet waived secrets-clean in {request} of fay"
    ]  # fmt: skip
