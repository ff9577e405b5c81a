"""The rounds over what is owed: raised as a finding once, and people reminded, not pestered."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import pytest
from msgspec import structs
from support.owed import duty, glass_broken, keys
from support.scene import Scene
from support.tampering import smuggle

from store.config import ChannelConfig, NotifyConfig
from store.domain import events as ev
from store.domain.duties import State
from store.domain.policy import NotificationRule, Policy
from store.domain.roles import parse_grant
from store.errors import IntegrityFailure, Refusal
from store.outbox import Message
from store.services import rounds
from store.services.acting import statement_of
from store.services.context import SYSTEM
from store.services.exports import watching
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.glass import breaking
from store.services.health import health as service
from store.services.health import raising
from store.services.identity import people
from store.services.notifying import notifying


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


def test_an_invented_id_stops_the_round_with_one_line_that_names_the_entry(scene: Scene) -> None:
    glass_broken(scene)
    scene.clock.advance(hours=80)
    raised = ev.FindingRaised(finding="FND-moon", title="t", severity="info", source="health", due="x", duty="d")
    entry = smuggle(scene.context, statement_of(scene.context, raised, SYSTEM), None)
    with pytest.raises(IntegrityFailure, match=f"entry {entry.seq}: 'FND-moon' is no id"):
        raising.once(scene.context)
