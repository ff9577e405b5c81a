from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput
from store.integrity.edwards import check_public_key
from store.integrity.sshkey import parse_public_key, public_half, public_key
from store.integrity.wire import mpint, string

ED25519 = public_half(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), comment="ana@example.com")


def line(kind: str, *fields: bytes) -> str:
    return f"{kind} {b64encode(string(kind.encode()) + b''.join(map(string, fields))).decode()}"


def test_openssh_keys_are_read_with_openssh_fingerprints(vectors: Path) -> None:
    folder = vectors / "sshsig/regress/unittests/sshkey/testdata"
    verdicts = {}
    for file in sorted(folder.glob("*.pub")):
        if "param" in file.name:
            continue  # the curve's name, not a key
        text = file.read_text()
        try:
            key = parse_public_key(text)
        except BadInput as error:
            verdicts[file.stem] = str(error)
            continue
        assert key.line == text.strip()
        assert key.fingerprint == file.with_suffix(".fp").read_text().strip()
        verdicts[file.stem] = f"{key.bits}{' hardware ' + str(key.application) if key.hardware else ''}"
    for name, words in verdicts.items():
        if "-cert" in name:
            assert "is a certificate" in words, name
        elif name.startswith("rsa_"):
            assert "3072 to 16384 may sign" in words, name
        elif name.startswith("mldsa44"):
            assert "not supported yet" in words, name
    assert verdicts["ed25519_1"] == verdicts["ed25519_2"] == verdicts["ecdsa_1"] == "256"
    assert verdicts["ecdsa_2"] == "521"
    assert verdicts["ed25519_sk1"] == verdicts["ecdsa_sk1"] == "256 hardware ssh:"


def test_a_key_line_reads_back_and_the_comment_makes_no_difference() -> None:
    key = parse_public_key(ED25519.line)
    assert key == ED25519 == parse_public_key(f"  {ED25519.type}   {ED25519.line.split()[1]}\n")
    assert key.comment == "ana@example.com"
    assert not key.hardware
    assert parse_public_key(ED25519.line + " and more").comment == "ana@example.com and more"


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
def test_rsa_keys_sign_from_3072_bits_on(bits: int) -> None:
    private = rsa.generate_private_key(65537, bits)
    if bits < 3072:
        with pytest.raises(BadInput, match=f"RSA with {bits} bits"):
            public_half(private)
    else:
        assert public_half(private).bits == bits


@pytest.mark.parametrize(("curve", "bits"), [(ec.SECP256R1(), 256), (ec.SECP384R1(), 384), (ec.SECP521R1(), 521)])
def test_every_curve_of_openssh_may_sign(curve: ec.EllipticCurve, bits: int) -> None:
    assert public_half(ec.generate_private_key(curve)).bits == bits


