"""A log's second signature, ML-DSA-44: the bytes it is over, whose vectors it passes, what it refuses."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from store.errors import BadInput, IntegrityFailure
from store.integrity import mldsa
from store.integrity.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from store.integrity.keyfile import load_second_key, write_log_key
from store.integrity.logkeys import LogKeys
from store.integrity.note import ML_DSA_44, NoKnownSignature, NoteSigner, SecondSigner, Verifier, open_note

ORIGIN = "example.com/log"
FIRST = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
SECOND = SecondSigner(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
THIRD = SecondSigner(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes([1]) * 32))
KEYS = LogKeys(FIRST.verifier).seconded(10, SECOND.verifier)


def checkpoint(size: int, fill: int = 7) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=size, root=bytes([fill]) * 32)


def test_wycheproofs_signatures_get_their_verdicts(vectors: Path) -> None:
    groups = json.loads((vectors / "wycheproof-ed25519/testvectors_v1/mldsa_44_verify_test.json").read_text())
    tried = 0
    for group in groups["testGroups"]:
        public = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            if bytes.fromhex(case.get("ctx", "")):
                continue  # our format has no context
            tried += 1
            try:
                mldsa.check_public_key(public)
                good = mldsa.is_signed(public, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            except BadInput:
                good = False
            assert good == (case["result"] == "valid"), (case["tcId"], case["comment"])
    assert tried > 150


def test_what_is_signed_is_the_structure_of_the_specification_and_nothing_else() -> None:
    text = checkpoint(300).text() + "an extension line\n"
    message = mldsa.signed_message("w.example/x", text, 5)
    assert message == (
        b"subtree/v1\n\x00"
        b"\x0bw.example/x"
        + (5).to_bytes(8, "big")
        + b"\x0fexample.com/log"
        + bytes(8)
        + (300).to_bytes(8, "big")
        + bytes([7]) * 32
    )


def test_the_line_is_name_key_id_zero_time_and_signature() -> None:
    note = sign_checkpoint(checkpoint(300), FIRST, SECOND)
    name, encoded = note.decode().splitlines()[-1].removeprefix("— ").split(" ")
    field = b64decode(encoded)
    assert (name, len(field)) == (ORIGIN, 4 + mldsa.TIME_BYTES + mldsa.SIGNATURE_BYTES)
    assert field[:4] == SECOND.verifier.key_id
    assert field[4:12] == bytes(8)
    public = MLDSA44PublicKey.from_public_bytes(SECOND.verifier.public)
    public.verify(field[12:], mldsa.signed_message(ORIGIN, checkpoint(300).text(), 0))
    assert open_checkpoint(note, [SECOND.verifier]) == checkpoint(300)


def test_its_verifier_key_reads_back_and_a_short_one_is_refused() -> None:
    assert Verifier.from_vkey(SECOND.verifier.vkey) == SECOND.verifier
    assert SECOND.verifier.type == ML_DSA_44
    for public in (b"", bytes(32), bytes(1311), bytes(1313)):
        with pytest.raises(BadInput, match="1,312 bytes"):
            Verifier.create(ORIGIN, public, type=ML_DSA_44)


def test_who_does_not_know_the_second_key_reads_the_note_as_before() -> None:
    note = sign_checkpoint(checkpoint(3), FIRST, SECOND)
    opened = open_note(note, [FIRST.verifier])
    assert [line.key_id for line in opened.unknown] == [SECOND.verifier.key_id]


@pytest.mark.parametrize("place", [4, 11, 12, 500, 2431])
def test_a_known_second_keys_bad_signature_spoils_the_note(place: int) -> None:
    lines = sign_checkpoint(checkpoint(12), FIRST, SECOND).decode().splitlines()
    name, encoded = lines[-1].removeprefix("— ").split(" ")
    field = bytearray(b64decode(encoded))
    field[place] ^= 1
    lines[-1] = f"— {name} {b64encode(field).decode()}"
    with pytest.raises(IntegrityFailure, match=r"is wrong|impossible"):
        KEYS.open(("\n".join(lines) + "\n").encode())


@pytest.mark.parametrize("cut", [0, 1, 8, 9, 2427])
def test_a_cut_field_is_a_bad_signature_and_no_crash(cut: int) -> None:
    with pytest.raises(IntegrityFailure):
        SECOND.verifier.check(checkpoint(3).text(), bytes(cut))


@pytest.mark.parametrize("text", ["hello\n", f"{ORIGIN}\n007\n{'A' * 43}=\n", f"{ORIGIN}\n7\n{'A' * 42}B=\n", ""])
def test_it_signs_and_vouches_for_checkpoints_only(text: str) -> None:
    with pytest.raises(IntegrityFailure, match="over a checkpoint"):
        SECOND.signature(text)
    with pytest.raises(IntegrityFailure, match="over a checkpoint"):
        SECOND.verifier.check(text, bytes(2428))


def test_an_endless_name_has_no_such_signature() -> None:
    long = SecondSigner("x" * 256, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    with pytest.raises(IntegrityFailure, match="more than 255 bytes"):
        long.signature(checkpoint(3).text())


@pytest.mark.parametrize("size", [9, 10, 11])
def test_from_the_entry_that_names_it_on_both_have_to_sign(size: int) -> None:
    both, one = (sign_checkpoint(checkpoint(size), FIRST, *more) for more in ([SECOND], []))
    assert KEYS.open(both) == checkpoint(size)
    if size < 10:
        assert KEYS.open(one) == checkpoint(size)
    else:
        with pytest.raises(NoKnownSignature, match="not signed by"):
            KEYS.open(one)
        with pytest.raises(NoKnownSignature):
            KEYS.open(sign_checkpoint(checkpoint(size), SECOND))


def test_one_second_key_takes_over_from_another_and_the_last_can_go() -> None:
    keys = KEYS.seconded(20, THIRD.verifier).seconded(30, None)
    first, second, third = FIRST.verifier, SECOND.verifier, THIRD.verifier
    expected = {19: (first, second), 20: (first, second, third), 21: (first, third), 30: (first, third), 31: (first,)}
    assert {size: keys.at(size) for size in expected} == expected
    assert (keys.second, KEYS.second) == (None, second)
    assert keys.second_periods == ((10, second, 20), (20, third, 30))


def test_a_second_key_that_cannot_be_the_next_one_is_refused() -> None:
    elsewhere = SecondSigner("example.com/other", MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    for key in (SECOND.verifier, FIRST.verifier, elsewhere.verifier):
        with pytest.raises(IntegrityFailure, match="cannot be the log's next one"):
            KEYS.seconded(20, key)
    with pytest.raises(IntegrityFailure, match="cannot be the log's next one"):
        LogKeys(FIRST.verifier).seconded(20, None)


def test_its_file_is_private_and_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    key = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
    plain, locked, other = tmp_path / "plain", tmp_path / "locked", tmp_path / "other"
    write_log_key(plain, key)
    write_log_key(locked, key, b"secret")
    write_log_key(other, Ed25519PrivateKey.generate())
    assert plain.stat().st_mode & 0o777 == locked.stat().st_mode & 0o777 == 0o600
    assert load_second_key(plain, b"ignored").private_bytes_raw() == key.private_bytes_raw()
    assert load_second_key(locked, b"secret").private_bytes_raw() == key.private_bytes_raw()
    for passphrase in (b"", b"wrong"):
        with pytest.raises(BadInput, match="passphrase"):
            load_second_key(locked, passphrase)
    with pytest.raises(BadInput):
        load_second_key(other)
    with pytest.raises(BadInput, match="never overwritten"):
        write_log_key(plain, key)
