"""A backup was put back and that was acknowledged: what was granted before it may have been taken back since."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.earlier import without_lapses
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import smuggle

from store.domain import events as ev
from store.domain.policy.in_force import PLACE
from store.errors import Conflict, Refusal
from store.integrity.sshsig import armor
from store.services import incidents
from store.services.acting import statement_of
from store.services.audit import restoring
from store.services.glass import breaking, holding
from store.services.policy import proposing
from store.services.policy.book import Book
from store.services.requests import approving, offsite, waiving
from store.services.requests.reading import change_of
from store.services.requests.waiving import Scope as Where
from store.workspace import open_workspace


def put_back(scene: Scene, tmp_path: Path, lost: Callable[[], object]) -> int:
    """Copy the ledger, let `lost` be recorded, put the copy back, acknowledge; return the entry that says so."""
    root = scene.workspace.root
    scene.workspace.close()
    shutil.copy(root / "ledger.db", tmp_path / "old.db")
    scene.workspace = open_workspace(root, clock=scene.clock)
    lost()
    scene.workspace.close()
    shutil.copy(tmp_path / "old.db", root / "ledger.db")
    scene.workspace = open_workspace(root, clock=scene.clock)
    return restoring.acknowledge(scene.context, scene.alice, reason="the disk died").seq


def test_an_approved_request_that_was_refused_in_the_lost_entries_is_not_deployed(scene: Scene, tmp_path: Path) -> None:
    scene.ingest()
    request = scene.approved()
    seq = put_back(
        scene, tmp_path, lambda: approving.refuse(scene.context, scene.dana, request, reason="it loses orders")
    )
    assert scene.state(request) == "approved"
    with pytest.raises(Refusal) as refused:
        scene.deploy(request)
    words = f"given before the restore at entry {seq}: the lost entries may have taken it back"
    assert any(words in reason for reason in refused.value.reasons)
    assert any(f"quarterdeck approve {request}" in one for one in refused.value.would_unblock)
    assert not scene.delivered()
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    assert scene.delivered() == {"flows.json": V1}


def test_an_approval_exported_before_a_restore_is_not_imported_after_it(scene: Scene, tmp_path: Path) -> None:
    scene.ingest()
    request = scene.submitted()
    unsigned = offsite.prepare(scene.context, request, "dana")
    (tmp_path / "a.json").write_bytes(unsigned.data)
    (tmp_path / "a.json.sig").write_text(armor(scene.dana.signer.sign(unsigned.data)))
    put_back(scene, tmp_path, lambda: scene.enrol("gus", "auditor"))
    with pytest.raises(Conflict, match="before the restore at entry"):
        offsite.take(scene.context, tmp_path / "a.json.sig")
    assert scene.state(request) == "in review"


def test_exceptions_and_broken_glass_from_before_a_restore_have_ended(scene: Scene, tmp_path: Path) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.submitted()
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    broken = {"environment": "prod", "justification": "customers cannot pay"}
    breaking.break_glass(scene.context, rex, "INC-0001", **broken)
    given: dict[str, Any] = {"justification": "the tester is ill", "accepted": "a bug", "scope": Where(), "days": 5}
    waiving.grant(scene.context, scene.dana, "tests-passed", **given)
    put_back(scene, tmp_path, lambda: scene.enrol("gus", "auditor"))
    assert holding.banner(scene.context) is None
    with pytest.raises(Refusal, match="not approved"):
        scene.deploy(request, rex)
    (waiver,) = waiving.everything(scene.context, scene.context.ledger).values()
    assert waiver.state(scene.context.now) == "ended"
    assert waiver.ended is not None
    assert "before the restore" in waiver.ended
    breaking.break_glass(scene.context, rex, "INC-0001", **broken)
    assert scene.deploy(request, rex).verified


def approved_policy(scene: Scene) -> str:
    folder = scene.workspace.root / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text("approval_days = 10\n")
    request = proposing.propose(scene.context, scene.cy, title="Rules", why="we learned")[0].statement.on["request"]
    for actor in (scene.bo, scene.dana):
        approving.approve(scene.context, actor, request)
    return request


def append_adoption(scene: Scene, request: str) -> None:
    """Append the adoption of a request with alice's signature, past all that `adopt` asks."""
    change, proposed = change_of(scene.context.ledger, request), proposing.proposal(scene.context.ledger, request)
    event = ev.PolicyAdopted(
        request=request, project=PLACE, environment=PLACE, policy=proposed.policy, previous=proposed.previous,
        files=proposed.files, digest=change.digest, lapses=True,
    )  # fmt: skip
    statement = statement_of(scene.context, event, "alice")
    smuggle(scene.context, statement, scene.alice.signer.sign(statement.bytes()))


def test_a_policy_approved_before_a_restore_is_approved_again_before_it_is_adopted(
    scene: Scene, tmp_path: Path
) -> None:
    request = approved_policy(scene)
    put_back(scene, tmp_path, lambda: scene.enrol("gus", "auditor"))
    with pytest.raises(Refusal, match="before the restore at entry"):
        proposing.adopt(scene.context, scene.alice, request)
    for actor in (scene.bo, scene.dana):
        approving.approve(scene.context, actor, request)
    proposing.adopt(scene.context, scene.alice, request)
    assert scene.context.policy.approval_days == 10


def test_nor_is_it_adopted_by_a_client_of_ones_own(scene: Scene, tmp_path: Path) -> None:
    request = approved_policy(scene)
    put_back(scene, tmp_path, lambda: scene.enrol("gus", "auditor"))
    append_adoption(scene, request)
    book = Book(scene.context.ledger)
    assert book.now().seq == 0
    assert any("before the restore" in one for one in book.judged()[-1].problems)


def test_what_was_adopted_after_a_restore_from_before_this_rule_stays_in_force(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved_policy(scene)
    with monkeypatch.context() as patch:
        patch.setattr(restoring.ev, "LedgerRestored", without_lapses(ev.LedgerRestored))
        seq = put_back(scene, tmp_path, lambda: scene.enrol("gus", "auditor"))
    assert "lapses" not in scene.entries(after=seq - 1)[0].statement.data
    append_adoption(scene, request)  # what the code of then recorded
    assert Book(scene.context.ledger).now().policy.approval_days == 10
