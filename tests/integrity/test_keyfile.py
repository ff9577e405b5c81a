from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from store.errors import BadInput, StorageFailure
from store.integrity.keyfile import generate_log_key, load_log_key
from store.integrity.keyhead import plain_ed25519
from store.integrity.note import NoteSigner, open_note
from store.integrity.signer import KeyFileSigner, Signer
from store.integrity.sshkey import load_private_key, parse_public_key
from store.integrity.sshsig import verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def written(path: Path, *, passphrase: bytes | None = None, mode: int = 0o600) -> Path:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption))
    path.chmod(mode)
    return path


def never() -> bytes:
    raise AssertionError("nobody had to be asked")


def test_a_log_key_is_written_once_for_its_owner_only_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    before = os.umask(0)
    try:
        key = generate_log_key(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_log_key(path).private_bytes_raw() == key.private_bytes_raw()
    signer = NoteSigner("example.com/l", load_log_key(path))
    assert open_note(signer.sign("x\n"), [signer.verifier]).text == "x\n"
    text = path.read_bytes()
    with pytest.raises(BadInput, match="already exists"):
        generate_log_key(path)
    assert path.read_bytes() == text


def test_a_log_key_is_not_written_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput):
        generate_log_key(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_log_key_that_cannot_be_written_is_a_storage_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageFailure, match="cannot be written"):
        generate_log_key(tmp_path / "no" / "folder" / "key")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ssh_keygen_reads_a_log_key(tmp_path: Path) -> None:
    generate_log_key(tmp_path / "key")
    shown = subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "key"], check=True, capture_output=True, text=True)
    public = load_log_key(tmp_path / "key").public_key().public_bytes_raw()
    assert parse_public_key(shown.stdout).blob.endswith(public)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o666])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadInput, match="chmod 600"):
        load_private_key(written(tmp_path / "id", mode=mode))


def test_a_key_without_passphrase_asks_nobody(tmp_path: Path) -> None:
    assert load_private_key(written(tmp_path / "id"), never)


def test_an_encrypted_key_asks_for_its_passphrase(tmp_path: Path) -> None:
    path = written(tmp_path / "id", passphrase=b"open sesame")
    key = load_private_key(path, lambda: b"open sesame")
    assert isinstance(key, Ed25519PrivateKey)
    with pytest.raises(BadInput, match="wrong passphrase"):
        load_private_key(path, lambda: b"wrong")
    with pytest.raises(BadInput, match="wrong passphrase"):
        load_private_key(path, lambda: b"")
    with pytest.raises(BadInput, match="encrypted and there is nobody to ask"):
        load_private_key(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", b"\xff" * 100])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id").write_bytes(content)
    (tmp_path / "id").chmod(0o600)
    with pytest.raises(BadInput, match="not an OpenSSH private key"):
        load_private_key(tmp_path / "id")


def test_a_pem_key_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "id").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "id").chmod(0o600)
    with pytest.raises(BadInput, match="ssh-keygen -p -f"):
        load_private_key(tmp_path / "id")


def test_folders_pipes_huge_and_missing_files_are_no_keys(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "huge").write_bytes(bytes(70_000))
    (tmp_path / "huge").chmod(0o600)
    for name in (".", "pipe", "huge", "missing"):
        with pytest.raises(BadInput):
            load_private_key(tmp_path / name)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("passphrase", ["", "a long passphrase"])
def test_a_key_file_of_ssh_keygen_signs(tmp_path: Path, kind: str, passphrase: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", tmp_path / "id"], check=True)
    signer: Signer = KeyFileSigner(tmp_path / "id", passphrase.encode if passphrase else never)
    assert signer.via == "key file"
    assert signer.public == parse_public_key((tmp_path / "id.pub").read_text())
    assert verify(signer.sign(b"message"), b"message", signer.public)


def test_only_an_ed25519_key_is_a_logs_key(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "id"], check=True)
    with pytest.raises(BadInput, match="is an Ed25519 key"):
        load_log_key(tmp_path / "id")


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*DSA.*")
def test_a_dsa_key_is_refused(tmp_path: Path) -> None:
    key = dsa.generate_private_key(1024)
    (tmp_path / "id").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    (tmp_path / "id").chmod(0o600)
    with pytest.raises(BadInput):
        load_private_key(tmp_path / "id")


def test_a_plain_key_says_whose_it_is_before_its_private_half_is_read(tmp_path: Path) -> None:
    assert plain_ed25519(written(tmp_path / "log.key").read_bytes()) == KEY.public_key().public_bytes_raw()


def test_every_other_file_is_left_to_what_reads_private_keys(tmp_path: Path) -> None:
    plain = written(tmp_path / "plain").read_bytes()
    locked = written(tmp_path / "locked", passphrase=b"secret").read_bytes()
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "ecdsa")], check=True)
    lines = plain.splitlines(keepends=True)
    cut = lines[0] + lines[1][:40] + lines[-1]
    others = (locked, (tmp_path / "ecdsa").read_bytes(), cut, plain[:-3], b"PEM " + plain, b"", b"\x00" * 100)
    assert [plain_ed25519(data) for data in others] == [None] * len(others)
