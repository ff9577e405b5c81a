from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_desk import FORKS, STATEMENT, Desk

from store.demo.samples import orders


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """End the process that runs commands in forked children, if there was one."""
    yield
    FORKS.end()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder, where every command is a process of its own, as for a user."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    return Desk(tmp_path, real=True)


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


@pytest.fixture
def asked(ready: Desk) -> Desk:
    """A workspace of one's own where CR-0001, by alice, waits for bo's approval."""
    ready.drop(orders(1))
    alice = ("--key", "alice")
    opened = ("request", "open", "--project", "orders", "--env", "prod", "--title", "First", "--why", "needed")
    done = ready.runs(
        [(*alice, "watch", "--once"), (*alice, *opened, *STATEMENT), (*alice, "request", "submit", "CR-0001")]
    )
    assert [one.status for one in done] == [0, 0, 0], done
    return ready
