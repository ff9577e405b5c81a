"""What is owed: listed with its day and its people, raised as a finding once, and people reminded, not pestered."""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from support.scene import Scene
from support.tampering import smuggle

from store.clock import parse_timestamp, timestamp
from store.config import ChannelConfig, NotifyConfig, WitnessConfig, WitnessesConfig
from store.domain import events as ev
from store.domain.duties import Duty, State
from store.domain.policy import NotificationRule, Policy
from store.domain.roles import parse_grant
from store.errors import BadInput, Conflict, IntegrityFailure, PlatformFailure, Refusal
from store.outbox import Message
from store.services import incidents, rounds
from store.services.acting import statement_of
from store.services.audit import backing_up, verified
from store.services.connectors import reviewing as connector_reviewing
from store.services.connectors.inventory import inventory
from store.services.context import SYSTEM, Actor, Context
from store.services.exports import watching
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


def duty(context: Context, key: str) -> Duty:
    return next(one for one in service.health(context).duties if one.key == key)


def keys(context: Context, state: State) -> list[str]:
    return [one.key for one in service.health(context).duties if one.state is state]


def glass_broken(scene: Scene) -> Actor:
    """Let rex break glass; its review is due after 72 hours."""
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    return rex


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


def test_an_overdue_review_becomes_one_finding_however_many_rounds_there_are(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    assert raising.once(scene.context).raised == ("FND-0001",)
    raised = scene.entries(kind="finding.raised")[0]
    assert raised.statement.actor == SYSTEM
    assert raised.signature is None
    event = scene.last("finding.raised")
    assert isinstance(event, ev.FindingRaised)
    assert (event.about, event.source, event.severity) == ("BG-0001", "overdue-review", "high")
    people.grant(scene.context, scene.alice, "rex", ev.Grant(role="auditor"))
    assert duty(scene.context, "FND-0001").who == ("alice",), "rex broke the glass and could not close it"
    assert (event.environment, event.incident) == ("prod", "INC-0001")
    size = scene.size
    assert raising.once(scene.context) == raising.Round()
    assert scene.size == size, "not even an empty transaction"
    scene.clock.advance(days=3)
    assert raising.once(scene.context).raised == ()


def test_doing_the_review_does_not_close_the_finding_but_health_says_that_its_cause_is_gone(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    raising.once(scene.context)
    assert not duty(scene.context, "FND-0001").cause_gone
    breaking.review(scene.context, scene.dana, "BG-0001", note="it was right")
    raising.once(scene.context)
    one = duty(scene.context, "FND-0001")
    assert one.cause_gone
    assert "its cause is gone" in one.what
    handling.close(scene.context, scene.alice, "FND-0001", done="reviewed late, on leave")
    assert "FND-0001" not in {one.key for one in service.health(scene.context).duties}
    scene.clock.advance(days=1)
    assert raising.once(scene.context).raised == ()


def test_a_finding_closed_while_its_review_is_still_overdue_is_not_raised_again_but_the_review_stays(
    scene: Scene,
) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    raising.once(scene.context)
    handling.close(scene.context, scene.alice, "FND-0001", done="will do")
    assert raising.once(scene.context).raised == ()
    assert keys(scene.context, State.OVERDUE) == ["BG-0001"]


def test_who_broke_the_glass_cannot_close_the_finding_about_its_review(scene: Scene) -> None:
    rex = glass_broken(scene)
    people.grant(scene.context, scene.alice, "rex", parse_grant("auditor"))
    scene.clock.advance(hours=80)
    raising.once(scene.context)
    with pytest.raises(Refusal, match="rex did what is looked at in FND-0001") as refused:
        handling.close(scene.context, rex, "FND-0001", done="all fine")
    assert refused.value.would_unblock == ("alice could do it",)


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


def test_people_are_reminded_once_when_it_is_soon_and_then_daily_for_a_week_and_weekly_after(scene: Scene) -> None:
    handling.open_finding(scene.context, scene.alice, Wanted(title="keys are shared", severity="high", assignee="cy"))
    assert raising.once(scene.context).reminded == ()
    scene.clock.advance(days=12)
    for _ in range(3):
        raising.once(scene.context)
        scene.clock.advance(hours=7)
    assert [e.statement.kind for e in scene.entries() if e.statement.kind.startswith("duty.")] == ["duty.due-soon"]
    scene.clock.advance(days=1, hours=6)
    hours = []
    for hour in range(0, 24 * 26, 12):
        if raising.once(scene.context).reminded:
            hours.append(hour)
        scene.clock.advance(hours=12)
    days = [round(hour / 24) for hour in hours]
    assert days[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert all(later - earlier >= 7 for earlier, later in itertools.pairwise(days[7:]))
    assert len(days) <= 11
    event = scene.last("finding.overdue")
    assert isinstance(event, ev.FindingOverdue)
    assert event.who[0] == "cy"


def test_reminders_go_to_the_channels_that_policy_names_by_event_and_severity(scene: Scene) -> None:
    rule = NotificationRule(channels=("audit",), events=("finding.*", "duty.*"), severity="high")
    policy = Policy(notifications={"audit": rule}, review_every_days=3)
    channel = NotifyConfig(channels={"audit": ChannelConfig(url="json://127.0.0.1:1/")})
    context = replace(scene.context.under(policy), config=structs.replace(scene.context.config, notify=channel))
    heard: list[Message] = []
    notifying.once(context)
    glass_broken(scene)
    scene.clock.advance(days=4)
    raising.once(context)
    notifying.once(context, tell=lambda _, __, message: heard.append(message))
    assert [message.title for message in heard] == ["HIGH FND-0002 INC-0001 prod: finding.raised"], "policy: a warning"
    assert "due: " in heard[0].body
    scene.clock.advance(days=1)
    raising.once(context)
    notifying.once(context, tell=lambda _, __, message: heard.append(message))
    assert "duty.overdue" in heard[1].title
    assert "quarterdeck break-glass review BG-0001" in heard[1].body


def test_two_watchers_in_the_same_moment_raise_it_once(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    threads = [threading.Thread(target=raising.once, args=(scene.context,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scene.entries(kind="finding.raised")) == 1


def test_the_watcher_makes_rounds_all_the_time_and_ends_when_told(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    stop, said = threading.Event(), list[str]()
    arguments = {"stop": stop, "tell": lambda _: stop.set(), "complain": said.append}
    watcher = threading.Thread(target=watching.forever, args=(scene.context,), kwargs=arguments)
    watcher.start()
    try:
        while watcher.is_alive() and not scene.entries(kind="finding.raised"):
            stop.wait(0.02)
    finally:
        stop.set()
        watcher.join()
    assert (len(scene.entries(kind="finding.raised")), said) == (1, [])


def test_a_round_that_cannot_be_made_is_said_and_is_no_crash(scene: Scene) -> None:
    assert rounds.once(scene.context).troubles == ()
    raised = ev.FindingRaised(finding="FND-moon", title="t", severity="info", source="health", due="x", duty="d")
    smuggle(scene.context, statement_of(scene.context, raised, SYSTEM), None)
    (words,) = rounds.once(scene.context).troubles
    assert words.startswith("what is overdue could not be recorded: entry ")


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


def test_an_invented_id_stops_the_round_with_one_line_that_names_the_entry(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    raised = ev.FindingRaised(finding="FND-moon", title="t", severity="info", source="health", due="x", duty="d")
    entry = smuggle(scene.context, statement_of(scene.context, raised, SYSTEM), None)
    with pytest.raises(IntegrityFailure, match=f"entry {entry.seq}: 'FND-moon' is no id"):
        raising.once(scene.context)


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
