"""Results, exceptions and rehearsals that are another's, ended or never were: refused and recorded."""

from __future__ import annotations

import json

import pytest
from support.exports import V1, V2, V3
from support.gating import GATES, asked, policy
from support.scene import Scene, add_environment, content
from support.tampering import plain_sql, smuggle

from store.domain import events as ev
from store.errors import Refusal
from store.integrity.entry import seal
from store.services.acting import record, statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor
from store.services.delivery import deploying, rehearsing
from store.services.requests import approving, gates, reporting, requests, waiving
from store.services.requests.reading import change_of
from store.services.requests.waiving import Scope as Where

JUNIT = b'<testsuite tests="1"><testcase name="a"/></testsuite>'
SARIF = json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}).encode()


@pytest.mark.parametrize(("data", "gate"), [(JUNIT, "tests-passed"), (SARIF, "security-scan")])
def test_results_of_another_release_stay_its_own_under_any_name(scene: Scene, data: bytes, gate: str) -> None:
    context = scene.context.under(policy(f"[environments.prod.gates.{gate}]\n"))
    first = asked(scene, context)
    reporting.add(context, scene.cy, data, name="unit", request=first)
    second = asked(scene, context, V2)
    with scene.refused("these very bytes are the results of release"):
        reporting.add(context, scene.cy, data, name="renamed", request=second)
    with scene.refused(f"the gate {gate} failed"):
        approving.approve(context, scene.dana, second)
    reporting.add(context, scene.cy, data, name="renamed", request=first)


def test_an_exception_that_ends_between_the_gates_and_the_push_stops_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = scene.context.under(policy("[environments.prod.gates.tests-passed]\n"))
    request = asked(scene, context)
    waiving.grant(
        context, scene.dana, "tests-passed", scope=Where(request=request), justification="late", accepted="untested",
        days=1,
    )  # fmt: skip
    gates.run_now(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    scene.clock.advance(hours=23, minutes=59)
    honest = deploying.look

    def meanwhile(*words: object) -> object:
        scene.clock.advance(minutes=2)
        return honest(*words)

    monkeypatch.setattr(deploying, "look", meanwhile)
    with scene.refused("the gate tests-passed failed", beside=GATES):
        deploying.deploy(context, scene.bo, request)
    assert not scene.delivered()


def test_nobody_grants_or_lengthens_the_exception_they_live_by(scene: Scene) -> None:
    eve = scene.enrol("eve", "requester", "security-approver")
    context = scene.context.under(policy("[environments.prod.gates.tests-passed]\n"))
    request = asked(scene, context, by=eve)
    given = {"justification": "late", "accepted": "untested"}
    waiving.grant(context, scene.dana, "tests-passed", scope=Where(request=request), days=1, **given)
    with scene.refused("separation of duties: eve requested or edited"):
        waiving.grant(context, eve, "tests-passed", scope=Where(request=request), days=30, **given)
    waiving.grant(context, eve, "tests-passed", scope=Where(), days=30, **given)
    gates.run_now(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    scene.clock.advance(days=2)
    with scene.refused("tests-passed failed", beside=GATES):  # the wide one of eve's own does not cover eve
        deploying.deploy(context, scene.bo, request)


LINE = policy(
    "[environments.prod]\nbaseline = 'staging'\n[environments.prod.gates.rollback-ready]\nrehearsed_in = 'staging'\n"
)


@pytest.fixture
def staged(scene: Scene) -> Scene:
    """Two releases went through staging; the first is live in production too, and V2 waits for its approvals."""
    add_environment(scene.context, scene.alice, "staging")
    for data in (V1, V2):
        scene.live(data, place="staging")
    scene.live(V1)
    asked(scene, scene.context.under(LINE), V2)
    return scene


def forged(scene: Scene, place: str, to: ev.ReleaseRef, returns: ev.ReleaseRef, *, by: Actor, sign: bool) -> None:
    """Append a whole rehearsal that never was, its start signed or not."""
    names = {"project": "orders", "environment": place}
    start = ev.RehearsalStarted(deployment="DEP-0101", target=to, returns=returns, expected="", reason="r", **names)
    statement = statement_of(scene.context, start, by.handle)
    smuggle(scene.context, statement, by.signer.sign(statement.bytes()) if sign else None)
    record(
        scene.context,
        [
            ev.DeploymentVerified(deployment="DEP-0101", target=to, revision="r", **names),
            ev.RehearsalReturning(deployment="DEP-0102", rehearsal="DEP-0101", target=returns, expected="", **names),
            ev.DeploymentVerified(deployment="DEP-0102", target=returns, revision="r", **names),
            ev.RollbackRehearsed(
                deployment="DEP-0101", release=returns.release, to=to.release, passed=True, stands=returns.release,
                summary="honest", returned_by="DEP-0102", **names,
            ),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("how", ["unsigned", "by somebody without the role", "of another release", "elsewhere"])
def test_a_rehearsal_that_never_was_lets_nothing_pass(staged: Scene, how: str) -> None:
    context = staged.context.under(LINE)
    refs = [change_of(context.ledger, f"CR-000{number}").target for number in (1, 2)]
    place = "prod" if how == "elsewhere" else "staging"
    by = staged.cy if how == "by somebody without the role" else staged.bo
    if how == "of another release":
        refs.reverse()
    forged(staged, place, refs[0], refs[1], by=by, sign=how != "unsigned")
    gates.run_now(context, staged.cy, "CR-0004")
    with staged.refused("rollback-ready failed"):
        approving.approve(context, staged.dana, "CR-0004")


def test_a_rehearsal_of_what_changed_since_is_none(staged: Scene) -> None:
    context = staged.context.under(LINE)
    plan = rehearsing.plan_rehearsal(context, "staging", "orders")
    rehearsing.rehearse(context, staged.bo, plan, reason="first")
    gates.run_now(context, staged.cy, "CR-0004")
    approving.approve(context, staged.dana, "CR-0004")
    staged.ingest(V3)
    requests.edit(staged.context, staged.cy, "CR-0004", content=content(), refresh=True)
    requests.submit(context, staged.cy, "CR-0004")
    with staged.refused("rollback-ready failed"):
        approving.approve(context, staged.dana, "CR-0004")


def test_what_was_written_past_the_log_by_sql_decides_nothing(staged: Scene) -> None:
    context = staged.context.under(LINE)
    with plain_sql(context.ledger.path) as sql:
        sql.execute("UPDATE request SET state = 'approved'")
        sql.execute("UPDATE principal SET grants = replace(grants, 'requester', 'operator')")
    with staged.refused("rollback-ready failed"):
        approving.approve(context, staged.dana, "CR-0004")
    with staged.refused("cy may not deploy"):
        deploying.deploy(context, staged.cy, "CR-0004")
    ref = change_of(context.ledger, "CR-0004").target
    event = ev.RollbackRehearsed(
        deployment="DEP-0101", project="orders", environment="staging", release=ref.release, to="0" * 64, passed=True,
        stands=ref.release, summary="honest", returned_by="DEP-0102",
    )  # fmt: skip
    head = context.ledger.head()
    entry = seal(head.size + 1, head.last, statement_of(context, event, "system"), None)
    with plain_sql(context.ledger.path) as sql:
        sql.execute("INSERT INTO entry(seq, body, hash) VALUES (?, ?, ?)", (entry.seq, entry.body, entry.hash))
    with pytest.raises(Refusal, match="rollback-ready failed") as told:
        approving.approve(context, staged.bo, "CR-0004")
    assert "could not be recorded" in told.value.__notes__[0], "the ledger takes not one word more"
    assert not verify_workspace(context, scope=Scope()).ok
