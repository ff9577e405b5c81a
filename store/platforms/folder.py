"""A target that is a folder: the exact bytes of a release, laid down as `<deliver>/<project>/<name>`.

Every step below the deliver folder is opened without following symbolic links, so nothing is ever written
outside it, whoever else may write there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NoReturn

from store.domain.component import ExportFile
from store.domain.snapshot import Pushed, Snapshot
from store.errors import BadInput, Conflict, PlatformFailure
from store.integrity.canonical import canonical_bytes

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY: Final = re.compile(r"\.quarterdeck-[0-9a-f]{16}\.tmp")
_MOST_BYTES: Final = 64 * 1024 * 1024
_DEEPEST: Final = 32
_PATIENCE: Final = 5.0
"""Seconds to wait for another delivery to the same project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderTarget:
    """Delivers to a folder; whatever runs the files picks them up there."""

    deliver: Path
    kind: str = "folder"
    live: bool = False
    whole: bool = False

    def describe(self) -> str:
        """Return the place in words."""
        return f"folder {self.deliver}"

    def fetch(self, project: str) -> Snapshot:
        """Return the delivered files of a project; none when nothing was ever delivered.

        Dot files are nobody's export. A link or a device in a file's place shows in the revision, not as a file.

        Raises:
            BadInput: `project` is no plain name.
            PlatformFailure: the folder cannot be read.
        """
        with self._failures("read"), self._project(project, create=False) as folder:
            files, others = ([], []) if folder is None else _read(folder)
        return _snapshot(files, others)

    def push(
        self,
        project: str,
        files: Sequence[ExportFile],
        *,
        expected: str,
        remove: Sequence[str] = (),
        gone: Sequence[str] = (),  # noqa: ARG002  files are what a folder knows
        carriers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Pushed:
        """Lay down `files`, delete the files named in `remove`, and return the new revision.

        Everything is written and synced beside its place first; only then are the files renamed into place, so
        a full disk changes nothing.

        Raises:
            BadInput: a name leaves the project's folder, or stands twice.
            Conflict: the folder is not at `expected`, or another delivery is under way; nothing was changed.
            PlatformFailure: the folder cannot be written.
        """
        names = [_steps(file.name) for file in files]
        if len(set(names)) != len(names):
            raise BadInput("a release cannot deliver two files of one name")
        leaving = [steps for name in remove if (steps := _steps(name)) not in names]
        with self._failures("write"), self._project(project, create=True) as folder:
            assert folder is not None
            _lock(folder, project)
            revision = _snapshot(*_read(folder)).revision
            if revision != expected:
                raise Conflict(f"{self.describe()}: {project} was changed by somebody else since it was compared")
            _sweep(folder)
            _deliver(folder, [(steps, file.data) for steps, file in zip(names, files, strict=True)], leaving)
            return Pushed(revision=_snapshot(*_read(folder)).revision)

    @contextlib.contextmanager
    def _project(self, project: str, *, create: bool) -> Iterator[int | None]:
        """Open the project's folder; None when there is none and none is to be made."""
        steps = _steps(project)
        if len(steps) != 1:
            raise BadInput(f"a project is called by one plain name, not {project!r}")
        if create:
            self.deliver.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as opened:
            folder: int | None
            try:
                root = os.open(self.deliver, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                opened.callback(os.close, root)
                folder = _open_folder(root, steps[0], create=create)
                opened.callback(os.close, folder)
            except FileNotFoundError:
                if create:
                    raise
                folder = None
            yield folder

    @contextlib.contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _fail(f"{self.describe()}: cannot {verb}", error)


def _fail(what: str, error: OSError) -> NoReturn:
    name = f" {error.filename}" if isinstance(error.filename, str) else ""
    raise PlatformFailure(f"{what}{name}: {error.strerror or error}") from None


def _steps(name: str) -> tuple[str, ...]:
    """Return the steps of a relative POSIX path that stays where it is.

    Raises:
        BadInput: it is absolute, climbs, or holds what no file name may hold.
    """
    steps = tuple(name.split("/"))
    try:
        longest = max(len(os.fsencode(step)) for step in steps)
    except UnicodeEncodeError:
        longest = sys.maxsize
    # A dot file is nobody's export: `fetch` would not see it again.
    plain = all(step and not step.startswith(".") and step.isprintable() for step in steps)
    if not plain or longest > 255 or len(steps) > _DEEPEST:
        raise BadInput(f"{name[:80]!r} is no file name that could be delivered")
    return steps


def _lock(folder: int, project: str) -> None:
    """Hold other deliveries to this project off; the lock goes with the descriptor."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Conflict(f"another delivery of {project} is under way") from None
            time.sleep(0.05)
        else:
            return


def _open_folder(parent: int, name: str, *, create: bool) -> int:
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)


@contextlib.contextmanager
def _inside(folder: int, steps: tuple[str, ...], *, create: bool) -> Iterator[int]:
    """Open the folder that holds the last step."""
    with contextlib.ExitStack() as opened:
        for step in steps[:-1]:
            folder = _open_folder(folder, step, create=create)
            opened.callback(os.close, folder)
        yield folder


def _read(folder: int, prefix: str = "", depth: int = 0) -> tuple[list[ExportFile], list[str]]:
    """Return the regular files under a folder, and the names of what is neither file nor folder."""
    files: list[ExportFile] = []
    others: list[str] = []
    for name in sorted(os.listdir(folder)):
        if name.startswith("."):
            continue
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode) and depth < _DEEPEST:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            try:
                more_files, more_others = _read(inner, f"{prefix}{name}/", depth + 1)
            finally:
                os.close(inner)
            files += more_files
            others += more_others
        elif stat.S_ISREG(mode):
            files.append(ExportFile(name=prefix + name, data=_bytes(folder, name)))
        else:
            others.append(prefix + name)
    return files, others


def _bytes(folder: int, name: str) -> bytes:
    with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise PlatformFailure(f"{name} in the delivery folder is larger than {_MOST_BYTES} bytes")
    return data


def _snapshot(files: list[ExportFile], others: list[str]) -> Snapshot:
    """Return the files with the revision: the digest over sorted (name, SHA-256) pairs."""
    ordered = tuple(sorted(files, key=lambda file: file.name))
    pairs = [[file.name, file.digest] for file in ordered] + [[name, "not a file"] for name in sorted(others)]
    text = [[name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), digest] for name, digest in pairs]
    return Snapshot(files=ordered, revision=sha256(canonical_bytes(text)).hexdigest())


def _sweep(folder: int, depth: int = 0) -> None:
    """Delete what a delivery that was killed had written beside its place; the caller holds the lock.

    What cannot be deleted (a folder of such a name, somebody else's file) stays: no delivery fails for it.
    """
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            if _TEMPORARY.fullmatch(name):
                os.unlink(name, dir_fd=folder)
            elif not name.startswith(".") and depth < _DEEPEST and _is_folder(folder, name):
                inner = os.open(name, _FOLDER, dir_fd=folder)
                try:
                    _sweep(inner, depth + 1)
                finally:
                    os.close(inner)


def _is_folder(within: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)


def _deliver(folder: int, files: list[tuple[tuple[str, ...], bytes]], gone: list[tuple[str, ...]]) -> None:
    """Write all, then rename all, then delete what goes; on failure before the first rename nothing remains."""
    temporary: list[tuple[tuple[str, ...], str]] = []
    try:
        for steps, data in files:
            with _inside(folder, steps, create=True) as inside:
                temporary.append((steps, _write(inside, steps[-1], data)))
    except BaseException:
        for steps, name in temporary:
            with contextlib.suppress(OSError), _inside(folder, steps, create=False) as inside:
                os.unlink(name, dir_fd=inside)
        raise
    for steps, name in temporary:
        with _inside(folder, steps, create=False) as inside:
            os.replace(name, steps[-1], src_dir_fd=inside, dst_dir_fd=inside)
            os.fsync(inside)
    for steps in gone:
        with contextlib.suppress(FileNotFoundError), _inside(folder, steps, create=False) as inside:
            os.unlink(steps[-1], dir_fd=inside)
            os.fsync(inside)
    os.fsync(folder)


def _write(inside: int, name: str, data: bytes) -> str:
    """Write bytes to a new hidden file beside its place and sync it; return its name."""
    with contextlib.suppress(FileNotFoundError):
        if _is_folder(inside, name):
            raise PlatformFailure(f"a folder stands where the file {name} should be delivered")
    temporary = f".quarterdeck-{secrets.token_hex(8)}.tmp"
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o644, dir_fd=inside), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=inside)
        raise
    return temporary


def connect(root: Path, settings: Mapping[str, str]) -> FolderTarget:
    """Return the target that delivers to `deliver`, a path relative to the workspace or absolute.

    Raises:
        BadInput: a path holds characters that cannot be shown.
    """
    for name in ("deliver", "observe"):
        if not settings.get(name, "").isprintable():
            raise BadInput(f"--{name}: {settings[name]!a} holds characters that cannot be shown")
    return FolderTarget(deliver=root / settings["deliver"])
