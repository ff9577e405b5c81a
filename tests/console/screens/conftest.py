from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from screens_scene import DemoDesk, make_demo, open_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo workspace. Never opened itself: copy it."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        return make_demo(folder / "demo")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment asks of colours must not change a picture."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "QUARTERDECK_COLORS", "QUARTERDECK_ASCII"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mira(demo: Path, tmp_path: Path) -> Iterator[DemoDesk]:
    """The demo as mira sees it: approver, operator, responder."""
    opened = open_demo(demo, tmp_path / "demo")
    yield opened
    opened.desk.context.ledger.close()


@pytest.fixture
def stranger(demo: Path, tmp_path: Path) -> Iterator[DemoDesk]:
    """The demo as somebody without a key sees it."""
    opened = open_demo(demo, tmp_path / "demo", None)
    yield opened
    opened.desk.context.ledger.close()


@pytest.fixture
def theo(demo: Path, tmp_path: Path) -> Iterator[DemoDesk]:
    """The demo as theo, who only requests, sees it."""
    opened = open_demo(demo, tmp_path / "demo", "theo")
    yield opened
    opened.desk.context.ledger.close()
