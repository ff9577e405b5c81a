from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import scene as scenes
from support.scene import Scene
from support.ticking import TickingClock

from store.workspace import Workspace

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own for every test: nobody's heads are another's contradiction."""
    home = tmp_path_factory.getbasetemp() / f"state-{next(_numbers)}"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


@dataclass(frozen=True)
class Template:
    root: Path
    keys: Path
    clock: TickingClock


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The workspace every scene begins with, made once through the real services."""
    folder = tmp_path_factory.mktemp("template")
    clock = TickingClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        scenes.build(folder / "workspace", folder / "keys", clock)
    return Template(folder / "workspace", folder / "keys", clock)


@pytest.fixture
def clock(template: Template) -> TickingClock:
    return TickingClock(template.clock.at)


@pytest.fixture
def scene(template: Template, tmp_path: Path, clock: TickingClock) -> Iterator[Scene]:
    """A workspace with alice (admin), bo (approver, operator), cy (requester), dana (approver,
    security-approver) and the folder environment prod."""
    opened = scenes.enter(template.root, tmp_path / "workspace", template.keys, clock)
    yield opened
    opened.workspace.close()


@pytest.fixture
def workspace(scene: Scene) -> Workspace:
    return scene.workspace
