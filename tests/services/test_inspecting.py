from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.scene import Scene

from console.presentation.entries import entry_lines, outside_lines, sound
from console.presentation.spans import plain
from store.clock import timestamp
from store.domain.signatures import SignatureAudit
from store.errors import NotFound
from store.integrity.entry import Entry, Statement
from store.services.audit.inspecting import Signed, inspect
from store.services.context import Actor
from store.services.identity import people


def note(scene: Scene, actor: str, signer: Actor | None) -> Entry:
    """Append a note in `actor`'s name with somebody's signature, past every rule: as who can write the file could."""
    ledger = scene.context.ledger
    statement = Statement(
        origin=ledger.origin,
        kind="entry.annotated",
        time=timestamp(scene.clock.now()),
        actor=actor,
        on={"entry": "1"},
        data={"note": "x"},
    )
    with ledger.writing() as writer:
        return writer.append(statement, signer.signer.sign(statement.bytes()) if signer else None)


def test_every_entry_of_an_honest_ledger_is_sound(scene: Scene) -> None:
    scene.live()
    for seq in range(1, scene.context.ledger.head().size + 1):
        found = inspect(scene.context, seq)
        assert sound(found), (seq, found.signature.reason)
        signed = found.entry.statement.kind in SignatureAudit().kinds
        assert found.signature.state is (Signed.GOOD if signed else Signed.OBSERVED)
        assert found.inclusion.size == found.size


def test_the_key_is_named_and_when_it_counts(scene: Scene) -> None:
    found = inspect(scene.context, scene.open_note())
    assert found.signature.fingerprint == scene.alice.signer.public.fingerprint
    assert (found.signature.since, found.signature.until) == (2, None)


def test_a_strangers_key_does_not_count(scene: Scene) -> None:
    found = inspect(scene.context, note(scene, "alice", scene.bo).seq)
    assert found.signature.state is Signed.BAD
    assert found.signature.since is None
    assert not sound(found)
    assert any("never one of alice's" in plain(shown) for shown in entry_lines(found))


def test_a_missing_signature_is_said(scene: Scene) -> None:
    found = inspect(scene.context, note(scene, "alice", None).seq)
    assert found.signature.state is Signed.BAD
    assert "must be signed and is not" in found.signature.reason


def test_a_key_that_was_revoked_still_counts_for_what_it_signed_before(scene: Scene) -> None:
    before = note(scene, "bo", scene.bo)
    second = scene.actor("bo-second")
    people.add_key(scene.context, scene.alice, "bo", people.bare_line(second.signer.public))
    ended = people.revoke_key(
        scene.context, scene.alice, "bo", scene.bo.signer.public.fingerprint, reason="laptop lost"
    )
    after = note(scene, "bo", scene.bo)
    assert sound(inspect(scene.context, before.seq))
    found = inspect(scene.context, after.seq)
    assert found.signature.state is Signed.BAD
    assert found.signature.until == ended.seq + 1


def test_what_no_checkpoint_holds_yet_is_said(scene: Scene) -> None:
    with pytest.raises(NotFound):
        inspect(scene.context, scene.context.ledger.head().size + 1)


def test_the_commands_shown_work_as_they_stand(scene: Scene, tmp_path: Path) -> None:
    found = inspect(scene.context, scene.open_note())
    env = {
        **os.environ,
        "QUARTERDECK_WORKSPACE": str(scene.workspace.root),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    said = ""
    for shown in outside_lines(found):
        command = plain(shown).strip().removeprefix("$ ")
        done = subprocess.run(
            ["sh", "-ec", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        said += done.stdout
    assert re.search(r'Good "quarterdeck@v1" signature for alice', said)
    assert "the entry is in the log" in said
