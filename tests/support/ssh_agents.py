"""Real ssh-agents with real keys, and a false one that signs what it likes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.integrity.keyfile import load_private_key
from store.integrity.sshkey import PublicKey, public_half
from store.integrity.sshsig import signed_data
from store.integrity.wire import Reader, string


@dataclass(frozen=True)
class Agent:
    """A running ssh-agent."""

    socket: Path

    def add(self, key: Path, *options: str | Path) -> None:
        """Hand a private key file over (ssh-add OPTIONS FILE)."""
        self.ssh_add(*options, key)

    def ssh_add(self, *arguments: str | Path) -> None:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.socket)}
        subprocess.run(["ssh-add", "-q", *arguments], check=True, env=environment, capture_output=True)


@contextmanager
def running_agent(**environment: str) -> Iterator[Agent]:
    """Start an ssh-agent of one's own; its questions are asked by what SSH_ASKPASS names."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("ssh-agent is not installed")
    # A socket's path has about 100 bytes; pytest's own folders are longer.
    with tempfile.TemporaryDirectory(prefix="qd") as folder:
        path = Path(folder) / "agent"
        process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL, env={**os.environ, **environment}
        )
        try:
            _wait_for(path)
            yield Agent(path)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_for(path: Path) -> None:
    """Wait until somebody answers at a socket: its file is there a moment before that."""
    deadline = time.monotonic() + 60
    while True:
        with socket.socket(socket.AF_UNIX) as ours:
            try:
                ours.connect(str(path))
            except OSError:
                assert time.monotonic() < deadline, f"nobody answers at {path}"
                time.sleep(0.01)
            else:
                return


Sign = Callable[[bytes], bytes | None]
"""The bytes an agent is asked to sign → an SSH signature, or None to refuse."""


@contextmanager
def lying_agent(key: Path, *, over: bytes = b"another statement", honest: bool = False) -> Iterator[Agent]:
    """Start an agent that holds `key` and, whatever it is asked to sign, signs `over` with it."""
    private = load_private_key(key)
    assert isinstance(private, Ed25519PrivateKey)

    def sign(asked: bytes) -> bytes:
        return string(b"ssh-ed25519") + string(private.sign(asked if honest else signed_data(over)))

    with playing_agent({public_half(private): sign}) as agent:
        yield agent


@contextmanager
def playing_agent(keys: Mapping[PublicKey, Sign]) -> Iterator[Agent]:
    """Start an agent of the test's own that lists `keys`, in order, and signs as they say."""
    blobs = {key.blob: sign for key, sign in keys.items()}

    def answer(request: bytes) -> bytes:
        if request[0] == 11:
            return b"\x0c" + len(blobs).to_bytes(4, "big") + b"".join(string(one) + string(b"mine") for one in blobs)
        if request[0] != 13:
            return b"\x05"  # ssh tells an agent where it is forwarded to; this one does not care
        reader = Reader(request[1:])
        signature = blobs[reader.string()](reader.string())
        return b"\x05" if signature is None else b"\x0e" + string(signature)

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # who asked may have stopped waiting
            while head := connection.recv(4, socket.MSG_WAITALL):
                connection.sendall(string(answer(connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with tempfile.TemporaryDirectory(prefix="qd") as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder}/agent")
        listener.listen(8)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield Agent(Path(folder) / "agent")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(60)
