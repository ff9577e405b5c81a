"""The rules of what is out of the ordinary, each act by act; a steady life raises nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.clock import timestamp
from store.domain import events as ev
from store.domain.anomalies import steps
from store.domain.anomalies.found import Act, Found
from store.domain.anomalies.habits import LEAST_DAYS, Habits
from store.domain.anomalies.places import Keys
from store.domain.anomalies.standing import Standing, Yes
from store.domain.anomalies.steps import Before
from store.domain.policy import Anomalies

RULES = Anomalies()
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def act(at: datetime, actor: str = "bo", **more: str) -> Act:
    return Act(seq=1, at=at, kind="entry.annotated", actor=actor, **({"key": "SHA256:one"} | more))


def told(acts: Iterable[Act], rules: Anomalies = RULES) -> list[Found]:
    habits, keys, found = Habits(), Keys(), []
    for one in acts:
        found += [*habits.judge(one, rules), *keys.judge(one, rules)]
        habits.learn(one, rules)
        keys.learn(one, rules)
    return found


def weeks(*, days: int = 12, hours: Iterable[int] = (9, 11, 14, 16), actor: str = "bo", **more: str) -> list[Act]:
    """Return a steady life: the same hours every day."""
    return [act(MONDAY + timedelta(days=day, hours=hour), actor, **more) for day in range(days) for hour in hours]


@settings(max_examples=40)
@given(
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=8),
    days=st.integers(1, 90),
    each=st.integers(1, 6),
    shaken=st.lists(st.integers(-20, 20), min_size=1, max_size=30),
    zone=st.sampled_from(["UTC", "Europe/Zurich", "Asia/Kathmandu"]),
)
def test_a_steady_life_raises_nothing(hours: set[int], days: int, each: int, shaken: list[int], zone: str) -> None:
    """The same hours and the same number of acts every day, give or take twenty minutes."""
    acts = [
        act(
            MONDAY + timedelta(days=day, hours=hour, minutes=30 + shaken[(day + hour + i) % len(shaken)], seconds=i),
            project="orders",
            environment="prod",
        )
        for day in range(days)
        for hour in sorted(hours)
        for i in range(each)
    ]
    assert told(sorted(acts, key=lambda one: one.at), replace(RULES, time_zone=zone)) == []


def test_an_hour_that_nobody_knows_of_this_person_is_unusual_once_that_day() -> None:
    night = MONDAY + timedelta(days=12, hours=3)
    (found,) = told([*weeks(), act(night), act(night + timedelta(minutes=2))])
    assert (found.rule, found.principal, found.weight) == ("hour", "bo", "warning")
    assert dict(found.measures) == {"hour": 3, "acts_near_it": 0, "acts": 48, "days": 12, "least_percent": 2}
    assert found.summary == "bo at 03:00 (UTC): 0 of 48 acts on 12 days were within an hour of that"


def test_the_hour_is_that_of_the_place_and_near_enough_is_usual() -> None:
    assert told([*weeks(), act(MONDAY + timedelta(days=12, hours=8, minutes=5))]) == []
    at_two = act(MONDAY + timedelta(days=12, hours=2))
    (found,) = told([*weeks(), at_two], replace(RULES, time_zone="Asia/Tokyo"))
    assert dict(found.measures)["hour"] == 11


@pytest.mark.parametrize(("days", "hours"), [(LEAST_DAYS - 1, range(8, 18)), (LEAST_DAYS, (9,))])
def test_nothing_is_unusual_before_there_is_a_habit(days: int, hours: Iterable[int]) -> None:
    assert told([*weeks(days=days, hours=hours), act(MONDAY + timedelta(days=days, hours=3))]) == []


def test_a_newcomer_is_compared_with_the_project() -> None:
    theirs = weeks(project="orders")
    (found,) = told([*theirs, act(MONDAY + timedelta(days=12, hours=3), "zoe", project="orders")])
    assert (found.rule, found.principal) == ("hour", "zoe")
    assert found.summary.startswith("project orders at 03:00")


def test_what_is_older_than_the_window_is_forgotten() -> None:
    assert told([*weeks(), act(MONDAY + timedelta(days=80, hours=3))]) == []


def test_a_flood_is_unusual_once_that_day_with_its_numbers() -> None:
    noon = MONDAY + timedelta(days=12, hours=11)
    flood = [act(noon + timedelta(seconds=n)) for n in range(60)]
    (found,) = told([*weeks(), *flood])
    assert found.rule == "volume"
    assert dict(found.measures) == {"acts_today": 21, "usual_a_day": 4, "acts": 48, "days": 12, "factor": 5}
    assert told([*weeks(), *flood[:20]]) == []


def test_two_keys_of_one_person_within_minutes_are_two_places() -> None:
    here, there = act(MONDAY), act(MONDAY + timedelta(minutes=3), key="SHA256:two")
    (found,) = told([here, there, replace(here, at=MONDAY + timedelta(minutes=4))])
    assert (found.rule, found.weight, dict(found.measures)["seconds_apart"]) == ("two-places", "high", 180)
    assert told([here, replace(there, at=MONDAY + timedelta(minutes=11))]) == []
    assert told([here, replace(there, key="")]) == []
    assert told([here, replace(there, actor="dana")]) == []


def deployed(at: datetime, actor: str, environment: str = "prod") -> Act:
    return replace(act(at, actor, environment=environment, project="orders"), kind="deployment.started")


def test_a_first_time_actor_on_production_is_worth_a_line() -> None:
    usual = [deployed(MONDAY + timedelta(hours=10 * n), "bo") for n in range(25)]
    late = MONDAY + timedelta(days=11, hours=10)
    (found,) = [one for one in told([*usual, deployed(late, "zoe")]) if one.rule == "first-time"]
    assert (found.principal, dict(found.measures)) == ("zoe", {"acts_of_others": 25, "others": 1, "window_days": 60})
    for quiet in ([*usual, deployed(late, "bo")], [*usual, deployed(late, "zoe", "dev")], [deployed(late, "zoe")]):
        assert [one for one in told(quiet) if one.rule == "first-time"] == []
    again = told([*usual, deployed(late, "zoe"), deployed(late + timedelta(hours=1), "zoe")])
    assert [one.rule for one in again].count("first-time") == 1


PLACE = {"request": "CR-0001", "project": "orders", "environment": "prod"}
REF = ev.ReleaseRef(release="1" * 64, manifest="a" * 64, files=1, components=2)
STARTED = ev.DeploymentStarted(deployment="DEP-0001", **PLACE, target=REF, digest="d", expected="")
SUBMITTED = ev.RequestSubmitted(**PLACE, digest="d")
GATE = ev.GateEvaluated(**PLACE, gate="naming", passed=True, reason="", digest="d", phase="submit")
APPROVED = ev.ApprovalGranted(
    **PLACE, complete=True, digest="d", release="1" * 64, manifest="a" * 64, artifacts=(), policy="", seen_size=1,
    seen_root="", not_after="", nonce="",
)  # fmt: skip


def missing(event: ev.Event, *before: ev.Event, **more: object) -> list[str]:
    request = tuple(ev.Recorded(seq=n, time="", actor="", event=one) for n, one in enumerate(before))
    seen = Before(request=request, **more)
    return [one.summary for one in steps.judge(act(MONDAY, environment="prod"), event, seen, RULES)]


def test_a_deployment_without_what_comes_before_it_is_out_of_order() -> None:
    assert missing(STARTED, SUBMITTED, GATE, APPROVED) == []
    assert missing(STARTED, SUBMITTED, GATE) == [
        "CR-0001 was deployed before its approvals were complete, and no glass was broken"
    ]
    assert missing(replace(STARTED, glass="BG-0001"), SUBMITTED, GATE) == []
    assert len(missing(STARTED)) == 3
    assert len(missing(replace(STARTED, digest="e"), SUBMITTED, GATE, APPROVED)) == 3
    complete = (SUBMITTED, GATE, APPROVED)
    assert missing(STARTED, *complete, earlier="staging", was_there=False) == [
        "release 111111111111 went to prod and was never in staging"
    ]
    verified = ev.DeploymentVerified(deployment="DEP-9", project="orders", environment="prod", target=REF, revision="")
    assert missing(verified) == []
    assert missing(verified, started=False) == ["DEP-9 was verified, and nothing says that it began"]


def test_an_act_that_claims_an_earlier_time_than_what_was_there_already_is_out_of_order() -> None:
    before = act(MONDAY)
    (found,) = steps.late(act(MONDAY - timedelta(hours=3)), before)
    assert dict(found.measures) == {"minutes": 180, "entry_before": 1}
    assert list(steps.late(act(MONDAY - timedelta(minutes=9)), before)) == []
    assert list(steps.late(act(MONDAY - timedelta(hours=3), key=""), before)) == []


def people(*events: tuple[int, str, ev.Event]) -> Standing:
    """Fold (day, by whom, what) into who has what from whom."""
    standing = Standing()
    for seq, (day, by, event) in enumerate(events, start=1):
        standing.learn(ev.Recorded(seq=seq, time=timestamp(MONDAY + timedelta(days=day)), actor=by, event=event))
    return standing


def added(handle: str, *roles: str) -> ev.PrincipalAdded:
    return ev.PrincipalAdded(principal=handle, keys=(f"key {handle}",), grants=tuple(ev.Grant(role=r) for r in roles))


def approved(standing: Standing, day: int, by: str, of: str = "alice", *, key: str = "", **where: str) -> list[Found]:
    yes = Yes(whose=(of,), did="approved CR-0001 of", key=key or f"key {by}", roles=("approver",))
    return list(standing.judge(act(MONDAY + timedelta(days=day), by, **where), yes, RULES))


BEGUN = (0, "alice", added("alice", "admin"))


def test_a_yes_by_somebody_whom_the_requester_enrolled_lately_is_unusual_each_time() -> None:
    standing = people(BEGUN, (50, "alice", added("mallory", "approver")))
    (found,) = approved(standing, 53, "mallory", environment="prod")
    assert found.summary == "mallory approved CR-0001 of alice, and got their key from alice 3 days before (entry 2)"
    assert (found.rule, found.weight, found.principal, found.also) == ("standing", "high", "mallory", ("alice",))
    assert dict(found.measures) == {"days": 3, "entry": 2, "hands_between": 0, "days_most": 14}
    assert [one.weight for one in approved(standing, 54, "mallory", environment="dev")] == ["warning"]
    assert approved(standing, 53, "mallory", of="cy") == []


def test_a_role_or_a_key_given_lately_to_somebody_who_was_there_before_is_unusual_too() -> None:
    grown = (BEGUN, (0, "dana", added("bo", "operator")))
    role = people(*grown, (50, "alice", ev.RoleGranted(principal="bo", grant=ev.Grant(role="approver"))))
    (found,) = approved(role, 51, "bo")
    assert "got that role from alice 1 days before (entry 3)" in found.summary
    key = people(BEGUN, (0, "dana", added("bo", "approver")), (50, "alice", ev.KeyAdded(principal="bo", key="k2")))
    (found,) = approved(key, 51, "bo", key="k2")
    assert "got their key from alice 1 days before (entry 3)" in found.summary
    assert approved(key, 51, "bo") == [], "their own key says nothing of alice"


def test_a_puppet_that_enrols_a_puppet_is_followed_through_every_hand() -> None:
    one, two = (50, "alice", added("p", "admin")), (51, "p", added("q", "admin"))
    standing = people(BEGUN, one, two, (52, "q", added("r", "approver")))
    (found,) = approved(standing, 53, "r")
    assert "from q, who has theirs by other hands from alice 1 days before (entry 4)" in found.summary
    assert (found.also, dict(found.measures)["hands_between"]) == (("alice", "p", "q"), 2)
    circle = people(
        BEGUN, (50, "q", added("p", "admin")), (51, "p", added("q", "admin")), (52, "p", added("r", "approver"))
    )
    assert approved(circle, 54, "r") == []


def test_who_was_enrolled_by_the_requester_alone_long_ago_is_told_of_once_in_a_window() -> None:
    standing = people(BEGUN, (0, "alice", added("bo", "approver", "operator")))
    (found,) = approved(standing, 40, "bo", environment="prod")
    assert "got their roles from alice 40 days before (entry 2), and from nobody else" in found.summary
    assert found.weight == "info"
    assert approved(standing, 41, "bo") == []
    assert len(approved(standing, 40 + RULES.window_days + 1, "bo")) == 1
    vouched = ev.RoleGranted(principal="bo", grant=ev.Grant(role="approver", project="orders"))
    assert approved(people(BEGUN, (0, "alice", added("bo", "approver")), (1, "dana", vouched)), 40, "bo") == []
