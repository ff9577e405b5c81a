"""The console at the far end of a real OpenSSH connection, to its good end and to its sudden one."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from support.ssh_server import SshServer, ssh_server
from support.tmux import Tmux
from terminal_scene import ARMED, Person

pytestmark = pytest.mark.xdist_group("terminals")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("far") / "sshd") as started:
        yield started


def far(server: SshServer, person: Person, *arguments: str) -> list[str]:
    """Return the ssh command whose far end is the console; its process id is in the file `pid`."""
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in person.environment().items())
    console = f"echo $$ > {person.root}/pid; exec env {given} {shlex.join(person.program(*arguments))}"
    return [*server.command("-tt"), f"exec sh -c {shlex.quote(console)}"]


def near(line: list[str]) -> pexpect.spawn:
    environment = os.environ | {"TERM": "xterm-256color"}
    return pexpect.spawn(line[0], line[1:], dimensions=(30, 100), timeout=60, env=environment)


def pid_of(person: Person) -> int:
    return int((person.root / "pid").read_text())


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def wait(holds: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_short_walk_over_ssh_and_the_terminal_is_as_before(tmux: Tmux, server: SshServer, person: Person) -> None:
    pane = tmux.open(["bash", "--norc"], 100, 30, person.environment(PS1="ready> ", TERM="tmux-256color"))
    settings = [person.root / name for name in ("before", "after")]
    pane.type(f"stty -g > {settings[0]}; {shlex.join(far(server, person))}; stty -g > {settings[1]}; echo en''ded\n")
    pane.shows("Keys", "DR-0002", "ssh -C sends a tenth of the bytes")
    pane.press("2")
    pane.shows("1 waits for you: CR-0010")
    pane.press("a")
    pane.shows("APPROVE", "signed by mira")
    time.sleep(ARMED)
    pane.press("y")
    pane.shows("approved CR-0010")
    pane.press("q")
    pane.shows("ended")
    assert settings[0].read_text() == settings[1].read_text()
    assert [pane.fact(name) for name in ("alternate_on", "mouse_any_flag", "cursor_flag")] == ["0", "0", "1"]
    assert gone(pid_of(person))
    pane.close()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_far_end_leaves_the_near_terminal_as_it_was(
    tmux: Tmux, server: SshServer, person: Person, ending: signal.Signals
) -> None:
    pane = tmux.open(["bash", "--norc"], 80, 24, person.environment(PS1="ready> ", TERM="tmux-256color"))
    settings = [person.root / name for name in ("before", "after")]
    pane.type(f"stty -g > {settings[0]}; {shlex.join(far(server, person))}; echo en''ded $?; stty -g > {settings[1]}\n")
    pane.shows("Keys", "DR-0002")
    os.kill(pid_of(person), ending)
    pane.shows(f"ended {128 + ending}")
    wait(settings[1].exists)
    assert settings[0].read_text() == settings[1].read_text()
    assert [pane.fact(name) for name in ("alternate_on", "mouse_any_flag", "cursor_flag")] == ["0", "0", "1"]
    assert gone(pid_of(person))
    pane.close()


def test_a_lost_connection_leaves_no_process_and_no_lock(tmux: Tmux, server: SshServer, person: Person) -> None:
    client = tmux.open(far(server, person), 100, 30, person.environment(TERM="tmux-256color"))
    client.shows("Keys", "DR-0002")
    client.press("2")
    client.shows("1 waits for you: CR-0010")
    client.press("a")  # in the middle of a question
    client.shows("APPROVE", "signed by mira")
    os.kill(int(client.fact("pane_pid")), signal.SIGKILL)
    client.ends()
    client.close()
    wait(lambda: gone(pid_of(person)))
    again = near(far(server, person))
    again.expect(rb"DR-0002")
    assert not gone(pid_of(person)), "a second console stands where the first was cut off"
    locks = person.workspace / "locks"
    before = sorted(path.name for path in locks.iterdir()) if locks.exists() else []
    quarterdeck = [sys.executable, "-m", "console.cli", "-w", str(person.workspace)]
    key = ["--key", str(person.workspace / "demo-keys" / "mira")]
    done = subprocess.run(
        [*quarterdeck, *key, "approve", "CR-0010", "--yes", "--json"],
        capture_output=True, check=False, env=person.environment(), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert before == sorted(path.name for path in locks.iterdir())
    again.expect(rb"approved|1 of 2|still needs")  # what the command did is on the second console
    wanted = [
        "--project",
        "orders",
        "--env",
        "staging",
        "--title",
        "t",
        "--why",
        "w",
        "--success",
        "s",
        "--risk",
        "low",
    ]
    for arguments in (
        ["request", "open", *wanted, "--rollback-plan", "r"],
        ["rollback", "prod", "--project", "orders", "--yes"],
    ):
        done = subprocess.run(
            [*quarterdeck, *key, *arguments, "--json"],
            capture_output=True, check=False, env=person.environment(), timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    again.send("q")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0


def test_a_copy_goes_through_ssh_to_the_near_clipboard_and_says_how(server: SshServer, person: Person) -> None:
    line = far(server, person, "open", "ledger")
    client = pexpect.spawn(
        line[0], line[1:], dimensions=(30, 100), timeout=60, env=os.environ | {"TERM": "xterm-256color"}
    )
    client.expect(rb"Copy hash")
    client.send("y")
    client.expect(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")
    client.expect(rb"copied")
    client.send("q")
    client.expect(pexpect.EOF)
    client.close()
    assert client.exitstatus == 0
