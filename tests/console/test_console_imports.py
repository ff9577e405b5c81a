"""What is imported before something stands on the screen: half of a start is imports, and they creep in unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.scene import Scene

from store.integrity.signer import KeyFileSigner
from store.workspace import create

FIRST_SCREEN = """
import asyncio, json, sys
from pathlib import Path
from console.app import Console
from console.personal.memory import LeftOff
from console.screen import Frame
from console.screen.desk import Desk
from store.workspace import open_workspace

seen = []
drawing = Frame.draw_whole

def looked(frame):
    seen.append(sorted(sys.modules))
    drawing(frame)

Frame.draw_whole = looked

async def main():
    desk = Desk(open_workspace(Path(sys.argv[1])).context, None, check_at_start=False)
    async with Console(desk, start=LeftOff(place="ledger")).run_test(size=(140, 45)) as pilot:
        while not seen:
            await pilot.pause(0.01)
    print(json.dumps(seen[0]))

asyncio.run(main())
"""
COMMAND = """
import contextlib, io, json, sys
from console.cli.main import run

with contextlib.redirect_stdout(io.StringIO()) as said:
    status = run(sys.argv[1:])
assert status == 0, status
assert said.getvalue()
print(json.dumps(sorted(sys.modules)))
"""
EMPTY_COMMAND = COMMAND.replace("assert said.getvalue()\n", "")
"""Where a table of nothing is nothing."""
HEAVY = (
    "ahocorasick_rs",
    "apprise",
    "cel",
    "httpx",
    "pydantic",
    "sqlite_utils",
    "store.domain.change",
    "store.domain.gates.verdict",
    "store.domain.policy",
    "store.domain.secrets",
    "store.ledger.verify",
    "store.platforms",
    "store.services.acting",
    "watchfiles",
    "yaml",
)
"""What takes long to import, and what brings most of the house with it."""
SLOW = ("apprise", "cel", "httpx", "pydantic", "sqlite_utils", "watchfiles", "yaml")
"""What other projects wrote and a look at something needs none of."""
UNNEEDED = (
    "cryptography.hazmat.primitives.serialization",
    "store.archive",
    "store.domain.events",
    "store.integrity.sshsig",
    "store.ledger.report",
    "store.projections",
)
"""What a list of entries does not need to stand, though what is read beside it soon does."""
OTHER_SCREENS = ("approvals", "connectors", "drift", "findings", "health", "incidents", "lineage", "replay", "triage")


def modules(script: str, *arguments: str) -> frozenset[str]:
    """Return what a process of its own had imported when `script` looked."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "140"}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def within(imported: frozenset[str], *named: str) -> set[str]:
    """Return which of these packages and modules were imported, or anything inside them."""
    return {name for name in imported if name.startswith(tuple(f"{one}." for one in named)) or name in named}


@pytest.fixture(scope="module")
def first_screen(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Return what is imported when the ledger's list stands and nothing else was read."""
    folder = tmp_path_factory.mktemp("first")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "ana")], check=True)
    create(folder / "ws", signer=KeyFileSigner(folder / "ana"), handle="ana").close()
    return modules(FIRST_SCREEN, str(folder / "ws"))


def test_the_first_screen_stands_before_anything_heavy_is_imported(first_screen: frozenset[str]) -> None:
    assert "console.screens.ledger" in first_screen
    assert within(first_screen, *HEAVY, *UNNEEDED) == set()


def test_no_screen_is_imported_before_it_is_visited(first_screen: frozenset[str]) -> None:
    assert within(first_screen, *(f"console.screens.{name}" for name in OTHER_SCREENS)) == set()


def test_no_dialog_and_no_editor_is_imported_before_it_is_opened(first_screen: frozenset[str]) -> None:
    dialogs = {
        name for name in first_screen if name.startswith("console.screen.") and name.endswith(("_dialog", "_form"))
    }
    assert dialogs == set()
    assert within(first_screen, "console.widgets.dialogs", "textual.widgets._text_area", "textual.document") == set()


def test_a_kind_of_entry_is_imported_when_an_entry_of_it_is_decoded(first_screen: frozenset[str]) -> None:
    assert within(first_screen, "store.domain.events") <= {"store.domain.events", "store.domain.events.base"}


def test_saying_the_version_opens_nothing() -> None:
    imported = modules(COMMAND, "--version")
    assert within(imported, *HEAVY, "cryptography", "sqlite3", "store.ledger", "store.workspace", "textual") == set()


def test_listing_entries_needs_no_screen_no_platform_and_no_policy(scene: Scene) -> None:
    imported = modules(COMMAND, "-w", str(scene.workspace.root), "log")
    assert within(imported, *HEAVY, "textual", "console.screen", "console.screens") == set()


@pytest.mark.parametrize("command", [("request", "list"), ("drift",), ("drift", "list")], ids=" ".join)
def test_a_list_of_what_there_is_needs_no_policy_no_screen_and_no_export(
    scene: Scene, command: tuple[str, ...]
) -> None:
    imported = modules(EMPTY_COMMAND, "-w", str(scene.workspace.root), *command)
    assert within(imported, *SLOW, "store.services.diffing", "textual", "console.screens") == set()


def test_a_diff_of_two_files_needs_no_policy_no_yaml_and_no_person(scene: Scene, tmp_path: Path) -> None:
    for name, label in (("old", "Orders"), ("new", "Returns")):
        nodes = [{"id": "t1", "type": "tab", "label": label}, {"id": "n1", "type": "debug", "z": "t1", "wires": []}]
        (tmp_path / f"{name}.json").write_text(json.dumps(nodes))
    sides = (str(tmp_path / "old.json"), str(tmp_path / "new.json"))
    imported = modules(COMMAND, "-w", str(scene.workspace.root), "diff", *sides)
    unneeded = ("store.services.acting", "store.services.triage", "store.domain.roles", "textual", "console.screens")
    assert within(imported, *SLOW, *unneeded) == set()


def test_a_workspace_is_verified_without_what_speaks_to_the_world(scene: Scene) -> None:
    imported = modules(COMMAND, "-w", str(scene.workspace.root), "verify")
    assert within(imported, "apprise", "cel", "httpx", "textual", "watchfiles", "console.screens") == set()
