"""What an imported approval is held against: everything that could have moved since it was exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.scene import Scene

from store.domain import events as ev
from store.errors import BadInput, Conflict, IntegrityFailure, QuarterdeckError, Refusal
from store.integrity.entry import Entry
from store.integrity.sshsig import armor
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.identity import people
from store.services.requests import approving, offsite, requests


@pytest.fixture
def request_id(scene: Scene) -> str:
    scene.ingest()
    return scene.submitted()


def bring(scene: Scene, folder: Path, data: bytes, by: Actor) -> Entry:
    """Import the statement `data` with a signature of `by`."""
    (folder / "a.json").write_bytes(data)
    (folder / "a.json.sig").write_text(armor(by.signer.sign(data)))
    return offsite.take(scene.context, folder / "a.json.sig")


def refused(scene: Scene, error: type[QuarterdeckError], words: str, act: Callable[[], object]) -> None:
    before = scene.acts
    with pytest.raises(error, match=words):
        act()
    assert scene.acts == before, "nothing was recorded"


def test_it_is_recorded_as_it_was_signed_and_counts(scene: Scene, request_id: str, tmp_path: Path) -> None:
    unsigned = offsite.prepare(scene.context, request_id, "dana", note="at home")
    entry = bring(scene, tmp_path, unsigned.data, scene.dana)
    assert entry.statement.bytes() == unsigned.data
    assert scene.state(request_id) == "approved"
    assert scene.deploy(request_id).verified
    refused(scene, Refusal, "recorded already", lambda: bring(scene, tmp_path, unsigned.data, scene.dana))


def altered(scene: Scene, request: str, **changes: object) -> bytes:
    """The statement dana's own client would make with another field in it, well signed by dana."""
    event = offsite.prepare(scene.context, request, "dana").event
    return statement_of(scene.context, replace(event, **changes), "dana").bytes()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"environment": "dev"}, Conflict, "not what would be recorded"),
        ({"project": "crm"}, Conflict, "not what would be recorded"),
        ({"release": "0" * 64}, Conflict, "not what would be recorded"),
        ({"manifest": "0" * 64}, Conflict, "not what would be recorded"),
        ({"artifacts": ("0" * 64,)}, Conflict, "not what would be recorded"),
        ({"policy": "0" * 64}, Conflict, "not what would be recorded"),
        ({"digest": "0" * 64}, Conflict, "changed since it was exported"),
        ({"complete": False}, Conflict, "no longer the same"),
        ({"decision": "maybe"}, BadInput, "not an approval"),
        ({"via": "agent"}, BadInput, "was not exported"),
        ({"not_after": "2026-03-01T00:00:00.000Z"}, Refusal, "has expired"),
        ({"not_after": "2036-03-01T00:00:00.000Z"}, Refusal, "longer than policy allows"),
        ({"seen_root": "AAAA"}, Refusal, "saw another ledger"),
        ({"seen_size": 4}, Refusal, "saw another ledger"),
        ({"seen_size": 0}, Refusal, "saw another ledger"),
        ({"seen_size": 10**6}, Refusal, "saw another ledger"),
    ],
)
def test_a_field_that_says_something_else_is_refused_however_well_it_is_signed(
    scene: Scene, request_id: str, tmp_path: Path, changes: dict[str, object], error: type[QuarterdeckError], words: str
) -> None:
    data = altered(scene, request_id, **changes)
    refused(scene, error, words, lambda: bring(scene, tmp_path, data, scene.dana))


def test_a_statement_for_another_ledger_or_of_another_kind_is_refused(
    scene: Scene, request_id: str, tmp_path: Path
) -> None:
    unsigned = offsite.prepare(scene.context, request_id, "dana")
    elsewhere = replace(unsigned.statement, origin="other.example/ledger").bytes()
    refused(scene, BadInput, "for the ledger other", lambda: bring(scene, tmp_path, elsewhere, scene.dana))
    admin = ev.RoleGranted(principal="dana", grant=ev.Grant(role="admin"))
    data = statement_of(scene.context, admin, "alice").bytes()
    refused(scene, BadInput, "role.granted, not an approval", lambda: bring(scene, tmp_path, data, scene.alice))


def test_the_rules_are_asked_when_it_comes_back_not_when_it_left(scene: Scene, request_id: str, tmp_path: Path) -> None:
    unsigned = offsite.prepare(scene.context, request_id, "dana")
    forged = replace(unsigned.statement, actor="cy").bytes()
    refused(scene, Refusal, "separation of duties", lambda: bring(scene, tmp_path, forged, scene.cy))
    refused(scene, Refusal, "is bo's, not dana's", lambda: bring(scene, tmp_path, unsigned.data, scene.bo))
    (tmp_path / "a.json").write_bytes(unsigned.data)
    (tmp_path / "a.json.sig").write_text(armor(scene.dana.signer.sign(unsigned.data + b" ")))
    refused(scene, IntegrityFailure, "something else", lambda: offsite.take(scene.context, tmp_path / "a.json.sig"))
    scene.clock.advance(days=15)
    refused(scene, Refusal, "has expired", lambda: bring(scene, tmp_path, unsigned.data, scene.dana))
    again = offsite.prepare(scene.context, request_id, "dana")
    people.revoke_key(scene.context, scene.alice, "dana", scene.dana.signer.public.fingerprint, reason="lost")
    refused(scene, Refusal, "was revoked", lambda: bring(scene, tmp_path, again.data, scene.dana))


def test_a_withdrawn_request_is_no_longer_approved(scene: Scene, request_id: str, tmp_path: Path) -> None:
    unsigned = offsite.prepare(scene.context, request_id, "dana")
    requests.withdraw(scene.context, scene.cy, request_id, reason="no")
    refused(scene, Refusal, "is withdrawn", lambda: bring(scene, tmp_path, unsigned.data, scene.dana))


def test_two_who_export_at_once_do_not_complete_the_rule_unseen(scene: Scene, tmp_path: Path) -> None:
    scene.ingest()
    request = scene.submitted(risk="high")
    of_bo, of_dana = (offsite.prepare(scene.context, request, name) for name in ("bo", "dana"))
    bring(scene, tmp_path, of_bo.data, scene.bo)
    refused(scene, Conflict, "export it again", lambda: bring(scene, tmp_path, of_dana.data, scene.dana))
    bring(scene, tmp_path, offsite.prepare(scene.context, request, "dana").data, scene.dana)
    assert scene.state(request) == "approved"
    complete = [entry.statement.data["complete"] for entry in scene.entries(kind="approval.granted")]
    assert complete == [False, True]


def test_an_approval_given_here_keeps_which_way_it_came(scene: Scene, request_id: str) -> None:
    entry = approving.approve(scene.context, scene.dana, request_id)
    assert entry.statement.data["via"] == "key file"
