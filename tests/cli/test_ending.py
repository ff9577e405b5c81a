"""How the command's process ends: at once, with its status, and with everything said that it had to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.scene import Scene

TABS = 3_000


def command(scene: Scene, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "console.cli", "-w", str(scene.workspace.root), *arguments]


def ended(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parents[2]
    return subprocess.run(
        command(scene, *arguments), cwd=here, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def sides(tmp_path: Path) -> tuple[str, str]:
    """Two exports with so much to say that no pipe holds it at once."""
    for name in ("old", "new"):
        tabs = [{"id": f"t{i}", "type": "tab", "label": f"{name} flow {i}"} for i in range(TABS)]
        (tmp_path / f"{name}.json").write_text(json.dumps(tabs))
    return str(tmp_path / "old.json"), str(tmp_path / "new.json")


def test_what_is_said_is_whole_when_the_process_ends(scene: Scene, sides: tuple[str, str]) -> None:
    done = ended(scene, "diff", "--json", *sides)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["components"]) == TABS


@pytest.mark.parametrize(
    ("arguments", "status"), [(("log",), 0), (("drift", "none-such"), 2), (("nothing-so-called",), 2)], ids=str
)
def test_the_process_ends_with_the_status_of_its_command(scene: Scene, arguments: tuple[str, ...], status: int) -> None:
    done = ended(scene, *arguments)
    assert done.returncode == status
    assert bool(done.stderr) is bool(status)


def test_a_reader_who_leaves_early_is_no_reason_to_complain(scene: Scene, sides: tuple[str, str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        done = subprocess.run(
            command(scene, "diff", *sides),
            cwd=Path(__file__).parents[2],
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.stderr == b""
