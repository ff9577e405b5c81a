"""The rules change as everything else does: proposed, approved under the rules in force, adopted, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.earlier import without_lapses
from support.exports import V2
from support.scene import Scene, build, enter_here
from support.tampering import past_triggers, smuggle
from support.ticking import TickingClock

from store import archive
from store.domain import events as ev
from store.domain.policy import default_policy
from store.domain.policy.in_force import PLACE
from store.domain.policy.reading import BadPolicy
from store.domain.roles import parse_grant
from store.errors import BadInput, Refusal
from store.integrity.entry import Entry
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor
from store.services.delivery import deploying
from store.services.diffing import of_request
from store.services.history import history
from store.services.identity import people
from store.services.policy import files, proposing
from store.services.policy.book import Book
from store.services.policy.files import Disk
from store.services.requests import approving, promoting, requests
from store.workspace import open_workspace

TEN = "approval_days = 10\n"
TWO = "[approvals.low]\npeople = 2\n"
"""One more approval than before, for low risk."""
GUS = parse_grant("approver")


def write(scene: Scene, text: str, name: str = "policy.toml") -> None:
    """Put one policy file on disk."""
    folder = scene.workspace.root / "policies"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def propose(scene: Scene, text: str, by: Actor | None = None, **stated: str) -> str:
    """Write the file and propose it; return the request."""
    write(scene, text)
    entry = proposing.propose(scene.context, by or scene.cy, title="Rules", why="we learned", **stated)[0]
    return entry.statement.on["request"]


def adopted(scene: Scene, text: str, by: Actor | None = None) -> Entry:
    """Propose, let bo and dana approve, let alice adopt."""
    request = propose(scene, text, by)
    for actor in (scene.bo, scene.dana):
        approving.approve(scene.context, actor, request)
    return proposing.adopt(scene.context, scene.alice, request)


def test_files_on_disk_have_no_effect_until_they_are_adopted_and_that_is_said(scene: Scene) -> None:
    assert files.on_disk(scene.context).state is Disk.NONE
    write(scene, TEN)
    assert scene.context.policy == default_policy()
    found = files.on_disk(scene.context)
    assert (found.state, [one.key for one in found.changes]) == (Disk.DIFFERENT, ["approval_days"])
    write(scene, "approval_days = 0\n")
    assert (files.on_disk(scene.context).state, files.on_disk(scene.context).words) == (
        Disk.FAULTY,
        "the policy files have 1 faults: without effect",
    )
    adopted(scene, TEN)
    assert files.on_disk(scene.context).state is Disk.ADOPTED
    write(scene, "# said otherwise, meant the same\napproval_days    = 10\n")
    assert files.on_disk(scene.context).state is Disk.ADOPTED


def test_an_adopted_policy_counts_from_the_next_entry_on_and_every_past_entry_keeps_its_own(scene: Scene) -> None:
    scene.ingest()
    before = scene.approved()
    entry = adopted(scene, TEN + TWO)
    policies = scene.context.policies
    assert policies.at(entry.seq).policy == default_policy()
    assert policies.at(entry.seq + 1).policy.approval_days == 10
    assert scene.context.policy.rule("low").people == 2
    assert history.resolve(scene.context, entry.statement.on["request"]).seq == entry.seq
    assert scene.state(entry.statement.on["request"]) == "live"
    with pytest.raises(Refusal, match="1 of 2 approvals"):
        scene.deploy(before)
    approving.approve(scene.context, scene.bo, before)
    assert scene.deploy(before).verified
    assert verify_workspace(scene.context, scope=Scope()).ok
    assert Book(scene.context.ledger).known() == policies.known()


def test_an_owner_who_is_nobody_here_is_a_fault_because_nobody_could_ever_approve_for_them(scene: Scene) -> None:
    write(scene, '"orders/*" = ["dana"]\n"crm/*" = ["bo", "zoe"]\n', "owners.toml")
    with pytest.raises(BadPolicy, match=r"owners.toml:2: .*'zoe' is no principal of this ledger"):
        propose(scene, TEN)
    scene.enrol("zoe", "approver")
    assert propose(scene, TEN)


def test_every_file_and_the_whole_policy_lie_in_the_archive_under_their_digests(scene: Scene) -> None:
    write(scene, '"orders/*" = ["dana"]\n', "owners.toml")
    entry = adopted(scene, TEN)
    event = scene.last("policy.adopted")
    assert isinstance(event, ev.PolicyAdopted)
    assert [file.name for file in event.files] == ["owners.toml", "policy.toml"]
    with scene.context.ledger.reading() as connection:
        assert archive.get(connection, event.files[1].artifact) == TEN.encode()
        assert archive.get(connection, event.policy) == scene.context.policy.canonical
    assert event.policy == scene.context.policy.digest
    assert entry.signature is not None


def test_a_policy_request_shows_what_it_changes_and_nothing_else(scene: Scene) -> None:
    request = propose(scene, TEN)
    (part,) = of_request(scene.context, request).components
    assert [(field.path, field.old, field.new) for field in part.fields] == [("approval_days", 14, 10)]
    change = requests.change_of(scene.context.ledger, request)
    assert change.content.what == "approval_days: 14 → 10"
    assert change.level == "medium"


def test_making_anything_easier_is_a_change_of_high_risk_and_says_what(scene: Scene) -> None:
    request = propose(scene, "approval_days = 30\n[approvals.high]\npeople = 1\n")
    change = requests.change_of(scene.context.ledger, request)
    assert change.level == "high"
    proposed = proposing.proposal(scene.context.ledger, request)
    assert "approvals are good for longer" in proposed.loosens
    assert "approvals for high risk in any other environment: 1 instead of 2" in proposed.loosens
    approving.approve(scene.context, scene.bo, request)
    with pytest.raises(Refusal, match="1 of 2 approvals for risk high"):
        proposing.adopt(scene.context, scene.alice, request)
    approving.approve(scene.context, scene.dana, request)
    proposing.adopt(scene.context, scene.alice, request)


def test_who_proposes_a_policy_cannot_approve_it_whatever_switch_is_on(scene: Scene) -> None:
    adopted(scene, "[separation]\nrequester_approves = true\neditor_approves = true\npolicy_editor_hours = 0\n")
    scene.clock.advance(hours=25)
    request = propose(scene, TEN, by=scene.bo)
    with pytest.raises(Refusal, match="separation of duties: bo requested") as caught:
        approving.approve(scene.context, scene.bo, request)
    assert caught.value.would_unblock == ("dana could do it",)


def test_who_may_not_adopt_is_refused_and_an_unapproved_policy_too(scene: Scene) -> None:
    request = propose(scene, TEN)
    with pytest.raises(Refusal, match="0 of 1 approvals"):
        proposing.adopt(scene.context, scene.alice, request)
    approving.approve(scene.context, scene.dana, request)
    with pytest.raises(Refusal, match="bo may not adopt a policy") as caught:
        proposing.adopt(scene.context, scene.bo, request)
    assert "alice could do it" in caught.value.would_unblock
    eve = scene.enrol("eve", "requester@orders/prod")
    with pytest.raises(Refusal, match=r"eve may not open a request on \(policy\)/\(policy\)"):
        propose(scene, TEN, by=eve)


def test_the_last_editor_cannot_approve_under_the_new_rule_for_a_day_even_if_it_says_so(scene: Scene) -> None:
    scene.ingest()
    eli = scene.enrol("eli", "approver")
    adopted(scene, "[separation]\npolicy_editor_hours = 0\n[approvals.high]\npeople = 1\n", by=eli)
    request = scene.submitted(risk="high")
    with pytest.raises(Refusal, match="eli wrote the policy in force") as caught:
        approving.approve(scene.context, eli, request)
    assert "bo, dana could do it" in caught.value.would_unblock
    scene.clock.advance(hours=24)
    approving.approve(scene.context, eli, request)
    assert scene.deploy(request).verified


def test_an_approval_smuggled_in_by_the_editor_before_the_day_is_over_does_not_deploy(scene: Scene) -> None:
    scene.ingest()
    eli = scene.enrol("eli", "approver")
    adopted(scene, TEN, by=eli)
    request = scene.submitted()
    genuine = approving.approve(scene.context, scene.dana, request)
    event = ev.decode(genuine.statement.kind, genuine.statement.on, genuine.statement.data)
    assert isinstance(event, ev.ApprovalGranted)
    statement = statement_of(scene.context, replace(event, nonce="1" * 32), "eli")
    smuggle(scene.context, statement, eli.signer.sign(statement.bytes()))
    with pytest.raises(Refusal, match=r"the approval of eli .* does not count: separation of duties"):
        scene.deploy(request)


def test_an_approval_that_names_another_policy_than_was_in_force_does_not_count(scene: Scene) -> None:
    scene.ingest()
    adopted(scene, TEN)
    request = scene.submitted()
    context = scene.context.under(default_policy())
    approving.approve(context, scene.dana, request)
    with pytest.raises(Refusal, match="given under a policy that was not in force"):
        scene.deploy(request)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"time": "2026-03-02T09:00:01.000Z"}, "had no role to approve with"),
        ({"time": "2026-03-20T09:00:00.000Z"}, "a time that has not come yet"),
        ({"not_after": "2036-01-01T00:00:00.000Z"}, "good for longer than policy allows"),
    ],
)
def test_an_approval_cannot_help_itself_by_claiming_another_time(
    scene: Scene, claims: dict[str, str], reason: str
) -> None:
    """A client of one's own and a way into the file: sign an approval for a time when the role still held."""
    eve = scene.enrol("eve")
    people.grant(scene.context, scene.alice, "eve", ev.Grant(role="approver", expires="2026-03-02T12:00:00.000Z"))
    scene.ingest()
    request = scene.submitted()
    genuine = approving.approve(scene.context, eve, request)
    scene.deploy(request)
    ended = "no role" in reason
    if ended:
        scene.clock.advance(hours=9)
    scene.ingest(V2)
    second = scene.submitted()
    change = requests.change_of(scene.context.ledger, second)
    event = ev.decode(genuine.statement.kind, genuine.statement.on, genuine.statement.data)
    assert isinstance(event, ev.ApprovalGranted)
    forged = replace(
        event, request=second, digest=change.digest, release=change.target.release, manifest=change.target.manifest,
        nonce="2" * 32, not_after=claims.get("not_after", event.not_after),
    )  # fmt: skip
    statement = statement_of(scene.context, forged, "eve")
    statement = replace(statement, time=claims.get("time", statement.time))
    smuggle(scene.context, statement, eve.signer.sign(statement.bytes()))
    if ended:  # given again, and too late for that one
        people.grant(scene.context, scene.alice, "eve", ev.Grant(role="approver"))
    with pytest.raises(Refusal, match=reason):
        scene.deploy(second)


