from __future__ import annotations

import os
import threading
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.made_log import MadeLog
from support.ticking import TickingClock

from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import EMPTY_ROOT, leaf_hash
from store.integrity.note import Cosigner, NoteSigner, open_note
from store.integrity.witness_request import MAX_REQUEST, AddCheckpoint, write_request
from store.services.witness import witnessing
from store.services.witness.witnessing import Witness

LOG = MadeLog()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return witnessing.create(tmp_path / "witness", name="witness.example/w", log_keys=[LOG.vkey], clock=TickingClock())


def ask(witness: Witness, old: int, size: int, log: MadeLog = LOG) -> witnessing.Answer:
    return witnessing.answer(witness, log.request(old, size))


def size_at(witness: Witness, origin: str = LOG.origin) -> int | None:
    known = witnessing.remembered(witness, origin)
    return None if known is None else known.checkpoint.size


def test_the_first_head_is_cosigned_and_later_ones_with_a_proof(witness: Witness) -> None:
    for old, size in ((0, 3), (3, 3), (3, 8), (8, 13), (13, 64), (64, 65)):
        answer = ask(witness, old, size)
        assert answer.status == 200, answer.body
        note = LOG.note(size) + answer.body
        opened = open_note(note, [LOG.signer.verifier, witness.cosigner.verifier])
        assert len(opened.signatures) == 2
        assert opened.signatures[1].time is not None
    assert size_at(witness) == 65


def test_a_head_of_size_zero_is_cosigned_only_with_the_empty_root(witness: Witness) -> None:
    assert ask(witness, 0, 0).status == 200
    assert ask(witness, 0, 5).status == 200
    text = f"{LOG.origin}\n0\n{b64encode(leaf_hash(b'x')).decode()}\n"
    lying = write_request(AddCheckpoint(old=0, checkpoint=LOG.signer.sign(text)))
    assert witnessing.answer(witness, lying).status == 422
    assert leaf_hash(b"x") != EMPTY_ROOT


def test_another_size_than_the_remembered_one_is_a_conflict_that_names_it(witness: Witness) -> None:
    ask(witness, 0, 8)
    for old in (0, 1, 7):
        answer = ask(witness, old, 13)
        assert (answer.status, answer.body, answer.content_type) == (409, b"8\n", "text/x.tlog.size")
        assert answer.kept is not None
    assert ask(witness, 13, 20).status == 409
    assert size_at(witness) == 8


def test_an_old_size_above_the_checkpoints_is_a_bad_request(witness: Witness) -> None:
    ask(witness, 0, 8)
    assert ask(witness, 9, 8).status == 400
    assert ask(witness, 8, 5).status == 400  # it never goes back


def test_a_log_nobody_told_it_of_is_not_found(witness: Witness) -> None:
    assert ask(witness, 0, 3, MadeLog(origin="log.example/other")).status == 404


def test_a_checkpoint_without_a_good_signature_is_forbidden(witness: Witness) -> None:
    stranger = MadeLog(seed=bytes(32))
    assert ask(witness, 0, 3, stranger).status == 403
    note = LOG.note(3)
    broken = note.replace(b"\n3\n", b"\n4\n")
    assert witnessing.answer(witness, b"old 0\n\n" + broken).status == 403
    # what unknown keys add is ignored; a wrong signature of a known key spoils the note
    other = NoteSigner("other.example", Ed25519PrivateKey.generate()).sign("x\n").rpartition(b"\n\n")[2]
    assert witnessing.answer(witness, b"old 0\n\n" + note + other).status == 200
    twice = note + broken.replace(b"\n4\n", b"\n3\n").rpartition(b"\n\n")[2][:-9] + b"AAAAAAA=\n"
    assert witnessing.answer(witness, b"old 3\n\n" + twice).status in {400, 403}


def test_a_fork_is_refused_and_the_remembered_head_is_shown(witness: Witness) -> None:
    ask(witness, 0, 8)
    fork = MadeLog(salt=b"!", forked_at=5)
    for size in (8, 9, 13):
        answer = ask(witness, 8, size, fork)
        assert answer.status == 422
        assert answer.kept is not None
        assert answer.kept.startswith(LOG.note(8))
    assert size_at(witness) == 8


