"""Somebody can be stopped for a time; nobody can lock everybody out, and nobody can pass for somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.keyring import line_of
from support.scene import Scene

from store.domain import events as ev
from store.domain.roles import parse_grant
from store.errors import BadInput, NotFound, Refusal
from store.projections import principals as rows
from store.services.audit.verifying import Scope, verify_workspace
from store.services.delivery import deploying
from store.services.identity import people
from store.services.requests import approving, requests

WEEK = "2026-03-09T09:00:00Z"


def test_whoever_is_suspended_may_do_nothing_until_it_ends_and_the_denial_says_until_when_and_who_can(
    scene: Scene,
) -> None:
    scene.ingest()
    request = scene.submitted()
    entry = people.suspend(scene.context, scene.alice, "dana", until=WEEK, reason="key lost")
    with pytest.raises(Refusal) as caught:
        approving.approve(scene.context, scene.dana, request)
    assert caught.value.reasons == (
        "dana may not approve on orders/prod: dana is suspended until 2026-03-09T09:00:00.000Z"
        f" (entry {entry.seq}): key lost",
    )
    assert caught.value.would_unblock == ("bo could do it",)
    scene.clock.advance(hours=8 * 24)
    approving.approve(scene.context, scene.dana, request)
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_one_grant_is_suspended_and_the_others_stay(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    what = parse_grant("approver")
    people.suspend(scene.context, scene.alice, "bo", until=WEEK, reason="too close to it", what=what)
    with pytest.raises(Refusal, match="the role approver is suspended until"):
        approving.approve(scene.context, scene.bo, request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    people.reinstate(scene.context, scene.alice, "bo", reason="looked into it", what=what)
    approving.approve(scene.context, scene.bo, scene.submitted())


def test_an_approval_does_not_count_while_its_giver_is_suspended(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved(by=[scene.dana])
    people.suspend(scene.context, scene.alice, "dana", until=WEEK, reason="key lost")
    with pytest.raises(Refusal, match="0 of 1 approvals"):
        scene.deploy(request)
    people.reinstate(scene.context, scene.alice, "dana", reason="key found")
    assert scene.deploy(request).verified


@pytest.mark.parametrize("how", ["ended", "revoked", "suspended"])
def test_an_approval_counts_only_as_long_as_its_giver_could_give_it(scene: Scene, how: str) -> None:
    role = parse_grant("approver@orders/*")
    held = replace(role, expires="2026-03-03T12:00:00.000Z") if how == "ended" else role
    gus = scene.enrol("gus", "requester")
    people.grant(scene.context, scene.alice, "gus", held)
    scene.ingest()
    request = scene.approved(by=[gus])
    match how:
        case "ended":
            scene.clock.advance(seconds=2 * 86_400)
            why = "the role approver ended at 2026-03-03T12:00:00.000Z"
        case "revoked":
            people.revoke(scene.context, scene.alice, "gus", role, reason="left the team")
            why = "it needs the role approver or security-approver"
        case _:
            people.suspend(scene.context, scene.alice, "gus", until=WEEK, reason="away", what=role)
            why = "the role approver is suspended until 2026-03-09"
    with pytest.raises(Refusal, match="0 of 1 approvals") as caught:
        scene.deploy(request)
    assert any("the approval of gus" in reason and why in reason for reason in caught.value.reasons)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


def test_a_suspension_needs_a_reason_and_an_end_within_a_year(scene: Scene) -> None:
    for until in ("2026-03-01", "2027-12-01", "soon", "9999-12-31T23:59:59Z"):
        with pytest.raises(BadInput, match=r"is no time|is not within the next"):
            people.suspend(scene.context, scene.alice, "bo", until=until, reason="x")
    with pytest.raises(BadInput, match="needs a reason"):
        people.suspend(scene.context, scene.alice, "bo", until=WEEK, reason=" ")
    with pytest.raises(NotFound, match="no grant admin"):
        people.suspend(scene.context, scene.alice, "bo", until=WEEK, reason="x", what=parse_grant("admin"))
    with pytest.raises(NotFound, match="nothing of bo is suspended"):
        people.reinstate(scene.context, scene.alice, "bo", reason="x")


def test_nobody_lifts_their_own_suspension(scene: Scene) -> None:
    eve = scene.enrol("eve", "admin")
    people.suspend(scene.context, scene.alice, "eve", until=WEEK, reason="x", what=parse_grant("admin"))
    with pytest.raises(Refusal, match="suspended until"):
        people.reinstate(scene.context, eve, "eve", reason="mine")
    people.grant(scene.context, scene.alice, "eve", parse_grant("admin@*/prod"))
    people.suspend(scene.context, scene.alice, "eve", until=WEEK, reason="x", what=parse_grant("admin@*/prod"))
    with pytest.raises(Refusal):
        people.reinstate(scene.context, eve, "eve", reason="mine")


def test_the_last_admin_cannot_lock_everybody_out(scene: Scene) -> None:
    admin, alice = parse_grant("admin"), scene.alice
    attempts = [
        lambda: people.revoke(scene.context, alice, "alice", admin, reason="done"),
        lambda: people.suspend(scene.context, alice, "alice", until=WEEK, reason="leave"),
        lambda: people.suspend(scene.context, alice, "alice", until=WEEK, reason="leave", what=admin),
        lambda: people.revoke_key(scene.context, alice, "alice", alice.signer.public.fingerprint, reason="lost"),
    ]
    before = scene.acts
    for attempt in attempts:
        with pytest.raises(Refusal, match="everybody would be locked out"):
            attempt()
    assert scene.acts == before
    # an admin for a while, of one place, without a key of theirs, or suspended is no replacement
    people.grant(scene.context, alice, "bo", ev.Grant(role="admin", expires="2027-01-01T00:00:00Z"))
    people.grant(scene.context, alice, "cy", parse_grant("admin@orders/prod"))
    people.add(scene.context, alice, "ghost", key_lines=[], grants=[admin])
    scene.enrol("eve", "admin")
    people.suspend(scene.context, alice, "eve", until=WEEK, reason="x")
    with pytest.raises(Refusal, match="locked out"):
        attempts[0]()
    people.reinstate(scene.context, alice, "eve", reason="y")
    people.revoke(scene.context, alice, "alice", admin, reason="eve does it now")
    with pytest.raises(Refusal, match="alice may not manage principals"):
        scene.enrol("new")


@pytest.mark.parametrize(
    "handle", ["Bo", "BO", "bо", "bo\u200b", "ｂｏ", "bo ", "ḃo", "bo\n", "system", "quarterdeck", ""]
)
def test_an_alias_in_another_case_or_script_is_no_handle(scene: Scene, handle: str) -> None:
    with pytest.raises(BadInput, match=r"is no handle|no person's handle"):
        people.add(scene.context, scene.alice, handle, key_lines=[], grants=[])


@pytest.mark.parametrize("handle", ["b0", "b.o", "bo-", "b_o", "a1ice", "dana-", "d.a.n.a"])
def test_a_handle_that_reads_like_anothers_is_refused(scene: Scene, handle: str) -> None:
    with pytest.raises(Refusal, match="reads like"):
        people.add(scene.context, scene.alice, handle, key_lines=[], grants=[])


def test_a_second_key_or_role_or_principal_makes_nobody_two_people(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(risk="high")
    second = scene.actor("dana-second")
    people.add_key(scene.context, scene.alice, "dana", line_of(second.signer))
    people.grant(scene.context, scene.alice, "dana", parse_grant("operator"))
    approving.approve(scene.context, scene.dana, request)
    as_dana = type(second)(handle="dana", signer=second.signer)
    with pytest.raises(Refusal, match="one person is one approval"):
        approving.approve(scene.context, as_dana, request)
    with pytest.raises(Refusal, match="one key is one person"):
        people.add(scene.context, scene.alice, "mallory", key_lines=[line_of(second.signer)], grants=[])
    with pytest.raises(Refusal, match="1 of 2 approvals"):
        deploying.deploy(scene.context, scene.bo, request)
    assert scene.state(request) == "in review"
    assert requests.change_of(scene.context.ledger, request).level == "high"


def test_the_list_of_principals_says_who_is_suspended_and_whose_role_ends(scene: Scene) -> None:
    people.suspend(scene.context, scene.alice, "dana", until=WEEK, reason="x")
    people.grant(scene.context, scene.alice, "cy", ev.Grant(role="operator", expires=WEEK))
    with scene.context.ledger.reading() as connection:
        found = {row.handle: row for row in rows.listing(connection)}
    assert found["dana"].suspended == "2026-03-09T09:00:00.000Z"
    assert "operator until 2026-03-09" in found["cy"].roles


def test_it_is_told_whether_somebody_or_only_one_role_of_theirs_is_suspended(scene: Scene) -> None:
    people.suspend(scene.context, scene.alice, "dana", until=WEEK, reason="x", what=parse_grant("approver"))
    assert people.suspended(scene.context) == {"dana": "approver@*/* until 2026-03-09T09:00:00.000Z"}
    people.suspend(scene.context, scene.alice, "dana", until=WEEK, reason="y")
    people.reinstate(scene.context, scene.alice, "dana", reason="z", what=parse_grant("approver"))
    assert people.suspended(scene.context) == {"dana": "2026-03-09T09:00:00.000Z"}
    scene.clock.advance(days=8)
    assert people.suspended(scene.context) == {}


def test_a_role_that_has_ended_already_is_not_granted(scene: Scene) -> None:
    with pytest.raises(BadInput, match="that is over already"):
        people.grant(scene.context, scene.alice, "cy", ev.Grant(role="operator", expires="2020-01-01T00:00:00Z"))
