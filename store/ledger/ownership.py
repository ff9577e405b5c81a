"""Who else may write where a ledger and its heads lie: whoever may can take away what is to show a cut."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def loose_ends(ledger: Path, heads: Path) -> tuple[str, ...]:
    """Return, a line each, what is odd about the owner or the rights of a ledger's file and its folder of heads."""
    return (*_of_file(ledger), *_of_folder(heads))


def _of_file(path: Path) -> tuple[str, ...]:
    try:
        found = path.lstat()
    except OSError:
        return ()  # whoever opens it says so
    return _rights(path, found)


def _of_folder(path: Path) -> tuple[str, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()  # it is made with the first entry
    if path.is_symlink():
        return (f"{path} is a symbolic link: the heads lie in {path.resolve()}",)
    return _rights(path, found)


def _rights(path: Path, found: os.stat_result) -> tuple[str, ...]:
    if found.st_uid != os.geteuid():
        return (f"{path} belongs to another user (uid {found.st_uid}), who can change or remove it",)
    if found.st_mode & (stat.S_IWOTH | stat.S_IWGRP):
        who = "anybody on this machine" if found.st_mode & stat.S_IWOTH else "its group"
        return (f"{path} may be written by {who}: chmod go-w",)
    return ()
