from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from store import archive
from store.domain.component import Component

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "histories"


def history(name: str) -> Iterator[tuple[str, bytes]]:
    """Every version of every file of a real history, oldest first: (path, bytes)."""
    packed = DATA / f"{name}.tar.xz"
    if not packed.exists():
        pytest.skip(f"no {packed}: the real histories are not on this machine")
    with tarfile.open(packed) as tar:
        contents = {Path(member.name).name: tar.extractfile(member) for member in tar if member.isfile()}
        read = {key: file.read() for key, file in contents.items() if file is not None}
    for line in read["history.jsonl"].splitlines():
        for file in json.loads(line)["files"]:
            if file["status"] != "D":
                yield file["path"], read[file["sha256"]]


def tabs(data: bytes) -> list[Component]:
    """A rough cut of a Node-RED file into tabs: enough to have parts that change at different times."""
    groups: dict[str, list[dict[str, object]]] = {}
    for node in json.loads(data):
        groups.setdefault(node.get("z") or node["id"], []).append(
            {key: value for key, value in node.items() if key not in "xywh"}
        )
    made = []
    for key, nodes in groups.items():
        canonical = json.dumps(nodes, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = sha256(canonical).hexdigest()
        made.append(
            Component(id=key, name=key, kind=str(nodes[0]["type"]), content=None, canonical=canonical, digest=digest)
        )
    return made


def test_three_years_of_one_flow_file_take_less_than_half_of_what_git_takes(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    artifact, manifest, kept = None, None, []
    connection.execute("BEGIN")
    for _path, data in history("node-red-home"):
        artifact = archive.put(connection, data, previous=artifact)
        manifest = archive.put_manifest(connection, tabs(data), previous=manifest)
        kept.append((artifact, data, manifest))
    connection.execute("COMMIT")
    assert len(kept) == 237
    assert archive.sizes(connection).stored_bytes < 90 * 1024  # git needs 166 KiB, and knows no components
    assert (tmp_path / "archive.db").stat().st_size < 160 * 1024
    assert all(archive.get(connection, digest) == data for digest, data, _ in kept)
    for _digest, data, manifest in kept[::20]:
        rows = archive.manifest(connection, manifest)
        assert {row.digest for row in rows} == {part.digest for part in tabs(data)}
    assert archive.verify_blobs(connection) == ()


def test_a_folder_of_workflows_comes_back_byte_for_byte(connection: sqlite3.Connection) -> None:
    latest: dict[str, str] = {}
    kept = []
    for path, data in history("n8n-team"):
        latest[path] = archive.put(connection, data, previous=latest.get(path))
        kept.append((latest[path], data))
    assert all(archive.get(connection, digest) == data for digest, data in kept)
    assert archive.sizes(connection).stored_bytes < 200 * 1024
    assert archive.verify_blobs(connection) == ()
