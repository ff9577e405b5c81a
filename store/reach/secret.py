"""Secrets that others keep: an environment variable, or a file that only its owner can read. Never an argument."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.errors import BadInput, PlatformFailure

_MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """Where a secret is found. It is read at each use and kept nowhere."""

    what: str
    """What it is, for people: `password`."""
    variable: str | None = None
    file: Path | None = None

    def read(self) -> str:
        """Return the secret.

        Raises:
            PlatformFailure: the variable is not set, or the file cannot be read, is open to others, or is empty.
        """
        if self.variable is not None:
            value = os.environ.get(self.variable, "")
            if not value:
                raise PlatformFailure(f"the environment variable {self.variable} is not set")
        else:
            value = _from_file(self.file or Path())
        if not value.isprintable():
            raise PlatformFailure(f"the {self.what} in {self.variable or self.file} holds control characters")
        return value


def secret(what: str, *, variable: str | None, file: Path | None) -> Secret | None:
    """Return where a secret is found, None when neither place is named.

    Raises:
        BadInput: both are.
    """
    if variable is not None and file is not None:
        raise BadInput(f"a {what} comes from an environment variable or from a file, not from both")
    return Secret(what=what, variable=variable, file=file) if variable or file else None


def _from_file(path: Path) -> str:
    """Return a file's text without the line end; the descriptor that was checked is the one that is read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PlatformFailure(f"{path} is no regular file")
            if stat.S_IMODE(status.st_mode) & 0o077:
                mode = f"{stat.S_IMODE(status.st_mode):04o}"
                raise PlatformFailure(f"{path} has mode {mode}: others may read a secret there (chmod 600 {path})")
            text = file.read(_MOST_BYTES).decode().rstrip("\r\n")
    except OSError as error:
        raise PlatformFailure(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PlatformFailure(f"{path} holds no text") from None
    if not text:
        raise PlatformFailure(f"{path} is empty")
    return text
