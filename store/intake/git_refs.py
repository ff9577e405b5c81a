"""Where a git repository keeps its objects and what its branches point to, read as files: git is not asked.

Git run inside somebody's repository believes its configuration, and configuration can name programs to run. The
few small files that say what a branch points to are plain text (gitrepository-layout(5)).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.errors import BadInput, NotFound
from store.intake.guard import read_guarded

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SMALL: Final = 4096
_PACKED: Final = 64 * 1024 * 1024
_SHALLOW: Final = 4 * 1024 * 1024
_MOST_HOPS: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """What of a repository is read: its objects, the commit to begin at, and where its history was cut off."""

    objects: Path
    head: str
    """A commit id: 40 hex digits (SHA-1) or 64 (SHA-256)."""
    shallow: tuple[str, ...]
    """Commits whose parents were never fetched."""


def locate(path: Path, branch: str | None) -> Repository:
    """Return where to read the history of `branch`, or of what is checked out, in the repository at `path`.

    Raises:
        BadInput: no repository, no such branch, or written in a way that is not read.
    """
    own = _git_folder(path)
    common = _common(own)
    if not (common / "objects").is_dir():
        raise BadInput(f"{path} is no git repository: it has no objects")
    if branch is None:
        head = _resolved(own, common, "HEAD")
    else:
        head = _resolved(own, common, branch if branch.startswith("refs/") else f"refs/heads/{branch}")
    return Repository(objects=(common / "objects").resolve(), head=head, shallow=_shallow(common))


def _git_folder(path: Path) -> Path:
    inner = path / ".git"
    if inner.is_dir():
        return inner
    if inner.is_file():  # a linked work tree or a submodule
        text = _text(inner)
        if text is None or not text.startswith("gitdir: "):
            raise BadInput(f"{inner} does not say where its repository is")
        return (path / text.removeprefix("gitdir: ")).resolve()
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return path
    raise BadInput(f"{path} is no git repository")


def _common(own: Path) -> Path:
    text = _text(own / "commondir")
    return own if text is None else (own / text).resolve()


def _resolved(own: Path, common: Path, name: str) -> str:
    asked = name
    for _ in range(_MOST_HOPS):
        text = _reference(own if name == "HEAD" else common, name) or _packed(common, name)
        if text is None:
            break
        if _ID.fullmatch(text):
            return text
        if not text.startswith("ref: "):
            raise BadInput(f"what {name!a} points to is no commit id")
        name = text.removeprefix("ref: ").strip()
        if name == "refs/heads/.invalid":
            raise BadInput("its branches are kept in a reftable, which is not read: clone it and import the clone")
    raise NotFound(f"the repository has no branch {asked.removeprefix('refs/heads/')!a}, or it has no commit yet")


def _reference(folder: Path, name: str) -> str | None:
    parts = name.split("/")
    if name != "HEAD" and (parts[0] != "refs" or any(not part or part.startswith(".") for part in parts)):
        raise BadInput(f"{ascii(name)[:100]} is no name of a branch")
    return _text(folder.joinpath(*parts), below=folder)


def _packed(common: Path, name: str) -> str | None:
    try:
        data = read_guarded(common / "packed-refs", limit=_PACKED)
    except NotFound:
        return None
    wanted = name.encode("utf-8", "surrogateescape")
    for line in data.splitlines():
        number, _, known = line.partition(b" ")
        if known == wanted:
            return number.decode("ascii", "replace")
    return None


def _shallow(common: Path) -> tuple[str, ...]:
    try:
        lines = read_guarded(common / "shallow", limit=_SHALLOW).decode("ascii", "replace").split()
    except NotFound:
        return ()
    if not all(_ID.fullmatch(line) for line in lines):
        raise BadInput("its list of commits without parents (shallow) holds something else")
    return tuple(lines)


def _text(path: Path, *, below: Path | None = None) -> str | None:
    """Return the one line of a small file; None when there is no such file."""
    try:
        return read_guarded(path, limit=_SMALL, below=below).decode("utf-8", "surrogateescape").strip()
    except NotFound:
        return None
    except BadInput as error:
        if path.is_dir():
            return None  # `refs/heads/a` when there are branches `a/b`
        raise BadInput(f"{path}: {error}") from error
