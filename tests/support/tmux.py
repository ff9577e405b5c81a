"""A real tmux server of its own: a terminal that programs are typed into and whose picture is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TMUX = shutil.which("tmux")


@dataclass(frozen=True)
class Pane:
    """One window of the server, by its id."""

    tmux: Tmux
    id: str

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `C-l`, or a letter."""
        self.tmux.run("send-keys", "-t", self.id, *keys)

    def type(self, text: str) -> None:
        self.tmux.run("send-keys", "-t", self.id, "-l", text)

    def text(self) -> str:
        """Return what is shown, a line a line, without the blanks at their ends."""
        shown = self.tmux.run("capture-pane", "-p", "-t", self.id)
        return "\n".join(line.rstrip() for line in shown.split("\n"))

    def drawing(self) -> str:
        """Return what is shown with its colours, as escape sequences."""
        return self.tmux.run("capture-pane", "-p", "-e", "-N", "-t", self.id)

    def fact(self, name: str) -> str:
        """Return one of tmux's facts about it: `alternate_on`, `cursor_flag`, `mouse_any_flag`, `pane_pid`."""
        return self.tmux.run("display-message", "-p", "-t", self.id, f"#{{{name}}}").strip()

    def resize(self, columns: int, lines: int) -> None:
        self.tmux.run("resize-window", "-t", self.id, "-x", str(columns), "-y", str(lines))

    def close(self) -> None:
        """End whatever runs in it."""
        self.tmux.run("kill-pane", "-t", self.id)

    def until(self, holds: Callable[[str], object], *, seconds: float = 60) -> str:
        """Return the text once `holds` says yes of it; fail with what was shown last."""
        deadline = time.monotonic() + seconds
        while True:
            shown = self.text()
            if holds(shown):
                return shown
            if time.monotonic() > deadline:
                pytest.fail(f"this never came to be shown as it should:\n{shown}")
            time.sleep(0.05)

    def ends(self, *words: str) -> None:
        """Wait until the program has ended, with these words of tmux's (`status 0`).

        tmux 3.3a sometimes overlooks that its child died, and learns of it with the next one's death.
        """

        def over(shown: str) -> bool:
            if "Pane is dead" not in shown and self.fact("pane_dead") == "1":
                self.tmux.run("run-shell", "true")
            return all(word in shown for word in ("Pane is dead", *words))

        self.until(over)

    def shows(self, *words: str, seconds: float = 60) -> str:
        """Return the text once all these words are in it."""
        return self.until(lambda shown: all(word in shown for word in words), seconds=seconds)


@dataclass(frozen=True)
class Tmux:
    """One server, apart from whoever's."""

    socket: Path

    def run(self, *arguments: str) -> str:
        assert TMUX is not None
        command = [TMUX, "-S", str(self.socket), "-f", "/dev/null", *arguments]
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(command, capture_output=True, check=False, env=inherited | {"LANG": "C.UTF-8"})
        if done.returncode:
            pytest.fail(f"tmux {arguments[0]}: {done.stderr.decode()}")
        return done.stdout.decode()

    def attaching(self, pane: Pane) -> tuple[str, list[str]]:
        """Return the program and arguments that show the window of `pane` in the terminal they are run in."""
        assert TMUX is not None
        return TMUX, ["-S", str(self.socket), "attach-session", "-t", pane.id]

    def open(self, command: Sequence[str], columns: int, lines: int, environment: Mapping[str, str]) -> Pane:
        """Run a program in a window of this size."""
        given = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        new = ["new-session", "-d", "-P", "-F", "#{pane_id}", "-x", str(columns), "-y", str(lines), *given]
        return Pane(self, self.run(*new, "--", *command).strip())


@contextmanager
def tmux_server(folder: Path) -> Iterator[Tmux]:
    """Start a server whose socket is in `folder`; skip where tmux is not installed."""
    if TMUX is None:
        pytest.skip("tmux is not installed (tests/tools.sh installs it)")
    server = Tmux(folder / "tmux")
    settings = {"exit-empty": "off", "escape-time": "0"}, {
        "remain-on-exit": "on", "default-terminal": "tmux-256color",
    }  # fmt: skip
    told = [part for flag, table in zip(("-s", "-g"), settings, strict=True) for name, value in table.items()
            for part in (";", "set-option", flag, name, value)]  # fmt: skip
    server.run("start-server", *told)
    try:
        yield server
    finally:
        subprocess.run([TMUX, "-S", str(server.socket), "kill-server"], capture_output=True, check=False)
