from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from support.scene import content

from store.domain import approving
from store.domain import change as rules
from store.domain import change_steps as steps
from store.domain import events as ev
from store.domain.change import Change
from store.domain.policy import Policy, default_policy
from store.domain.policy.in_force import InForce
from store.domain.roles import Principal, Principals
from store.errors import BadInput, NotFound, Refusal

NOON, LATER = "2026-03-02T12:00:00.000Z", "2026-03-16T12:00:00.000Z"
POLICY = default_policy()
PEOPLE = Principals(
    by_handle={
        handle: Principal(handle=handle, grants=tuple(ev.Grant(role=role) for role in granted))
        for handle, granted in {
            "bo": ("approver", "operator"),
            "cy": ("requester",),
            "dana": ("approver", "security-approver"),
            "eli": ("approver",),
            "ann": ("auditor",),
        }.items()
    }
)
R1 = ev.ReleaseRef(release="1" * 64, manifest="a" * 64, files=1, components=2)
R2 = ev.ReleaseRef(release="2" * 64, manifest="b" * 64, files=1, components=2)


class Story:
    """A request's entries, one after the other, and what they fold to."""

    def __init__(self, **stated: str) -> None:
        self.records: list[ev.Recorded] = []
        self.stated = content(**stated)
        self.say("cy", self._of(ev.RequestOpened, self.stated, R1))

    def say(self, actor: str, event: ev.Event, time: str = NOON) -> Story:
        self.records.append(ev.Recorded(seq=len(self.records) + 1, time=time, actor=actor, event=event))
        return self

    def submit(self) -> Story:
        return self.say("cy", ev.RequestSubmitted(**PLACE, digest=self.change.digest))

    def edit(self, actor: str, stated: ev.RequestContent, target: ev.ReleaseRef = R1) -> Story:
        return self.say(actor, self._of(ev.RequestEdited, stated, target))

    def approve(self, actor: str, *, digest: str | None = None, not_after: str = LATER, complete: bool = True) -> Story:
        event = ev.ApprovalGranted(
            **PLACE,
            complete=complete,
            digest=digest or self.change.digest,
            release=R1.release,
            manifest=R1.manifest,
            artifacts=(),
            policy=POLICY.digest,
            seen_size=1,
            seen_root="",
            not_after=not_after,
            nonce="n",
        )
        return self.say(actor, event)

    def gate(self, name: str, *, passed: bool) -> Story:
        event = ev.GateEvaluated(
            **PLACE, gate=name, passed=passed, reason="because", digest=self.change.digest, phase="submit"
        )
        return self.say("system", event)

    @property
    def change(self) -> Change:
        return rules.replay("CR-0001", self.records)

    def missing(self, at: str = NOON, policy: Policy = POLICY) -> list[str]:
        return approving.approvals_missing(self.change, people=PEOPLE, policy=policy, at=at)

    def reasons_against(self, actor: str, at: str = NOON) -> tuple[str, ...]:
        try:
            approving.check_approver(self.change, actor=actor, people=PEOPLE, rules=InForce(policy=POLICY), at=at)
        except Refusal as refusal:
            return refusal.reasons
        return ()

    def reasons_against_deploying(self, actor: str = "bo", at: str = NOON, **more: str | None) -> tuple[str, ...]:
        facts = {"frozen": None, "quarantined": None} | more
        try:
            approving.check_deployable(
                self.change, actor=actor, people=PEOPLE, rules=InForce(policy=POLICY), at=at, **facts
            )
        except Refusal as refusal:
            return refusal.reasons
        return ()

    @staticmethod
    def _of(
        kind: type[ev.RequestOpened | ev.RequestEdited], stated: ev.RequestContent, target: ev.ReleaseRef
    ) -> ev.RequestOpened | ev.RequestEdited:
        digest = rules.request_digest("CR-0001", "orders", "prod", stated, target)
        return kind(**PLACE, content=stated, target=target, digest=digest)


PLACE = {"request": "CR-0001", "project": "orders", "environment": "prod"}


def test_no_entries_are_no_request() -> None:
    with pytest.raises(NotFound, match="CR-0001"):
        rules.replay("CR-0001", [])


