"""The log's own key: behind a passphrase, and handed over to another one without a day of doubt."""

from __future__ import annotations

import shutil
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.scene import Scene
from support.tampering import smuggle

from store import config
from store.domain import events as ev
from store.errors import BadInput, IntegrityFailure, Refusal, StorageFailure
from store.integrity.keyfile import generate_log_key, is_encrypted, load_log_key, write_log_key
from store.integrity.note import NoteSigner
from store.ledger.handover import FirstKey
from store.ledger.keychain import keys_of
from store.ledger.report import Verdict
from store.ledger.verify import verify
from store.services.acting import statement_of
from store.services.audit import evidence
from store.services.audit.verifying import Scope, verify_workspace
from store.services.identity import log_key, log_key_file, people
from store.workspace import create, open_workspace, verify_unopened

ALL = Scope()


def pinned(scene: Scene) -> str:
    return config.load(scene.workspace.root).ledger.log_key


def test_a_rotation_is_followed_from_the_first_key_and_nothing_before_it_is_lost(scene: Scene) -> None:
    before, old = pinned(scene), scene.context.ledger.checkpoint()
    scene.grant_more()
    done = log_key.rotate(scene.context, scene.alice, reason="a year has passed")
    assert pinned(scene) == done.vkey != before
    assert done.file.stat().st_mode & 0o777 == 0o600
    assert scene.context.ledger.verifier.vkey == done.vkey
    scene.grant_more()
    scene.grant_more()
    keys = scene.context.ledger.keys
    assert [key.vkey for key in keys.all] == [before, done.vkey]
    assert keys.at(done.entry.seq) == keys.all, "both keys sign the checkpoint over the rotation"
    assert keys.open(old).size == done.entry.seq - 2
    for size in (done.entry.seq - 1, done.entry.seq, done.entry.seq + 1):
        assert keys.open(scene.context.ledger.checkpoint(size)).size == size
    report = verify_workspace(scene.context, scope=ALL)
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())
    again = scene.reopened()
    assert again.ledger.writable, again.ledger.read_only_reason
    again.close()
    assert verify_unopened(scene.workspace.root).ok


def test_keys_change_as_often_as_it_takes(scene: Scene) -> None:
    for number in range(3):
        log_key.rotate(scene.context, scene.alice, reason=f"again {number}")
    assert len(scene.context.ledger.keys.all) == 4
    scene.grant_more()
    assert verify_workspace(scene.context, scope=ALL).ok
    start = scene.context.ledger.keys.open(scene.context.ledger.checkpoint(4))
    assert verify_workspace(scene.context, scope=replace(ALL, start=start)).ok


def test_a_crash_before_the_configuration_was_written_changes_nothing(scene: Scene) -> None:
    path = scene.workspace.root / config.FILE_NAME
    old = path.read_text()
    log_key.rotate(scene.context, scene.alice, reason="new")
    path.write_text(old)
    again = scene.reopened()
    assert again.ledger.writable, again.ledger.read_only_reason
    assert verify_workspace(again.context, scope=ALL).ok
    log_key.rotate(again.context, scene.alice, reason="newer")
    assert pinned(scene) == again.ledger.verifier.vkey
    again.close()


def test_the_old_key_alone_only_looks_and_signs_nothing_more(scene: Scene) -> None:
    done = log_key.rotate(scene.context, scene.alice, reason="stolen")
    done.file.rename(done.file.with_name("elsewhere"))
    (scene.workspace.root / f"{log_key_file.KEY_FILE}.other").touch()
    again = scene.reopened()
    assert "private key is not here" in str(again.ledger.read_only_reason)
    again.close()
    shutil.copy(scene.workspace.root / log_key_file.KEY_FILE, done.file)
    again = scene.reopened()
    assert not again.ledger.writable
    assert "not the log's key since its last rotation" in str(again.ledger.read_only_reason)
    with pytest.raises(StorageFailure, match="nothing can be recorded"):
        replace(scene, workspace=again).grant_more()
    again.close()


def test_another_process_stops_appending_until_it_opens_again(scene: Scene) -> None:
    other = scene.reopened()
    log_key.rotate(scene.context, scene.alice, reason="new")
    scene.grant_more()
    with pytest.raises(StorageFailure, match="changed the log's keys; open it again"):
        replace(scene, workspace=other).grant_more()
    assert not other.ledger.writable
    other.close()
    assert verify_workspace(scene.context, scope=ALL).ok


