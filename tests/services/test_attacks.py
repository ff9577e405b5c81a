"""What somebody with a key of their own would try: each is refused with its reason, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.exports import TAMPERED, V1, V2
from support.gating import GATES, asked, policy
from support.keyring import line_of
from support.scene import Scene, content
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.roles import parse_grant
from store.errors import Disguised, Unstated
from store.services import incidents
from store.services.acting import record, statement_of
from store.services.anomalies import acknowledging
from store.services.anomalies.noticing import Noticing
from store.services.context import Actor
from store.services.delivery import deploying, rollback
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.glass import breaking
from store.services.identity import people
from store.services.policy import proposing
from store.services.requests import approving, commenting, gates, requests, ticking, waiving
from store.services.requests.reading import change_of
from store.services.requests.waiving import Scope as Where

TWEAK = {"template": "config-tweak", "what": "a longer time-out"}


def propose(scene: Scene, text: str, by: Actor) -> str:
    folder = scene.workspace.root / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    return proposing.propose(scene.context, by, title="Rules", why="simpler")[0].statement.on["request"]


def test_a_policy_that_lowers_its_own_rule_is_judged_by_the_rule_it_lowers(scene: Scene) -> None:
    eve = scene.enrol("eve", "admin", "approver")
    request = propose(scene, "[approvals.high]\npeople = 1\n[approvals.medium]\npeople = 1\n", eve)
    with scene.refused("separation of duties: eve requested CR-0001"):
        approving.approve(scene.context, eve, request)
    approving.approve(scene.context, scene.bo, request)
    with scene.refused("not approved: 1 of 2 approvals for risk high"):
        proposing.adopt(scene.context, eve, request)


def test_its_author_comes_back_under_no_second_key_name_or_role(scene: Scene) -> None:
    eve = scene.enrol("eve", "admin", "approver")
    request = propose(scene, "[approvals.high]\npeople = 1\n", eve)
    second = scene.actor("eve-laptop")
    people.add_key(scene.context, eve, "eve", line_of(second.signer))
    people.grant(scene.context, scene.alice, "eve", parse_grant("security-approver"))
    with scene.refused("separation of duties: eve requested"):
        approving.approve(scene.context, replace(second, handle="eve"), request)
    with scene.refused("one key is one person"):
        people.add(scene.context, eve, "helper", key_lines=[line_of(second.signer)], grants=[parse_grant("approver")])
    with scene.refused("e.ve reads like eve"):
        people.add(scene.context, scene.alice, "e.ve", key_lines=[], grants=[parse_grant("approver")])


def test_who_wrote_the_policy_in_force_approves_nothing_under_it_for_a_day(scene: Scene) -> None:
    eve = scene.enrol("eve", "approver")
    request = propose(scene, "approval_days = 10\n", eve)
    approving.approve(scene.context, scene.bo, request)
    proposing.adopt(scene.context, scene.alice, request)
    scene.ingest()
    request = scene.submitted()
    with scene.refused("separation of duties: eve wrote the policy in force"):
        approving.approve(scene.context, eve, request)


def test_policy_files_that_were_only_put_into_the_folder_change_nothing(scene: Scene) -> None:
    folder = scene.workspace.root / "policies"
    folder.mkdir()
    easy = "mandatory = []\n[approvals.low]\npeople = 0\n[templates.config-tweak]\nmandatory = []\nchecklist = []\n"
    (folder / "easy.toml").write_text(easy)
    (folder / "owners.toml").write_text('"*" = ["cy"]\n')
    scene.ingest()
    with scene.refused("does not state what it must.*--what", Unstated):
        scene.open(template="config-tweak")
    with scene.refused("does not state what it must: --success", Unstated):
        scene.open(success=" ")
    request = scene.submitted()
    with scene.refused("not approved: 0 of 1"):
        scene.deploy(request)


def test_owners_that_travel_with_an_export_own_nothing(scene: Scene) -> None:
    """The author drops an owners.toml beside the flows that names themselves."""
    rules = policy('[risk]\ncritical = ["orders/refunds"]\n', owners='"orders/refunds" = ["dana"]\n')
    context = scene.context.under(rules)
    scene.ingest(b'"orders/refunds" = ["bo"]\n', name="owners.toml")
    request = asked(scene, context, V1)
    for actor in (scene.bo, scene.enrol("eli", "approver")):
        approving.approve(context, actor, request)
    with scene.refused("no approval by dana"):
        deploying.deploy(context, scene.bo, request)


def test_a_request_edited_between_the_look_and_the_approval_is_not_approved_unseen(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    shown = change_of(scene.context.ledger, request).digest
    requests.edit(scene.context, scene.cy, request, content=content(what="something else"))
    with scene.refused("is draft: only a submitted request"):
        approving.approve(scene.context, scene.dana, request, digest=shown)


def test_whom_it_escalates_to_cannot_approve_their_own(scene: Scene) -> None:
    rules = policy("[approvals.low]\npeople = 1\ndeadline_hours = 8\nescalate_to = ['admin']\n")
    context = scene.context.under(rules)
    request = asked(scene, context, by=scene.alice)
    scene.clock.advance(hours=9)
    with scene.refused("separation of duties: alice requested", beside=["request.escalated"]):
        approving.approve(context, scene.alice, request)
    assert "request.escalated" in scene.kinds()


def test_comments_and_ticks_are_not_for_the_requester_to_settle_nor_for_anybody(scene: Scene) -> None:
    eve = scene.enrol("eve", "requester", "approver")
    nobody = scene.enrol("nobody")
    request = asked(scene, scene.context, by=eve, **TWEAK)
    said = commenting.comment(scene.context, scene.dana, request, "intake", "why?").seq
    acts: list[tuple[Callable[[], object], str]] = [
        (lambda: ticking.tick(scene.context, eve, request, "1"), "separation of duties: eve requested"),
        (lambda: ticking.tick(scene.context, nobody, request, "1"), "nobody may not approve"),
        (lambda: ticking.tick(scene.context, scene.cy, request, "1"), "cy may not approve"),
        (lambda: commenting.resolve(scene.context, eve, request, said), "nor settle what dana said about it"),
        (lambda: commenting.resolve(scene.context, nobody, request, said), "nobody may not approve"),
        (lambda: commenting.comment(scene.context, nobody, request, "intake", "x"), "may not comment"),
        (lambda: approving.approve(scene.context, scene.dana, request), "not ticked on the checklist"),
    ]
    for act, words in acts:
        with scene.refused(words):
            act()


def test_ticks_that_nobody_entitled_made_do_not_open_the_checklist(scene: Scene) -> None:
    """Appended past the service: unsigned, and signed by the requester."""
    request = asked(scene, scene.context, **TWEAK)
    change = change_of(scene.context.ledger, request)
    for item in ticking.checklist(scene.context, request):
        tick = ev.ChecklistTicked(
            request=request, project="orders", environment="prod", digest=change.digest, template="config-tweak",
            item=item.item, note="",
        )  # fmt: skip
        smuggle(scene.context, statement_of(scene.context, tick, "dana"), None)
        statement = statement_of(scene.context, tick, "cy")
        smuggle(scene.context, statement, scene.cy.signer.sign(statement.bytes()))
    with scene.refused("not ticked on the checklist"):
        approving.approve(scene.context, scene.dana, request)


@pytest.mark.parametrize("odd", ["ok\x1b[2J", "ok\u202eton", "ok\x9b31m", "ok\rNO", "\u2066ok", "nul\x00"])
def test_reasons_that_do_not_read_as_they_are_written_are_refused_and_recorded(scene: Scene, odd: str) -> None:
    scene.ingest()
    request = scene.submitted()
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    where = Where(request=request)
    acts: list[Callable[[], object]] = [
        lambda: scene.open(why=odd),
        lambda: scene.open(title=odd),
        lambda: requests.edit(scene.context, scene.cy, request, content=content(rollback_plan=odd)),
        lambda: approving.approve(scene.context, scene.dana, request, note=odd),
        lambda: approving.refuse(scene.context, scene.dana, request, reason=odd),
        lambda: waiving.grant(scene.context, scene.dana, "naming", scope=where, justification=odd, accepted="it"),
        lambda: waiving.grant(scene.context, scene.dana, "naming", scope=where, justification="late", accepted=odd),
        lambda: breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification=odd),
    ]
    for act in acts:
        with scene.refused("it would not read as it is written", Disguised):
            act()
    assert all(one.reason.isprintable() for one in scene.refusals)
    scene.open(why="two\nlines\tand äöü, 日本語")


def test_nobody_closes_the_finding_they_own_nor_the_anomaly_about_themselves(scene: Scene) -> None:
    strict = scene.context.under(policy("[separation]\nopener_closes = false\n"))
    aud, eve = scene.enrol("aud", "auditor"), scene.enrol("eve", "auditor")
    handling.open_finding(strict, aud, Wanted(title="keys are shared", assignee="eve"))
    with scene.refused("separation of duties: eve was to see to FND-0001"):
        handling.close(strict, eve, "FND-0001", done="nothing")
    with scene.refused("separation of duties: aud opened FND-0001"):
        handling.close(strict, aud, "FND-0001", done="nothing")
    handling.assign(strict, aud, "FND-0001", assignee="cy")
    with scene.refused("separation of duties: eve was to see to"):  # handing it on does not free whoever had it
        handling.close(strict, eve, "FND-0001", done="nothing")
    with scene.refused("cannot give themselves another day"):
        handling.assign(strict, eve, "FND-0001", assignee="cy", due="2026-03-20", note="more time")
    laptop = scene.actor("bo-laptop")
    people.add_key(scene.context, scene.alice, "bo", line_of(laptop.signer))
    for bo in (scene.bo, replace(laptop, handle="bo")):
        incidents.annotate(scene.context, bo, "1", "here")
    assert Noticing(scene.context).round()
    for bo in (scene.bo, replace(laptop, handle="bo")):
        with scene.refused("separation of duties: AN-0001 is about bo"):
            acknowledging.acknowledge(scene.context, bo, "AN-0001", note="it was me")


def test_glass_without_its_review_is_broken_no_more_and_not_reviewed_by_who_broke_it(scene: Scene) -> None:
    rex = scene.enrol("rex", "responder", "auditor", "admin")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")

    def smash() -> None:
        breaking.break_glass(scene.context, rex, "INC-0001", environment="prod", justification="now")

    smash()
    scene.clock.advance(hours=100)
    with scene.refused("separation of duties: rex broke the glass"):
        breaking.review(scene.context, rex, "BG-0001", note="fine")
    with scene.refused("the review of BG-0001 is overdue"):
        smash()
    with scene.refused("may not break glass"):
        breaking.break_glass(scene.context, scene.cy, "INC-0001", environment="prod", justification="now")


def test_what_left_in_quarantine_comes_back_under_no_new_request(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "prod", "orders"), reason="broken")
    scene.ingest(V2)
    request = scene.approved()
    with scene.refused("is in quarantine: rolled back by bo: broken"):
        scene.deploy(request)


def test_drift_is_not_pushed_over(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    scene.ingest(V2)
    request = scene.approved()
    with scene.refused("has drifted: DR-0001"):
        scene.deploy(request)


def test_gate_verdicts_appended_by_hand_are_not_asked(scene: Scene) -> None:
    context = scene.context.under(policy("[environments.prod.gates.tests-passed]\n"))
    request = asked(scene, context)
    change = change_of(context.ledger, request)
    passed = ev.GateEvaluated(**vars(change.gates["tests-passed"]) | {"passed": True, "reason": "all green"})
    record(context, [passed])
    approving.approve(context, scene.dana, request)  # the approver is shown what the log says
    with scene.refused("the gate tests-passed failed", beside=GATES):  # and the push asks anew
        deploying.deploy(context, scene.bo, request)
    assert not gates.run(context, context.ledger, change, phase="asked").verdicts[0].waived