def test_entries_before_the_opening_do_not_make_a_request() -> None:
    orphan = ev.Recorded(seq=1, time=NOON, actor="cy", event=ev.RequestSubmitted(**PLACE, digest="d"))
    with pytest.raises(NotFound):
        rules.replay("CR-0001", [orphan])


@pytest.mark.parametrize("name", [f.name for f in fields(ev.RequestContent)])
def test_the_digest_binds_every_word_the_requester_states(name: str) -> None:
    base = content()
    other = replace(base, **{name: getattr(base, name) + "."})
    assert rules.request_digest("CR-0001", "orders", "prod", base, R1) != rules.request_digest(
        "CR-0001", "orders", "prod", other, R1
    )


def test_the_digest_binds_id_project_environment_release_and_manifest() -> None:
    same = {"release": R1.release, "manifest": R1.manifest}
    places = [("CR-0001", "orders", "prod"), ("CR-0002", "orders", "prod"), ("CR-0001", "crm", "prod")]
    places.append(("CR-0001", "orders", "dev"))
    targets = [R1, R2, replace(R1, manifest=R2.manifest), replace(R2, manifest=R1.manifest)]
    digests = {rules.request_digest(*place, content(), target) for place in places for target in targets}
    assert len(digests) == len(places) * len(targets), same


def test_no_words_can_be_moved_from_one_field_to_the_next() -> None:
    left, right = content(title="ab", why="c"), content(title="a", why="bc")
    assert rules.request_digest("CR-0001", "orders", "prod", left, R1) != rules.request_digest(
        "CR-0001", "orders", "prod", right, R1
    )


@pytest.mark.parametrize("name", POLICY.mandatory)
@pytest.mark.parametrize("blank", ["", "  \t\n"])
def test_what_is_mandatory_must_be_stated(name: str, blank: str) -> None:
    event = ev.RequestOpened(**PLACE, content=content(**{name: blank}), target=R1, digest="d")
    with pytest.raises(BadInput, match="--" + name.replace("_", "-")):
        steps.open_request(event, actor="cy", people=PEOPLE, policy=POLICY, at=NOON)


@pytest.mark.parametrize("risk", ["", "none", "Low", "urgent"])
def test_an_invented_risk_is_refused(risk: str) -> None:
    event = ev.RequestOpened(**PLACE, content=content(risk=risk), target=R1, digest="d")
    with pytest.raises(BadInput, match="risk"):
        steps.open_request(event, actor="cy", people=PEOPLE, policy=POLICY, at=NOON)


def test_a_risk_level_no_rule_names_gets_the_strictest_rule() -> None:
    assert POLICY.rule("urgent") == POLICY.rule("critical")


def test_the_requester_cannot_approve_even_with_the_role() -> None:
    story = Story()
    story.records[0] = replace(story.records[0], actor="bo")
    story.submit()
    assert any("separation of duties" in reason for reason in story.reasons_against("bo"))
    assert story.reasons_against("dana") == ()


def test_whoever_edited_cannot_approve_not_even_after_somebody_edited_again() -> None:
    story = Story().edit("bo", content(why="better words")).edit("cy", content(why="best words")).submit()
    assert any("separation of duties" in reason for reason in story.reasons_against("bo"))
    assert story.reasons_against("dana") == ()


def test_every_reason_is_named_at_once() -> None:
    story = Story().gate("secrets-clean", passed=False)
    story.records[0] = replace(story.records[0], actor="ann")
    reasons = story.reasons_against("ann")
    assert len(reasons) == 4, reasons  # separation, role, state, gate
    stranger = story.reasons_against("mallory")
    assert any("is not a principal" in reason for reason in stranger)


def test_one_person_is_one_approval() -> None:
    story = Story(risk="high").submit().approve("bo", complete=False)
    assert any("one person is one approval" in reason for reason in story.reasons_against("bo"))
    story.approve("bo")  # smuggled in
    assert story.missing() == ["1 of 2 approvals for risk high"]
    assert story.approve("eli").missing() == []


@pytest.mark.parametrize(
    ("risk", "who", "missing"),
    [
        ("low", (), 1),
        ("low", ("eli",), 0),
        ("medium", ("eli",), 0),
        ("high", ("eli",), 1),
        ("high", ("eli", "bo"), 0),
        ("critical", ("eli", "bo"), 1),
        ("critical", ("eli",), 2),
        ("critical", ("dana",), 1),
        ("critical", ("dana", "bo"), 0),
    ],
)
def test_risk_chooses_how_many_and_who(risk: str, who: tuple[str, ...], missing: int) -> None:
    story = Story(risk=risk).submit()
    for actor in who:
        story.approve(actor, complete=False)
    assert len(story.missing()) == missing
    assert bool(story.reasons_against_deploying()) is bool(missing)


