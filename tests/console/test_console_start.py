"""The console as the command line starts it, in a terminal of its own: tour, deep link, memory, signal, bad files."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest
from support.terminal_bytes import assert_only_drawing

from store.demo import build


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        build.make(folder / "demo", progress=lambda _: None, seed="tests")
    return folder


def start(home: Path, *arguments: str, **extra: str) -> pexpect.spawn:
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "SSH_CONNECTION", "SSH_AUTH_SOCK"}}
    environment |= {"TERM": "xterm-256color", "XDG_STATE_HOME": f"{home}/state", "XDG_CONFIG_HOME": f"{home}/config"}
    command = ["-m", "console.cli", "-w", str(home / "demo"), *arguments]
    return pexpect.spawn(sys.executable, command, env=environment | extra, dimensions=(30, 100), timeout=60)


def newcomer(home: Path, tmp_path: Path) -> dict[str, str]:
    """Return where the console of somebody who was never here keeps what it keeps; heads are known already."""
    shutil.copytree(home / "state", tmp_path / "state", ignore=shutil.ignore_patterns("console"))
    return {"XDG_STATE_HOME": f"{tmp_path}/state", "XDG_CONFIG_HOME": f"{tmp_path}/config"}


def without_tour(folder: Path) -> None:
    (folder / "quarterdeck").mkdir(parents=True)
    (folder / "quarterdeck" / "settings.toml").write_text("tour = false\n")


def left(child: pexpect.spawn, number: signal.Signals) -> tuple[bytes, int | None]:
    child.kill(number)
    received = child.read()
    child.close()
    return received, child.exitstatus


def test_compression_is_recommended_once_where_the_console_is_opened_over_ssh(home: Path, tmp_path: Path) -> None:
    folders = newcomer(home, tmp_path)
    without_tour(tmp_path / "config")
    first = start(home, SSH_CONNECTION="::1 1 ::1 22", **folders)
    first.expect(rb"ssh -C sends a tenth of the bytes")
    left(first, signal.SIGTERM)
    again = start(home, SSH_CONNECTION="::1 1 ::1 22", **folders)
    again.expect(rb"READ ONLY")
    received, _ = left(again, signal.SIGTERM)
    assert b"ssh -C" not in again.before + received


def test_on_a_first_run_the_advice_comes_after_the_tour_and_is_given_again_to_whom_it_was_never_shown(
    home: Path, tmp_path: Path
) -> None:
    folders = newcomer(home, tmp_path)
    first = start(home, SSH_CONNECTION="::1 1 ::1 22", **folders)
    first.expect(rb"Welcome to quarterdeck")
    assert b"ssh -C" not in first.before + left(first, signal.SIGTERM)[0]
    again = start(home, "--tour", SSH_CONNECTION="::1 1 ::1 22", **folders)
    again.expect(rb"Welcome to quarterdeck")
    again.send("\x1b")
    again.expect(rb"ssh -C sends a tenth of the bytes")
    left(again, signal.SIGTERM)
    assert '"told_ssh": true' in (tmp_path / "state" / "quarterdeck" / "console" / "person.json").read_text()


def test_the_tour_comes_once_and_the_console_begins_where_it_was_left(home: Path, tmp_path: Path) -> None:
    folders = newcomer(home, tmp_path)
    first = start(home, "open", "DR-0001", SSH_CONNECTION="::1 1 ::1 22", **folders)
    first.expect(rb"Welcome to quarterdeck")
    received, status = left(first, signal.SIGHUP)
    assert b"\x1b[?1049l" in received
    assert status == 129
    again = start(home, **folders)
    again.expect(rb"DR-0001")
    assert b"Welcome" not in again.before
    received, status = left(again, signal.SIGTERM)
    assert b"Welcome" not in received
    assert status == 143


def test_the_tour_was_seen_also_where_the_console_was_killed(home: Path, tmp_path: Path) -> None:
    folders = newcomer(home, tmp_path)
    first = start(home, **folders)
    first.expect(rb"Welcome to quarterdeck")
    left(first, signal.SIGKILL)
    again = start(home, **folders)
    assert again.expect([rb"READ ONLY", rb"Welcome to quarterdeck"]) == 0
    left(again, signal.SIGTERM)


@pytest.mark.parametrize("terminal", ["xterm", "screen", "tmux-256color", "linux"])
def test_without_colours_and_symbols_only_ascii_without_colours_is_sent(home: Path, terminal: str) -> None:
    child = start(home, "open", "drift", TERM=terminal, LANG="C", NO_COLOR="1")
    child.expect(rb"Drift")
    received, _ = left(child, signal.SIGTERM)
    whole = child.before + received
    assert whole.isascii()
    assert b"\x1b[38;" not in whole
    assert b";48;" not in whole
    assert_only_drawing(whole)


def test_in_the_c_locale_every_screen_help_and_question_is_drawn_in_ascii(home: Path, tmp_path: Path) -> None:
    without_tour(tmp_path)
    key = str(home / "demo" / "demo-keys" / "mira")
    looks = {"TERM": "linux", "LANG": "C", "XDG_CONFIG_HOME": str(tmp_path)}
    child = start(home, "--key", key, "open", "triage", **looks)
    child.expect(rb"DR-0002")
    received = child.before
    for pressed in ("R", "\x1b", "2", "3", "4", "5", "6", "7", "?"):
        child.send(pressed)
        before = len(received)
        for _ in range(300):
            with suppress(pexpect.TIMEOUT):
                received += child.read_nonblocking(65_536, timeout=0.2)
                continue
            if len(received) > before:
                break
        assert len(received) > before, pressed
    received += left(child, signal.SIGTERM)[0]
    assert received.isascii(), [part for part in received.split(b"\x1b") if not part.isascii()][:5]


def test_a_faulty_keys_file_is_one_line_and_no_screen(home: Path, tmp_path: Path) -> None:
    (tmp_path / "quarterdeck").mkdir()
    (tmp_path / "quarterdeck" / "keys.toml").write_text("act.approve = 'ctrl+a'")
    child = start(home, XDG_CONFIG_HOME=str(tmp_path))
    received = child.read()
    child.close()
    assert child.exitstatus == 2
    assert b"never on enter, space or ctrl" in received
    assert b"\x1b[?1049h" not in received


def test_what_is_typed_into_a_form_survives_a_killed_console(home: Path, tmp_path: Path) -> None:
    key = str(home / "demo" / "demo-keys" / "theo")
    folders = newcomer(home, tmp_path)
    without_tour(tmp_path / "config")
    first = start(home, "--key", key, "open", "approvals", **folders)
    first.expect(rb"CR-0010")
    first.send("+")
    first.expect(rb"what about")
    first.send("\r")
    first.expect(rb"what kind of change")
    first.send("\r")
    first.expect(rb"NEW REQUEST")
    first.send("Refunds over 2000")
    kept = tmp_path / "state" / "quarterdeck" / "console"
    for _ in range(1_200):
        if any("Refunds over 2000" in path.read_text() for path in kept.glob("draft-*.json")):
            break
        time.sleep(0.05)
    first.kill(signal.SIGKILL)
    first.read()
    first.close()
    assert first.signalstatus == signal.SIGKILL
    again = start(home, "--key", key, "open", "approvals", **folders)
    again.expect(rb"CR-0010")
    again.send("+")
    again.expect(rb"Refunds over 2000")
    again.send("\r")
    again.expect(rb"NEW REQUEST")
    again.expect(rb"Refunds over 2000")
    left(again, signal.SIGTERM)
