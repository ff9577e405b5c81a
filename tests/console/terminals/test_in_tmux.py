"""The console in a real tmux: a walk by keys, what is shown against what is drawn, resizes, sleep, scribbles."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from support.tmux import Pane, Tmux
from terminal_scene import ARMED, Console, Person

from console.places import SCREENS

pytestmark = pytest.mark.xdist_group("terminals")
Open = Callable[..., Console]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 45)])
def test_a_night_on_call_by_keys_alone(opened: Open, columns: int, lines: int) -> None:
    console = opened(columns, lines)
    pane = console.pane
    pane.shows("prod drift", "DR-0002", "R restores it", "CR-0010")
    pane.press("2")
    pane.shows("1 waits for you: CR-0010")
    pane.press("Enter")
    pane.shows("Approvals ▸ CR-0010", "1 changed", "0a06")
    pane.press("a")
    pane.shows("APPROVE", "signed by mira, with its key file", "SHA256:", "y  approve")
    time.sleep(ARMED)
    pane.press("y")
    pane.shows("approved CR-0010", "it still needs somebody else")
    pane.press("1")
    pane.shows("Needs somebody", "DR-0002")
    pane.press("R")
    pane.shows("REVERT", "overwrites DR-0002", "2500", "type prod to confirm")
    time.sleep(ARMED)
    pane.type("prod\ta limit nobody approved\r")  # in one burst, as a slow line delivers what was typed
    pane.shows("verified DEP-", "DR-0002 ends when live is seen again")
    pane.press("5")
    pane.shows("Replay", "DEP-0")
    pane.press("Left")
    console.is_whole(columns, lines)
    pane.press("q")
    pane.ends("status 0")
    assert pane.fact("alternate_on") == "0"


def test_every_screen_shows_at_every_size_what_is_drawn(opened: Open) -> None:
    console = opened(80, 24)
    for columns, lines in ((80, 24), (140, 45), (60, 20), (250, 70)):
        console.pane.resize(columns, lines)
        for place in SCREENS:
            console.pane.press(place.key)
            console.pane.press("j", "j", "k")
            console.is_whole(columns, lines)
        for key, closes in (("?", "j/k   scroll"), ("C-p", "Search for commands")):
            console.pane.press(key)
            console.pane.shows(closes)
            console.is_whole(columns, lines)
            console.pane.press("Escape")
            console.pane.until(lambda shown, closes=closes: closes not in shown and "Keys" in shown)
            console.is_whole(columns, lines)
    console.pane.resize(50, 12)
    console.pane.shows("too small: the console needs 60×16")


def test_a_hundred_resizes_in_two_seconds_leave_the_right_picture_and_nothing_behind(opened: Open) -> None:
    console = opened(80, 24)
    console.is_whole(80, 24)
    console.pane.resize(100, 30)  # by the second picture everything has been read that is read once
    console.is_whole(100, 30)
    before = held(console.pid)
    for number in range(100):
        columns, lines = ((60, 20), (250, 70), (33, 9), (140, 45))[number % 4]
        console.pane.resize(columns + number % 7, lines)
        time.sleep(0.01)
    console.pane.resize(100, 30)
    console.is_whole(100, 30)
    threads, files, kilobytes = held(console.pid)
    assert (threads, files) <= (before[0] + 2, before[1])
    assert kilobytes < before[2] + 30_000
    console.pane.press("q")
    console.pane.ends("status 0")


def held(pid: int) -> tuple[int, int, int]:
    """Return threads, open files, and resident kilobytes."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["Threads"]), len(list(Path(f"/proc/{pid}/fd").iterdir())), int(status["VmRSS"].split()[0])


@pytest.fixture
def shell(tmux: Tmux, person: Person) -> Console:
    """The console as a job of an interactive shell."""
    pane = tmux.open(["bash", "--norc"], 90, 28, person.environment(PS1="ready> "))
    pane.shows("ready>")
    before = settings_of(pane, person, "before")
    pane.type(f"bash -c '{' '.join(person.program())}; exit $?'\n")  # a program between, as make or uv are
    pane.shows("Keys", "DR-0002")
    pid = newest_console(int(pane.fact("pane_pid")))
    assert before
    return Console(person, pane, pid)


