from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput, IntegrityFailure
from store.integrity.note import (
    COSIGNATURE,
    Cosigner,
    NoKnownSignature,
    NoteSigner,
    Verifier,
    make_note,
    note_text,
    open_note,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = NoteSigner("example.com/ledger", KEY)
TEXT = "example.com/ledger\n7\n\nmore\n"


def test_gos_notes_get_gos_verdicts(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note" / "go_sumdb_note.json").read_text())["open"]
    for case in cases:
        if "note_hex" in case:
            note = bytes.fromhex(case["note_hex"])
        elif "note" in case:
            note = case["note"].encode()
        else:
            note = (case["note_text"] + "\n" + case["repeat_signature_line"] * case["times"]).encode()
        verifiers = [Verifier.from_vkey(vkey) for vkey in case["verifiers"]]
        if case["want"] == "ok":
            opened = open_note(note, verifiers)
            assert [line.name for line in opened.signatures] == case["verified"], case["name"]
            # Go lists a repeated unknown line once; so few repeat that we keep what is there.
            assert {line.name for line in opened.unknown} == set(case["unverified"]), case["name"]
        else:
            with pytest.raises(IntegrityFailure) as refused:
                open_note(note, verifiers)
            assert isinstance(refused.value, NoKnownSignature) == ("no verifiable" in case["want"]), case["name"]
    assert len(cases) == 15


def test_gos_verifier_keys_get_gos_verdicts(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note" / "go_sumdb_note.json").read_text())["verifier_keys"]
    for case in cases:
        if case.get("ok"):
            assert Verifier.from_vkey(case["vkey"]).vkey == case["vkey"]
        elif "vkey" in case:
            with pytest.raises(BadInput):
                Verifier.from_vkey(case["vkey"])


def test_every_part_and_every_changed_byte_of_a_verifier_key_is_refused() -> None:
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    mangled = {vkey[start:end] for start in range(len(vkey)) for end in range(start, len(vkey) + 1)} - {vkey}
    for position, character in enumerate(vkey):
        for change in (-1, 1, 2, 32, 128):
            mangled.add(vkey[:position] + chr(max(0, ord(character) + change)) + vkey[position + 1 :])
        for bit in range(8):
            mangled.add(vkey[:position] + chr(ord(character) ^ 1 << bit) + vkey[position + 1 :])
    assert len(mangled) > 2276
    for bad in mangled:
        with pytest.raises(BadInput):
            Verifier.from_vkey(bad)


def test_the_specifications_own_note_verifies(vectors: Path) -> None:
    example = json.loads((vectors / "signed-note" / "c2sp_spec_examples.json").read_text())["signed_note"]
    opened = open_note(example["note"].encode(), [Verifier.from_vkey(example["vkey"])])
    assert opened.text == "This is an example message.\n"


def test_tesseras_log_key_is_read(vectors: Path) -> None:
    vkey = json.loads((vectors / "signed-note" / "tessera_vkey.json").read_text())["vkey"]
    assert Verifier.from_vkey(vkey).name == "example.com/log/testdata"


def test_a_signed_note_opens_to_its_text_and_is_the_same_every_time() -> None:
    note = SIGNER.sign(TEXT)
    opened = open_note(note, [SIGNER.verifier])
    assert opened.text == note_text(note) == TEXT
    assert [(line.name, line.time) for line in opened.signatures] == [("example.com/ledger", None)]
    assert SIGNER.sign(TEXT) == note
    assert Verifier.from_vkey(SIGNER.verifier.vkey) == SIGNER.verifier


def test_every_flipped_bit_of_a_note_is_refused() -> None:
    note = SIGNER.sign(TEXT)
    for position in range(len(note)):
        for bit in range(8):
            changed = bytearray(note)
            changed[position] ^= 1 << bit
            with pytest.raises(IntegrityFailure):
                open_note(bytes(changed), [SIGNER.verifier])


def test_every_cut_of_a_note_is_refused() -> None:
    note = SIGNER.sign(TEXT)
    for end in range(len(note)):
        with pytest.raises(IntegrityFailure):
            open_note(note[:end], [SIGNER.verifier])
    for start in range(1, len(note)):
        with pytest.raises(IntegrityFailure):
            open_note(note[start:], [SIGNER.verifier])


def test_a_bad_signature_of_a_known_key_spoils_the_whole_note() -> None:
    other = NoteSigner("other.example", Ed25519PrivateKey.generate())
    note = make_note(TEXT, [SIGNER.signature(TEXT), other.signature("something else\n")])
    assert open_note(note, [SIGNER.verifier]).unknown[0].name == "other.example"
    with pytest.raises(IntegrityFailure, match=r"the signature of other\.example"):
        open_note(note, [SIGNER.verifier, other.verifier])


def test_a_second_and_wrong_line_of_a_known_key_spoils_the_note() -> None:
    right, wrong = SIGNER.signature(TEXT), SIGNER.signature("x\n")
    with pytest.raises(IntegrityFailure, match="is wrong"):
        open_note(make_note(TEXT, [right, wrong]), [SIGNER.verifier])


def test_a_key_of_the_same_name_and_another_id_is_somebody_else() -> None:
    namesake = NoteSigner(SIGNER.name, Ed25519PrivateKey.generate())
    with pytest.raises(NoKnownSignature):
        open_note(namesake.sign(TEXT), [SIGNER.verifier])


def test_base64_with_spare_bits_is_refused() -> None:
    note = SIGNER.sign(TEXT).decode()
    encoded = note.rsplit(" ", 1)[1].strip()
    assert encoded.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(encoded.rstrip("=")) - 1
    twin = encoded[:at] + alphabet[alphabet.index(encoded[at]) + 1] + encoded[at + 1 :]
    assert b64decode(twin) == b64decode(encoded)
    with pytest.raises(IntegrityFailure, match="no signature line"):
        open_note(note.replace(encoded, twin).encode(), [SIGNER.verifier])


def test_a_hundred_signatures_are_read_and_one_more_is_not() -> None:
    line = SIGNER.signature(TEXT)
    assert open_note(make_note(TEXT, [line] * 100), [SIGNER.verifier])
    with pytest.raises(BadInput):
        make_note(TEXT, [line] * 101)
    with pytest.raises(IntegrityFailure, match="more than 100"):
        open_note(make_note(TEXT, [line] * 100) + SIGNER.sign(TEXT)[len(TEXT) + 1 :], [SIGNER.verifier])


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "\x1b[2J\n", "a\r\n", "\x00\n"])
def test_a_text_that_could_not_be_read_back_is_not_signed(text: str) -> None:
    with pytest.raises(BadInput):
        SIGNER.sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "\x1b", "a\x7f"])
