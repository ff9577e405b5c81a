from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import BadInput, IntegrityFailure
from store.integrity.sshkey import PrivateKey, PublicKey, parse_public_key, public_half, public_key
from store.integrity.sshsig import (
    NAMESPACE,
    armor,
    assemble,
    dearmor,
    sign,
    signed_data,
    signing_key,
    verify,
)
from store.integrity.wire import mpint, string

ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(65537, 3072)
PRIVATE: dict[str, PrivateKey] = {
    "ed25519": ED,
    "rsa": RSA,
    "p256": ec.derive_private_key(7, ec.SECP256R1()),
    "p384": ec.derive_private_key(7, ec.SECP384R1()),
    "p521": ec.derive_private_key(7, ec.SECP521R1()),
}
KEY = public_half(ED)
MESSAGE = b'{"v":1}'
ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


@pytest.mark.parametrize("name", ["ed25519", "rsa", "ecdsa", "ed25519_sk", "ecdsa_sk"])
def test_openssh_signatures_verify(vectors: Path, name: str) -> None:
    folder = vectors / "sshsig/regress/unittests/sshsig/testdata"
    key = parse_public_key((folder / f"{name}.pub").read_text())
    blob = dearmor((folder / f"{name}.sig").read_text())
    message, namespace = (folder / "signed-data").read_bytes(), (folder / "namespace").read_text().strip()
    verified = verify(blob, message, key, namespace)
    assert signing_key(blob) == key.blob
    assert (verified.touched is None) == (not name.endswith("_sk"))
    if name.endswith("_sk"):
        assert verified.touched
        assert verified.counter is not None
        verify(blob, message, key, namespace, require_touch=True)
    for other in (message + b"x", b"", message[:-1]):
        with pytest.raises(IntegrityFailure, match="wrong, or over something else"):
            verify(blob, other, key, namespace)


@pytest.mark.parametrize(
    ("name", "words"), [("ecdsa_sk_webauthn", "webauthn signatures"), ("mldsa44-ed25519", "ML-DSA signatures")]
)
def test_kinds_of_signatures_left_out_are_refused_with_a_clear_line(vectors: Path, name: str, words: str) -> None:
    folder = vectors / "sshsig/regress/unittests/sshsig/testdata"
    blob = dearmor((folder / f"{name}.sig").read_text())
    with pytest.raises(IntegrityFailure, match=words):
        verify(blob, (folder / "signed-data").read_bytes(), KEY, "unittest")


@pytest.mark.parametrize("name", ["ed25519", "rsa", "ecdsa", "ed25519_sk", "ecdsa_sk"])
def test_every_flipped_bit_of_openssh_signatures_is_refused(vectors: Path, name: str) -> None:
    folder = vectors / "sshsig/regress/unittests/sshsig/testdata"
    key = parse_public_key((folder / f"{name}.pub").read_text())
    blob = dearmor((folder / f"{name}.sig").read_text())
    message = (folder / "signed-data").read_bytes()
    for position in range(len(blob)):
        for bit in range(8) if name != "rsa" else (position % 8,):
            changed = bytearray(blob)
            changed[position] ^= 1 << bit
            with pytest.raises(IntegrityFailure):
                verify(bytes(changed), message, key, "unittest")


@pytest.mark.parametrize("name", PRIVATE)
def test_what_we_sign_verifies_and_nothing_else_does(name: str) -> None:
    private = PRIVATE[name]
    key = public_half(private)
    blob = sign(private, MESSAGE)
    assert verify(blob, MESSAGE, key).key == key
    assert dearmor(armor(blob)) == blob
    with pytest.raises(IntegrityFailure, match="something else"):
        verify(blob, MESSAGE + b" ", key)
    with pytest.raises(IntegrityFailure, match="not for file"):
        verify(blob, MESSAGE, key, "file")
    with pytest.raises(IntegrityFailure, match="another key"):
        verify(blob, MESSAGE, public_half(Ed25519PrivateKey.generate()))