def test_a_policy_that_was_overtaken_cannot_be_adopted(scene: Scene) -> None:
    first = propose(scene, TEN)
    approving.approve(scene.context, scene.dana, first)
    adopted(scene, "approval_days = 9\n")
    with pytest.raises(Refusal, match="another policy came into force since"):
        proposing.adopt(scene.context, scene.alice, first)
    with pytest.raises(BadInput, match="in force already"):
        propose(scene, "approval_days = 9\n")


def test_files_changed_after_the_proposal_change_nothing(scene: Scene) -> None:
    request = propose(scene, TEN)
    approving.approve(scene.context, scene.dana, request)
    write(scene, "approval_days = 365\n[approvals.high]\npeople = 1\n")
    proposing.adopt(scene.context, scene.alice, request)
    assert scene.context.policy.approval_days == 10
    assert scene.context.policy.rule("high").people == 2
    assert files.on_disk(scene.context).state is Disk.DIFFERENT


def test_a_policy_request_is_neither_edited_nor_deployed_nor_promoted(scene: Scene) -> None:
    request = propose(scene, TEN)
    with pytest.raises(Refusal, match="told from the policy files"):
        requests.edit(scene.context, scene.cy, request, content=ev.RequestContent(title="x", why="y"))
    approving.approve(scene.context, scene.dana, request)
    with pytest.raises(BadInput, match="quarterdeck policy adopt"):
        deploying.deploy(scene.context, scene.bo, request)
    with pytest.raises(Refusal, match="not live in"):
        promoting.promote(scene.context, scene.cy, request, to="prod")
    scene.ingest()
    with pytest.raises(BadInput, match="does not change the policy"):
        proposing.adopt(scene.context, scene.alice, scene.approved())
    with pytest.raises(BadInput):
        scene.open(project=PLACE, place="prod")