def test_only_an_admin_hands_the_log_over(scene: Scene) -> None:
    before = scene.acts
    with pytest.raises(Refusal, match="may not rotate the log's key"):
        log_key.rotate(scene.context, scene.bo, reason="mine now")
    with pytest.raises(BadInput, match="reason"):
        log_key.rotate(scene.context, scene.alice, reason=" ")
    assert scene.acts == before
    assert list((scene.workspace.root / "keys").iterdir()) == [scene.workspace.root / log_key_file.KEY_FILE]


def rotation(scene: Scene, successor: NoteSigner, **more: str) -> ev.LogKeyRotated:
    facts = {"log_key": successor.verifier.vkey, "previous": scene.context.ledger.verifier.vkey, "reason": "x"}
    return ev.LogKeyRotated(**(facts | more))


def test_whoever_stole_the_key_cannot_hand_it_on_in_an_admins_name(scene: Scene) -> None:
    thief = NoteSigner(scene.context.ledger.origin, Ed25519PrivateKey.generate())
    statement = statement_of(scene.context, rotation(scene, thief), "alice")
    with scene.context.ledger.handing_over(FirstKey(thief)) as writer:
        entry = writer.append(statement, scene.bo.signer.sign(statement.bytes()))
    report = verify_workspace(scene.context, scope=ALL)
    assert report.verdict is Verdict.INVALID
    assert [(one.seq, one.problem) for one in report.problems] == [(entry.seq, "rule")]


def test_a_rotation_well_signed_by_somebody_who_is_no_admin_does_not_verify(scene: Scene) -> None:
    thief = NoteSigner(scene.context.ledger.origin, Ed25519PrivateKey.generate())
    statement = statement_of(scene.context, rotation(scene, thief), "bo")
    with scene.context.ledger.handing_over(FirstKey(thief)) as writer:
        writer.append(statement, scene.bo.signer.sign(statement.bytes()))
    assert "bo was no admin" in verify_workspace(scene.context, scope=ALL).problems[0].detail


def test_a_rotation_entry_that_the_new_key_never_signed_does_not_verify(scene: Scene) -> None:
    other = NoteSigner(scene.context.ledger.origin, Ed25519PrivateKey.generate())
    statement = statement_of(scene.context, rotation(scene, other), "alice")
    smuggle(scene.context, statement, scene.alice.signer.sign(statement.bytes()))
    report = verify_workspace(scene.context, scope=ALL)
    assert report.verdict is Verdict.INVALID
    assert any("the key for that" in one.detail for one in report.problems)


@pytest.mark.parametrize("lie", ["log_key", "previous"])
def test_a_rotation_must_name_the_key_before_and_a_key_after(scene: Scene, lie: str) -> None:
    successor = NoteSigner(scene.context.ledger.origin, Ed25519PrivateKey.generate())
    statement = statement_of(scene.context, rotation(scene, successor, **{lie: "x+00000000+AAAA"}), "alice")
    if lie == "log_key":
        with (
            pytest.raises(BadInput, match="names the new one"),
            scene.context.ledger.handing_over(FirstKey(successor)) as writer,
        ):
            writer.append(statement, scene.alice.signer.sign(statement.bytes()))
        assert verify_workspace(scene.context, scope=ALL).ok, "and nothing was recorded"
        return
    with scene.context.ledger.handing_over(FirstKey(successor)) as writer:
        writer.append(statement, scene.alice.signer.sign(statement.bytes()))
    assert "was not the log's at the time" in verify_workspace(scene.context, scope=ALL).problems[0].detail


def test_a_ledger_whose_keys_are_all_other_ones_is_not_the_one_that_belongs_here(scene: Scene) -> None:
    log_key.rotate(scene.context, scene.alice, reason="new")
    stranger = NoteSigner(scene.context.ledger.origin, Ed25519PrivateKey.generate()).verifier
    with pytest.raises(IntegrityFailure, match="none of the log's 2 keys"):
        keys_of(scene.context.ledger.path, stranger)
    report = verify(scene.context.ledger.path, heads=(), verifier=stranger, origin=scene.context.ledger.origin)
    assert report.verdict is Verdict.INVALID


def test_proofs_from_before_and_after_a_rotation_hold(scene: Scene, tmp_path: Path) -> None:
    old = evidence.prove(scene.context, 3)
    log_key.rotate(scene.context, scene.alice, reason="new")
    scene.grant_more()
    (tmp_path / "body").write_bytes(scene.context.ledger.entry(3).body)
    for name, proof in (("old", old), ("new", evidence.prove(scene.context, 3))):
        (tmp_path / name).write_bytes(proof)
        assert evidence.check_proof(scene.context, tmp_path / name, tmp_path / "body").checkpoint.size >= 3
    (tmp_path / "kept").write_bytes(scene.context.ledger.checkpoint(5))
    assert evidence.open_kept_checkpoint(scene.context, tmp_path / "kept").size == 5