def test_a_proof_of_another_tree_or_none_is_refused(witness: Witness) -> None:
    ask(witness, 0, 8)
    assert witnessing.answer(witness, LOG.request(8, 13, proof_from=7)).status == 422
    assert witnessing.answer(witness, LOG.request(8, 13, proof_from=13)).status == 422
    assert witnessing.answer(witness, LOG.request(8, 8, proof_from=5)).status == 422
    fresh = write_request(AddCheckpoint(old=0, proof=(bytes(32),), checkpoint=MadeLog().note(3)))
    assert witnessing.answer(witness, fresh).status == 409


def test_a_proof_where_nothing_can_be_proven_is_refused(witness: Witness) -> None:
    request = write_request(AddCheckpoint(old=0, proof=(bytes(32),), checkpoint=LOG.note(3)))
    assert witnessing.answer(witness, request).status == 422
    assert size_at(witness) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[4:],
        lambda data: data.replace(b"old 8", b"old 08"),
        lambda data: data.replace(b"\n\n", b"\n", 1),
        lambda data: data[: data.index(b"\n\n") + 2],
        lambda data: data.replace(b"=\n", b"\n", 1),
        lambda data: data.replace("—".encode(), b"-"),
        lambda data: data.replace(b"log.example/a\n13\n", b"log.example/a\n13\r\n"),
        lambda data: data + b"x" * MAX_REQUEST,
        lambda data: data.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n" * 64 + b"\n", 1),
    ],
)
def test_a_malformed_request_is_a_bad_request(witness: Witness, change) -> None:
    ask(witness, 0, 8)
    answer = witnessing.answer(witness, change(LOG.request(8, 13)))
    assert answer.status == 400
    assert answer.body.endswith(b"\n")
    assert size_at(witness) == 8


def test_a_signed_text_that_is_no_checkpoint_is_a_bad_request(witness: Witness) -> None:
    for text in (f"{LOG.origin}\n", f"{LOG.origin}\n03\n{'A' * 43}=\n", f"{LOG.origin}\n3\nAAAA\n"):
        note = LOG.signer.sign(text)
        assert witnessing.answer(witness, b"old 0\n\n" + note).status == 400


