"""What a private key file says before it is unlocked (OpenSSH's PROTOCOL.key): enough to open a ledger.

Reading the private half takes a library that is longer to import than the console is to draw.
"""

from __future__ import annotations

import binascii
import os
import re
import stat
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from store.errors import BadInput
from store.integrity.wire import Reader, WireError

AskPassphrase: TypeAlias = Callable[[], bytes]

MAX_FILE = 65_536
_ARMOUR: Final = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*"
)
_MAGIC: Final = b"openssh-key-v1\0"
_UNLOCKED: Final = (b"none", b"none", b"")
"""Cipher, key derivation and its options of a key that is not encrypted."""


def plain_ed25519(data: bytes) -> bytes | None:
    """Return the raw public key of the one Ed25519 key that lies unencrypted in a file; None for all other files.

    Whether the private half belongs to it is not known before that is loaded.
    """
    armour = _ARMOUR.fullmatch(data)
    if armour is None:
        return None
    try:
        fields = Reader(b64decode(armour[1]))
        if fields.take(len(_MAGIC)) != _MAGIC or (fields.string(), fields.string(), fields.string()) != _UNLOCKED:
            return None
        count, public = fields.number(4), Reader(fields.string())
        kind, raw = public.string(), public.string()
        public.end()
    except (WireError, binascii.Error):
        return None
    return raw if count == 1 and kind == b"ssh-ed25519" else None


def read_private(path: Path) -> bytes:
    """Return a private key file's bytes: a regular file, small, and nobody else's to read (as ssh insists).

    Raises:
        BadInput: it is not that, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            raise BadInput(f"{path}: not a private key file")
        if status.st_mode & 0o077:
            raise BadInput(f"{path}: others may read this private key; run chmod 600 on it")
        return os.read(descriptor, MAX_FILE)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
