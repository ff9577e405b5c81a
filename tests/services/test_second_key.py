"""A log with a second key: nothing counts without both signatures, and nobody but an admin changes that."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from support.scene import Scene
from support.tampering import past_triggers

from store import config
from store.domain import events as ev
from store.errors import BadInput, IntegrityFailure, Refusal, StorageFailure
from store.integrity.keyfile import is_locked
from store.integrity.note import ML_DSA_44, SecondSigner, Verifier
from store.ledger.handover import SecondKey
from store.ledger.report import Verdict
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.identity import log_key, second_key
from store.workspace import create, open_workspace, verify_unopened

ALL = Scope()


def strip(path: Path, key: Verifier) -> None:
    """Take the key's lines out of every stored checkpoint, as somebody with the file could."""
    with past_triggers(path) as connection:
        for size, note in connection.execute("SELECT size, note FROM checkpoint").fetchall():
            kept = [line for line in note.split(b"\n") if len(line) < 1000]
            connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (b"\n".join(kept), size))
    assert key.type == ML_DSA_44


def test_from_then_on_every_checkpoint_is_signed_twice_and_verifies(scene: Scene) -> None:
    before = scene.context.ledger.checkpoint()
    done = second_key.set_second(scene.context, scene.alice, reason="for the years to come")
    assert config.load(scene.workspace.root).ledger.second_key == done.vkey
    assert done.file is not None
    assert done.file.stat().st_mode & 0o777 == 0o600
    scene.grant_more()
    keys = scene.context.ledger.keys
    assert [key.type for key in keys.at(scene.context.ledger.head().size)] == [1, ML_DSA_44]
    assert keys.open(before).size == done.entry.seq - 1
    report = verify_workspace(scene.context, scope=ALL)
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())
    again = scene.reopened()
    assert again.ledger.writable, again.ledger.read_only_reason
    again.close()
    assert verify_unopened(scene.workspace.root).ok


def test_another_one_takes_over_and_the_last_can_be_given_up(scene: Scene) -> None:
    first = second_key.set_second(scene.context, scene.alice, reason="one")
    scene.grant_more()
    other = second_key.set_second(scene.context, scene.alice, reason="two")
    scene.grant_more()
    log_key.rotate(scene.context, scene.alice, reason="and the first one in between")
    gone = second_key.drop_second(scene.context, scene.alice, reason="too large")
    scene.grant_more()
    keys = scene.context.ledger.keys
    assert [key.vkey for _, key, _ in keys.second_periods] == [first.vkey, other.vkey]
    assert len(keys.at(other.entry.seq)) == 3
    assert len(keys.at(gone.entry.seq + 1)) == 1
    assert config.load(scene.workspace.root).ledger.second_key == ""
    assert verify_workspace(scene.context, scope=ALL).ok
    again = scene.reopened()
    assert again.ledger.writable, again.ledger.read_only_reason
    again.close()


def test_stripped_second_signatures_are_invalid_and_nothing_goes_on(scene: Scene) -> None:
    second_key.set_second(scene.context, scene.alice, reason="new")
    scene.grant_more()
    key = scene.context.ledger.keys.second
    assert key is not None
    scene.context.ledger.close()
    strip(scene.context.ledger.path, key)
    report = verify_unopened(scene.workspace.root)
    assert report.verdict == Verdict.INVALID
    assert any("not signed by" in problem.detail for problem in report.problems)
    again = scene.reopened()
    assert not again.ledger.writable
    again.close()


def test_without_its_private_half_nothing_is_recorded_and_the_reason_is_said(scene: Scene) -> None:
    done = second_key.set_second(scene.context, scene.alice, reason="new")
    assert done.file is not None
    done.file.rename(done.file.with_name("elsewhere"))
    again = scene.reopened()
    assert "second private key is not here" in str(again.ledger.read_only_reason)
    again.close()


