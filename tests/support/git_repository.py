"""Real git repositories, written by git itself: of real histories, and of the kind somebody hostile makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

HISTORIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "histories"
WHO = {"GIT_AUTHOR_NAME": "Ann Archer", "GIT_AUTHOR_EMAIL": "ann@example.org"} | {
    "GIT_COMMITTER_NAME": "Carl Committer",
    "GIT_COMMITTER_EMAIL": "carl@example.org",
}


@dataclass(frozen=True)
class Repository:
    """A repository, and the commands to fill it."""

    path: Path

    def git(self, *arguments: str, date: str = "2020-01-02T03:04:05Z", data: bytes | None = None, **env: str) -> str:
        """Run git in it, as somebody's machine would."""
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        settled = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *arguments],
            cwd=self.path,
            env=os.environ | WHO | dates | settled | env,
            input=data,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace").strip()

    def commit(self, files: dict[str, bytes | None], *, date: str = "2020-01-02T03:04:05Z", **env: str) -> str:
        """Commit files; None deletes one. Return the commit's id."""
        for name, data in files.items():
            path = self.path / name
            if data is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a message of somebody@example.com", date=date, **env)
        return self.git("rev-parse", "HEAD")

    def tree(self, lines: bytes) -> str:
        """Make a tree object out of `mktree` lines."""
        return self.git("mktree", "--missing", data=lines)

    def commit_tree(self, tree: str, *parents: str) -> str:
        """Commit a tree object, and let main point to it."""
        options = [part for parent in parents for part in ("-p", parent)]
        commit = self.git("commit-tree", tree, *options, "-m", "made")
        self.git("update-ref", "refs/heads/main", commit)
        return commit


def repository(path: Path, *options: str) -> Repository:
    """Make an empty repository; skip where git is not installed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    path.mkdir(parents=True)
    made = Repository(path)
    made.git("init", "-q", *options)
    return made


def real_history(name: str, path: Path) -> tuple[Repository, list[dict[str, Any]]]:
    """Build the repository again that a history in ../shared/data was taken from; return it with its commits."""
    source = HISTORIES / f"{name}.tar.xz"
    if not source.is_file():
        pytest.skip(f"the real history ../shared/data/histories/{name}.tar.xz is not here")
    made = repository(path, "--bare")
    with tarfile.open(source) as packed:
        members = {member.name.partition("/")[2]: member for member in packed.getmembers() if member.isfile()}
        texts = {key: packed.extractfile(member).read() for key, member in members.items()}
    commits = [json.loads(line) for line in texts["history.jsonl"].splitlines()]
    made.git("fast-import", "--quiet", data=b"".join(_stream(commits, texts)))
    made.git("symbolic-ref", "HEAD", "refs/heads/main")
    return made, commits


def _stream(commits: list[dict[str, Any]], texts: dict[str, bytes]) -> Iterator[bytes]:
    """Write what git-fast-import(1) reads."""
    for commit in commits:
        seconds = int(datetime.fromisoformat(commit["date"]).timestamp())
        who = f"{commit['author']} <{commit['author']}@example.org> {seconds} +0000"
        message = commit["message"].encode()
        yield f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n".encode() + message + b"\n"
        for file in commit["files"]:
            if file.get("from"):
                yield f"D {json.dumps(file['from'])}\n".encode()
            if file["status"] == "D":
                yield f"D {json.dumps(file['path'])}\n".encode()
            else:
                data = texts[f"blobs/{file['sha256']}"]
                yield f"M 100644 inline {json.dumps(file['path'])}\ndata {len(data)}\n".encode() + data + b"\n"
