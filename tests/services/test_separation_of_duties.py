from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from support.exports import V1, V2
from support.keyring import line_of, new_key
from support.scene import Scene, content
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.approving import approvals_missing
from store.errors import BadInput, Conflict, Refusal
from store.projections import requests as request_rows
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.delivery import deploying
from store.services.identity import people
from store.services.identity.people import principals
from store.services.requests import approving, requests
from store.services.requests.requests import change_of


def counted(scene: Scene, request: str) -> int:
    """Return how many approvals the list shows."""
    with scene.context.ledger.reading() as connection:
        row = request_rows.one(connection, request)
    assert row is not None
    return row.approvals


def test_the_requester_cannot_approve_their_own_request(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(by=scene.bo)
    with scene.refused("separation of duties: bo requested CR-0001"):
        approving.approve(scene.context, scene.bo, request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


def test_an_editor_cannot_approve_what_they_edited(scene: Scene) -> None:
    scene.ingest()
    request = scene.open()
    requests.edit(scene.context, scene.bo, request, content=content(why="clearer"))
    requests.submit(scene.context, scene.cy, request)
    with scene.refused("separation of duties: bo edited CR-0001"):
        approving.approve(scene.context, scene.bo, request)


def test_an_edit_that_changes_nothing_makes_an_editor_all_the_same(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    approving.approve(scene.context, scene.bo, request)
    requests.edit(scene.context, scene.bo, request, content=content())
    requests.submit(scene.context, scene.bo, request)
    assert counted(scene, request) == 0
    with scene.refused("not approved: 0 of 1"):
        scene.deploy(request)


def test_the_second_approval_of_one_person_is_refused_whatever_key_they_use(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(risk="high")
    approving.approve(scene.context, scene.bo, request)
    other = scene.actor("bo-laptop").signer
    people.add_key(scene.context, scene.alice, "bo", line_of(other))
    with scene.refused("one person is one approval"):
        approving.approve(scene.context, Actor(handle="bo", signer=other), request)
    with scene.refused("1 of 2 approvals"):
        scene.deploy(request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


def test_one_key_is_one_person(scene: Scene) -> None:
    line = line_of(scene.bo.signer)
    with scene.refused("belongs to bo already"):
        people.add(scene.context, scene.alice, "bobby", key_lines=[line], grants=[])
    with scene.refused("belongs to bo already"):
        people.add_key(scene.context, scene.alice, "dana", line + " another comment")


def test_a_revoked_key_does_not_come_back_as_somebody_else(scene: Scene) -> None:
    line = line_of(scene.bo.signer)
    people.revoke_key(scene.context, scene.alice, "bo", scene.bo.signer.public.fingerprint, reason="lost")
    for handle in ("dana", "bo"):
        with scene.refused(r"bo.* already"):
            people.add_key(scene.context, scene.alice, handle, line)


def test_a_key_speaks_for_its_owner_and_nobody_else(scene: Scene) -> None:
    before = scene.acts
    borrowed = Actor(handle="alice", signer=scene.cy.signer)
    with scene.refused("is cy's, not alice's"):
        people.grant(scene.context, borrowed, "cy", ev.Grant(role="admin"))
    unknown = Actor(handle="alice", signer=new_key(scene.keys / "unknown" / str(before)))
    with scene.refused("belongs to no principal"):
        people.grant(scene.context, unknown, "cy", ev.Grant(role="admin"))
    assert scene.acts == before


def test_a_revoked_key_acts_no_more_though_its_console_is_still_open(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    people.revoke_key(scene.context, scene.alice, "dana", scene.dana.signer.public.fingerprint, reason="stolen")
    with scene.refused("was revoked"):
        approving.approve(scene.context, scene.dana, request)
    with pytest.raises(Refusal, match="was revoked"):
        people.identify(scene.context, scene.dana.signer)
    assert counted(scene, request) == 0


def test_an_admin_may_end_their_own_key_and_that_is_the_last_thing_it_does(scene: Scene) -> None:
    scene.enrol("eve", "admin")
    people.revoke_key(scene.context, scene.alice, "alice", scene.alice.signer.public.fingerprint, reason="leaving")
    with pytest.raises(Refusal):
        people.grant(scene.context, scene.alice, "cy", ev.Grant(role="admin"))


def test_a_key_revoked_while_its_owner_was_touching_it_does_not_count(scene: Scene) -> None:
    """The revocation comes between the signature and the append."""
    scene.ingest()
    request = scene.submitted()

    class SlowHand:
        via, public = "key file", scene.dana.signer.public

        def sign(self, message: bytes) -> bytes:
            fingerprint = self.public.fingerprint
            people.revoke_key(scene.context, scene.alice, "dana", fingerprint, reason="stolen")
            return scene.dana.signer.sign(message)

    with pytest.raises(Refusal, match="was revoked"):
        approving.approve(scene.context, Actor(handle="dana", signer=SlowHand()), request)
    assert "was revoked" in scene.refusals[-1].reason
    assert counted(scene, request) == 0


def test_an_edit_between_the_look_and_the_signature_is_a_conflict(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()

    class SlowHand:
        via, public = "key file", scene.dana.signer.public

        def sign(self, message: bytes) -> bytes:
            requests.edit(scene.context, scene.cy, request, content=content(why="something else"))
            requests.submit(scene.context, scene.cy, request)
            return scene.dana.signer.sign(message)

    with pytest.raises(Conflict, match="review it again"):
        approving.approve(scene.context, Actor(handle="dana", signer=SlowHand()), request)
    assert "review it again" in scene.refusals[-1].reason
    assert counted(scene, request) == 0


def test_an_approval_names_everything_it_is_about_and_the_head_that_was_seen(scene: Scene) -> None:
    artifact = scene.ingest()
    request = scene.submitted()
    head, change = scene.context.ledger.head(), change_of(scene.context.ledger, request)
    entry = approving.approve(scene.context, scene.dana, request, note="read it")
    data = entry.statement.data
    assert entry.statement.on == {"request": request, "project": "orders", "environment": "prod"}
    assert (data["digest"], data["release"]) == (change.digest, change.target.release)
    assert (data["manifest"], data["artifacts"]) == (change.target.manifest, [artifact])
    assert (data["policy"], data["seen_size"]) == (scene.context.policy.digest, head.size)
    assert len(str(data["nonce"])) == 32
    assert entry.signature is not None


def test_an_approval_of_another_digest_than_shown_is_a_conflict(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    shown = change_of(scene.context.ledger, request).digest
    requests.edit(scene.context, scene.cy, request, content=content(why="something else"))
    requests.submit(scene.context, scene.cy, request)
    before = scene.acts
    for wrong in (shown, shown[:12], "0" * 64):
        with scene.refused("review it again", Conflict):
            approving.approve(scene.context, scene.dana, request, digest=wrong)
    assert scene.acts == before
    now = change_of(scene.context.ledger, request).digest
    approving.approve(scene.context, scene.dana, request, digest=now[:12])
    assert scene.state(request) == "approved"


@pytest.mark.parametrize("short", [0, 1, 7])
def test_a_digest_too_short_to_mean_anything_is_refused(scene: Scene, short: int) -> None:
    scene.ingest()
    request = scene.submitted()
    digest = change_of(scene.context.ledger, request).digest[:short]
    with pytest.raises(BadInput, match="at least 8"):
        approving.approve(scene.context, scene.dana, request, digest=digest)


def test_an_edit_after_the_approval_voids_it(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    assert counted(scene, request) == 1
    requests.edit(scene.context, scene.cy, request, content=content(why="something else"))
    assert (scene.state(request), counted(scene, request)) == ("draft", 0)
    requests.submit(scene.context, scene.cy, request)
    with scene.refused("not approved: 0 of 1"):
        scene.deploy(request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


def test_editing_back_does_not_revive_the_approval(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    digest = change_of(scene.context.ledger, request).digest
    requests.edit(scene.context, scene.cy, request, content=content(why="something else"))
    requests.edit(scene.context, scene.cy, request, content=content())
    requests.submit(scene.context, scene.cy, request)
    assert change_of(scene.context.ledger, request).digest == digest
    assert counted(scene, request) == 0
    with scene.refused("not approved"):
        scene.deploy(request)


def test_newer_exports_do_not_slip_into_an_approved_request(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    scene.ingest(V2)
    assert scene.deploy(request).verified
    assert scene.delivered() == {"flows.json": V1}


def test_taking_newer_exports_voids_the_approval(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    scene.ingest(V2)
    requests.edit(scene.context, scene.cy, request, content=content(), refresh=True)
    assert counted(scene, request) == 0
    requests.submit(scene.context, scene.cy, request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    assert scene.delivered() == {"flows.json": V2}


def test_an_approval_grows_old_and_can_be_renewed(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    scene.clock.advance(days=15)
    with scene.refused("not approved: 0 of 1"):
        scene.deploy(request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


def test_critical_risk_needs_a_security_approver(scene: Scene) -> None:
    eli = scene.enrol("eli", "approver")
    scene.ingest()
    request = scene.submitted(risk="critical")
    for actor in (scene.bo, eli):
        entry = approving.approve(scene.context, actor, request)
        assert entry.statement.data["complete"] is False
    with scene.refused("no approval by a security-approver"):
        scene.deploy(request)
    assert approving.approve(scene.context, scene.dana, request).statement.data["complete"] is True
    assert scene.deploy(request).verified


def test_a_role_given_after_the_approval_does_not_reach_back(scene: Scene) -> None:
    scene.enrol("eli", "approver")
    scene.ingest()
    request = scene.submitted(risk="critical")
    for actor in (scene.bo, scene.actor("eli")):
        approving.approve(scene.context, actor, request)
    people.grant(scene.context, scene.alice, "eli", ev.Grant(role="security-approver"))
    with scene.refused("no approval by a security-approver"):
        scene.deploy(request)


def test_an_approval_copied_to_another_request_does_not_count(scene: Scene) -> None:
    scene.ingest()
    first = scene.approved()
    second = scene.submitted(why="another one")
    entry = scene.entries(kind="approval.granted")[-1]
    moved = statement_of(scene.context, scene.last("approval.granted"), "dana")
    moved = type(moved)(
        **{f: getattr(moved, f) for f in ("origin", "kind", "time", "actor", "data")},
        on={**entry.statement.on, "request": second},
    )
    smuggle(scene.context, moved, entry.signature)
    assert first != second
    with scene.refused("not approved: 0 of 1"):
        scene.deploy(second)


@pytest.mark.parametrize("who", ["bo", "dana"])
def test_an_approval_that_its_actor_never_signed_does_not_deploy(scene: Scene, who: str) -> None:
    """Whoever can write the file holds the log key, but not dana's."""
    scene.ingest()
    request = scene.submitted()
    change = change_of(scene.context.ledger, request)
    forged = ev.ApprovalGranted(
        request=request,
        project="orders",
        environment="prod",
        complete=True,
        digest=change.digest,
        release=change.target.release,
        manifest=change.target.manifest,
        artifacts=(),
        policy=scene.context.policy.digest,
        seen_size=1,
        seen_root="",
        not_after="2027-01-01T00:00:00.000Z",
        nonce="0" * 32,
    )
    statement = statement_of(scene.context, forged, who)
    for signature in (None, scene.cy.signer.sign(statement.bytes())):
        smuggle(scene.context, statement, signature)
        with scene.refused(f"the approval of {who}"):
            scene.deploy(request)


def test_an_approval_signed_by_somebody_without_the_role_does_not_deploy(scene: Scene) -> None:
    """A client of one's own can sign anything with one's own key."""
    eve = scene.enrol("eve", "auditor")
    scene.ingest()
    approved = scene.approved()
    event = scene.last("approval.granted")
    statement = statement_of(scene.context, event, "eve")
    smuggle(scene.context, statement, eve.signer.sign(statement.bytes()))
    requests.edit(scene.context, scene.cy, approved, content=content(why="again", risk="high"))
    requests.submit(scene.context, scene.cy, approved)
    approving.approve(scene.context, scene.dana, approved)
    event = scene.last("approval.granted")
    statement = statement_of(scene.context, event, "eve")
    smuggle(scene.context, statement, eve.signer.sign(statement.bytes()))
    with scene.refused(r"the approval of eve"):
        scene.deploy(approved)


def test_a_refusal_ends_the_request(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    with pytest.raises(BadInput, match="reason"):
        approving.refuse(scene.context, scene.dana, request, reason=" ")
    approving.refuse(scene.context, scene.dana, request, reason="the shop is closed")
    for act in (
        lambda: scene.deploy(request),
        lambda: approving.approve(scene.context, scene.bo, request),
        lambda: requests.submit(scene.context, scene.cy, request),
        lambda: requests.edit(scene.context, scene.cy, request, content=content()),
        lambda: requests.withdraw(scene.context, scene.cy, request, reason="-"),
        lambda: approving.refuse(scene.context, scene.dana, request, reason="twice"),
    ):
        with scene.refused(r"is refused|not approved"):
            act()


def test_two_people_at_once_complete_the_rule_exactly_once(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(risk="high")
    barrier = threading.Barrier(2)

    def approve(actor: Actor) -> None:
        barrier.wait()
        approving.approve(scene.context, actor, request)

    threads = [threading.Thread(target=approve, args=(actor,)) for actor in (scene.bo, scene.dana)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    complete = [entry.statement.data["complete"] for entry in scene.entries(kind="approval.granted")]
    assert complete == [False, True]
    assert scene.state(request) == "approved"


def test_what_cannot_be_written_as_an_entry_is_refused_and_harms_nothing(scene: Scene) -> None:
    scene.ingest()
    before = scene.acts
    for odd in ("x" * 70_000, "\ud800"):
        with pytest.raises(BadInput):
            scene.open(why=odd)
    assert scene.acts == before
    assert scene.open() == "CR-0001"


def test_the_rule_is_asked_again_at_deployment(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    ledger = scene.context.ledger
    missing = approvals_missing(
        change_of(ledger, request),
        people=principals(ledger),
        policy=scene.context.policy,
        at=scene.context.now,
    )
    assert missing == []
    scene.clock.at += timedelta(days=20)
    with pytest.raises(Refusal):
        deploying.check(scene.context, ledger, "bo", request)
