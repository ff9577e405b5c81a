"""The whole promise over a real OpenSSH server: `ssh -A` in, approve there, with the key that never left home."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_desk import COMMAND, Desk
from support.ssh_agents import Agent, lying_agent, running_agent
from support.ssh_server import SshServer, ssh_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd") / "server") as started:
        yield started


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, ready: Desk) -> Path:
    """The approver's own machine: bo's private key is moved there and is nowhere else."""
    folder = tmp_path_factory.mktemp("home")
    (ready.root / "bo").rename(folder / "bo")
    return folder


def there(desk: Desk, server: SshServer, agent: Agent, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Run a quarterdeck command on the shared host, over ssh with the agent forwarded."""
    keep = {name: value for name, value in desk.environment().items() if name != "PATH"}
    words = [
        "cd",
        str(desk.root),
        "&&",
        "env",
        *(f"{name}={value}" for name, value in keep.items()),
        str(COMMAND),
        *args,
    ]
    line = " ".join(word if word == "&&" else shlex.quote(word) for word in words)
    environment = {**os.environ, "SSH_AUTH_SOCK": str(agent.socket)}
    return subprocess.run([*server.command("-A"), line], capture_output=True, env=environment, timeout=60, check=False)


def test_an_approval_over_ssh_is_signed_at_home_and_stock_ssh_keygen_verifies_it(
    asked: Desk, home: Path, server: SshServer
) -> None:
    with running_agent() as agent:
        agent.add(home / "bo")
        done = there(asked, server, agent, "approve", "CR-0001", "--note", "read it")
    assert done.returncode == 0, done.stderr
    assert not (asked.root / "bo").exists(), "the key never was on the shared host"
    (entry,) = asked.json("log", "--kind", "approval.granted")
    assert (entry["actor"], entry["data"]["via"], entry["data"]["note"]) == ("bo", "agent", "read it")

    asked.run("export", "signers", "--out", "signers", status=0)
    asked.run("export", "statement", str(entry["seq"]), "--out", "evidence", status=0)
    statement = (asked.root / "evidence" / "statement.json").read_bytes()
    check = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-n", "quarterdeck@v1", "-I", "bo"]
    good = subprocess.run(
        [*check, "-s", "evidence/statement.json.sig"], input=statement, cwd=asked.root, capture_output=True, check=True
    )
    assert b'Good "quarterdeck@v1" signature for bo' in good.stdout


def test_a_key_constrained_to_the_way_in_does_not_approve_over_it(asked: Desk, home: Path, server: SshServer) -> None:
    """ssh-add -h: the agent answers for logging in along the named hosts, and signs nothing else."""
    with running_agent() as agent:
        target = f"[127.0.0.1]:{server.port}"
        agent.add(home / "bo", "-H", server.folder / "known_hosts", "-h", target)
        done = there(asked, server, agent, "approve", "CR-0001")
    assert done.returncode == 2
    assert b"ssh-add -h" in done.stderr or b"holds no key" in done.stderr
    assert asked.json("log", "--kind", "approval.granted") == []


def test_without_forwarding_the_line_says_how_to_get_it(asked: Desk, server: SshServer) -> None:
    line = f"QUARTERDECK_WORKSPACE={shlex.quote(str(asked.ws))} {shlex.quote(str(COMMAND))} approve CR-0001"
    done = subprocess.run([*server.command(), line], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"over ssh: ssh -A" in done.stderr


def test_a_forwarded_agent_that_signs_something_else_is_refused(asked: Desk, home: Path, server: SshServer) -> None:
    before = asked.json("log", "--limit", "1")[0]["seq"]
    with lying_agent(home / "bo") as liar:
        done = there(asked, server, liar, "approve", "CR-0001")
    assert done.returncode == 1
    assert b"over something else" in done.stderr
    assert asked.json("log", "--limit", "1")[0]["seq"] == before
