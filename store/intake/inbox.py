"""What lies in a drop folder: files by environment, project and name, and what cannot be one, with the reason."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from store.errors import BadInput, StorageFailure
from store.intake.guard import OPEN_FOLDER, UNSEEN, Signature, read_guarded, refuse_kind, signature_of

MAX_FOLDERS = 32
"""Folders a file may stand below its project."""

MAX_NAME = 255
"""Bytes of one part of a name."""

MAX_PATH = 1024
"""Bytes of a whole name inside its project."""

RootKind: TypeAlias = Literal["inbox", "observed"]
Identity: TypeAlias = tuple[int, int]
"""Device and inode: which folder stands under a path."""
_LEFTOVERS = re.compile(
    r".*~|~\$.*|\#.*\#|.*\.(swp|swo|swx|tmp|temp|part|partial|crdownload|download|filepart|bak)"
    r"|4913|thumbs\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)
_JOINERS = "\u200c\u200d"
"""Needed inside words of some languages and inside emoji; the other format characters only deceive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """A folder that is looked through: `<environment>/<project>/<name…>`, less what is given here."""

    kind: RootKind
    path: Path
    environment: str | None = None
    """The environment all of it belongs to; None when the first level of folders names it."""
    project: str | None = None
    """The project all of it belongs to, for a folder of one environment; None when folders name it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """A regular file in a drop folder, not opened yet. Its names are labels: valid Unicode, nothing invisible."""

    root: Root
    environment: str
    project: str
    name: str
    """Relative POSIX path inside the project."""
    path: Path
    signature: Signature

    @property
    def kind(self) -> RootKind:
        """Which sort of folder it lies in."""
        return self.root.kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something in a drop folder that cannot be taken in, whatever its content."""

    root: Root
    path: Path
    """As the file system has it: may hold anything but NUL, undecodable bytes as surrogates. Never draw it raw."""
    reason: str
    signature: Signature = field(default=UNSEEN)

    @property
    def kind(self) -> RootKind:
        """Which sort of folder it lies in."""
        return self.root.kind


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    parts: tuple[str, ...]
    """Below the root, the environment of the root included."""


def scan(root: Root, *, folders: dict[Path, Identity] | None = None) -> Iterator[Drop | Problem]:
    """Yield everything in a drop folder, in no particular order. A root that does not exist holds nothing.

    Dot files and what editors and downloads leave lying around are passed over. No file is opened, no symlink
    followed. When `folders` is given, every folder that was looked into is added to it, with what it is.

    Raises:
        StorageFailure: the root is there and cannot be looked through; what it holds is not known.
    """
    start = tuple(part for part in (root.environment, root.project) if part is not None)
    waiting = [_Folder(os.fspath(root.path), start)]
    while waiting:
        here = waiting.pop()
        try:
            identity, found = _entries(here.path, is_root=here.path == os.fspath(root.path))
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = f"the folder cannot be read: {os.strerror(error.errno or 0)}"
            if here.path == os.fspath(root.path):  # no item of the folder: nobody is to move it away
                raise StorageFailure(f"{root.path}: {reason}") from None
            yield Problem(root=root, path=Path(here.path), reason=reason)
            continue
        if folders is not None:
            folders[Path(here.path)] = identity
        for name, facts in found:
            item = _look(root, here, name, facts)
            if isinstance(item, _Folder):
                waiting.append(item)
            else:
                yield item


def read_drop(drop: Drop) -> bytes:
    """Return the bytes of a drop, reached without following a symlink anywhere below its root; it may have none.

    Raises:
        StillWriting, NotFound, BadInput, StorageFailure: as `read_guarded`.
    """
    return read_guarded(drop.path, below=drop.root.path, settled=drop.signature, empty=True)


