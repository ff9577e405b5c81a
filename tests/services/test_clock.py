"""A clock that is set back: nothing that ended holds again, no window comes back, and one ahead is corrected."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import smuggle

from store.clock import SKEW, parse_timestamp
from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.errors import BadInput
from store.services import incidents, timing
from store.services.acting import statement_of
from store.services.audit import correcting
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor
from store.services.delivery import deploying, environments
from store.services.identity import people
from store.services.requests import approving, gates, requests, waiving
from store.services.requests.waiving import Scope as Where

SET_BACK = r"this machine's clock says .*, and entry \d+ is from .*: it was set back by \d+ min"
MONDAY_MORNING = read_policy({
    "p.toml": "[environments.prod.gates.change-window]\nwindows = [{days = ['mon'], start = '08:00', end = '10:00'}]\n"
})  # fmt: skip


def back(scene: Scene, **amount: float) -> datetime:
    """Set the clock back; return where it was."""
    was = scene.clock.at
    scene.clock.at -= timedelta(**amount)
    return was


def test_an_ended_grant_does_not_hold_again(scene: Scene) -> None:
    eve = scene.enrol("eve")
    people.grant(scene.context, scene.alice, "eve", ev.Grant(role="approver", expires="2026-03-02T12:00:00Z"))
    scene.ingest()
    request = scene.submitted()
    scene.clock.advance(hours=4)
    with scene.refused("the role approver ended at"):
        approving.approve(scene.context, eve, request)
    back(scene, hours=3)
    with scene.refused(SET_BACK):
        approving.approve(scene.context, eve, request)


def test_what_the_program_saw_is_enough_to_tell_and_is_recorded_whatever_the_clock_says(scene: Scene) -> None:
    request = scene.open_note()
    scene.clock.advance(hours=4)
    scene.ingest(V1)
    back(scene, hours=3)
    with scene.refused(SET_BACK):
        incidents.annotate(scene.context, scene.bo, str(request), "then")
    for number in range(5):  # a flood of observations under the wrong clock hides nothing
        scene.ingest(V1 + b" " * number, name=f"{number}.json")
    with scene.refused(SET_BACK):
        incidents.annotate(scene.context, scene.bo, str(request), "then")


def test_an_ended_exception_a_stale_approval_and_a_closed_window_do_not_come_back(scene: Scene) -> None:
    rules = read_policy({"p.toml": "[environments.prod.gates.tests-passed]\n[approvals.low]\nfresh_hours = 4\n"})
    context = scene.context.under(rules)
    scene.ingest()
    request = scene.open()
    requests.submit(context, scene.cy, request)
    waiving.grant(
        context, scene.dana, "tests-passed", scope=Where(request=request), justification="late", accepted="it", days=1
    )
    gates.run_now(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    scene.clock.advance(hours=25)
    with scene.refused("not approved: 0 of 1"):
        deploying.deploy(context, scene.bo, request)
    back(scene, hours=24)
    with scene.refused(SET_BACK):
        deploying.deploy(context, scene.bo, request)
    with scene.refused(SET_BACK):
        gates.run_now(context, scene.bo, request)
    assert not scene.delivered()


def test_a_window_is_not_reached_by_setting_the_clock_back_nor_a_freeze_undone(scene: Scene) -> None:
    context = scene.context.under(MONDAY_MORNING)
    scene.ingest()
    request = scene.open()
    requests.submit(context, scene.cy, request)
    approving.approve(context, scene.dana, request)
    scene.clock.advance(hours=2)
    with scene.refused("the gate change-window failed", beside=["gate.evaluated", "risk.assessed"]):
        deploying.deploy(context, scene.bo, request)
    back(scene, hours=2)
    with scene.refused(SET_BACK):
        deploying.deploy(context, scene.bo, request)
    scene.clock.advance(days=7, hours=2)
    environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    scene.clock.at -= timedelta(hours=1)
    with scene.refused("is frozen"):
        deploying.deploy(context, scene.bo, request)


def test_an_approval_is_not_signed_into_a_past_in_which_it_was_allowed(scene: Scene) -> None:
    """The author of the policy in force, who is still cooling off, sets the clock to before it was adopted."""
    scene.ingest()
    request = scene.submitted()
    scene.clock.advance(days=2)
    scene.open_note()
    back(scene, days=1)
    with scene.refused(SET_BACK):
        approving.approve(scene.context, scene.dana, request)


def test_a_little_is_no_matter_and_creeping_back_is(scene: Scene) -> None:
    scene.open_note()
    back(scene, seconds=SKEW.total_seconds() - 30)
    scene.open_note()
    back(scene, seconds=SKEW.total_seconds() - 30)
    with scene.refused(SET_BACK):
        scene.open_note()


def ahead(scene: Scene) -> datetime:
    """Let something be recorded by a clock that is two years ahead; set it right, and return what it said."""
    scene.clock.advance(days=730)
    scene.ingest(V1)
    return back(scene, days=730)


def test_after_a_clock_that_was_ahead_an_admin_says_so_and_life_goes_on(scene: Scene) -> None:
    with pytest.raises(BadInput, match="nothing to correct"):
        correcting.correct(scene.context, scene.alice, reason="just so")
    ahead(scene)
    with scene.refused(SET_BACK):
        scene.open_note()
    with scene.refused("dana may not correct the clock"):
        correcting.correct(scene.context, scene.dana, reason="it was ahead")
    with pytest.raises(BadInput, match="say why"):
        correcting.correct(scene.context, scene.alice, reason=" ")
    entry = correcting.correct(scene.context, scene.alice, reason="no battery: it woke up in 2028")
    assert (entry.statement.kind, entry.signature is None) == ("clock.corrected", False)
    scene.open_note()
    scene.ingest(V2)
    assert scene.deploy(scene.approved()).verified
    assert verify_workspace(scene.context, scope=Scope()).ok
    back(scene, hours=5)
    with scene.refused(SET_BACK):
        scene.open_note()


def test_an_admin_whose_role_ended_does_not_correct_themselves_back(scene: Scene) -> None:
    eve = scene.enrol("eve")
    people.grant(scene.context, scene.alice, "eve", ev.Grant(role="admin", expires="2026-03-02T12:00:00Z"))
    scene.clock.advance(hours=6)
    scene.open_note()
    back(scene, hours=5)
    with scene.refused("the role admin ended at"):
        correcting.correct(scene.context, eve, reason="it was ahead")


@pytest.mark.parametrize("who", ["nobody", "dana", "eve"])
def test_a_correction_that_was_appended_past_the_rules_corrects_nothing(scene: Scene, who: str) -> None:
    eve = scene.enrol("eve")
    people.grant(scene.context, scene.alice, "eve", ev.Grant(role="admin", expires="2026-03-02T12:00:00Z"))
    scene.clock.advance(hours=6)
    scene.open_note()
    back(scene, hours=5)
    actor: Actor = {"nobody": scene.alice, "dana": scene.dana, "eve": eve}[who]
    event = ev.ClockCorrected(ahead=scene.size, claimed=scene.context.now, reason="mine")
    statement = statement_of(scene.context, event, actor.handle)
    smuggle(scene.context, statement, None if who == "nobody" else actor.signer.sign(statement.bytes()))
    assert timing.corrected(scene.context.ledger) == 0
    report = verify_workspace(scene.context, scope=Scope())
    assert [problem.seq for problem in report.problems] == ([scene.size] if who != "eve" else [])
    with scene.refused(SET_BACK):
        scene.open_note()


def test_the_latest_time_is_found_as_if_every_entry_had_been_read(scene: Scene) -> None:
    ledger = scene.context.ledger
    entries = scene.entries()
    newest = {entry.statement.kind: entry for entry in entries}
    for acts in ((), ("role.granted",), ("principal.added",), ("ledger.opened", "nonsense")):
        begin = max((entry.seq for entry in entries if entry.statement.kind in acts), default=0)
        asked = {entry.seq: entry for entry in [*newest.values(), *(one for one in entries if one.seq >= begin)]}
        expected = max(asked.values(), key=lambda entry: parse_timestamp(entry.statement.time))
        assert ledger.latest(acts=acts) == (expected.seq, expected.statement.time)
    with ledger.writing() as writer:
        assert writer.latest() == ledger.latest()
    assert ledger.latest(after=scene.size) is None
