"""Names for people who are not principals: the same person has the same one, and nobody reads the person off it.

A pseudonym is a keyed digest of a name and a mail address. The key lies in the workspace's `keys/`; once it is
deleted, nothing links the pseudonyms in entries to anybody any more. Who they are is written down only on request,
in a file that can be deleted as well.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from store.errors import BadInput, NotFound, StorageFailure
from store.intake.guard import read_guarded

KEY_FILE = Path("keys") / "pseudonyms.key"
NAMES_FILE = Path("people") / "authors.json"
_KEY_BYTES = 32
_MOST_NAMES = 16 * 1024 * 1024


class Pseudonyms:
    """Makes pseudonyms with the key of one workspace, and remembers whose they are while it lives."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._key = _key(root / KEY_FILE)
        self._met: dict[str, dict[str, str]] = {}

    def of(self, name: str, mail: str) -> str:
        """Return the pseudonym of somebody."""
        mark = hmac.new(self._key, f"{name}\0{mail.casefold()}".encode(), sha256).hexdigest()[:16]
        pseudonym = f"author-{mark}"
        self._met[pseudonym] = {"name": name, "mail": mail}
        return pseudonym

    def keep(self) -> Path:
        """Write down who everybody met so far is, beside those written down before; return the file.

        Raises:
            StorageFailure: it cannot be written.
        """
        path = self._root / NAMES_FILE
        known = {**written(self._root), **self._met}
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write(path, orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        except OSError as error:
            raise StorageFailure(f"{path}: {error.strerror}") from error
        return path


def written(root: Path) -> Mapping[str, Mapping[str, str]]:
    """Return who is behind the pseudonyms that somebody asked to be written down.

    Raises:
        BadInput: the file holds something else.
    """
    path = root / NAMES_FILE
    try:
        found = orjson.loads(read_guarded(path, limit=_MOST_NAMES))
    except NotFound:
        return {}
    except orjson.JSONDecodeError:
        raise BadInput(f"{path} is no JSON any more; delete it or mend it") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise BadInput(f"{path} holds something else than names")
    return found


def _key(path: Path) -> bytes:
    for _ in range(2):
        try:
            data = bytes.fromhex(read_guarded(path, limit=1024).decode("ascii", "replace").strip())
        except NotFound:
            _make(path)
            continue
        except ValueError:
            data = b""
        if len(data) != _KEY_BYTES:
            raise BadInput(f"{path} holds no key; deleting it gives everybody a new pseudonym")
        return data
    raise StorageFailure(f"{path} cannot be made")


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _write(path, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
    except OSError as error:
        raise StorageFailure(f"{path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