def test_a_policy_that_could_never_be_changed_again_is_refused(scene: Scene) -> None:
    for text in ("[approvals.medium]\npeople = 3\n", "[approvals.high]\nroles = ['auditor', 'approver']\n"):
        with pytest.raises(Refusal, match="could never be changed again"):
            propose(scene, text)
    request = propose(scene, "[approvals.high]\nsecurity = true\n")
    approving.approve(scene.context, scene.bo, request)
    people.revoke(scene.context, scene.alice, "dana", parse_grant("security-approver"), reason="left")
    with pytest.raises(Refusal, match="could never be changed again"):
        proposing.adopt(scene.context, scene.alice, request)


def test_a_forged_adoption_changes_no_rule_and_verify_names_it(scene: Scene) -> None:
    request = propose(scene, "approval_days = 300\n")
    change = requests.change_of(scene.context.ledger, request)
    proposed = proposing.proposal(scene.context.ledger, request)
    event = ev.PolicyAdopted(
        request=request, project=PLACE, environment=PLACE, policy=proposed.policy,
        previous=proposed.previous, files=proposed.files, digest=change.digest,
    )  # fmt: skip
    for actor, signer in (("alice", scene.cy.signer), ("bo", scene.bo.signer), ("alice", scene.alice.signer)):
        statement = statement_of(scene.context, event, actor)
        smuggle(scene.context, statement, signer.sign(statement.bytes()))
    book = Book(scene.context.ledger)
    assert book.now().policy == default_policy()
    reasons = [one.problems for one in book.judged()]
    assert "does not verify" in reasons[0][0]
    assert "bo may not adopt a policy" in reasons[1]
    assert reasons[2][-1] == "not approved: 0 of 2 approvals for risk high", "signed by an admin, approved by nobody"
    report = verify_workspace(scene.context, scope=Scope())
    assert [(problem.problem, problem.detail.split(":")[0]) for problem in report.problems] == [
        ("rule", "the signature of alice does not verify"),
        ("rule", "bo was no admin"),
        ("policy", "this adoption does not count"),
    ]


