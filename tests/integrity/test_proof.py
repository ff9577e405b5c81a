from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from support.merkle_nodes import nodes_over

from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import frontier_from_nodes, inclusion_proof, leaf_hash
from store.integrity.note import Cosigner, NoKnownSignature, NoteSigner, make_note
from store.integrity.proof import Proof, parse_proof, verify_proof, write_proof

BODIES = [f"entry {number}".encode() for number in range(21)]
NODE = nodes_over([leaf_hash(body) for body in BODIES])
LOG = NoteSigner("example.com/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESSES = [Cosigner(f"w{number}.example", Ed25519PrivateKey.generate()) for number in range(3)]


def text(size: int, origin: str = "example.com/ledger") -> str:
    return Checkpoint(origin=origin, size=size, root=frontier_from_nodes(size, NODE).root()).text()


def proof_of(index: int, size: int = 21, *, cosigned: int = 0) -> Proof:
    lines = [LOG.signature(text(size)), *(witness.signature(text(size), time=7) for witness in WITNESSES[:cosigned])]
    return Proof(index=index, hashes=tuple(inclusion_proof(index, size, NODE)), checkpoint=make_note(text(size), lines))


@pytest.mark.parametrize("size", [1, 2, 7, 21])
def test_a_proof_reads_back_and_proves_its_entry_and_no_other(size: int) -> None:
    for index in range(size):
        proof = proof_of(index, size)
        assert parse_proof(write_proof(proof)) == proof
        proven = verify_proof(proof, BODIES[index], log=LOG.verifier)
        assert proven.checkpoint == Checkpoint.parse(text(size))
        with pytest.raises(IntegrityFailure, match="inclusion proof"):
            verify_proof(proof, BODIES[index] + b"!", log=LOG.verifier)
        if size > 1:
            with pytest.raises(IntegrityFailure, match="inclusion proof"):
                verify_proof(replace(proof, index=(index + 1) % size), BODIES[index], log=LOG.verifier)


def test_a_proof_file_has_the_lines_of_the_specification() -> None:
    proof = replace(proof_of(3, 4), extra=b"hello")
    lines = write_proof(proof).decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra aGVsbG8=", "index 3"]
    assert [len(line) for line in lines[3:5]] == [44, 44]
    assert lines[5:8] == ["", "example.com/ledger", "4"]
    assert parse_proof(write_proof(proof)) == proof


def test_the_published_malformed_proofs_are_refused(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/transparency_dev_formats.json").read_text())["tlog_proof_errors"]
    for name, data in cases:
        with pytest.raises(BadInput, match="proof: "):
            parse_proof(data.encode())
        assert name


def test_a_proof_needs_the_logs_own_signature() -> None:
    stranger = NoteSigner("example.com/ledger", Ed25519PrivateKey.generate())
    with pytest.raises(NoKnownSignature):
        verify_proof(proof_of(0), BODIES[0], log=stranger.verifier)
    only_witness = make_note(text(21), [WITNESSES[0].signature(text(21), time=1)])
    with pytest.raises(NoKnownSignature, match=r"not signed by example\.com/ledger"):
        verify_proof(
            replace(proof_of(0), checkpoint=only_witness),
            BODIES[0],
            log=LOG.verifier,
            witnesses=[WITNESSES[0].verifier],
        )


def test_a_checkpoint_of_another_origin_proves_nothing() -> None:
    other = replace(proof_of(0), checkpoint=LOG.sign(text(21, "example.com/other")))
    with pytest.raises(IntegrityFailure, match=r"of the log example\.com/other, not of example\.com/ledger"):
        verify_proof(other, BODIES[0], log=LOG.verifier)


def test_a_signed_text_that_is_no_checkpoint_proves_nothing() -> None:
    with pytest.raises(IntegrityFailure, match="checkpoint: "):
        verify_proof(replace(proof_of(0), checkpoint=LOG.sign("hello\n")), BODIES[0], log=LOG.verifier)


def test_witnesses_count_once_each_and_a_quorum_can_be_asked_for() -> None:
    proof = proof_of(4, cosigned=2)
    known = [witness.verifier for witness in WITNESSES]
    proven = verify_proof(proof, BODIES[4], log=LOG.verifier, witnesses=known, quorum=2)
    assert proven.witnesses == ("w0.example", "w1.example")
    with pytest.raises(IntegrityFailure, match="2 of 3 wanted witnesses"):
        verify_proof(proof, BODIES[4], log=LOG.verifier, witnesses=known, quorum=3)
    assert verify_proof(proof, BODIES[4], log=LOG.verifier).witnesses == ()


def test_every_flipped_bit_of_a_proof_file_is_refused() -> None:
    data = write_proof(proof_of(5, 7))
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises((BadInput, IntegrityFailure)):
                verify_proof(parse_proof(bytes(changed)), BODIES[5], log=LOG.verifier)


@pytest.mark.parametrize(
    ("find", "replace_with"),
    [
        (b"index 5", b"index 05"),
        (b"index 5", b"index +5"),
        (b"index 5", b"index 5 "),
        (b"index 5", b"index 99999999999999999999"),
        (b"index 5\n", b"index 5\r\n"),
        (b"index 5", b"extra \nindex 5\nindex 5"),
        (b"index 5\n", b"index 5\nAAAA\n"),
        (b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v2\n"),
        (b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v1\n\n"),
        (b"index 5\n", b"index 5\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64),
        (b"index 5", b"\xff"),
    ],
)
def test_a_file_of_another_form_is_no_proof(find: bytes, replace_with: bytes) -> None:
    data = write_proof(proof_of(5, 7))
    assert data.count(find) == 1
    with pytest.raises(BadInput, match="proof: "):
        parse_proof(data.replace(find, replace_with))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_proof_that_writes_itself_or_refused(noise: bytes) -> None:
    good = write_proof(proof_of(5, 7))
    for candidate in (noise, good[:30] + noise, good[:60] + noise + good[60:], good + noise):
        try:
            parsed = parse_proof(candidate)
        except BadInput:
            continue
        assert write_proof(parsed) == candidate
