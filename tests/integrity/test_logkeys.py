from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import Checkpoint, sign_checkpoint
from store.integrity.logkeys import LogKeys
from store.integrity.note import NoKnownSignature, NoteSigner

ORIGIN = "example.com/log"
SIGNERS = [NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in range(4)]
A, B, C, STRANGER = SIGNERS
KEYS = LogKeys(A.verifier).rotated(10, B.verifier).rotated(11, C.verifier)


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=size, root=bytes([size]) * 32)


@pytest.mark.parametrize(("size", "signers"), [(1, [A]), (9, [A]), (10, [A, B]), (11, [B, C]), (12, [C]), (200, [C])])
def test_which_keys_have_to_sign_is_a_question_of_the_size(size: int, signers: list[NoteSigner]) -> None:
    assert KEYS.at(size) == tuple(signer.verifier for signer in signers)
    good = sign_checkpoint(checkpoint(size), *signers)
    assert KEYS.open(good) == checkpoint(size)
    assert KEYS.for_note(good) == signers[0].verifier
    for signer in SIGNERS:
        if [signer] != signers:
            with pytest.raises(NoKnownSignature):
                KEYS.open(sign_checkpoint(checkpoint(size), signer))


def test_a_wrong_signature_of_a_key_in_force_spoils_the_note() -> None:
    text = checkpoint(10).text()
    good, other = sign_checkpoint(checkpoint(10), A, B), sign_checkpoint(checkpoint(9), B)
    line = next(row for row in other.decode().splitlines() if row.startswith("— "))
    swapped = f"{text}\n{good.decode().split(chr(10) * 2)[1].splitlines()[0]}\n{line}\n".encode()
    with pytest.raises(IntegrityFailure, match="is wrong"):
        KEYS.open(swapped)


def test_a_log_that_never_changed_its_key_has_one() -> None:
    keys = LogKeys(A.verifier)
    assert (keys.newest, keys.all) == (A.verifier, (A.verifier,))
    assert keys.open(sign_checkpoint(checkpoint(3), A)) == checkpoint(3)
    with pytest.raises(NoKnownSignature):
        keys.open(sign_checkpoint(checkpoint(3), B))


def test_a_key_that_cannot_be_the_next_one_is_refused() -> None:
    elsewhere = NoteSigner("example.com/other", Ed25519PrivateKey.generate())
    for key in (A.verifier, B.verifier, elsewhere.verifier):
        with pytest.raises(IntegrityFailure, match="cannot be its next one"):
            KEYS.rotated(20, key)


def test_nonsense_is_named() -> None:
    for note in (b"", b"hello\n", A.sign("hello\n"), A.sign(f"{ORIGIN}\n007\nAAAA\n")):
        with pytest.raises(IntegrityFailure):
            KEYS.open(note)
        with pytest.raises(IntegrityFailure):
            KEYS.for_note(note)


def test_a_key_of_another_log_signs_nothing_here() -> None:
    with pytest.raises(BadInput, match="does not sign for"):
        sign_checkpoint(checkpoint(1), A, NoteSigner("example.com/other", Ed25519PrivateKey.generate()))