POINT = public_half(ec.derive_private_key(7, ec.SECP256R1())).blob[-65:]
MODULUS = (1 << 3072) + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs one line"),
        ("ssh-ed25519", "needs one line"),
        (f"{ED25519.line}\n{ED25519.line}", "needs one line"),
        (f"{ED25519.line}\x1b[2J", "needs one line"),
        ("ssh-ed25519 " + "A" * 20_000, "needs one line"),
        (f'command="x" {ED25519.line}', "no type of key"),
        ("ssh-ed25519 ?", "not canonical base64"),
        (f"ssh-ed25519 {ED25519.line.split()[1]}=", "not canonical base64"),
        (f"ssh-rsa {ED25519.line.split()[1]}", "the line says ssh-rsa, the key inside is ssh-ed25519"),
        (line("ssh-dss", b"x"), "too weak"),
        (line("ssh-mldsa44-ed25519@openssh.com", b"x"), "not supported yet"),
        (line("webauthn-sk-ecdsa-sha2-nistp256@openssh.com", b"x"), "webauthn"),
        (line("ssh-ed25519-cert-v01@openssh.com", b"x"), "certificate"),
        (line("ssh-ed448", b"x" * 57), "no type of key"),
        (line("ssh-ed25519", bytes(31)), "32 bytes"),
        (line("ssh-ed25519", bytes(32)), "low-order"),
        (line("ssh-ed25519", b"\xff" * 32), "canonical"),
        (line("ssh-ed25519", ED25519.blob[-32:], b""), "bytes after the end"),
        (line("ssh-ed25519"), "cut short"),
        (line("sk-ssh-ed25519@openssh.com", ED25519.blob[-32:]), "cut short"),
        (line("sk-ssh-ed25519@openssh.com", bytes(32), b"ssh:"), "low-order"),
        (line("sk-ssh-ed25519@openssh.com", ED25519.blob[-32:], b"\xff"), "not text"),
        (line("ecdsa-sha2-nistp256", b"nistp384", POINT), "must be on the curve nistp256"),
        (line("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp521", POINT, b"ssh:"), "must be on the curve nistp256"),
        (line("ecdsa-sha2-nistp256", b"nistp256", b"\2" + POINT[1:33]), "uncompressed"),
        (line("ecdsa-sha2-nistp256", b"nistp256", POINT[:-1] + b"\0"), "not a point"),
        (line("ecdsa-sha2-nistp256", b"nistp256", b"\0"), "uncompressed"),
        (line("ecdsa-sha2-nistp256", b"nistp256", b""), "uncompressed"),
        (line("ssh-rsa", b"\1\0\1", MODULUS.to_bytes(386, "big")), "shortest form"),
        (line("ssh-rsa", b"\1\0\1", b"\xff" * 400), "shortest form"),
        (line("ssh-rsa", b"\2", mpint(MODULUS)[4:]), "no sound RSA"),
        (line("ssh-rsa", b"\1", mpint(MODULUS)[4:]), "no sound RSA"),
        (line("ssh-rsa", b"\1\0\1", mpint(MODULUS + 1)[4:]), "no sound RSA"),
        (line("ssh-rsa", b"", mpint(MODULUS)[4:]), "shortest form"),
        (line("ssh-rsa", b"\1\0\1", mpint(1 << 17_000)[4:]), "17001 bits"),
    ],
)
def test_a_key_that_must_not_sign_is_refused_with_a_clear_line(text: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_public_key(text)
    assert words in str(refused.value)
    assert str(refused.value).isprintable()


def test_cctvs_low_order_and_non_canonical_keys_are_all_refused(vectors: Path) -> None:
    cases = json.loads((vectors / "cctv-ed25519/ed25519/ed25519vectors.json").read_text())
    refused = 0
    for case in cases:
        flags = set(case["flags"] or [])
        try:
            check_public_key(bytes.fromhex(case["key"]))
        except BadInput:
            refused += 1
            assert flags & {"low_order_A", "non_canonical_A"}, case["number"]
        else:
            assert not flags & {"low_order_A", "non_canonical_A"}, case["number"]
    assert refused == 526


def test_wycheproofs_sound_keys_may_all_be_enrolled(vectors: Path) -> None:
    groups = json.loads((vectors / "wycheproof-ed25519/testvectors_v1/ed25519_test.json").read_text())["testGroups"]
    for group in groups:
        check_public_key(bytes.fromhex(group["publicKey"]["pk"]))


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_is_made_the_normal_way_may_be_enrolled(seed: bytes) -> None:
    check_public_key(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def test_about_half_of_all_bytes_are_no_point_on_the_curve() -> None:
    refused = 0
    for number in range(400):
        try:
            check_public_key(number.to_bytes(2, "big") + bytes(29) + b"\7")
        except BadInput as error:
            refused += "not a point" in str(error)
    assert 150 < refused < 250


@given(st.binary(max_size=100))
def test_any_bytes_are_a_key_or_refused(noise: bytes) -> None:
    for blob in (noise, ED25519.blob + noise, ED25519.blob[:20] + noise, string(b"ssh-rsa") + noise):
        try:
            assert public_key(blob).blob == blob
        except BadInput:
            continue


def test_every_cut_of_a_key_is_refused() -> None:
    for end in range(len(ED25519.blob)):
        with pytest.raises(BadInput):
            public_key(ED25519.blob[:end])
    assert b64decode(ED25519.line.split()[1]) == ED25519.blob