def settings_of(pane: Pane, person: Person, name: str) -> str:
    """Return the shell's `stty -g`."""
    file = person.root / name
    pane.type(f"stty -g > {file}.new && mv {file}.new {file}\n")
    pane.until(lambda _: file.exists())
    return file.read_text()


def newest_console(shell: int) -> int:
    pid = shell
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[-1])
    return pid


def is_the_shell_s_again(pane: Pane) -> bool:
    facts = ("alternate_on", "mouse_any_flag", "cursor_flag")
    return [pane.fact(name) for name in facts] == ["0", "0", "1"]


@pytest.mark.presses_for_real(TerminalApp="ctrl+z")
def test_stopped_and_continued_the_terminal_is_lent_and_taken_back_whole(shell: Console) -> None:
    pane, person = shell.pane, shell.person
    usual = (person.root / "before").read_text()
    pane.press("C-z")
    pane.shows("Stopped", "ready>")
    assert is_the_shell_s_again(pane)
    assert settings_of(pane, person, "asleep") == usual
    pane.type("fg\n")
    pane.shows("Keys", "DR-0002")
    shell.is_whole(90, 28)
    for pid in (shell.pid, parent_of(shell.pid)):
        os.kill(pid, signal.SIGSTOP)  # nobody hears this one
    pane.shows("ready>")
    pane.type("\n\n\n\n\n\n")
    pane.type("fg\n")
    shell.is_whole(90, 28)
    pane.press("2")
    pane.shows("CR-0010   enter reviews")
    shell.is_whole(90, 28)
    pane.press("q")
    pane.until(lambda shown: shown.rstrip().endswith("ready>"))
    assert is_the_shell_s_again(pane)
    assert settings_of(pane, person, "after") == usual
    pane.close()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_where_no_shell_could_continue_it_the_console_does_not_stop(opened: Open) -> None:
    console = opened(80, 24)
    console.pane.press("C-z")
    console.pane.shows("nobody could wake it")
    console.pane.press("2")
    console.pane.shows("1 waits for you")


@pytest.mark.presses_for_real(TerminalApp="ctrl+l")
def test_what_another_program_wrote_is_gone_after_ctrl_l_and_after_coming_back(opened: Open) -> None:
    console = opened(80, 24)
    pane = console.pane
    console.is_whole(80, 24)
    came_back = ("-H", "1b", "5b", "49")
    for mend in (("C-l",), came_back):
        with Path(pane.fact("pane_tty")).open("w") as terminal:
            terminal.write("\x1b[5;5H\x1b[31mBroadcast message from root: going down")
        pane.shows("Broadcast message")
        pane.press(*mend)
        pane.until(lambda shown: "Broadcast" not in shown)
        console.is_whole(80, 24)
    pane.press("?")
    pane.shows("j/k   scroll")
    pane.press("C-l")
    console.is_whole(80, 24)


@pytest.mark.parametrize("setting", ["external", "on"])
def test_a_copy_in_tmux_reaches_its_buffer_and_the_terminal_outside(tmux: Tmux, opened: Open, setting: str) -> None:
    tmux.run("set-option", "-s", "set-clipboard", setting)
    console = opened(80, 24, "open", "DR-0002")
    pane = console.pane
    outside = pexpect.spawn(*tmux.attaching(pane), env={"TERM": "xterm-256color", "LANG": "C.UTF-8"}, timeout=60)
    outside.expect(rb"DR-0002")
    pane.press("y")
    pane.shows("copied  DR-0002", "tmux's buffer")
    assert tmux.run("show-buffer") == "DR-0002"
    outside.expect(rb"\x1b\]52;c?;RFItMDAwMg==")
    outside.close()