def test_a_ledger_that_never_named_the_pinned_second_key_is_another_one(scene: Scene) -> None:
    stranger = SecondSigner(scene.context.ledger.origin, MLDSA44PrivateKey.generate()).verifier
    path = scene.workspace.root / config.FILE_NAME
    config.save(scene.workspace.root, config.with_second_key(path.read_text(), "", stranger.vkey))
    with pytest.raises(IntegrityFailure, match="no entry names the second key"):
        scene.reopened()
    report = verify_unopened(scene.workspace.root)
    assert report.verdict == Verdict.INVALID
    assert "no entry names the second key" in report.problems[0].detail


def test_only_an_admin_with_a_reason_changes_it(scene: Scene) -> None:
    with pytest.raises(BadInput, match="--reason"):
        second_key.set_second(scene.context, scene.alice, reason=" ")
    with pytest.raises(BadInput, match="no second key"):
        second_key.drop_second(scene.context, scene.alice, reason="none there")
    with pytest.raises(Refusal):
        second_key.set_second(scene.context, scene.dana, reason="mine")
    assert not list((scene.workspace.root / "keys").glob("*mldsa44*"))


def test_somebody_with_the_log_key_who_is_no_admin_is_found(scene: Scene) -> None:
    thief = SecondSigner(scene.context.ledger.origin, MLDSA44PrivateKey.generate())
    event = ev.SecondLogKeySet(second_key=thief.verifier.vkey, previous="", reason="mine now")
    statement = statement_of(scene.context, event, "dana")
    with scene.context.ledger.handing_over(SecondKey(thief)) as writer:
        writer.append(statement, scene.dana.signer.sign(statement.bytes()))
    report = verify_workspace(scene.context, scope=ALL)
    assert any("dana was no admin" in problem.detail for problem in report.problems)


def test_another_process_stops_until_it_has_the_new_key(scene: Scene) -> None:
    other = scene.reopened()
    second_key.set_second(scene.context, scene.alice, reason="new")
    with pytest.raises(StorageFailure, match="changed the log's keys"), other.ledger.writing():
        pass
    other.close()


def test_its_passphrase_is_the_first_ones(scene: Scene, tmp_path: Path) -> None:
    space = create(tmp_path / "locked", signer=scene.alice.signer, handle="alice", log_passphrase=b"secret")
    done = second_key.set_second(space.context, scene.alice, reason="new", passphrase=b"secret")
    space.close()
    assert done.file is not None
    assert is_locked(done.file)
    for passphrase, writable in ((b"", False), (b"wrong", False), (b"secret", True)):
        again = open_workspace(space.root, log_passphrase=partial(bytes, passphrase))
        assert again.ledger.writable is writable
        again.close()
    assert "passphrase" not in (space.root / config.FILE_NAME).read_text()
    shutil.rmtree(space.root)


def test_two_keys_that_no_one_passphrase_opens_are_never_made(scene: Scene, tmp_path: Path) -> None:
    """Whoever changed the passphrase of one of them could record nothing more, ever."""
    space = create(tmp_path / "locked", signer=scene.alice.signer, handle="alice", log_passphrase=b"old")
    second_key.set_second(space.context, scene.alice, reason="new", passphrase=b"old")
    files = sorted((space.root / "keys").iterdir())
    for change in (log_key.rotate, second_key.set_second):
        with pytest.raises(BadInput, match="one has to open both"):
            change(space.context, scene.alice, reason="another passphrase", passphrase=b"other")
    assert sorted((space.root / "keys").iterdir()) == files
    second_key.drop_second(space.context, scene.alice, reason="to change the passphrase")
    log_key.rotate(space.context, scene.alice, reason="another passphrase", passphrase=b"other")
    second_key.set_second(space.context, scene.alice, reason="again", passphrase=b"other")
    space.close()
    again = open_workspace(space.root, log_passphrase=partial(bytes, b"other"))
    assert again.ledger.writable
    again.close()


def test_a_key_that_stays_locked_is_not_called_missing(scene: Scene, tmp_path: Path) -> None:
    create(tmp_path / "locked", signer=scene.alice.signer, handle="alice", log_passphrase=b"old").close()
    space = open_workspace(tmp_path / "locked", log_passphrase=bytes)
    with pytest.raises(StorageFailure, match="needs its passphrase"):
        log_key.rotate(space.context, scene.alice, reason="without it")
    space.close()