def label_fault(label: str) -> str | None:
    """Return what makes `label` unfit as a name that people read and decide by, or None."""
    try:
        size = len(label.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if not label:
        return "its name is empty"
    if size > MAX_NAME:
        return f"its name has {size} bytes, more than {MAX_NAME}"
    for letter in label:
        kind = unicodedata.category(letter)
        if kind in {"Cc", "Cs", "Zl", "Zp"} or (kind == "Cf" and letter not in _JOINERS):
            return f"its name holds the control or invisible character U+{ord(letter):04X}"
    if "/" in label or "\\" in label or label in {".", ".."}:
        return "its name is a path, not a name"
    return None


def _entries(path: str, *, is_root: bool) -> tuple[Identity, list[tuple[str, os.stat_result | OSError]]]:
    """Return what a folder is, and what lies in it and is not passed over, all read from one open folder.

    A folder that became a link since its parent was read is not followed; where the root itself lies is its owner's
    business.
    """
    descriptor = os.open(path, OPEN_FOLDER & ~os.O_NOFOLLOW if is_root else OPEN_FOLDER)
    try:
        facts = os.fstat(descriptor)
        with os.scandir(descriptor) as entries:
            found = [(entry.name, _facts(entry)) for entry in entries if not is_passed_over(entry.name)]
    finally:
        os.close(descriptor)
    return (facts.st_dev, facts.st_ino), [(name, seen) for name, seen in found if not _is_gone(seen)]


def _facts(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError as error:
        return error


def _is_gone(seen: os.stat_result | OSError) -> bool:
    return isinstance(seen, FileNotFoundError)


def path_fault(name: str) -> str | None:
    """Return what makes `name` unfit as the name of an export inside its project, or None."""
    parts = name.split("/")
    for part in parts:
        fault = label_fault(part)
        if fault is not None:
            return fault
    if len(parts) > MAX_FOLDERS + 1:
        return f"it is more than {MAX_FOLDERS} folders deep"
    return f"its path has more than {MAX_PATH} bytes" if len(name.encode()) > MAX_PATH else None


def is_passed_over(name: str) -> bool:
    """Say whether a file or folder of this name is nobody's export: hidden, or left lying around by a program."""
    return name.startswith(".") or _LEFTOVERS.fullmatch(name) is not None


def _look(root: Root, here: _Folder, name: str, facts: os.stat_result | OSError) -> Drop | Problem | _Folder:
    """Say what one directory entry is."""
    path = os.path.join(here.path, name)  # noqa: PTH118  thousands of them, and not all become paths
    if isinstance(facts, OSError):
        reason = f"it cannot be looked at: {os.strerror(facts.errno or 0)}"
        return Problem(root=root, path=Path(path), reason=reason)
    parts = (*here.parts, name)
    signature = signature_of(facts)
    is_folder = stat.S_ISDIR(facts.st_mode)
    fault = _fault(parts, is_folder=is_folder, mode=facts.st_mode)
    if fault is not None:
        return Problem(root=root, path=Path(path), reason=fault, signature=signature)
    if is_folder:
        return _Folder(path, parts)
    environment, project, *names = parts
    return Drop(
        root=root,
        environment=environment,
        project=project,
        name="/".join(names),
        path=Path(path),
        signature=signature,
    )


def _fault(parts: tuple[str, ...], *, is_folder: bool, mode: int) -> str | None:
    fault = label_fault(parts[-1])
    if fault is None and len(parts) <= 2 and parts[-1] != parts[-1].strip(" -"):
        fault = "the name of an environment or project does not begin or end with a space or hyphen"
    if fault is None and len(parts) > MAX_FOLDERS + 3:
        fault = f"it is more than {MAX_FOLDERS} folders deep"
    if fault is None and len("/".join(parts[2:]).encode()) > MAX_PATH:
        fault = f"its path has more than {MAX_PATH} bytes"
    return fault if fault is not None or is_folder else _file_fault(parts, mode)


def _file_fault(parts: tuple[str, ...], mode: int) -> str | None:
    try:
        refuse_kind(mode)
    except BadInput as refusal:
        return str(refusal)
    return "it is in no project: files belong into <environment>/<project>/" if len(parts) < 3 else None
