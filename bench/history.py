"""The archive beside git, on a real history of a Node-RED file."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench import scene
from bench.measure import Result, median_of, seconds
from store import archive
from store.domain.secrets.scanning import LOOKS
from store.intake.inbox import Drop, Root
from store.projections import artifacts
from store.projections.shape import Connection
from store.services.exports import importing, ingesting
from store.workspace import Workspace

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "histories" / "node-red-home.tar.xz"
SYNCED: Final = ("-c", "core.fsync=all")
"""Git by itself syncs no loose object, index or branch, so that what it calls committed a power cut may take away."""


@dataclass(frozen=True, kw_only=True)
class OneByOne:
    """Seconds that all versions took, one at a time."""

    ours: float
    git: float
    """Every object, the index and the branch synced to the disk, as ours is."""
    git_unsynced: float
    """As git does it by itself."""


def versions(folder: Path) -> list[bytes]:
    """Return the successive versions of the history's file, oldest first."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(folder, filter="data")
    home = folder / "node-red-home"
    commits = [json.loads(line) for line in (home / "history.jsonl").read_text().splitlines()]
    digests = [file["sha256"] for commit in commits for file in commit["files"] if file["status"] in "AM"]
    return [(home / "blobs" / digest).read_bytes() for digest in digests]


def run(folder: Path) -> list[Result]:
    """Ingest every version durably, and commit every version with git."""
    if not ARCHIVE.exists():
        return []
    all_versions = versions(folder)
    space, _ = scene.workspace(folder / "history")
    before = (space.root / "ledger.db").stat().st_size
    repository = folder / "git"
    took = _one_by_one(space, repository, folder / "git-unsynced", all_versions)
    grouped, versions_in_git = _imported(folder / "imported", repository)
    count = len(all_versions)
    results = [
        _speed(
            f"import that history: {versions_in_git} versions (`import-git`) in groups, each durable before it counts",
            grouped / versions_in_git,
            took,
            count,
            is_goal=True,
        ),
        _speed(
            f"ingest {count} versions one at a time, a commit of its own and 3 outside heads for each",
            took.ours / count,
            took,
            count,
            is_goal=False,
        ),
        *_sizes(space, repository, before),
        _one_file(space, repository, count),
    ]
    space.close()
    return results


def _one_by_one(space: Workspace, synced: Path, unsynced: Path, all_versions: list[bytes]) -> OneByOne:
    """Ingest every version, and commit every one with git, in turn."""
    root = Root(kind="inbox", path=space.root / "inbox")
    path = root.path / "prod" / "home" / "flows.json"
    path.parent.mkdir(parents=True)
    drop = Drop(root=root, environment="prod", project="home", name="flows.json", path=path, signature=(0, 0, 0, 0))
    for repository in (synced, unsynced):
        _git("init", "-q", str(repository), cwd=repository.parent)

    def ingest(data: bytes) -> None:
        path.write_bytes(data)
        assert ingesting.ingest(space.context, [drop]).files[0].outcome in {"ingested", "unchanged"}

    def commit(repository: Path, data: bytes, *settings: str) -> None:
        (repository / "flows.json").write_bytes(data)
        _git(*settings, "add", "flows.json", cwd=repository)
        _git(*settings, "commit", "-q", "--allow-empty", "-m", "v", cwd=repository)

    ours = git = git_unsynced = 0.0
    for data in all_versions:
        ours += seconds(partial(ingest, data))
        git += seconds(partial(commit, synced, data, *SYNCED))
        git_unsynced += seconds(partial(commit, unsynced, data))
    return OneByOne(ours=ours, git=git, git_unsynced=git_unsynced)


def _sizes(space: Workspace, repository: Path, before: int) -> list[Result]:
    """Return what the versions take here and in a repository that was packed."""
    _git("gc", "-q", "--prune=now", cwd=repository)
    packed = sum(path.stat().st_size for path in (repository / ".git" / "objects").rglob("*") if path.is_file())
    with space.ledger.reading() as connection:
        sizes = archive.sizes(connection)
        exports = _stored(connection, {row.digest for row in artifacts.listing(connection, limit=1000)})
    grown = (space.root / "ledger.db").stat().st_size - before
    return [
        _size(
            "storage of those versions (exports, manifests and lists of connectors)",
            sizes.stored_bytes,
            packed,
            "git after gc",
            is_goal=True,
        ),
        _size("of that, the exports themselves (git holds nothing else)", exports, packed, "git after gc"),
        _size(
            "the same, as growth of ledger.db (entries, checkpoints, components, read tables and indexes too)",
            grown,
            packed,
            "git objects",
        ),
    ]


def _one_file(space: Workspace, repository: Path, count: int) -> Result:
    with space.ledger.reading() as connection:
        rows = artifacts.listing(connection, limit=1000)
    wanted = rows[len(rows) // 2].digest

    def ours() -> None:
        with space.ledger.reading() as connection:
            archive.get(connection, wanted)

    one = median_of(ours, 50)
    show = median_of(lambda: _git("show", f"HEAD~{count // 2}:flows.json", cwd=repository), 20)
    return Result(
        what="one file of the past",
        ours=f"{one * 1000:.2f} ms",
        beside=f"git show: {show * 1000:.2f} ms",
        ratio=f"{one / show:.2f}×",
        goal="≤ 1×",
        met=one <= show,
    )


def _stored(connection: Connection, digests: set[str]) -> int:
    """Return what the frames of these blobs take."""
    frames = connection.execute("SELECT digest, length(data) FROM blob")
    return sum(size for digest, size in frames if digest.hex() in digests)


def _imported(folder: Path, repository: Path) -> tuple[float, int]:
    """Return how long importing the history from git takes in a new workspace, and how many versions it brought."""
    space, _ = scene.workspace(folder)
    LOOKS.clear()  # what was learned of the same versions before is no speed of ours
    began = time.perf_counter()
    report = importing.import_history(space.context, repository, "flows.json", project="home", environment="prod")
    took = time.perf_counter() - began
    assert report.finished, report
    assert not report.refused, report
    space.close()
    return took, report.versions


def _speed(what: str, mine: float, took: OneByOne, count: int, *, is_goal: bool) -> Result:
    theirs, unsynced = took.git / count, took.git_unsynced / count
    return Result(
        what=what,
        ours=f"{mine * 1000:.2f} ms a version",
        beside=f"git add + git commit, synced as ours is (core.fsync=all): {theirs * 1000:.1f} ms;"
        f" as git does by itself, nothing synced: {unsynced * 1000:.1f} ms",
        ratio=f"{theirs / mine:.1f}× faster; than unsynced: {unsynced / mine:.1f}×",
        goal="≥ 15× faster" if is_goal else "—",
        met=not is_goal or theirs / mine >= 15,
    )


def _size(what: str, size: int, packed: int, beside: str, *, is_goal: bool = False) -> Result:
    return Result(
        what=what,
        ours=f"{size / 1024:.0f} KiB",
        beside=f"{beside}: {packed / 1024:.0f} KiB",
        ratio=f"{size / packed:.2f}×",
        goal="≤ ½" if is_goal else "—",
        met=not is_goal or size * 2 <= packed,
    )


def _git(*arguments: str, cwd: Path) -> None:
    who = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.org", "GIT_COMMITTER_NAME": "b"}
    env = os.environ | who | {"GIT_COMMITTER_EMAIL": "b@example.org", "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", *arguments], cwd=cwd, env=env, check=True, capture_output=True)
