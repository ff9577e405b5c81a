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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.integrity.keyfile import load_private_key
from store.integrity.sshkey import public_half
from store.integrity.sshsig import signed_data
from store.integrity.wire import string


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
            deadline = time.monotonic() + 5
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield Agent(path)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(5)


@contextmanager
def lying_agent(key: Path, *, over: bytes = b"another statement", honest: bool = False) -> Iterator[Agent]:
    """Start an agent that holds `key` and, whatever it is asked to sign, signs `over` with it."""
    private = load_private_key(key)
    assert isinstance(private, Ed25519PrivateKey)
    blob = public_half(private).blob
    with tempfile.TemporaryDirectory(prefix="qd") as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder}/agent")
        listener.listen(8)

        def answer(request: bytes) -> bytes:
            if request[0] == 11:
                return b"\x0c" + (1).to_bytes(4, "big") + string(blob) + string(b"honest, really")
            if request[0] != 13:
                return b"\x05"  # ssh tells an agent where it is forwarded to; this one does not care
            asked = request[5 + len(blob) + 4 : -4]
            data = asked if honest else signed_data(over)
            return b"\x0e" + string(string(b"ssh-ed25519") + string(private.sign(data)))

        def talk(connection: socket.socket) -> None:
            with connection:
                while head := connection.recv(4, socket.MSG_WAITALL):
                    request = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                    connection.sendall(string(answer(request)))

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield Agent(Path(folder) / "agent")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(5)
