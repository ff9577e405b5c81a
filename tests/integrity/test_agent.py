from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.ssh_agents import running_agent

from store.errors import BadInput, IntegrityFailure
from store.integrity.agent import AgentSigner, agent_keys
from store.integrity.signer import Signer
from store.integrity.sshkey import parse_public_key, public_half
from store.integrity.sshsig import signed_data, verify
from store.integrity.wire import string

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = public_half(PRIVATE)
MESSAGE = b'{"v":1}'
Answer = Callable[[socket.socket], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path has about 100 bytes; pytest's own folders are longer.
    with tempfile.TemporaryDirectory(prefix="qd") as name:
        yield Path(name)


@pytest.fixture
def agent() -> Iterator[Path]:
    with running_agent() as agent:
        yield agent.socket


def added(agent: Path, kind: str, *options: str) -> Path:
    file = agent.parent / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"a {kind} key", "-f", file], check=True)
    environment = {**os.environ, "SSH_AUTH_SOCK": str(agent)}
    subprocess.run(["ssh-add", "-q", *options, file], check=True, env=environment)
    return file


def answering(folder: Path, answer: Answer) -> Path:
    """An agent that reads one request and does what the test says."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "fake"))
    listener.listen(1)

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            length = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
            connection.recv(length, socket.MSG_WAITALL)
            answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    return folder / "fake"


def sending(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def signature(over: bytes) -> bytes:
    return string(b"\x0e" + string(string(b"ssh-ed25519") + string(PRIVATE.sign(over))))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_real_agent_lists_and_signs(agent: Path, kind: str) -> None:
    assert agent_keys(agent) == ()
    file = added(agent, kind)
    (key,) = agent_keys(agent)
    assert key == parse_public_key(file.with_suffix(".pub").read_text())
    assert key.comment == f"a {kind} key"
    signer: Signer = AgentSigner(agent, key)
    assert signer.via == "agent"
    assert verify(signer.sign(MESSAGE), MESSAGE, key).key == key


def test_a_key_the_agent_does_not_hold_is_refused(agent: Path) -> None:
    with pytest.raises(BadInput, match="refused to sign with SHA256:"):
        AgentSigner(agent, KEY).sign(MESSAGE)


def test_keys_that_may_not_sign_here_are_not_listed(agent: Path) -> None:
    weak = agent.parent / "weak"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", weak], check=True)
    subprocess.run(["ssh-add", "-q", weak], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)})
    added(agent, "ed25519")
    assert [key.type for key in agent_keys(agent)] == ["ssh-ed25519"]


def test_an_agent_that_signs_something_else_is_found_out(folder: Path) -> None:
    agent = answering(folder, sending(signature(signed_data(b"another statement"))))
    with pytest.raises(IntegrityFailure, match="something else"):
        AgentSigner(agent, KEY).sign(MESSAGE)


def test_an_honest_answer_of_the_fake_agent_is_taken(folder: Path) -> None:
    agent = answering(folder, sending(signature(signed_data(MESSAGE))))
    assert verify(AgentSigner(agent, KEY).sign(MESSAGE), MESSAGE, KEY)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"", "hung up"),
        (b"\0\0\0", "hung up"),
        (b"\0\0\0\x05\x0c", "hung up"),
        (b"\0\0\0\0", "impossible length"),
        (b"\xff\xff\xff\xff", "impossible length"),
        (string(b"\x05"), "refused to sign"),
        (string(b"\x0e"), "cannot be read"),
        (string(b"\x0e" + string(b"x") + b"y"), "cannot be read"),
    ],
)
def test_an_agent_that_talks_nonsense_is_an_answer_and_no_crash(folder: Path, reply: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        AgentSigner(answering(folder, sending(reply)), KEY).sign(MESSAGE)


@pytest.mark.parametrize(
    "reply", [string(b"\x05"), string(b"\x0c\xff\xff\xff\xff"), string(b"\x0c\0\0\0\1"), string(b"\x0c\0\0\0\0x")]
)
def test_a_list_that_cannot_be_read_is_refused(folder: Path, reply: bytes) -> None:
    with pytest.raises(BadInput, match="ssh-agent"):
        agent_keys(answering(folder, sending(reply)))


def test_a_silent_or_dripping_agent_is_given_up_in_time(folder: Path) -> None:
    def drip(connection: socket.socket) -> None:
        for byte in string(b"\x0c" + bytes(2_000)):
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
            time.sleep(0.05)

    started = time.monotonic()
    with pytest.raises(BadInput, match=r"no answer within 0\.3 seconds: it hangs; .*--key PATH.*request export"):
        agent_keys(answering(folder, drip), seconds=0.3)
    assert time.monotonic() - started < 60, "the drip takes 100 seconds"


@pytest.mark.parametrize("name", ["missing", "file", "x" * 200])
def test_no_agent_is_a_clear_line(folder: Path, name: str) -> None:
    (folder / "file").touch()
    with pytest.raises(BadInput, match=r"ssh-agent: cannot be reached .*set it anew, or .*--key PATH") as told:
        agent_keys(folder / name)
    assert "x" * 200 not in str(told.value), "a path of any length is no line"
