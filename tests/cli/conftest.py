from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_desk import Desk

from store.demo.samples import orders


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A workspace with two people and an environment. Never used itself: copy it."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    return Desk(tmp_path_factory.mktemp("begun")).begin()


@pytest.fixture(scope="session")
def released(begun: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The same after two releases of the project orders. Never used itself: copy it."""
    desk = begun.copy_to(tmp_path_factory.mktemp("released"))
    desk.release(orders(1), "First release")
    desk.release(orders(2), "Discounts")
    return desk


@pytest.fixture
def ready(begun: Desk, tmp_path: Path) -> Desk:
    """A workspace of one's own: two people, one environment, nothing dropped yet."""
    return begun.copy_to(tmp_path)


@pytest.fixture
def live(released: Desk, tmp_path: Path) -> Desk:
    """A workspace of one's own with two releases live."""
    return released.copy_to(tmp_path)
