"""Putting aside what cannot be taken in: moved, never copied, opened or followed, with the reason beside it."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from store.clock import timestamp
from store.domain.secrets import redact
from store.errors import BadInput, Conflict, NotFound, StorageFailure
from store.intake.guard import folder, signature_of
from store.intake.inbox import Drop, label_fault
from store.intake.settle import Found

FOLDER = "quarantine"
REASON_SUFFIX = ".reason.txt"

_LONGEST_NAME = 255
_MOST_ATTEMPTS = 1000


def quarantine(workspace: Path, item: Found, reason: str, *, now: datetime) -> Path:
    """Move what `item` names to `quarantine/<environment>/<project>/<name>-<time>` and write why beside it.

    Works for links, FIFOs, devices, unreadable files and whole folders alike: only the name moves. Names that are
    unfit to be shown are spelt with %XX for the bytes in question. Returns where it is now; the reason is in the
    file of the same name with `REASON_SUFFIX`.

    Raises:
        NotFound: it is gone.
        Conflict: something else lies under the name by now.
        BadInput: a folder on the way there is a symlink, or may not be entered.
        StorageFailure: the disk said no; it lies where it was.
    """
    relative = item.path.relative_to(item.root.path).parts
    *folders, last = (_safe(redact(part)) for part in (item.root.environment, *relative) if part is not None)
    stamp = timestamp(now).replace("-", "").replace(":", "")
    text = f"{' '.join(reason.split())}\n"
    with (
        folder(workspace, (FOLDER, *folders), create=True) as there,
        folder(item.root.path, relative[:-1]) as here,
    ):
        _refuse_changed(item, relative[-1], here)
        name = _reserve(there, last, stamp, text)
        try:
            os.rename(relative[-1], name, src_dir_fd=here, dst_dir_fd=there)
        except OSError as error:
            os.unlink(name + REASON_SUFFIX, dir_fd=there)
            raise _explained(error) from error
    return workspace.joinpath(FOLDER, *folders, name)


def _refuse_changed(item: Found, name: str, here: int) -> None:
    """Leave alone what was written or replaced meanwhile: it may be good by now."""
    try:
        facts = os.stat(name, dir_fd=here, follow_symlinks=False)
    except OSError as error:
        raise _explained(error) from error
    same = signature_of(facts) == item.signature if isinstance(item, Drop) else facts.st_ino == item.signature[2]
    if item.signature[2] and not same:
        raise Conflict("it changed before it could be put aside")


def _reserve(there: int, last: str, stamp: str, text: str) -> str:
    """Write the reason under a name that is free, and return that name for the thing itself."""
    for attempt in range(1, _MOST_ATTEMPTS):
        suffix = f"-{stamp}" if attempt == 1 else f"-{stamp}-{attempt}"
        name = _shortened(last, _LONGEST_NAME - len(suffix) - len(REASON_SUFFIX)) + suffix
        try:
            os.stat(name, dir_fd=there, follow_symlinks=False)
            continue
        except FileNotFoundError:
            pass
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(name + REASON_SUFFIX, flags, 0o600, dir_fd=there)
        except FileExistsError:
            continue
        except OSError as error:
            raise _explained(error) from error
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return name
    raise StorageFailure("no free name in the quarantine folder")


def _safe(part: str) -> str:
    """Return a name that can be shown: unfit letters as the bytes they are made of."""
    if label_fault(part) is None:
        return part
    letters = (letter if label_fault(letter) is None or letter == "." else _spelt(letter) for letter in part)
    return _shortened("".join(letters), _LONGEST_NAME - len(REASON_SUFFIX))


def _spelt(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(letter))


def _shortened(name: str, limit: int) -> str:
    """Return at most `limit` bytes; what is cut off is replaced by a short digest, so that names stay apart."""
    raw = name.encode()
    if len(raw) <= limit:
        return name
    tail = "-" + sha256(raw).hexdigest()[:8]
    return raw[: limit - len(tail)].decode(errors="ignore") + tail


def _explained(error: OSError) -> BadInput | StorageFailure:
    match error.errno:
        case errno.ENOENT:
            return NotFound("it is not there (any more)")
        case errno.EXDEV:
            return StorageFailure("it lies on another file system than the quarantine folder")
        case _:
            return StorageFailure(f"it cannot be put aside: {os.strerror(error.errno or errno.EIO)}")
