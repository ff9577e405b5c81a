"""Each gate's rule, alone: what passes, what does not, and what would unblock it."""

from __future__ import annotations

from functools import partial

import pytest

from store.domain import events as ev
from store.domain.component import Connector
from store.domain.gates import contents, passage, reach, reports, standing
from store.domain.gates.conditions import Asked, holds
from store.domain.gates.wanted import wanted
from store.domain.policy import Policy
from store.domain.policy.conditions import Condition
from store.domain.policy.environments import EnvironmentRules
from store.domain.policy.gates import (
    ChangeWindow,
    ConnectorsAllowed,
    EnvironmentSpec,
    Gates,
    LeastPrivilege,
    Lists,
    Naming,
    RollbackReady,
    SecurityScan,
    Window,
)
from store.domain.policy.gates import (
    TestsPassed as RuleOfTests,
)
from store.errors import Refusal

AT = "2026-03-02T09:00:00.000Z"
ONE, OTHER = "1" * 64, "2" * 64


def report(name: str = "unit.xml", *, at: str = AT, damage: str = "", tools: tuple[str, ...] = (), **counts: int):
    return reports.Report(
        name=name,
        digest=ONE,
        by="cy",
        at=at,
        counts=ev.ReportCounts(**({"passed": 0} | counts)),
        tools=tools,
        damage=damage,
    )


def judged(*found: reports.Report, **rule: int) -> bool:
    seen = reports.Tested(reports=found, release=ONE, at=AT, rule=RuleOfTests(**rule))
    verdict = reports.tests_passed(seen)
    assert verdict.reason
    assert verdict.passed or verdict.unblock
    return verdict.passed


def test_tests_pass_by_reports_that_are_there_whole_fresh_and_good() -> None:
    assert judged(report(passed=3))
    assert not judged()
    assert not judged(report(passed=3, failed=1))
    assert not judged(report(passed=3, broken=1))
    assert not judged(report(passed=3), report("other.xml", failed=1))
    assert not judged(report(passed=3), least=4)
    assert not judged(report(passed=3, skipped=2), most_skipped=1)
    assert not judged(report(passed=3, damage="gone"))
    assert not judged(report(passed=3, at="2026-03-01T08:59:59.000Z"), max_age_hours=24)
    assert judged(report(passed=3, at="2026-03-01T09:00:00.000Z"), max_age_hours=24)


def scanned(*found: reports.Report, tools: tuple[str, ...] = (), **rule: int) -> bool:
    seen = reports.Scanned(reports=found, release=ONE, at=AT, rule=SecurityScan(tools=tools, **rule))
    return reports.security_scan(seen).passed


def test_scans_pass_that_found_no_more_than_the_policy_lets_them() -> None:
    assert scanned(report(tools=("Semgrep",)))
    assert not scanned()
    assert not scanned(report(tools=("Semgrep",), errors=1))
    assert scanned(report(tools=("Semgrep",), warnings=1))
    assert not scanned(report(tools=("Semgrep",), warnings=1), warnings=0)
    assert not scanned(report(tools=("Semgrep",), broken=1))
    assert not scanned(report(tools=("Semgrep",)), tools=("CodeQL",))
    assert scanned(report(tools=("CodeQL",)), report("noise.sarif", tools=("x",), errors=9), tools=("Code*",))


def said(seq: int, time: str, event: ev.Event) -> ev.Recorded:
    return ev.Recorded(seq=seq, time=f"2026-03-{time}:00.000Z", actor="system", event=event)


def live(number: int, time: str, manifest: str) -> ev.Recorded:
    target = ev.ReleaseRef(release=ONE, manifest=manifest, files=1, components=1)
    event = ev.DeploymentVerified(
        deployment=f"DEP-{number:04d}", project="orders", environment="test", target=target, revision="r"
    )
    return said(number, time, event)


def drifted(seq: int, time: str, *, resolved: bool = False) -> ev.Recorded:
    place = {"drift": "DR-0001", "project": "orders", "environment": "test", "component": "c"}
    if resolved:
        return said(seq, time, ev.DriftResolved(**place, how="reverted"))
    more = {"name": "c", "component_kind": "flow", "summary": "s", "export": "e", "observed_artifact": ONE}
    return said(seq, time, ev.DriftOpened(**place, **more))


def came(*deployed: ev.Recorded, drifts: tuple[ev.Recorded, ...] = (), hours: int = 0, at: str = "05T00:00") -> bool:
    found = passage.stretches(deployed, drifts, manifest=ONE, at=f"2026-03-{at}:00.000Z")
    was_live = any(one.event.target.manifest == ONE for one in deployed)
    seen = passage.Came(
        environment="test",
        release=ONE,
        stretches=found,
        alike=("DEP-0001",) if not was_live and deployed else (),
        was_live=was_live,
        soak_hours=hours,
    )
    return passage.promoted_from(seen).passed


