"""Where the things of a workspace are in its folder, and what its configuration says of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from store import config
from store.config import Config
from store.errors import BadInput, NotFound
from store.integrity.note import Verifier
from store.ledger import HeadStore, state_heads
from store.services.identity import log_key_file as log_keys

LEDGER_FILE: Final = "ledger.db"
LOG_KEY_FILE: Final = log_keys.KEY_FILE


def find(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that holds a workspace.

    Raises:
        NotFound: there is none.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / config.FILE_NAME).is_file():
            return folder
    raise NotFound(
        f"no workspace here: neither {start.absolute()} nor a folder above it holds {config.FILE_NAME}"
        " (quarterdeck init makes one; -w DIR names one)"
    )


def settings_of(root: Path) -> Config:
    """Return the configuration of a workspace, the keys it names being keys.

    Raises:
        BadInput: it is no workspace, or its configuration is faulty.
    """
    try:
        settings = config.load(root)
    except BadInput as error:
        if os.path.lexists(root / LEDGER_FILE) and not (root / config.FILE_NAME).exists():
            raise BadInput(
                f"{root / config.FILE_NAME} is missing beside {LEDGER_FILE}: put it back from a copy"
                " (it names the ledger's origin and log key; quarterdeck init would make another ledger)"
            ) from error
        raise
    for name in ("log_key", "second_key"):
        vkey = getattr(settings.ledger, name)
        try:
            if vkey or name == "log_key":
                Verifier.from_vkey(vkey)
        except BadInput as error:
            raise BadInput(f"{root / config.FILE_NAME}: ledger.{name}: {error}; put back what stood there") from error
    return settings


def heads_of(root: Path, settings: Config) -> tuple[HeadStore, ...]:
    """Return every place that keeps a head of this ledger."""
    more = (HeadStore(Path(path).expanduser() / "head.note") for path in settings.heads.paths)
    return (HeadStore(root / "heads" / "head.note"), *state_heads(root, settings.ledger.origin), *more)
