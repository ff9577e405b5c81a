"""Reports, exceptions and promotion through the real services, and what an attacker would try with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from support.exports import V1, V2
from support.gating import GATES, asked, policy
from support.scene import Scene, add_environment

from store.domain import events as ev
from store.domain.policy import Policy
from store.errors import BadInput, NotFound
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context
from store.services.delivery import deploying, environments, specifying
from store.services.requests import approving, gates, promoting, reporting, requests, waiving
from store.services.requests.reading import change_of
from store.services.requests.waiving import Scope as Where

GOOD = b'<testsuite tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
LEAKY = json.dumps({
    "version": "2.1.0",
    "runs": [{"tool": {"driver": {"name": "x"}}, "results": [], "properties": {"token": "ghp_" + "Ab3" * 12}}],
}).encode()  # fmt: skip
BAD = b'<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'


TESTED = policy("[environments.prod.gates.tests-passed]\n")


def under(scene: Scene, rules: Policy = TESTED) -> Context:
    return scene.context.under(rules)


def approved(scene: Scene, context: Context, place: str) -> str:
    request = scene.open(place=place)
    requests.submit(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    return request


def waive(scene: Scene, context: Context, request: str | None, gate: str = "tests-passed", **more: object) -> str:
    settings = {"justification": "the vendor is late", "accepted": "untested once"} | more
    who = settings.pop("by", scene.dana)
    entry = waiving.grant(context, who, gate, scope=Where(request=request), **settings)
    return entry.statement.on["exception"]


def verdict(context: Context, scene: Scene, request: str, gate: str = "tests-passed") -> ev.GateEvaluated:
    run = gates.run_now(context, scene.cy, request)
    return next(one for one in run.verdicts if one.gate == gate)


def test_a_report_lets_exactly_its_release_pass(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    with scene.refused("the gate tests-passed failed: no test report is bound"):
        approving.approve(context, scene.dana, request)
    reporting.add(context, scene.cy, GOOD, name="unit.xml", request=request)
    assert verdict(context, scene, request).passed
    scene.ingest(V2)
    requests.edit(context, scene.cy, request, content=change_of(context.ledger, request).content, refresh=True)
    requests.submit(context, scene.cy, request)
    assert not verdict(context, scene, request).passed
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_a_failing_report_is_replaced_by_one_of_its_name_and_hidden_by_no_other(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    reporting.add(context, scene.cy, BAD, name="unit.xml", request=request)
    reporting.add(context, scene.cy, GOOD, name="other.xml", request=request)
    assert not verdict(context, scene, request).passed
    release = change_of(context.ledger, request).target.release
    reporting.add(context, scene.cy, GOOD, name="unit.xml", digest=release[:12])
    assert verdict(context, scene, request).passed


def test_a_report_that_nobody_signed_counts_for_nothing(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    reporting.add(context, scene.cy, BAD, name="unit.xml", request=request)
    forged = scene.last("report.added")
    with context.ledger.writing() as writer:
        writer.append(statement_of(context, forged, "dana"), None)
    found = reporting.of_release(
        context, context.ledger, project="orders", release=change_of(context.ledger, request).target.release
    )
    assert [one.by for one in found] == ["cy"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "document type"),
        (b"<html/>", "not <testsuites>"),
        (b'<testsuite failures="many"/>', "no number"),
        (b'{"version": "2.1.0", "runs": []}', "no run"),
        (b'{"version": "2.1.0", "runs": [1]}', "a run is no object"),
        (b'{"version": "2.1.0", "runs": [{"results": [], "results": []}]}', "twice"),
        (LEAKY, "secrets stand in it"),
        (b"[" * 5000, "XML"),
    ],
)
def test_hostile_reports_are_refused_and_leave_nothing(scene: Scene, data: bytes, words: str) -> None:
    scene.ingest()
    request = scene.submitted()
    before = scene.size
    with pytest.raises(BadInput, match=words):
        reporting.add(scene.context, scene.cy, data, name="x.xml", request=request)
    assert scene.size == before


def test_a_sarif_counts_what_it_suppresses_and_takes_levels_from_rules() -> None:
    run = {
        "tool": {"driver": {"name": "Lint", "rules": [{"id": "r1", "defaultConfiguration": {"level": "error"}}]}},
        "results": [
            {"ruleId": "r1", "suppressions": [{"kind": "inSource"}]},
            {"level": "note"},
            {},
            {"kind": "pass", "level": "error"},
            {"level": "harmless"},
        ],
        "invocations": [{"executionSuccessful": False}],
    }
    form, counts, tools = reporting.read(json.dumps({"version": "2.1.0", "runs": [run]}).encode())
    assert (form, tools) == ("sarif", ("Lint",))
    assert (counts.errors, counts.warnings, counts.notes, counts.broken) == (2, 1, 1, 1)


def test_suites_that_say_more_failed_than_they_show_are_believed() -> None:
    _, counts, _ = reporting.read(b'<testsuites><testsuite failures="3"><testcase/></testsuite></testsuites>')
    assert (counts.passed, counts.failed) == (1, 3)


def test_a_waived_gate_says_so_and_ends_by_itself(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    waiver = waive(scene, context, request, days=1)
    found = verdict(context, scene, request)
    assert (found.passed, found.waived) == (False, waiver)
    assert "waived by EX-0001 (dana" in found.reason
    approving.approve(context, scene.dana, request)
    scene.clock.at += timedelta(days=2)
    with scene.refused("the gate tests-passed failed", beside=GATES):
        deploying.deploy(context, scene.bo, request)
    waive(scene, context, request, days=1)
    assert deploying.deploy(context, scene.bo, request).verified
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_nobody_waives_a_gate_of_their_own_request_nor_what_is_never_waived(scene: Scene) -> None:
    both = scene.enrol("eve", "requester", "security-approver")
    context = under(scene)
    scene.ingest()
    request = scene.open(both)
    requests.submit(context, both, request)
    with scene.refused("separation of duties: eve"):
        waive(scene, context, request, by=both)
    waive(scene, context, None, by=both)
    assert not verdict(context, scene, request).waived, "a wide exception is no way round"
    for gate in ("artifact-intact", "approvals"):
        with scene.refused("never waived"):
            waive(scene, context, request, gate)
    with scene.refused("30 days at most"):
        waive(scene, context, request, days=31)
    with scene.refused("may not grant"):
        waive(scene, context, request, by=scene.bo)
    with pytest.raises(BadInput, match="no gate"):
        waive(scene, context, request, "nonsense")
    with pytest.raises(BadInput, match="--justification"):
        waive(scene, context, request, justification=" ")
    with pytest.raises(NotFound):
        waiving.end(context, scene.dana, "EX-0099", reason="gone")


def test_an_edit_ends_an_exception_and_an_ended_one_is_not_brought_back_by_its_copy(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    waiver = waive(scene, context, request)
    granted = scene.entries(kind="exception.granted")[0]
    waiving.end(context, scene.dana, waiver, reason="the vendor came")
    with context.ledger.writing() as writer:
        writer.append(granted.statement, granted.signature)
    assert not verdict(context, scene, request).waived
    with scene.refused("ended already"):
        waiving.end(context, scene.dana, waiver, reason="again")
    waive(scene, context, request)
    stated = change_of(context.ledger, request).content
    requests.edit(context, scene.cy, request, content=ev.RequestContent(**vars(stated) | {"what": "worse"}))
    assert not verdict(context, scene, request).waived


def test_a_verdict_on_other_contents_is_none_on_these(scene: Scene) -> None:
    context = under(scene)
    request = asked(scene, context)
    failed = change_of(context.ledger, request).gates["tests-passed"]
    forged = ev.GateEvaluated(**vars(failed) | {"passed": True, "digest": "0" * 64})
    with context.ledger.writing() as writer:
        writer.append(statement_of(context, forged, "system"), None)
    assert not change_of(context.ledger, request).gates["tests-passed"].passed
    with scene.refused("tests-passed failed"):
        approving.approve(context, scene.dana, request)


def _ended(scene: Scene, context: Context) -> None:
    waiving.end(context, scene.dana, "EX-0001", reason="no more")


def _frozen(scene: Scene, context: Context) -> None:
    environments.freeze(context, scene.alice, "prod", reason="audit")


def _failed_tests(scene: Scene, context: Context) -> None:
    reporting.add(context, scene.cy, BAD, name="unit.xml", request="CR-0001")


@pytest.mark.parametrize(
    ("act", "words"),
    [(_ended, "security-scan failed"), (_frozen, "is frozen"), (_failed_tests, "tests-passed failed")],
)
def test_what_happens_between_the_gates_and_the_push_stops_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, act: Callable[[Scene, Context], None], words: str
) -> None:
    context = under(scene, policy("[environments.prod.gates.tests-passed]\n[environments.prod.gates.security-scan]\n"))
    request = asked(scene, context)
    reporting.add(context, scene.cy, GOOD, name="unit.xml", request=request)
    waive(scene, context, request, "security-scan")
    gates.run_now(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    honest = deploying.look

    def meanwhile(*words: object) -> object:
        act(scene, context)
        return honest(*words)

    monkeypatch.setattr(deploying, "look", meanwhile)
    with scene.refused(words, beside=("exception.ended", "environment.frozen", "report.added")):
        deploying.deploy(context, scene.bo, request)
    assert "deployment.started" not in scene.kinds()
    assert not scene.delivered()


LINE = """
[environments.test]
order = 1
[environments.staging]
order = 2
baseline = "test"
[environments.staging.gates.promoted-from]
soak_hours = 2
[environments.prod]
order = 3
baseline = "staging"
[environments.prod.gates.promoted-from]
"""


def test_a_release_goes_through_the_environments_in_their_order_and_soaks(scene: Scene) -> None:
    context = under(scene, policy(LINE))
    for place in ("test", "staging"):
        add_environment(context, scene.alice, place)
    scene.ingest(V1, place="test")
    first = approved(scene, context, "test")
    assert deploying.deploy(context, scene.bo, first).verified
    with scene.refused("releases come to prod from staging, not from test"):
        promoting.promote(context, scene.cy, first, to="prod")
    second = promoting.promote(context, scene.cy, first, to="staging").statement.on["request"]
    requests.submit(context, scene.cy, second)
    approving.approve(context, scene.dana, second)
    with scene.refused("promoted-from failed: it was live and free of drift in test for", beside=GATES):
        deploying.deploy(context, scene.bo, second)
    scene.clock.at += timedelta(hours=2)
    assert deploying.deploy(context, scene.bo, second).verified
    third = promoting.promote(context, scene.cy, second, to="prod").statement.on["request"]
    assert change_of(context.ledger, third).target == change_of(context.ledger, first).target


def test_bytes_that_only_look_the_same_are_not_promoted(scene: Scene) -> None:
    context = under(
        scene, policy('[environments.prod]\nbaseline = "staging"\n[environments.prod.gates.promoted-from]\n')
    )
    add_environment(context, scene.alice, "staging")
    moved = [node | ({"x": 999, "y": 1} if "x" in node else {}) for node in json.loads(V1)]
    scene.ingest(V1, place="staging")
    deploying.deploy(context, scene.bo, approved(scene, context, "staging"))
    scene.ingest(json.dumps(moved).encode(), place="prod")
    request = approved(scene, context, "prod")
    alike = change_of(context.ledger, request).target
    honest = change_of(context.ledger, "CR-0001").target
    assert (alike.release == honest.release, alike.manifest == honest.manifest) == (True, False)
    with scene.refused("what was live in staging only looks the same", beside=GATES):
        deploying.deploy(context, scene.bo, request)


def test_the_specification_travels_with_the_deployment(scene: Scene) -> None:
    context = under(scene, policy('[environments.prod.gates.environment-spec]\nkeys = ["runtime.version"]\n'))
    request = asked(scene, context)
    assert not verdict(context, scene, request, "environment-spec").passed
    with pytest.raises(BadInput, match="is one table"):
        specifying.specify(context, scene.alice, "prod", b"[]", name="prod.json")
    with scene.refused("manage environments"):
        specifying.specify(context, scene.cy, "prod", b"a = 1", name="prod.toml")
    entry = specifying.specify(context, scene.alice, "prod", b"[runtime]\nversion = '4.0'\n", name="prod.toml")
    assert verdict(context, scene, request, "environment-spec").passed
    approving.approve(context, scene.dana, request)
    assert deploying.deploy(context, scene.bo, request).verified
    started = scene.last("deployment.started")
    assert isinstance(started, ev.DeploymentStarted)
    assert started.specification == entry.statement.data["specification"]
    assert verify_workspace(scene.context, scope=Scope()).ok
