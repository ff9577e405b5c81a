"""Everything somebody can try who may append with the log's key, but holds nobody's key but their own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from support.keyring import line_of
from support.scene import ORIGIN, Scene, content
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.signatures import SignatureAudit
from store.errors import BadInput
from store.integrity import sshsig
from store.integrity.checkpoint import open_checkpoint
from store.integrity.entry import FIRST_PREV, Statement, seal
from store.integrity.keyfile import load_private_key
from store.ledger.report import Verdict
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor
from store.services.delivery import environments
from store.services.identity import people

GRANT = ev.RoleGranted(principal="cy", grant=ev.Grant(role="admin"))


def found(scene: Scene) -> list[tuple[int, str]]:
    """Return what verification says against the rules, as (entry, words)."""
    report = verify_workspace(scene.context, scope=Scope(archive=False))
    problems = [(problem.seq, problem.detail) for problem in report.problems if problem.problem == "rule"]
    assert len(problems) == len(report.problems), report.problems
    assert (report.verdict is Verdict.INVALID) is bool(problems)
    return problems


def said(scene: Scene, event: ev.Event, actor: str) -> Statement:
    return statement_of(scene.context, event, actor)


def smuggled(scene: Scene, statement: Statement, by: Actor | None) -> int:
    return smuggle(scene.context, statement, by.signer.sign(statement.bytes()) if by else None).seq


def test_an_honest_ledger_has_no_problems(scene: Scene) -> None:
    scene.live()
    report = verify_workspace(scene.context, scope=Scope())
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())


def test_an_act_that_nobody_signed_is_found(scene: Scene) -> None:
    seq = smuggled(scene, said(scene, GRANT, "alice"), None)
    assert found(scene) == [(seq, "role.granted by alice must be signed and is not")]


@pytest.mark.parametrize("thief", ["cy", "stranger"])
def test_an_act_signed_by_somebody_else_is_found(scene: Scene, thief: str) -> None:
    seq = smuggled(scene, said(scene, GRANT, "alice"), scene.actor(thief))
    ((where, words),) = found(scene)
    assert (where, words.startswith("the signature of alice does not verify")) == (seq, True)


def test_an_act_of_somebody_nobody_knows_is_found(scene: Scene) -> None:
    seq = smuggled(scene, said(scene, GRANT, "stranger"), scene.actor("stranger"))
    assert found(scene) == [(seq, f"stranger had no valid key at entry {seq}")]


def test_a_signature_of_one_statement_under_another_is_found(scene: Scene) -> None:
    environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    honest = scene.entries(kind="environment.frozen")[-1]
    assert honest.signature is not None
    seq = smuggle(scene.context, said(scene, GRANT, "alice"), honest.signature).seq
    assert [where for where, _ in found(scene)] == [seq]


def test_a_signature_for_another_purpose_is_found(scene: Scene) -> None:
    statement = said(scene, GRANT, "alice")
    private = load_private_key(scene.keys / "alice")
    seq = smuggle(scene.context, statement, sshsig.sign(private, statement.bytes(), "git")).seq
    ((where, words),) = found(scene)
    assert where == seq
    assert "made for 'git'" in words


def test_a_key_counts_from_the_entry_after_its_enrolment(scene: Scene) -> None:
    new = Actor(handle="alice", signer=scene.actor("alice-two").signer)
    early = smuggled(scene, said(scene, GRANT, "alice"), new)
    enrolment = ev.KeyAdded(principal="alice", key=line_of(new.signer))
    itself = smuggled(scene, said(scene, enrolment, "alice"), new)
    assert [where for where, _ in found(scene)] == [early, itself]
    late = smuggled(scene, said(scene, GRANT, "alice"), new)
    assert [where for where, _ in found(scene)] == [early, itself]
    assert late == itself + 1


def test_a_newcomer_cannot_enrol_themselves(scene: Scene) -> None:
    stranger = scene.actor("stranger")
    event = ev.PrincipalAdded(principal="stranger", keys=(line_of(stranger.signer),), grants=(ev.Grant(role="admin"),))
    seq = smuggled(scene, said(scene, event, "stranger"), stranger)
    assert found(scene) == [(seq, f"stranger had no valid key at entry {seq}")]


def test_a_key_counts_up_to_its_revocation_whatever_time_is_claimed(scene: Scene) -> None:
    statement = said(scene, GRANT, "cy")  # made and dated while the key was good
    people.revoke_key(scene.context, scene.alice, "cy", scene.cy.signer.public.fingerprint, reason="stolen")
    seq = smuggled(scene, statement, scene.cy)
    assert found(scene) == [(seq, f"cy had no valid key at entry {seq}")]


def test_a_revocation_does_not_reach_back(scene: Scene) -> None:
    scene.ingest()
    scene.submitted()
    people.revoke_key(scene.context, scene.alice, "cy", scene.cy.signer.public.fingerprint, reason="left")
    assert found(scene) == []


def test_a_signed_act_appended_a_second_time_is_found(scene: Scene) -> None:
    """Old signatures are all in the file: whoever can append could take a thaw or a grant out of it again."""
    environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    environments.thaw(scene.context, scene.alice, "prod", reason="over")
    environments.freeze(scene.context, scene.alice, "prod", reason="again")
    thaw = scene.entries(kind="environment.thawed")[-1]
    seq = smuggle(scene.context, thaw.statement, thaw.signature).seq
    ((where, words),) = found(scene)
    assert where == seq
    assert f"copy of entry {thaw.seq}" in words


def test_an_observation_with_somebodys_signature_on_it_is_found(scene: Scene) -> None:
    event = ev.GateEvaluated(
        request="CR-0001", project="orders", environment="prod", gate="g", passed=True, reason="", digest="", phase=""
    )
    statement = said(scene, event, "system")
    seq = smuggle(scene.context, statement, scene.cy.signer.sign(statement.bytes())).seq
    assert found(scene) == [(seq, f"system had no valid key at entry {seq}")]


@pytest.mark.parametrize(("who", "good"), [("cy", True), ("stranger", False), (None, True)])
def test_an_entry_of_a_kind_from_the_future_is_judged_when_it_is_signed(
    scene: Scene, who: str | None, good: bool
) -> None:
    statement = Statement(origin=ORIGIN, kind="moon.landed", time=scene.context.now, actor=who or "system")
    seq = smuggled(scene, statement, scene.actor(who) if who else None)
    assert [where for where, _ in found(scene)] == ([] if good else [seq])


def test_a_statement_of_another_ledger_does_not_even_get_in(scene: Scene) -> None:
    statement = Statement(origin="test.example/other", kind="role.granted", time=scene.context.now, actor="alice")
    before = scene.size
    with pytest.raises(BadInput, match=r"test\.example/other"):
        smuggled(scene, statement, scene.alice)
    assert scene.size == before
    scene.ingest()
    assert scene.open() == "CR-0001"


def test_verification_from_a_kept_checkpoint_knows_who_was_enrolled_before_it(scene: Scene) -> None:
    start = open_checkpoint(scene.context.ledger.checkpoint(), [scene.context.ledger.verifier])
    scene.live()
    report = verify_workspace(scene.context, scope=Scope(start=start))
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())
    stranger = scene.actor("stranger")
    event = ev.PrincipalAdded(principal="stranger", keys=(line_of(stranger.signer),), grants=())
    seq = smuggled(scene, said(scene, event, "stranger"), stranger)
    report = verify_workspace(scene.context, scope=Scope(start=start))
    assert [(problem.seq, problem.problem) for problem in report.problems] == [(seq, "rule")]


def first(actor: str, event: ev.Event, signature_of: Actor) -> str | None:
    """Return what an audit says of an entry that would be the first about people."""
    on, data = ev.to_parts(event)
    statement = Statement(
        origin=ORIGIN, kind=event.KIND, time="2026-03-02T09:00:00.000Z", actor=actor, on=on, data=data
    )
    entry = seal(1, FIRST_PREV, statement, signature_of.signer.sign(statement.bytes()))
    return SignatureAudit().check(entry)


def test_only_the_first_admin_vouches_for_a_key_and_only_for_their_own(scene: Scene) -> None:
    alice, cy = scene.alice, scene.cy
    own = ev.PrincipalAdded(principal="alice", keys=(line_of(alice.signer),), grants=())
    assert first("alice", own, alice) is None
    assert first("alice", own, cy) is not None
    assert first("mallory", own, alice) == "mallory had no valid key at entry 1"
    assert first("alice", ev.PrincipalAdded(principal="alice", keys=(), grants=()), alice) is not None


DAMAGES: Mapping[str, Mapping[str, object]] = {
    "missing": {"why": None},
    "of another type": {"title": 7},
    "a list for a text": {"risk": ["low"]},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_signed_act_whose_fields_are_not_what_they_must_be_is_found(scene: Scene, damage: str) -> None:
    target = ev.ReleaseRef(release="r", manifest="m", files=1, components=1)
    event = ev.RequestOpened(
        request="CR-0001", project="orders", environment="prod", content=content(), target=target, digest="d"
    )
    on, data = ev.to_parts(event)
    words = {**data["content"], **DAMAGES[damage]}
    data["content"] = {key: value for key, value in words.items() if value is not None}
    statement = Statement(origin=ORIGIN, kind=event.KIND, time="2026-03-02T09:00:00.000Z", actor="cy", on=on, data=data)
    audit = SignatureAudit()
    for entry in scene.entries():
        assert audit.check(entry) is None
    entry = seal(scene.size + 1, b"\x01" * 32, statement, scene.cy.signer.sign(statement.bytes()))
    assert "request.opened" in (audit.check(entry) or "")


def test_a_key_of_a_length_or_kind_that_may_not_sign_is_not_enrolled(scene: Scene) -> None:
    good = line_of(scene.actor("spare").signer)
    kind, blob = good.split()
    for bad in ("", "ssh-ed25519", f"{kind} {blob[:-8]}", f"ssh-rsa {blob}", f"{kind} {blob} \n{good}", "-----BEGIN"):
        with pytest.raises(BadInput):
            people.add(scene.context, scene.alice, "eve", key_lines=[bad], grants=[])