def test_every_single_bit_of_a_proof_counts(witness: Witness) -> None:
    ask(witness, 0, 5)
    good = LOG.request(5, 13)
    head, _, note = good.partition(b"\n\n")
    from store.integrity.witness_request import parse_request

    proof = parse_request(good).proof
    for number, item in enumerate(proof):
        for bit in range(256):
            flipped = bytearray(item)
            flipped[bit // 8] ^= 1 << bit % 8
            changed = (*proof[:number], bytes(flipped), *proof[number + 1 :])
            request = write_request(AddCheckpoint(old=5, proof=changed, checkpoint=note))
            assert witnessing.answer(witness, request).status == 422
    assert head.startswith(b"old 5\n")
    assert witnessing.answer(witness, good).status == 200


def test_every_byte_of_a_request_counts_or_changes_nothing(witness: Witness) -> None:
    ask(witness, 0, 5)
    good = LOG.request(5, 7)
    statuses = set()
    for at in range(len(good)):
        for bit in (1, 4, 128):
            changed = bytearray(good)
            changed[at] ^= bit
            answer = witnessing.answer(witness, bytes(changed))
            statuses.add(answer.status)
            assert answer.status != 200, (at, bit)
    assert size_at(witness) == 5
    assert statuses <= {400, 403, 404, 409, 422}


def test_the_head_is_durable_before_the_cosignature_leaves(witness: Witness, monkeypatch) -> None:
    ask(witness, 0, 3)

    def full(*_args: object, **_kwargs: object) -> None:
        raise StorageFailure("the disk is full")

    monkeypatch.setattr("store.ledger.heads.HeadStore.write", full)
    with pytest.raises(StorageFailure):
        ask(witness, 3, 5)
    monkeypatch.undo()
    assert size_at(witness) == 3


def test_of_two_heads_asked_for_at_once_one_wins(witness: Witness, monkeypatch) -> None:
    ask(witness, 0, 5)
    real = witnessing._check_extends
    meet = threading.Barrier(2)

    def slowly(*args):
        real(*args)
        with suppress(threading.BrokenBarrierError):
            meet.wait(timeout=0.3)  # whoever holds no lock would be let through here, both of them

    monkeypatch.setattr(witnessing, "_check_extends", slowly)
    forks = (LOG, MadeLog(salt=b"!", forked_at=6))
    answers: list[witnessing.Answer] = []
    threads = [threading.Thread(target=lambda log=log: answers.append(ask(witness, 5, 9, log))) for log in forks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 409]


def test_a_witness_opened_again_remembers(witness: Witness) -> None:
    ask(witness, 0, 8)
    again = witnessing.open_witness(witness.state)
    assert again.vkey == witness.vkey
    assert ask(again, 0, 13).status == 409
    assert ask(again, 8, 13).status == 200


def test_a_witness_with_damaged_memory_does_not_go_on(witness: Witness) -> None:
    ask(witness, 0, 8)
    path = witness.memory.head(LOG.origin).path
    path.write_bytes(LOG.note(8))  # not its own cosignature
    with pytest.raises(IntegrityFailure):
        ask(witness, 8, 13)
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(IntegrityFailure, match="retired"):
        witnessing.open_witness(witness.state)


def test_a_witness_is_made_once_with_a_private_key(witness: Witness) -> None:
    with pytest.raises(BadInput, match="already"):
        witnessing.create(witness.state, name="witness.example/other")
    assert (witness.state / "witness.key").stat().st_mode & 0o077 == 0
    assert witness.state.stat().st_mode & 0o077 == 0
    with pytest.raises(NotFound, match="is no witness"):
        witnessing.open_witness(witness.state / "nowhere")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_cannot_sign_makes_no_witness(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        witnessing.create(tmp_path / "w", name=name)
    assert not os.path.lexists(tmp_path / "w")


def test_only_a_logs_key_is_trusted_as_a_log(witness: Witness) -> None:
    cosigner = Cosigner("x.example", Ed25519PrivateKey.generate())
    for wrong in ("hello", cosigner.verifier.vkey, LOG.vkey[:-1] + "A"):
        with pytest.raises(BadInput):
            witnessing.trust(witness, wrong)
    other = MadeLog(origin="log.example/b")
    witnessing.trust(witness, other.vkey)
    witnessing.trust(witness, other.vkey)
    again = witnessing.open_witness(witness.state)
    assert [log.name for log in again.logs] == [LOG.origin, other.origin]
    assert ask(again, 0, 2, other).status == 200


def test_forgetting_sets_the_old_head_aside(witness: Witness) -> None:
    ask(witness, 0, 8)
    aside = witnessing.forget(witness, LOG.origin)
    assert aside.read_bytes().startswith(LOG.note(8))
    assert ask(witness, 0, 3, MadeLog(salt=b"restored")).status == 200
    with pytest.raises(NotFound):
        witnessing.forget(witness, "never.example/seen")


def test_a_bare_checkpoint_is_cosigned_when_nothing_has_to_be_proven(witness: Witness) -> None:
    assert witnessing.answer_note(witness, LOG.note(5)).status == 200
    assert witnessing.answer_note(witness, LOG.note(5)).status == 200
    for size in (4, 6):
        answer = witnessing.answer_note(witness, LOG.note(size))
        assert (answer.status, answer.body) == (409, b"5\n")
    assert witnessing.answer_note(witness, MadeLog(salt=b"!").note(5)).status == 422
    assert witnessing.answer_note(witness, b"hello").status == 400


def test_what_is_remembered_is_a_checkpoint_anybody_can_check(witness: Witness) -> None:
    junk = NoteSigner("junk.example", Ed25519PrivateKey.generate()).sign("x\n").rpartition(b"\n\n")[2]
    witnessing.answer(witness, b"old 0\n\n" + LOG.note(5) + junk)
    known = witnessing.remembered(witness, LOG.origin)
    assert known is not None
    opened = open_note(known.note, [LOG.signer.verifier, witness.cosigner.verifier])
    assert Checkpoint.parse(opened.text) == known.checkpoint
    assert opened.unknown == ()