def test_a_name_that_cannot_stand_in_a_signature_line_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        NoteSigner(name, KEY)


def test_a_key_for_which_anybody_can_sign_vouches_for_nothing() -> None:
    for raw in (bytes(32), bytes([1]) + bytes(31), b"\xff" * 32, bytes(31)):
        with pytest.raises(BadInput):
            Verifier.create("example.com", raw)
    with pytest.raises(BadInput, match="ML-DSA-44 public key has 1,312 bytes"):
        Verifier.create("example.com", KEY.public_key().public_bytes_raw(), type=6)
    with pytest.raises(BadInput, match="0x05"):
        Verifier.create("example.com", KEY.public_key().public_bytes_raw(), type=5)


def test_a_cosignature_says_when_it_was_made() -> None:
    witness = Cosigner("witness.example/w1", Ed25519PrivateKey.generate())
    note = make_note(TEXT, [SIGNER.signature(TEXT), witness.signature(TEXT, time=1_679_315_147)])
    opened = open_note(note, [SIGNER.verifier, Verifier.from_vkey(witness.verifier.vkey)])
    assert [line.time for line in opened.signatures] == [None, 1_679_315_147]
    assert witness.verifier.type == COSIGNATURE


def test_a_cosignature_with_another_time_is_refused() -> None:
    witness = Cosigner("witness.example/w1", KEY)
    line = witness.signature(TEXT, time=1_679_315_147)
    for time in (1_679_315_148, 2**63):
        moved = b64encode(line.key_id + time.to_bytes(8, "big") + line.signature[8:]).decode()
        with pytest.raises(IntegrityFailure):
            open_note(f"{TEXT}\n— {line.name} {moved}\n".encode(), [witness.verifier])


def test_a_cosigners_plain_signature_is_no_cosignature() -> None:
    witness = Cosigner("example.com/ledger", KEY)
    assert witness.verifier.key_id != SIGNER.verifier.key_id
    plain = SIGNER.signature(TEXT).signature
    for field in (plain, plain[:7], b""):
        with pytest.raises(IntegrityFailure):
            witness.verifier.check(TEXT, field)


def test_the_specifications_cosigned_checkpoint_has_the_published_time(vectors: Path) -> None:
    example = json.loads((vectors / "signed-note" / "c2sp_spec_examples.json").read_text())
    note = example["cosigned_checkpoint_format_example"]["note"].encode()
    with pytest.raises(NoKnownSignature):
        open_note(note, [SIGNER.verifier])
    assert note_text(note).startswith("example.com/behind-the-sofa\n20852163\n")
    assert int.from_bytes(b64decode(note.split()[-1])[4:12], "big") == 1_679_315_147


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n")).map(lambda text: text + "\n"))
def test_every_text_that_is_signed_is_read_back(text: str) -> None:
    assert open_note(SIGNER.sign(text), [SIGNER.verifier]).text == text


@given(st.binary(max_size=120))
def test_any_bytes_are_a_note_or_an_integrity_failure(noise: bytes) -> None:
    note = SIGNER.sign(TEXT)
    for candidate in (noise, note + noise, note[:40] + noise, b"text\n\n\xe2\x80\x94 " + noise + b"\n"):
        try:
            open_note(candidate, [SIGNER.verifier])
        except IntegrityFailure:
            continue
        assert candidate == note