def test_an_adoption_of_what_nobody_approved_is_live_nowhere_and_in_nobodys_way(scene: Scene) -> None:
    first = adopted(scene, TEN).statement.on["request"]
    request = propose(scene, "approval_days = 9\n")
    append_adoption(scene, request)
    assert scene.states == {first: "live", request: "in review"}
    assert scene.state(request) == "in review"
    for actor in (scene.bo, scene.dana):
        approving.approve(scene.context, actor, request)
    proposing.adopt(scene.context, scene.alice, request)
    assert scene.context.policy.approval_days == 9
    assert scene.states == {first: "superseded", request: "live"}


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_an_adoption_of_what_was_turned_down_changes_nothing_that_is_shown(scene: Scene, how: str) -> None:
    first = adopted(scene, TEN).statement.on["request"]
    request = propose(scene, "approval_days = 9\n")
    approving.approve(scene.context, scene.bo, request)
    if how == "refused":
        approving.refuse(scene.context, scene.dana, request, reason="too short")
    else:
        requests.withdraw(scene.context, scene.cy, request, reason="too short")
    append_adoption(scene, request)
    assert scene.states == {first: "live", request: how}
    assert scene.state(request) == how
    assert verify_workspace(scene.context, scope=Scope()).problems[-1].problem == "policy"


def left(scene: Scene, text: str) -> str:
    """Propose, let gus approve, and take gus the role; return the request."""
    if "gus" not in people.principals(scene.context.ledger).by_handle:
        scene.enrol("gus", "requester")
    people.grant(scene.context, scene.alice, "gus", GUS)
    request = propose(scene, text)
    approving.approve(scene.context, scene.actor("gus"), request)
    people.revoke(scene.context, scene.alice, "gus", GUS, reason="left the team")
    return request


def append_adoption(scene: Scene, request: str, *, lapses: bool = False) -> None:
    """Append the adoption of a request with alice's signature, past all that `adopt` asks."""
    change = requests.change_of(scene.context.ledger, request)
    proposed = proposing.proposal(scene.context.ledger, request)
    event = ev.PolicyAdopted(
        request=request, project=PLACE, environment=PLACE, policy=proposed.policy,
        previous=proposed.previous, files=proposed.files, digest=change.digest, lapses=lapses,
    )  # fmt: skip
    statement = statement_of(scene.context, event, "alice")
    smuggle(scene.context, statement, scene.alice.signer.sign(statement.bytes()))