def blob_of(
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    public: bytes = KEY.blob,
    namespace: bytes = NAMESPACE.encode(),
    reserved: bytes = b"",
    hash_name: bytes = b"sha512",
    algorithm: bytes = b"ssh-ed25519",
    signature: bytes | None = None,
    inside: bytes = b"",
    after: bytes = b"",
) -> bytes:
    raw = ED.sign(signed_data(MESSAGE)) if signature is None else signature
    fields = (public, namespace, reserved, hash_name, string(algorithm) + string(raw) + inside)
    return magic + version.to_bytes(4, "big") + b"".join(map(string, fields)) + after


def test_the_hand_made_signature_verifies() -> None:
    assert blob_of() == sign(ED, MESSAGE)
    assert verify(blob_of(), MESSAGE, KEY).algorithm == "ssh-ed25519"


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (blob_of(magic=b"SSHSIC"), "no SSHSIG"),
        (blob_of(version=2), "version 2"),
        (blob_of(version=0), "version 0"),
        (blob_of(namespace=b""), "not for quarterdeck@v1"),
        (blob_of(namespace=b"git"), "made for 'git', not for quarterdeck@v1".replace("'", "")),
        (blob_of(namespace=b"quarterdeck@v1\0"), "not for quarterdeck@v1"),
        (blob_of(reserved=b"x"), "reserved"),
        (blob_of(hash_name=b"sha256"), "not with sha512"),
        (blob_of(hash_name=b"md5"), "not with sha512"),
        (blob_of(hash_name=b"SHA512"), "not with sha512"),
        (blob_of(public=KEY.blob + b"\0"), "another key"),
        (blob_of(public=public_half(Ed25519PrivateKey.generate()).blob), "another key"),
        (blob_of(algorithm=b"ssh-rsa"), "SHA-1"),
        (blob_of(algorithm=b"rsa-sha2-512"), "not accepted of a ssh-ed25519 key"),
        (blob_of(algorithm=b"ssh-ed25519\xff"), "not accepted of a ssh-ed25519 key"),
        (blob_of(algorithm=b"sk-ssh-ed25519@openssh.com", inside=b"\1\0\0\0\1"), "not accepted of a ssh-ed25519"),
        (blob_of(algorithm=b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com"), "webauthn"),
        (blob_of(algorithm=b"ssh-mldsa44-ed25519@openssh.com"), "ML-DSA"),
        (blob_of(inside=b"\0"), "bytes after the end"),
        (blob_of(after=b"\0"), "bytes after the end"),
        (blob_of(signature=b""), "wrong"),
        (blob_of(signature=bytes(64)), "wrong"),
        (blob_of(signature=ED.sign(MESSAGE)), "wrong"),
        (blob_of(signature=ED.sign(signed_data(MESSAGE)) + b"\0"), "wrong"),
        (b"", "cut short"),
        (b"SSHSIG" * 10_000, "too long"),
    ],
    ids=itertools.count(),
)
def test_a_signature_that_is_not_exactly_right_is_refused_with_the_reason(blob: bytes, words: str) -> None:
    with pytest.raises(IntegrityFailure) as refused:
        verify(blob, MESSAGE, KEY)
    assert words in str(refused.value).replace("'", "")
    assert str(refused.value).isprintable()


def test_every_cut_of_a_signature_is_refused() -> None:
    blob = blob_of()
    for end in range(len(blob)):
        with pytest.raises(IntegrityFailure):
            verify(blob[:end], MESSAGE, KEY)


def test_an_rsa_signature_with_sha1_is_refused_even_when_it_is_right() -> None:
    data = signed_data(MESSAGE)
    key = public_half(RSA)
    for algorithm, hashed, good in (
        (b"ssh-rsa", SHA1(), False),
        (b"rsa-sha2-256", SHA256(), True),
        (b"rsa-sha2-512", SHA256(), False),
        (b"rsa-sha2-1024", SHA256(), False),
    ):
        raw = RSA.sign(data, padding.PKCS1v15(), hashed)
        blob = assemble(key, NAMESPACE, string(algorithm) + string(raw))
        if good:
            assert verify(blob, MESSAGE, key).algorithm == "rsa-sha2-256"
        else:
            with pytest.raises(IntegrityFailure):
                verify(blob, MESSAGE, key)


