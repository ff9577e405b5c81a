"""Whoever is turned away at the door is recorded, and can put into the ledger neither words nor much."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.keyring import line_of
from support.scene import ORIGIN, Scene
from support.ssh_agents import playing_agent
from support.tampering import smuggle

from store.domain import events as ev
from store.errors import BadInput, IntegrityFailure, Refusal
from store.integrity.entry import Statement
from store.integrity.sshsig import armor
from store.ledger import Ledger
from store.services.audit.verifying import Scope, verify_workspace
from store.services.identity import callers, door, people
from store.services.requests import offsite

NASTY = "alice\x1b[2J <b>" + "x" * 5000


def turned_away(scene: Scene, words: str, who: str = "mallory", *, as_name: str | None = None) -> Refusal:
    with pytest.raises(Refusal, match=words) as told:
        people.identify(scene.context, scene.actor(who).signer, as_name=as_name, act="run quarterdeck approve")
    return told.value


def test_a_strangers_key_is_recorded_as_nobodys(scene: Scene) -> None:
    before = scene.acts
    refusal = turned_away(scene, "belongs to no principal")
    (event,) = scene.refusals
    key = scene.actor("mallory").signer.public.fingerprint
    assert (event.principal, event.act, event.key) == ("(stranger)", "run quarterdeck approve", key)
    assert (event.reason, scene.acts, refusal.entry) == (str(refusal), before, scene.size)
    (entry,) = scene.entries(kind="attempt.refused")
    assert (entry.statement.actor, entry.signature) == ("system", None)
    assert verify_workspace(scene.context, scope=Scope()).ok


def test_a_revoked_key_is_recorded_on_the_name_it_had_and_a_suspended_person_at_the_act(scene: Scene) -> None:
    people.revoke_key(scene.context, scene.alice, "dana", scene.dana.signer.public.fingerprint, reason="stolen")
    with scene.refused("was revoked"):
        people.identify(scene.context, scene.dana.signer)
    people.suspend(scene.context, scene.alice, "bo", until="2026-03-09", reason="leave")
    bo = people.identify(scene.context, scene.bo.signer)
    with scene.refused("bo is suspended until"):
        people.add_key(scene.context, bo, "bo", line_of(scene.actor("other").signer))
    assert [one.principal for one in scene.refusals] == ["dana", "bo"]


def test_somebody_elses_name_is_refused_on_the_name_of_the_key(scene: Scene) -> None:
    with scene.refused("is bo's, not alice's"):
        people.identify(scene.context, scene.bo.signer, as_name="alice")
    with scene.refused("is bo's, not 'alice"):
        people.identify(scene.context, scene.bo.signer, as_name=NASTY)
    assert [one.principal for one in scene.refusals] == ["bo", "bo"]
    assert all(len(one.reason) < 200 and one.reason.isprintable() for one in scene.refusals)


def test_no_word_of_a_stranger_gets_into_the_ledger(scene: Scene) -> None:
    turned_away(scene, "belongs to no principal", as_name=NASTY)
    (event,) = scene.refusals
    assert NASTY[:5] not in str(vars(event))
    assert event.principal == door.STRANGER


def test_one_key_is_recorded_once_an_hour_and_every_refusal_names_that_entry(scene: Scene) -> None:
    first = turned_away(scene, "no principal").entry
    size = scene.size
    assert [turned_away(scene, "no principal").entry for _ in range(5)] == [first] * 5
    assert scene.size == size
    scene.clock.advance(hours=1)
    assert turned_away(scene, "no principal").entry == size + 1


def test_many_keys_cannot_flood_the_ledger_even_with_the_clock_set_back(scene: Scene) -> None:
    size = scene.size
    told = [turned_away(scene, "no principal", f"mallory-{number}").entry for number in range(15)]
    assert scene.size == size + door.MOST
    assert told == [*range(size + 1, size + 11), *[size + 10] * 5]
    assert scene.refusals[-1].reason.endswith("within an hour no more of what such keys try is recorded")
    scene.clock.at -= timedelta(days=30)
    turned_away(scene, "no principal", "mallory-99")
    assert scene.size == size + door.MOST
    with scene.refused("was set back"):
        people.grant(scene.context, scene.alice, "cy", ev.Grant(role="admin"))


def test_a_revoked_key_does_not_flood_the_name_it_had(scene: Scene) -> None:
    for number in range(20):
        with pytest.raises(Refusal):
            people.identify(scene.context, scene.bo.signer, as_name=f"name-{number}")
    assert len(scene.refusals) == door.MOST
    with scene.refused("bo may not manage principals"):  # what is refused to bo at the act is recorded all the same
        people.grant(scene.context, scene.bo, "bo", ev.Grant(role="admin"))


def test_an_agent_with_keys_of_two_principals_says_who_it_is_for_and_that_is_recorded(scene: Scene) -> None:
    def nothing(_: bytes) -> bytes:
        raise AssertionError

    both = {scene.bo.signer.public: nothing, scene.dana.signer.public: nothing}
    with playing_agent(both) as agent:
        with scene.refused("holds keys of bo, dana: say who you are", BadInput):
            callers.by_agent(scene.context, agent.socket)
        with scene.refused("no key in the ssh-agent is alice's"):
            callers.by_agent(scene.context, agent.socket, as_name="alice")
        assert callers.by_agent(scene.context, agent.socket, as_name="dana").handle == "dana"
    with playing_agent({scene.actor("mallory").signer.public: nothing}) as agent:
        with scene.refused("belongs to no principal"):
            callers.by_agent(scene.context, agent.socket)
        size = scene.size
        with pytest.raises(Refusal):
            callers.by_agent(scene.context, agent.socket, act=None)
        assert scene.size == size, "who only looks has tried nothing"


def test_nothing_can_be_recorded_in_a_ledger_that_is_only_read_and_the_refusal_stands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_: Ledger) -> object:
        raise IntegrityFailure("nothing can be recorded: a head contradicts it")

    monkeypatch.setattr(Ledger, "writing", shut)
    refusal = turned_away(scene, "belongs to no principal")
    assert "could not be recorded" in refusal.__notes__[0]


# ── approvals signed elsewhere ────────────────────────────────────────────────────────────────────


def bring(scene: Scene, folder: Path, data: bytes, signature: bytes) -> None:
    (folder / "a.json").write_bytes(data)
    (folder / "a.json.sig").write_text(armor(signature))
    offsite.take(scene.context, folder / "a.json.sig")


def test_a_strangers_signature_and_one_over_something_else_are_recorded_and_name_nobody(
    scene: Scene, tmp_path: Path
) -> None:
    scene.ingest()
    data = offsite.prepare(scene.context, scene.submitted(), "dana").data
    with scene.refused("belongs to no principal"):
        bring(scene, tmp_path, data, scene.actor("mallory").signer.sign(data))
    with scene.refused("over something else", IntegrityFailure):
        bring(scene, tmp_path, data, scene.dana.signer.sign(data + b" "))
    assert [one.principal for one in scene.refusals] == ["(stranger)", "(stranger)"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"origin": "other.example/ledger"}, "for the ledger other.example/ledger, not for test.example/ledger"),
        ({"kind": "approval.refused"}, "approval.refused, not an approval"),
        ({"on": {"request": "CR-0002", "project": "orders", "environment": "prod"}}, "no request CR-0002"),
        ({"time": "2026-03-05T09:00:00.000Z"}, "claims a time that has not come yet"),
    ],
)
def test_a_statement_signed_for_another_place_purpose_or_time_is_refused_and_recorded_on_its_signer(
    scene: Scene, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    scene.ingest()
    honest = offsite.prepare(scene.context, scene.submitted(), "dana").statement
    parts = {name: getattr(honest, name) for name in ("origin", "kind", "time", "actor", "on", "data")}
    if changes.get("kind") == "approval.refused":
        parts["data"] = {"digest": "0" * 64, "reason": "no", "nonce": "0" * 32}
    data = Statement(**parts | changes).bytes()
    with scene.refused(words, (BadInput, Refusal)):
        bring(scene, tmp_path, data, scene.dana.signer.sign(data))
    assert scene.refusals[-1].principal == "dana"
    assert scene.context.ledger.origin == ORIGIN


def test_a_statement_for_an_earlier_revision_is_refused_and_recorded(scene: Scene, tmp_path: Path) -> None:
    from store.errors import Conflict
    from store.services.requests import requests

    scene.ingest()
    request = scene.submitted()
    data = offsite.prepare(scene.context, request, "dana").data
    stated = requests.change_of(scene.context.ledger, request).content
    requests.edit(scene.context, scene.cy, request, content=ev.RequestContent(**vars(stated) | {"what": "more"}))
    requests.submit(scene.context, scene.cy, request)
    with scene.refused("changed since it was exported", Conflict):
        bring(scene, tmp_path, data, scene.dana.signer.sign(data))


def test_a_forged_record_of_a_stranger_hides_no_true_one(scene: Scene) -> None:
    """Whoever can write the file can fill the hour's bound; then it says so, and the refusal stands."""
    from store.services.acting import statement_of

    for number in range(door.MOST):
        event = ev.AttemptRefused(principal="(stranger)", act="x", key=f"SHA256:{number}", reason="x")
        smuggle(scene.context, statement_of(scene.context, event, "system"), None)
    assert turned_away(scene, "no principal").entry == scene.size
