"""One demo, one tmux and one sshd for all real terminals; every test has a copy of the demo of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.tmux import Pane, Tmux, tmux_server
from terminal_scene import Console, Person

from store.demo import build


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, and a person who knows the tour. Never opened itself: copy it."""
    root = tmp_path_factory.mktemp("terminals")
    (root / "config" / "quarterdeck").mkdir(parents=True)
    (root / "config" / "quarterdeck" / "settings.toml").write_text("tour = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(root / "state"))
        build.make(root / "demo", progress=lambda _: None, seed="tests")
    return root


@pytest.fixture(scope="session")
def tmux() -> Iterator[Tmux]:
    with tempfile.TemporaryDirectory(prefix="qd-tmux-") as folder, tmux_server(Path(folder)) as server:
        yield server


@pytest.fixture
def person(made: Path, tmp_path: Path) -> Person:
    shutil.copytree(made, tmp_path / "person")
    return Person(tmp_path / "person")


@pytest.fixture
def opened(tmux: Tmux, person: Person) -> Iterator[Callable[..., Console]]:
    """Open the console in tmux: `opened(columns, lines, *arguments, **environment)`."""
    panes: list[Pane] = []

    def open_it(columns: int, lines: int, *arguments: str, **extra: str) -> Console:
        pane = tmux.open(person.program(*arguments), columns, lines, person.environment(**extra))
        panes.append(pane)
        pane.shows("Keys")
        return Console(person, pane, int(pane.fact("pane_pid")))

    yield open_it
    for pane in panes:
        pane.close()
