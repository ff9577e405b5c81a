"""Nobody names a key: the ssh-agent's is taken, and every way that can go wrong is one clear line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_desk import Desk
from support.ssh_agents import Agent, lying_agent, running_agent


@pytest.fixture
def agent() -> Iterator[Agent]:
    with running_agent() as started:
        yield started


def approve(desk: Desk, agent: Agent | Path, *options: str, status: int) -> str:
    """Let whoever the agent speaks for approve CR-0001; return what was complained about, which is brief."""
    before = desk.size
    socket = agent.socket if isinstance(agent, Agent) else agent
    ran = desk.run("approve", "CR-0001", *options, status=status, SSH_AUTH_SOCK=str(socket))
    if status:
        since = desk.json("log", "--limit", str(desk.size - before)) if desk.size > before else []
        assert {entry["kind"] for entry in since} <= {"attempt.refused"}, "nothing but that it was refused"
        assert ran.err.count(b"\n") <= 5, ran.complaint
    return ran.complaint


def test_the_agents_key_approves_and_the_entry_says_that_it_came_that_way(asked: Desk, agent: Agent) -> None:
    agent.add(asked.root / "bo")
    approve(asked, agent, status=0)
    (entry,) = asked.json("log", "--kind", "approval.granted")
    assert (entry["actor"], entry["data"]["via"]) == ("bo", "agent")
    assert asked.json("verify")["ok"] is True
    asked.run("export", "signers", "--out", "signers", status=0)
    asked.run("export", "statement", str(entry["seq"]), "--out", "evidence", status=0)
    check = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-n", "quarterdeck@v1", "-I", "bo"]
    statement = (asked.root / "evidence" / "statement.json").read_bytes()
    subprocess.run([*check, "-s", "evidence/statement.json.sig"], input=statement, cwd=asked.root, check=True)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_other_kinds_of_key_sign_by_agent_too(asked: Desk, agent: Agent, kind: str) -> None:
    key = asked.new_key(f"bo-{kind}", kind=kind)
    asked.run("key", "add", "bo", "--public-key", f"{key.name}.pub", key="alice", status=0)
    agent.add(key)
    approve(asked, agent, status=0)
    assert asked.json("verify")["ok"] is True


def test_a_named_key_goes_before_the_agents(asked: Desk, agent: Agent) -> None:
    agent.add(asked.root / "alice")
    approve(asked, agent, "--key", "bo", status=0)
    (entry,) = asked.json("log", "--kind", "approval.granted")
    assert (entry["actor"], entry["data"]["via"]) == ("bo", "key file")


def test_of_several_principals_one_has_to_be_named(asked: Desk, agent: Agent) -> None:
    agent.add(asked.root / "alice")
    agent.add(asked.root / "bo")
    assert "keys of alice, bo: say who you are with --as NAME" in approve(asked, agent, status=2)
    assert "no key in the ssh-agent is dana's" in approve(asked, agent, "--as", "dana", status=1)
    assert "separation of duties" in approve(asked, agent, "--as", "alice", status=1)
    approve(asked, agent, "--as", "bo", status=0)


def test_a_public_key_file_names_one_of_the_agents_keys(asked: Desk, agent: Agent) -> None:
    agent.add(asked.root / "alice")
    assert "does not hold SHA256:" in approve(asked, agent, "--key", "bo.pub", status=2)
    agent.add(asked.root / "bo")
    approve(asked, agent, "--key", "bo.pub", status=0)


def test_no_agent_a_dead_one_and_an_empty_one_are_three_different_lines(asked: Desk, agent: Agent) -> None:
    assert "SSH_AUTH_SOCK is not set" in asked.run("approve", "CR-0001", status=2).complaint
    assert "cannot be reached" in approve(asked, asked.root / "nowhere", status=2)
    assert "holds no key" in approve(asked, agent, status=2)


def test_a_key_that_is_nobodys_and_one_that_was_revoked_are_told_apart(asked: Desk, agent: Agent) -> None:
    agent.add(asked.new_key("stranger"))
    assert "belongs to no principal" in approve(asked, agent, status=1)
    agent.add(asked.root / "bo")
    fingerprint = asked.json("key", "list", "bo")[0]["fingerprint"]
    asked.run("key", "revoke", "bo", fingerprint, "--reason", "lost", key="alice", status=0)
    assert f"{fingerprint} of bo was revoked (entry " in approve(asked, agent, status=1)
    assert "was revoked" in asked.run("approve", "CR-0001", key="bo", status=1).complaint


def test_a_question_answered_with_no_records_nothing(asked: Desk, tmp_path: Path) -> None:
    answers = tmp_path / "askpass"
    with running_agent(SSH_ASKPASS=str(answers), SSH_ASKPASS_REQUIRE="force", DISPLAY="none:0") as agent:
        agent.add(asked.root / "bo", "-c")
        answers.write_text("#!/bin/sh\nexit 1\n")
        answers.chmod(0o700)
        assert "answered with no (ssh-add -c)" in approve(asked, agent, status=2)
        answers.write_text("#!/bin/sh\nexit 0\n")
        approve(asked, agent, status=0)


def test_a_key_for_some_hosts_only_does_not_sign_here_and_the_line_says_what_to_do(asked: Desk, agent: Agent) -> None:
    host = (asked.root / "alice.pub").read_text()
    (asked.root / "known").write_text(f"shop.example {host}")
    agent.add(asked.root / "bo", "-H", asked.root / "known", "-h", "shop.example")
    complaint = approve(asked, agent, status=2)
    assert "log in to some hosts (ssh-add -h); sign on your own machine instead: request export" in complaint


def test_a_locked_agent_holds_nothing(asked: Desk, tmp_path: Path) -> None:
    askpass = tmp_path / "askpass"
    askpass.write_text("#!/bin/sh\necho secret\n")
    askpass.chmod(0o700)
    with running_agent() as agent:
        agent.add(asked.root / "bo")
        environment = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none:0"}
        subprocess.run(
            ["ssh-add", "-x"], env={**asked.environment(**environment), "SSH_AUTH_SOCK": str(agent.socket)}, check=True
        )
        assert "(or is locked)" in approve(asked, agent, status=2)


def test_an_agent_that_signs_something_else_is_refused_and_nothing_is_recorded(asked: Desk) -> None:
    with lying_agent(asked.root / "bo") as liar:
        assert "wrong, or over something else" in approve(asked, liar, status=1)
    with lying_agent(asked.root / "bo", honest=True) as honest:
        approve(asked, honest, status=0)


def test_a_workspace_can_be_begun_with_the_one_key_in_the_agent(desk: Desk, agent: Agent) -> None:
    agent.add(desk.new_key("mira"))
    made = desk.run("init", "ws", "--name", "mira", "--json", status=0, SSH_AUTH_SOCK=str(agent.socket)).json
    assert made["admin"] == "mira"
    agent.add(desk.new_key("other"))
    several = desk.run("init", "two", "--name", "mira", status=2, SSH_AUTH_SOCK=str(agent.socket))
    assert "holds 2 keys: name yours with --key FILE.pub" in several.complaint
    assert desk.json("verify")["ok"] is True


def test_looking_needs_nobody_and_an_agent_of_strangers_does_not_stop_it(asked: Desk, agent: Agent) -> None:
    agent.add(asked.new_key("stranger"))
    assert asked.run("triage", SSH_AUTH_SOCK=str(agent.socket)).status in {0, 1}
    asked.run("request", "show", "CR-0001", status=0, SSH_AUTH_SOCK=str(asked.root / "nowhere"))