def test_the_claim_of_being_complete_does_not_count() -> None:
    story = Story(risk="critical").submit().approve("eli", complete=True)
    assert story.change.state == "approved"
    assert story.reasons_against_deploying() != ()


def test_an_approval_for_another_digest_does_not_count() -> None:
    story = Story().submit().approve("dana", digest="0" * 64)
    assert story.missing() == ["0 of 1 approvals for risk low"]


def test_an_edit_voids_the_approvals_given_before() -> None:
    story = Story().submit().approve("dana").edit("cy", content(why="something else")).submit()
    assert story.change.state == "in review"
    assert story.missing() == ["0 of 1 approvals for risk low"]
    assert story.reasons_against("dana") == ()


def test_editing_back_to_what_was_approved_does_not_bring_the_approval_back() -> None:
    story = Story().submit().approve("dana")
    approved = story.change.digest
    story.edit("cy", content(why="something else")).edit("cy", content()).submit()
    assert story.change.digest == approved
    assert story.missing() == ["0 of 1 approvals for risk low"]
    assert story.reasons_against("dana") == ()


def test_an_approver_who_edits_afterwards_no_longer_counts() -> None:
    story = Story().submit().approve("bo").edit("bo", content()).submit()
    assert story.missing() == ["0 of 1 approvals for risk low"]


def test_an_approval_smuggled_in_by_an_editor_does_not_count() -> None:
    story = Story().submit().approve("cy")
    assert story.missing()[0] == "0 of 1 approvals for risk low"
    edited = Story().edit("bo", content(why="x")).submit().approve("bo")
    assert edited.missing() == ["0 of 1 approvals for risk low"]


def test_an_approval_expires_and_can_be_given_again() -> None:
    story = Story().submit().approve("dana", not_after="2026-03-03T12:00:00.000Z")
    assert story.missing(at="2026-03-03T11:59:59.999Z") == []
    assert story.missing(at="2026-03-03T12:00:00.000Z") != []
    assert story.reasons_against_deploying(at="2026-03-03T12:00:00.000Z") != ()
    assert story.reasons_against("dana", at="2026-03-03T12:00:00.000Z") == ()
    story.approve("dana", not_after="2026-04-01T12:00:00.000Z")
    assert story.missing(at="2026-03-03T12:00:00.000Z") == []


def test_a_failed_gate_stands_against_approval_until_it_passes() -> None:
    story = Story().submit().gate("secrets-clean", passed=False)
    assert story.reasons_against("dana") == ("the gate secrets-clean failed: because",)
    assert story.gate("secrets-clean", passed=True).reasons_against("dana") == ()


def test_an_edit_forgets_the_gates_and_goes_back_to_draft() -> None:
    story = Story().submit().gate("secrets-clean", passed=True).edit("cy", content(why="x"), R2)
    assert (story.change.state, story.change.gates, story.change.target) == ("draft", {}, R2)


STATES: dict[str, Callable[[Story], Story]] = {
    "draft": lambda story: story,
    "in review": lambda story: story.submit(),
    "approved": lambda story: story.submit().approve("dana"),
    "refused": lambda story: story.submit().say(
        "dana", ev.ApprovalRefused(**PLACE, digest=story.change.digest, reason="no", nonce="n")
    ),
    "withdrawn": lambda story: story.say("cy", ev.RequestWithdrawn(**PLACE, reason="no need")),
    "deploying": lambda story: _started(story.submit().approve("dana")),
    "live": lambda story: _started(story.submit().approve("dana")).say(
        "system", ev.DeploymentVerified(**PLACE, deployment="DEP-0001", target=R1, revision="r")
    ),
}
POSSIBLE = {
    "edit": {"draft", "in review", "approved"},
    "submit": {"draft"},
    "withdraw": {"draft", "in review", "approved"},
    "approve": {"in review", "approved"},
    "refuse": {"in review", "approved"},
    "deploy": {"approved", "deploying"},
}