def test_an_rsa_signature_longer_than_the_key_is_refused() -> None:
    raw = b"\0" + sign(RSA, MESSAGE)[-384:]
    blob = assemble(public_half(RSA), NAMESPACE, string(b"rsa-sha2-512") + string(raw))
    with pytest.raises(IntegrityFailure, match="wrong"):
        verify(blob, MESSAGE, public_half(RSA))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        mpint(1),
        string(b"") + mpint(1),
        mpint(1) + string(b"\0\1"),
        mpint(1) + string(b"\x80"),
        mpint(1) + mpint(1) + b"\0",
        mpint(1) + mpint(2**256),
        mpint(2**4000) + mpint(2**4000),
    ],
)
def test_an_ecdsa_signature_in_another_shape_is_refused(raw: bytes) -> None:
    key = public_half(PRIVATE["p256"])
    blob = assemble(key, NAMESPACE, string(b"ecdsa-sha2-nistp256") + string(raw))
    with pytest.raises(IntegrityFailure, match="wrong"):
        verify(blob, MESSAGE, key)


def fido(flags: int, counter: int = 7, application: bytes = b"ssh:") -> tuple[PublicKey, bytes]:
    """A FIDO device, in software: PROTOCOL.u2f, "SSH U2F signatures"."""
    kind = b"sk-ssh-ed25519@openssh.com"
    key = public_key(string(kind) + string(ED.public_key().public_bytes_raw()) + string(application))
    facts = bytes([flags]) + counter.to_bytes(4, "big")
    asked = sha256(application).digest() + facts + sha256(signed_data(MESSAGE)).digest()
    return key, assemble(key, NAMESPACE, string(kind) + string(ED.sign(asked)) + facts)


@pytest.mark.parametrize(
    ("flags", "touched", "pin"), [(0x00, False, False), (0x01, True, False), (0x04, False, True), (0x05, True, True)]
)
def test_a_fido_signature_says_whether_it_was_touched_and_policy_may_insist(
    flags: int, touched: bool, pin: bool
) -> None:
    key, blob = fido(flags)
    verified = verify(blob, MESSAGE, key)
    assert (verified.touched, verified.pin, verified.counter) == (touched, pin, 7)
    for required, shown in (("require_touch", touched), ("require_pin", pin)):
        if shown:
            verify(blob, MESSAGE, key, **{required: True})
        else:
            with pytest.raises(IntegrityFailure, match="policy wants a FIDO key"):
                verify(blob, MESSAGE, key, **{required: True})


def test_flags_and_counter_cannot_be_changed_afterwards() -> None:
    key, blob = fido(0x00)
    for changed in (blob[:-5] + b"\1" + blob[-4:], blob[:-1] + b"\x08"):
        with pytest.raises(IntegrityFailure, match="wrong"):
            verify(changed, MESSAGE, key)


def test_a_key_that_is_no_hardware_never_satisfies_touch_or_pin() -> None:
    for required in ("require_touch", "require_pin"):
        with pytest.raises(IntegrityFailure, match="policy wants"):
            verify(blob_of(), MESSAGE, KEY, **{required: True})


def test_a_fido_key_of_another_application_is_another_key() -> None:
    _, blob = fido(0x01)
    other, _ = fido(0x01, application=b"ssh:other")
    with pytest.raises(IntegrityFailure, match="another key"):
        verify(blob, MESSAGE, other)


ARMORED = armor(blob_of())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" + ARMORED,
        "\n" + ARMORED,
        ARMORED + "x",
        ARMORED + ARMORED,
        ARMORED.replace("BEGIN", "BEGINN"),
        ARMORED.replace("-----END SSH SIGNATURE-----", ""),
        ARMORED.replace("\n", ""),
        ARMORED.replace("U1NI", "U1N "),
        ARMORED.replace("U1NI", "U1N-"),
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 77 + "\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n" + "AAAA\n" * 30_000 + "-----END SSH SIGNATURE-----\n",
    ],
)
def test_a_file_that_is_not_one_signature_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="signature file"):
        dearmor(text)