def test_a_policy_is_not_adopted_with_an_approval_whose_giver_may_approve_no_more(scene: Scene) -> None:
    request = left(scene, TEN)
    with pytest.raises(Refusal, match="0 of 1 approvals") as caught:
        proposing.adopt(scene.context, scene.alice, request)
    assert any("the approval of gus" in reason for reason in caught.value.reasons)
    approving.approve(scene.context, scene.dana, request)
    proposing.adopt(scene.context, scene.alice, request)
    assert scene.context.policy.approval_days == 10
    append_adoption(scene, left(scene, "approval_days = 9\n"), lapses=True)
    assert scene.context.policy.approval_days == 10, "nor by a client of one's own"


@pytest.fixture
def old_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A workspace as it was founded before approvals could lapse: its first entry says nothing of it."""
    clock = TickingClock()
    with monkeypatch.context() as patch:
        patch.setattr(ev, "LedgerOpened", without_lapses(ev.LedgerOpened))
        build(tmp_path / "workspace", tmp_path / "keys", clock)
    scene = enter_here(tmp_path / "workspace", tmp_path / "keys", clock)
    assert "lapses" not in scene.entries()[0].statement.data
    yield scene
    scene.workspace.close()


def test_an_adoption_from_before_approvals_could_lapse_stays_in_force(old_scene: Scene) -> None:
    scene = old_scene
    append_adoption(scene, left(scene, TEN))  # what the code of then recorded: the entry says nothing of it
    assert Book(scene.context.ledger).now().policy.approval_days == 10
    assert verify_workspace(scene.context, scope=Scope()).ok
    append_adoption(scene, propose(scene, "approval_days = 9\n"))
    assert Book(scene.context.ledger).now().policy.approval_days == 10, "approved by nobody: that was never enough"
    problems = Book(scene.context.ledger).judged()[-1].problems
    assert problems == ("not approved: 0 of 1 approvals for risk medium",)


def test_nobody_goes_back_to_the_rule_from_before_approvals_could_lapse(scene: Scene) -> None:
    """An admin with a client of their own and a way into the file leaves out that it was asked."""
    adopted(scene, TEN)
    append_adoption(scene, left(scene, "approval_days = 9\n"))
    book = Book(scene.context.ledger)
    assert book.now().policy.approval_days == 10
    assert book.judged()[-1].problems[0] == "not approved: 0 of 1 approvals for risk medium"


def test_a_new_workspace_never_knew_the_rule_from_before_approvals_could_lapse(scene: Scene) -> None:
    append_adoption(scene, left(scene, TEN))
    book = Book(scene.context.ledger)
    assert book.now().seq == 0
    assert book.judged()[0].problems[0] == "not approved: 0 of 1 approvals for risk medium"


def test_in_an_old_workspace_the_first_adoption_under_it_ends_the_earlier_rule(old_scene: Scene) -> None:
    adopted(old_scene, TEN)
    append_adoption(old_scene, left(old_scene, "approval_days = 9\n"))
    assert Book(old_scene.context.ledger).now().policy.approval_days == 10


def test_asking_for_the_policy_is_one_look_up(scene: Scene) -> None:
    adopted(scene, TEN)
    first = scene.context.policy
    assert scene.context.policy is first
    assert scene.context.policies.at(1).policy is scene.context.policies.at(2).policy


@pytest.mark.parametrize("kind", ["policy.adopted", "request.opened", "approval.granted", "artifact.ingested"])
def test_verify_says_what_is_damaged_even_where_the_rules_themselves_are(scene: Scene, kind: str) -> None:
    scene.ingest()
    adopted(scene, TEN)
    damaged = scene.entries(kind=kind)[0].seq
    with past_triggers(scene.workspace.root / "ledger.db") as connection:
        (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (damaged,)).fetchone()
        connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (body.replace(b"2026-", b"2027-", 1), damaged))
    scene.workspace.close()
    opened = open_workspace(scene.workspace.root, clock=scene.clock)
    report = verify_workspace(opened.context, scope=Scope())
    opened.close()
    assert not report.ok
    assert (report.problems[0].seq, report.problems[0].problem) == (damaged, "hash")