def test_a_release_soaks_only_while_it_is_live_and_nothing_has_drifted() -> None:
    assert came(live(1, "04T00:00", ONE), hours=24)
    assert not came(live(1, "04T00:01", ONE), hours=24)
    assert not came(live(1, "04T00:00", OTHER))
    assert not came()
    assert came(live(1, "03T00:00", ONE), live(2, "04T00:00", OTHER), hours=24)
    assert not came(live(1, "03T00:00", ONE), live(2, "03T23:00", OTHER), hours=24)
    assert came(live(1, "03T00:00", ONE), live(2, "04T00:00", ONE), hours=48)
    stained = (drifted(5, "04T12:00"), drifted(6, "04T13:00", resolved=True))
    assert not came(live(1, "04T00:00", ONE), drifts=stained, hours=13)
    assert came(live(1, "04T00:00", ONE), drifts=stained, hours=12)
    assert not came(live(1, "04T00:00", ONE), drifts=(drifted(5, "03T12:00"),))


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-03-27T08:30:00.000Z", True),  # Friday 09:30 in Berlin, winter time
        ("2026-03-27T07:30:00.000Z", False),
        ("2026-03-30T07:30:00.000Z", True),  # Monday after the clocks changed: 09:30 by summer time
        ("2026-03-28T09:30:00.000Z", False),  # Saturday
        ("2026-12-25T09:30:00.000Z", False),
    ],
)
def test_a_change_window_opens_by_its_own_clock_and_on_no_holiday(at: str, *, opens: bool) -> None:
    rule = ChangeWindow(time_zone="Europe/Berlin", windows=(Window(start="09:00", end="16:00"),), holidays=("12-25",))
    verdict = standing.change_window(standing.Moment(at=at, rule=rule))
    assert verdict.passed is opens
    assert opens or verdict.unblock.startswith("deploy it from 2026-")


def test_names_hosts_and_privileges_are_held_against_the_policy() -> None:
    named = contents.Named(components=("Intake", "x"), files=("a.json",), title="t", rule=Naming(components="[A-Z].*"))
    assert "'x'" in contents.naming(named).reason
    host = Connector(kind="host", name="evil.example")
    rule = ConnectorsAllowed(hosts=Lists(allow=("*.good.example",)))
    assert not reach.connectors_allowed(reach.Connected(connectors=(host,), rule=rule)).passed
    goes_on = Connector(kind="host", name="evil.example…")
    for lists in (Lists(deny=("evil.example",)), Lists(allow=("evil.example",))):
        seen = reach.Connected(connectors=(goes_on,), rule=ConnectorsAllowed(hosts=lists))
        assert not reach.connectors_allowed(seen).passed
    mark = reach.Mark(code="shell", component="tab", name="Clean", detail="rm: runs rm")
    for marks, allowed, passes in (
        ((mark,), LeastPrivilege(), False),
        ((mark,), LeastPrivilege(shell=True), True),
        ((mark,), LeastPrivilege(except_components=("orders/Clean",)), True),
        ((mark,), LeastPrivilege(except_components=("other/Clean",)), False),
        ((), LeastPrivilege(), True),
    ):
        assert reach.least_privilege(reach.Privileges(project="orders", marks=marks, rule=allowed)).passed is passes


def test_a_specification_has_to_say_what_the_policy_asks() -> None:
    rule = EnvironmentSpec(keys=("runtime.version", "region"))
    seen = standing.Specified(environment="prod", digest=ONE, value={"runtime": {"version": "4"}}, rule=rule)
    assert "does not say region" in standing.environment_spec(seen).reason
    whole = standing.Specified(
        environment="prod", digest=ONE, value={"runtime": {"version": "4"}, "region": "eu"}, rule=rule
    )
    assert standing.environment_spec(whole).passed
    assert not standing.environment_spec(standing.Specified(environment="prod", rule=rule)).passed


def test_going_back_has_to_be_possible_and_rehearsed() -> None:
    rule = RollbackReady(rehearsed_in="test")
    back = partial(standing.Back, project="orders")
    assert standing.rollback_ready(back(previous="", rule=RollbackReady())).passed
    assert not standing.rollback_ready(back(previous=ONE, rule=rule)).passed
    assert standing.rollback_ready(back(previous=ONE, rule=rule, rehearsed=True)).passed
    assert not standing.rollback_ready(back(previous=ONE, rule=RollbackReady(), damage=("gone",))).passed
    assert not standing.rollback_ready(back(previous=ONE, rule=RollbackReady(), quarantined="bad")).passed


def test_a_condition_that_breaks_has_not_held() -> None:
    condition = Condition(require="request.title.startsWith('X')", because="titles begin with X")
    assert holds(Asked(condition=condition, values={"request": {"title": "X1"}})).passed
    assert holds(Asked(condition=condition, values={"request": {"title": "Y"}})).reason == "titles begin with X"
    with pytest.raises(Refusal, match="broke"):
        holds(Asked(condition=condition, values={"request": {}}))


def test_a_policy_says_which_gates_run_where() -> None:
    policy = Policy(
        environments={"prod": EnvironmentRules(gates=Gates(tests_passed=RuleOfTests()))},
        conditions={"calm": Condition(require="true", because="b", environments=("prod",), projects=("ord*",))},
    )
    always = ("artifact-intact", "schema-valid", "secrets-clean", "approvals")
    assert wanted(policy, project="orders", environment="prod") == (*always, "tests-passed", "condition/calm")
    assert wanted(policy, project="bills", environment="prod") == (*always, "tests-passed")
    assert wanted(policy, project="orders", environment="dev") == always
