"""What is owed: listed with its day and its people."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from support.owed import duty, glass_broken, keys
from support.scene import Scene
from support.tampering import smuggle

from store.clock import parse_timestamp, timestamp
from store.config import ChannelConfig, NotifyConfig, WitnessConfig, WitnessesConfig
from store.domain import events as ev
from store.domain.duties import Duty, State
from store.domain.policy import Policy
from store.domain.roles import parse_grant
from store.errors import BadInput, Conflict, PlatformFailure, Refusal
from store.services import incidents
from store.services.acting import statement_of
from store.services.audit import backing_up, verified
from store.services.connectors import reviewing as connector_reviewing
from store.services.connectors.inventory import inventory
from store.services.context import SYSTEM, Context
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.glass import breaking
from store.services.health import health as service
from store.services.health import raising
from store.services.health.look import Look
from store.services.identity import people
from store.services.notifying import notifying
from store.services.policy import reviewing
from store.services.requests import waiving
from store.services.requests.waiving import Scope
from store.services.triage import situation, triage
from store.services.witness import cosigning, witnessing


def reviewing_policy(scene: Scene, days: int = 90, connectors: int = 0) -> Context:
    return scene.context.under(Policy(review_every_days=days, connector_review_every_days=connectors))


def test_a_fresh_workspace_owes_nothing_but_a_first_verification(scene: Scene) -> None:
    found = service.health(scene.context)
    assert [(one.key, one.state) for one in found.duties] == [("verification", State.OWED)]
    assert found.overdue == ()
    assert raising.once(scene.context) == raising.Round()


def test_a_review_of_broken_glass_is_owed_when_it_ended_then_soon_then_overdue_by_those_who_may(scene: Scene) -> None:
    glass_broken(scene)
    assert "BG-0001" not in {one.key for one in service.health(scene.context).duties}, "it still stands"
    scene.clock.advance(hours=5)
    one = duty(scene.context, "BG-0001")
    assert (one.state, one.severity, one.environment) == (State.SOON, "high", "prod")
    assert one.who == ("alice", "bo", "dana")
    assert one.command == "quarterdeck break-glass review BG-0001 --note TEXT"
    scene.clock.advance(hours=72)
    assert duty(scene.context, "BG-0001").state is State.OVERDUE
    breaking.review(scene.context, scene.dana, "BG-0001", note="it was right")
    assert "BG-0001" not in {one.key for one in service.health(scene.context).duties}


def test_the_policy_is_reviewed_as_often_as_it_says_counted_from_the_last_review(scene: Scene) -> None:
    context = reviewing_policy(scene)
    assert duty(context, "policy").state is State.OWED
    scene.clock.advance(days=88)
    assert duty(context, "policy").state is State.SOON
    scene.clock.advance(days=3)
    assert duty(context, "policy").state is State.OVERDUE
    assert raising.once(context).raised == ("FND-0001",)
    with pytest.raises(BadInput, match="--note"):
        reviewing.review(context, scene.dana, context.policy.digest, note=" ")
    with pytest.raises(Conflict, match="another policy"):
        reviewing.review(context, scene.dana, "0" * 64, note="read")
    with pytest.raises(Refusal, match="cy may not review the policy"):
        reviewing.review(context, scene.cy, context.policy.digest, note="read")
    reviewing.review(context, scene.dana, context.policy.digest, note="still right")
    assert duty(context, "policy").state is State.OWED
    assert duty(context, "FND-0001").cause_gone
    scene.clock.advance(days=91)
    assert raising.once(context).raised == ("FND-0002",), "the next time it is another finding"


def test_a_review_of_another_policy_or_one_nobody_signed_does_not_count(scene: Scene) -> None:
    context = reviewing_policy(scene)
    scene.clock.advance(days=91)
    reviewing.review(scene.context, scene.dana, scene.context.policy.digest, note="the old one")
    forged = statement_of(context, ev.PolicyReviewed(policy=context.policy.digest, note="read"), "dana")
    smuggle(context, forged, None)
    smuggle(context, replace(forged, actor="cy"), scene.cy.signer.sign(replace(forged, actor="cy").bytes()))
    assert duty(context, "policy").state is State.OVERDUE


def test_connectors_are_reviewed_as_often_as_policy_says(scene: Scene) -> None:
    context = reviewing_policy(scene, days=0, connectors=30)
    scene.clock.advance(days=31)
    assert duty(context, "connectors").state is State.OVERDUE
    raising.once(context)
    connector_reviewing.review(context, scene.alice, inventory(context), note="looked")
    assert duty(context, "connectors").state is State.OWED
    assert duty(context, "FND-0001").cause_gone


def test_exceptions_are_listed_before_they_end_and_a_few_days_after_and_owe_nothing(scene: Scene) -> None:
    scope = Scope(environment="prod")
    waiving.grant(
        scene.context, scene.alice, "naming", scope=scope, justification="old names", accepted="confusion", days=10
    )
    assert "EX-0001" in keys(scene.context, State.OWED)
    scene.clock.advance(days=8)
    assert "EX-0001" in keys(scene.context, State.SOON)
    assert raising.once(scene.context).reminded == ("EX-0001",)
    scene.clock.advance(days=3)
    assert duty(scene.context, "EX-0001").state is State.ENDED
    assert raising.once(scene.context) == raising.Round()
    scene.clock.advance(days=8)
    assert "EX-0001" not in {one.key for one in service.health(scene.context).duties}


def test_a_role_that_ends_is_listed_two_weeks_before(scene: Scene) -> None:
    ends = timestamp(scene.clock.at + timedelta(days=20))
    grant = replace(parse_grant("operator@orders/prod"), expires=ends)
    people.grant(scene.context, scene.alice, "cy", grant)
    assert duty(scene.context, "cy:operator@orders/prod").state is State.OWED
    scene.clock.advance(days=10)
    one = duty(scene.context, "cy:operator@orders/prod")
    assert (one.state, one.who) == (State.SOON, ("alice",))
    scene.clock.advance(days=11)
    assert duty(scene.context, "cy:operator@orders/prod").state is State.ENDED


def test_a_back_dated_due_day_in_a_smuggled_entry_fools_nobody_about_who_said_so(scene: Scene) -> None:
    handling.open_finding(scene.context, scene.alice, Wanted(title="keys are shared"))
    moved = ev.FindingAssigned(finding="FND-0001", assignee="cy", due="2099-01-01T00:00:00.000Z")
    smuggle(scene.context, statement_of(scene.context, moved, "alice"), None)
    scene.clock.advance(days=31)
    assert duty(scene.context, "FND-0001").state is State.OVERDUE


def test_a_witness_that_was_not_asked_for_a_week_is_overdue_and_becomes_a_finding(scene: Scene) -> None:
    vkey = witnessing.create(scene.workspace.root / "w", name="wit.example/w").vkey
    witnesses = WitnessesConfig(known=(WitnessConfig(vkey=vkey, folder="asked"),))
    config = structs.replace(scene.context.config, witnesses=witnesses)
    context = replace(scene.context, config=config)
    assert duty(context, "wit.example/w").state is State.OWED
    scene.clock.advance(days=8)
    assert duty(context, "wit.example/w").state is State.OVERDUE
    assert raising.once(context).raised == ("FND-0001",)
    assert handling.every(context.ledger)["FND-0001"].source == "health"
    assert cosigning.verifiers(context)


def test_a_channel_that_takes_nothing_is_told_of_here(scene: Scene) -> None:
    channel = NotifyConfig(channels={"hook": ChannelConfig(url="json://127.0.0.1:1/")})
    context = replace(scene.context, config=structs.replace(scene.context.config, notify=channel))
    notifying.once(context)
    incidents.open_incident(context, scene.bo, title="it burns", severity="high")

    def never(*_: object) -> None:
        raise PlatformFailure("no route")

    for _ in range(5):
        notifying.once(context, tell=never)
        scene.clock.advance(hours=1)
    one = duty(context, "hook")
    assert (one.state, one.command) == (State.SOON, "quarterdeck notify retry")
    assert "no route" in one.what


def test_home_shows_open_findings_and_reviews_that_are_due_and_ranks_what_is_overdue_higher(scene: Scene) -> None:
    glass_broken(scene)
    handling.open_finding(scene.context, scene.alice, Wanted(title="keys are shared", severity="info", assignee="cy"))
    items = {item.key: item for item in triage.overview(scene.context, "cy").items}
    assert (items["FND-0001"].kind, items["FND-0001"].severity, items["FND-0001"].mine) == ("finding", "low", True)
    assert "BG-0001" not in items
    scene.clock.advance(days=91)
    items = {item.key: item for item in triage.overview(scene.context, "dana").items}
    assert items["FND-0001"].severity == "medium"
    assert (items["BG-0001"].kind, items["BG-0001"].severity, items["BG-0001"].mine) == ("review", "high", True)
    assert "overdue since" in items["BG-0001"].what
    assert parse_timestamp(items["BG-0001"].since)
    seen = situation.situation(scene.context, items["FND-0001"], "alice")
    assert seen.finding is not None
    assert [step.step for step in seen.story] == ["opened"]
    assert situation.situation(scene.context, items["BG-0001"], None).finding is None


def test_a_check_of_ones_own_joins_the_list(scene: Scene) -> None:
    def rehearsal(look: Look) -> list[Duty]:
        return [
            Duty(
                key="prod", kind="rehearsal", what="rollback rehearsed in prod", severity="info", state=State.OVERDUE,
                since=look.began, due=look.at, who=look.able("roll back"), command="quarterdeck rehearse prod",
                mark="rehearsal:prod", environment="prod",
            )
        ]  # fmt: skip

    found = service.health(scene.context, checks=(*service.CHECKS, rehearsal))
    assert [one.key for one in found.overdue] == ["prod"]
    assert found.overdue[0].who == ("bo",)


def test_entries_with_days_that_are_none_break_no_list(scene: Scene) -> None:
    opened = ev.FindingOpened(finding="FND-0001", title="t\x1b[2J", severity="x", source="y", due="never")
    smuggle(scene.context, statement_of(scene.context, opened, "alice"), None)
    raised = ev.FindingRaised(finding="FND-0002", title="t", severity="", source="", due="9" * 400, duty="d", about="?")
    smuggle(scene.context, statement_of(scene.context, raised, SYSTEM), None)
    broken = ev.GlassBroken(
        glass="BG-0001",
        incident="INC-0001",
        environment="prod",
        justification="j",
        until="x",
        review_due="y",
        policy="p",
    )
    smuggle(scene.context, statement_of(scene.context, broken, "bo"), None)
    grant = ev.RoleGranted(principal="cy", grant=ev.Grant(role="auditor", expires="0000"))
    statement = statement_of(scene.context, grant, "alice")
    smuggle(scene.context, statement, scene.alice.signer.sign(statement.bytes()))
    raising.once(scene.context)
    assert "FND-0002" in keys(scene.context, State.OVERDUE)
    for item in triage.overview(scene.context, "alice").items:
        assert parse_timestamp(item.since)


def test_the_last_verification_and_the_last_backup_are_listed_with_their_day(scene: Scene, tmp_path: Path) -> None:
    assert "backup" not in {one.key for one in service.health(scene.context).duties}
    backing_up.backup(scene.context, tmp_path / "b.db")
    verified.remember(scene.context, scene.size)
    for store in (backing_up.store_of(scene.context), verified.store_of(scene.context)):
        os.utime(store.path, (scene.clock.at.timestamp(), scene.clock.at.timestamp()))
    for key in ("backup", "verification"):
        assert duty(scene.context, key).state is State.OWED
    assert f"verified up to entry {scene.size}" in duty(scene.context, "verification").what
    scene.clock.advance(days=31)
    assert {one.key for one in service.health(scene.context).overdue} == {"backup", "verification"}
    assert raising.once(scene.context) == raising.Round(), "nobody is reminded, and it is no finding"