def test_a_signature_file_that_came_by_mail_is_read() -> None:
    assert dearmor(ARMORED.replace("\n", "\r\n") + "\r\n\r\n") == blob_of()
    assert dearmor(ARMORED.rstrip()) == blob_of()


def test_a_namespace_must_not_be_empty() -> None:
    with pytest.raises(BadInput, match="namespace"):
        sign(ED, MESSAGE, "")


def test_a_key_too_weak_to_be_enrolled_does_not_sign() -> None:
    with pytest.raises(BadInput, match="RSA with 1024 bits"):
        sign(rsa.generate_private_key(65537, 1024), MESSAGE)


def test_wycheproofs_signatures_get_their_verdicts_through_an_ssh_key(vectors: Path) -> None:
    groups = json.loads((vectors / "wycheproof-ed25519/testvectors_v1/ed25519_test.json").read_text())["testGroups"]
    compared = 0
    for group in groups:
        raw = bytes.fromhex(group["publicKey"]["pk"])
        key = public_key(string(b"ssh-ed25519") + string(raw))
        for case in group["tests"]:
            try:
                key.key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                result = "valid"
            except Exception:
                result = "invalid"
            assert result == case["result"], case["tcId"]
            compared += 1
    assert compared == 151


@settings(max_examples=50)
@given(st.binary(max_size=500))
def test_every_message_is_signed_and_verified(message: bytes) -> None:
    verify(sign(ED, message), message, KEY)


@given(st.binary(max_size=150))
def test_any_bytes_are_refused_without_a_crash(noise: bytes) -> None:
    good = blob_of()
    for candidate in (noise, good[:10] + noise, good[:60] + noise, good + noise or b"x"):
        if candidate == good:
            continue
        with pytest.raises(IntegrityFailure):
            verify(candidate, MESSAGE, KEY)


@ssh_keygen
@pytest.mark.parametrize("name", PRIVATE)
def test_ssh_keygen_verifies_what_we_sign(tmp_path: Path, name: str) -> None:
    private = PRIVATE[name]
    (tmp_path / "signers").write_text(f'ana@example.com namespaces="{NAMESPACE}" {public_half(private).line}\n')
    (tmp_path / "statement.sig").write_text(armor(sign(private, MESSAGE)))
    command = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "ana@example.com", "-n", NAMESPACE, "-s"]
    good = subprocess.run([*command, "statement.sig"], check=False, cwd=tmp_path, input=MESSAGE, capture_output=True)
    assert good.returncode == 0, good.stderr
    assert b"Good" in good.stdout
    bad = subprocess.run(
        [*command, "statement.sig"], check=False, cwd=tmp_path, input=MESSAGE + b" ", capture_output=True
    )
    assert bad.returncode != 0


@ssh_keygen
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_we_verify_what_ssh_keygen_signs(tmp_path: Path, kind: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / "id"], check=True)
    (tmp_path / "statement").write_bytes(MESSAGE)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "id", "-n", NAMESPACE, tmp_path / "statement"],
        check=True,
        capture_output=True,
    )
    text = (tmp_path / "statement.sig").read_text()
    key = parse_public_key((tmp_path / "id.pub").read_text())
    assert verify(dearmor(text), MESSAGE, key).key == key
    assert armor(dearmor(text)) == text


@ssh_keygen
def test_a_signature_of_ssh_keygen_over_sha256_is_refused(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"], check=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=sha256", "-f", tmp_path / "id", "-n", NAMESPACE]
    signed = subprocess.run(command, input=MESSAGE, capture_output=True, check=True)
    key = parse_public_key((tmp_path / "id.pub").read_text())
    with pytest.raises(IntegrityFailure, match="not with sha512"):
        verify(dearmor(signed.stdout.decode()), MESSAGE, key)


def test_the_example_of_the_protocol_text_has_no_hash_field_and_is_refused(vectors: Path) -> None:
    text = (vectors / "sshsig/PROTOCOL.sshsig").read_text()
    blob = dearmor(text.partition("Example:\n\n")[2].partition("\n\n")[0])
    assert blob.startswith(b"SSHSIG")
    with pytest.raises(IntegrityFailure, match="cut short"):
        verify(blob, b"", KEY)