def test_a_protected_key_opens_with_its_passphrase_and_else_one_may_look(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "guarded"
    made = create(root, signer=scene.alice.signer, handle="alice", clock=scene.clock, log_passphrase=b"open sesame")
    assert made.ledger.writable
    made.close()
    assert is_encrypted(root / log_key_file.KEY_FILE)
    for ask, reason in (
        (None, "needs its passphrase (QUARTERDECK_LOG_PASSPHRASE)"),
        (lambda: b"", "needs its passphrase"),
        (lambda: b"wrong", "is not the passphrase of the log's key"),
    ):
        looking = open_workspace(root, clock=scene.clock, log_passphrase=ask)
        assert reason in str(looking.ledger.read_only_reason)
        assert looking.ledger.head().size == 2
        assert verify_workspace(looking.context, scope=ALL).ok
        with pytest.raises(StorageFailure, match="nothing can be recorded"):
            people.grant(looking.context, scene.alice, "alice", ev.Grant(role="operator"))
        looking.close()
    monkeypatch.setenv("QUARTERDECK_LOG_PASSPHRASE", "open sesame")
    writing = open_workspace(root, clock=scene.clock)
    people.grant(writing.context, scene.alice, "alice", ev.Grant(role="operator"))
    done = log_key.rotate(writing.context, scene.alice, reason="new", passphrase=b"open sesame")
    assert is_encrypted(done.file)
    writing.close()
    writing = open_workspace(root, clock=scene.clock)
    assert writing.ledger.writable
    writing.close()


def test_key_files_with_and_without_a_passphrase(tmp_path: Path) -> None:
    plain, guarded = generate_log_key(tmp_path / "plain"), Ed25519PrivateKey.generate()
    write_log_key(tmp_path / "guarded", guarded, b"secret")
    assert (is_encrypted(tmp_path / "plain"), is_encrypted(tmp_path / "guarded")) == (False, True)
    assert load_log_key(tmp_path / "plain").private_bytes_raw() == plain.private_bytes_raw()
    assert load_log_key(tmp_path / "guarded", lambda: b"secret").private_bytes_raw() == guarded.private_bytes_raw()
    assert (tmp_path / "guarded").stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="wrong passphrase"):
        load_log_key(tmp_path / "guarded", lambda: b"guess")
    (tmp_path / "junk").write_text("hello")
    (tmp_path / "junk").chmod(0o600)
    assert not is_encrypted(tmp_path / "junk")


def test_a_key_whose_private_half_is_damaged_records_nothing_and_says_so_at_the_first_entry(scene: Scene) -> None:
    path = scene.workspace.root / log_key_file.KEY_FILE
    whole, size = path.read_text(), scene.context.ledger.head().size
    begin, body, end = whole.partition("\n")[0], "".join(whole.split("\n")[1:-2]), whole.split("\n")[-2]
    data = bytearray(b64decode(body))
    data[-60] ^= 1
    path.write_text(f"{begin}\n{b64encode(data).decode()}\n{end}\n")
    damaged = scene.reopened()
    with pytest.raises(StorageFailure, match="private key cannot be used"), damaged.ledger.writing():
        raise AssertionError("nobody is asked to append")
    assert damaged.ledger.head().size == size
    damaged.close()
    path.write_text(whole)
    again = scene.reopened()
    with again.ledger.writing():
        pass
    again.close()


def test_a_private_key_that_cannot_be_loaded_at_the_first_act_makes_the_workspace_read_only(scene: Scene) -> None:
    """Opening reads its public half only; from the first act on the console must not offer another."""
    path = scene.workspace.root / log_key_file.KEY_FILE
    again = scene.reopened()
    try:
        whole = path.read_bytes()
        path.write_bytes(whole.replace(whole[200:240], b"A" * 40))
        for words in ("private key cannot be used", "nothing can be recorded.*private key cannot be used"):
            with pytest.raises(StorageFailure, match=words):
                people.grant(again.context, scene.alice, "cy", ev.Grant(role="auditor"))
            assert not again.ledger.writable
            assert "private key cannot be used" in str(again.ledger.read_only_reason)
    finally:
        again.close()
