from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import scene as scenes
from support.scene import Scene, Template
from support.ticking import TickingClock

from store.workspace import Workspace

_numbers = itertools.count()

# How long an example takes says how busy the machine is, not whether it holds. The same examples in every run, so that
# a change is refused for what it changes; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("busy"), derandomize=False)
settings.load_profile("busy")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the short soak counted; a test's properties travel from xdist's workers, its output does not."""
    passed = terminalreporter.getreports("passed")
    counts = [value for report in passed for name, value in report.user_properties if name == "soak"]
    if counts:
        terminalreporter.section("short soak (make soak runs the full one)")
        for line in sorted({str(count) for count in counts}):
            terminalreporter.line(line)
    measured = [value for report in passed for name, value in report.user_properties if name == "secrets"]
    if measured:
        terminalreporter.section("secrets: what is found, what is not")
        for line in measured:
            terminalreporter.line(str(line))


@pytest.fixture
def collector_waits() -> Iterator[None]:
    """Keep Python's collector of cycles out of what is timed: one look through a whole run's objects takes a second."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where scenes stand: in memory where the machine has such a place, since every act syncs a dozen times."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path_factory.mktemp("ground")
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="quarterdeck-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def state_home(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own for every test: nobody's heads are another's contradiction."""
    home = ground / f"state-{next(_numbers)}"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def template(ground: Path) -> Template:
    """The workspace every scene begins with, made once through the real services."""
    folder = ground / "template"
    clock = TickingClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        scenes.build(folder / "workspace", folder / "keys", clock)
    return Template(folder / "workspace", folder / "keys", clock)


@pytest.fixture
def clock(template: Template) -> TickingClock:
    return TickingClock(template.clock.at)


@pytest.fixture
def scene(template: Template, ground: Path, clock: TickingClock) -> Iterator[Scene]:
    """A workspace with alice (admin), bo (approver, operator), cy (requester), dana (approver,
    security-approver) and the folder environment prod."""
    folder = ground / f"scene-{next(_numbers)}"
    opened = scenes.enter(template.root, folder / "workspace", template.keys, clock)
    yield opened
    opened.workspace.close()
    shutil.rmtree(folder)


@pytest.fixture
def workspace(scene: Scene) -> Workspace:
    return scene.workspace
