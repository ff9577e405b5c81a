"""Git run on somebody else's objects without believing anything else of theirs.

It runs in an empty repository of our own that borrows their objects. So their configuration, hooks, attributes,
replacements, grafts, promises to fetch what is missing and lists of programs are in no file that git opens.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.errors import BadInput, StorageFailure
from store.intake.git_refs import Repository

_MOST_MEMORY: Final = 256 * 1024 * 1024
"""Bytes git may take besides what it maps of their packs: a tree of trees of trees is a bomb as well."""
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.commitGraph=false",
    "core.multiPackIndex=false",
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
    "core.deltaBaseCacheLimit=32m",
    "core.bigFileThreshold=16m",
    "protocol.allow=never",
    "diff.renameLimit=400",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shield:
    """An empty repository of ours over the objects of theirs."""

    folder: Path
    program: str
    objects: Path

    @contextlib.contextmanager
    def running(self, *arguments: str, feed: bool = False) -> Iterator[subprocess.Popen[bytes]]:
        """Give a git that runs; it is ended with the block. What it complains of goes to `complaints`."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        with (self.folder / "complaints").open("ab") as complaints:
            process = subprocess.Popen(
                [self.program, "--no-pager", "--no-optional-locks", *settings, *arguments],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,  # ctrl+c is ours to answer
            )
        try:
            _limit(process.pid)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            process.wait()

    def complaint(self) -> str:
        """Return the last line git complained with."""
        data = (self.folder / "complaints").read_bytes()[-2000:].decode("utf-8", "replace").strip()
        return data.splitlines()[-1][:300] if data else "git ended without a word"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_DIR": str(self.folder),
            "GIT_OBJECT_DIRECTORY": os.fspath(self.objects),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
        }


@contextlib.contextmanager
def shielded(repository: Repository) -> Iterator[Shield]:
    """Give a git for the objects of `repository`.

    Raises:
        BadInput: git is not installed.
        StorageFailure: there is no room for an empty repository.
    """
    program = shutil.which("git")
    if program is None:
        raise BadInput("git is not installed; it reads the repository's objects")
    with contextlib.ExitStack() as opened:
        try:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="quarterdeck-git-")))
            _make(folder, repository)
        except OSError as error:
            raise StorageFailure(f"no temporary folder for git: {error.strerror}") from error
        yield Shield(folder=folder, program=program, objects=repository.objects)


def _make(folder: Path, repository: Repository) -> None:
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    kind = "\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
    plain = "\trepositoryformatversion = 0\n"
    (folder / "config").write_text(f"[core]\n\tbare = true\n{plain if len(repository.head) == 40 else kind}")
    if repository.shallow:
        (folder / "shallow").write_text("".join(f"{commit}\n" for commit in repository.shallow))


def _limit(process: int) -> None:
    try:
        import resource

        resource.prlimit(process, resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
        resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))
    except (ImportError, AttributeError, OSError):
        return  # not Linux: what git takes is bounded by the machine alone