def _started(story: Story) -> Story:
    digest = story.change.digest
    return story.say("bo", ev.DeploymentStarted(**PLACE, deployment="DEP-0001", target=R1, digest=digest, expected="r"))


def _do(act: str, change: Change) -> None:
    match act:
        case "edit":
            event = ev.RequestEdited(**PLACE, content=content(), target=R1, digest="d")
            steps.edit(change, event, actor="cy", people=PEOPLE, policy=POLICY, at=NOON)
        case "submit":
            steps.submit(change, actor="cy", people=PEOPLE, policy=POLICY, at=NOON)
        case "withdraw":
            steps.withdraw(change, actor="cy", reason="r", people=PEOPLE, at=NOON)
        case "approve":
            approving.check_approver(change, actor="eli", people=PEOPLE, rules=InForce(policy=POLICY), at=NOON)
        case "refuse":
            steps.refuse(change, actor="eli", reason="r", nonce="n", people=PEOPLE, at=NOON)
        case _:
            approving.check_deployable(
                change, actor="bo", people=PEOPLE, rules=InForce(policy=POLICY), at=NOON, frozen=None, quarantined=None
            )


@pytest.mark.parametrize(("act", "state"), itertools.product(POSSIBLE, STATES))
def test_an_act_is_possible_in_its_states_and_in_no_other(act: str, state: str) -> None:
    change = STATES[state](Story()).change
    assert change.state == state
    if state in POSSIBLE[act]:
        _do(act, change)
    else:
        with pytest.raises(Refusal, match=r"CR-0001 is|not approved"):
            _do(act, change)


def test_a_failed_deployment_gives_the_request_back() -> None:
    story = _started(Story().submit().approve("dana"))
    failed = ev.DeploymentFailed(**PLACE, deployment="DEP-0001", stage="push", reason="unplugged")
    assert story.say("system", failed).change.state == "approved"
    assert story.reasons_against_deploying() == ()


def test_freeze_and_quarantine_are_named_beside_everything_else() -> None:
    story = Story().submit()
    reasons = story.reasons_against_deploying("cy", frozen="audit week", quarantined="rolled back")
    assert len(reasons) == 4
    assert "prod is frozen: audit week" in reasons
    assert f"the release {R1.release[:12]} is in quarantine: rolled back" in reasons


def test_a_refusal_of_a_request_needs_a_reason() -> None:
    with pytest.raises(BadInput, match="reason"):
        steps.refuse(Story().submit().change, actor="dana", reason=" ", nonce="n", people=PEOPLE, at=NOON)


def test_an_approval_from_before_a_restore_counts_no_more_and_is_given_again() -> None:
    story = Story().submit().approve("bo")
    after = rules.outlived(story.change, 4)
    (missing, why) = approving.approvals_missing(after, people=PEOPLE, policy=POLICY, at=NOON)
    assert missing.startswith("0 of 1 approvals")
    assert "given before the restore at entry 4: the lost entries may have taken it back: approve again" in why
    in_force = InForce(policy=POLICY)
    _, unblock = approving.unapproved(after, actor="bo", people=PEOPLE, rules=in_force, at=NOON)
    assert any(one.startswith("quarterdeck approve CR-0001, by bo") for one in unblock)
    approving.check_approver(after, actor="bo", people=PEOPLE, rules=in_force, at=NOON)
    again = replace(after, approvals=(*after.approvals, replace(story.change.approvals[0], seq=5, seen=4)))
    assert approving.approvals_missing(again, people=PEOPLE, policy=POLICY, at=NOON) == []


def test_an_approval_that_was_signed_before_a_restore_and_recorded_after_it_is_from_before() -> None:
    change = Story().submit().approve("bo").change
    (approval,) = change.approvals
    for seq, seen, counts in ((9, 4, False), (9, 5, True), (4, 4, False), (4, 7, False)):
        there = replace(change, approvals=(replace(approval, seq=seq, seen=seen),))
        assert bool(rules.outlived(there, 5).good_approvals) is counts, (seq, seen)


def test_without_a_restore_and_when_it_is_done_a_request_keeps_its_approvals() -> None:
    change = Story().submit().approve("bo").change
    assert rules.outlived(change, 0) == change
    live = replace(change, state="live")
    assert rules.outlived(live, 99) == live
