"""The hostile set: each file, dropped into a real workspace, ends in quarantine with its reason, soon and in little
memory."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_set import HOSTILE
from support.scene import Template

MOST_MIB, MOST_SECONDS = 300, 5.0


class Child:
    """The process that takes in one workspace after the other (hostile_child.py)."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        script = Path(__file__).with_name("hostile_child.py")
        self._process = subprocess.Popen([sys.executable, script], stdin=pipe, stdout=pipe, text=True)

    def take_in(self, workspace: Path) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(workspace, file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    started = Child()
    yield started
    started.end()


@pytest.fixture
def folder(template: Template, tmp_path: Path) -> Path:
    """The folder of a project in the inbox of a workspace of one's own."""
    shutil.copytree(template.root, tmp_path / "ws")
    made = tmp_path / "ws" / "inbox" / "prod" / "orders"
    made.mkdir(parents=True)
    return made


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_ends_in_quarantine_soon_and_in_little_memory(
    child: Child, folder: Path, what: str, record_property: pytest.RecordProperty
) -> None:
    make, reason = HOSTILE[what]
    try:
        make(folder)
    except OSError as error:
        pytest.skip(f"this system does not let it be made: {error}")
    found = child.take_in(folder.parents[2])
    record_property("hostile", f"{what}: {found}")
    ((outcome, said),) = found["files"]
    assert outcome == "quarantined"
    assert re.search(reason, said), said
    assert said.isprintable()
    assert found["mib"] <= MOST_MIB
    assert found["cpu"] <= MOST_SECONDS
    assert list(folder.iterdir()) == []
    kept = [path for path in (folder.parents[2] / "quarantine").rglob("*") if not path.is_dir()]
    assert len(kept) == 2
    assert any(path.name.endswith(".reason.txt") and path.read_text().strip() for path in kept)


def test_a_folder_called_like_a_file_is_a_folder(child: Child, folder: Path) -> None:
    (folder / "flows.json").mkdir()
    (folder / "flows.json" / "inner.json").write_text("{}")
    assert [outcome for outcome, _ in child.take_in(folder.parents[2])["files"]] == ["ingested"]


def test_good_files_beside_hostile_ones_arrive(child: Child, folder: Path) -> None:
    names = ("an alias bomb", "JSON a million deep", "a nested zip bomb", "entity expansion in a solution", "a FIFO")
    for position, what in enumerate(names):
        place = folder / str(position)
        place.mkdir()
        HOSTILE[what][0](place)
        (place / "good.json").write_text(json.dumps({"position": position}))
    (folder / "bom.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    found = sorted(outcome for outcome, _ in child.take_in(folder.parents[2])["files"])
    assert found == ["ingested"] * (len(names) + 1) + ["quarantined"] * len(names)


def test_the_largest_file_that_is_taken_in_takes_bounded_memory(child: Child, folder: Path) -> None:
    text = "msg.payload = msg.payload + 1;\n" * 3000
    nodes = [{"id": f"{number:x}", "type": "function", "z": "t", "func": text} for number in range(63)]
    nodes = [{**node, "id": f"{node['id']}{turn:x}"} for turn in range(11) for node in nodes]
    data = json.dumps([*nodes, {"id": "t", "type": "tab", "label": "L"}]).encode()
    assert 60 * 2**20 < len(data) < 64 * 2**20
    (folder / "flows.json").write_bytes(data)
    found = child.take_in(folder.parents[2])
    assert [outcome for outcome, _ in found["files"]] == ["ingested"]
    assert found["mib"] <= 400


def test_one_text_of_62_mib_is_taken_in_soon_and_in_little_memory(child: Child, folder: Path) -> None:
    (folder / "long.json").write_bytes(b'{"text": "%s"}' % (b"a" * (62 * 2**20)))
    found = child.take_in(folder.parents[2])
    assert [outcome for outcome, _ in found["files"]] == ["ingested"]
    assert found["mib"] <= MOST_MIB
    assert found["cpu"] <= MOST_SECONDS


def test_many_large_files_take_no_more_memory_than_a_few(child: Child, folder: Path) -> None:
    for number in range(12):
        (folder / f"{number}.json").write_bytes(b'{"n": %d, "a": "' % number + b"x" * (6 * 2**20) + b'"}')
    found = child.take_in(folder.parents[2])
    assert [outcome for outcome, _ in found["files"]] == ["ingested"] * 12
    assert found["mib"] <= 250
