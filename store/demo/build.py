"""Plays three invented weeks through the real services: nothing in the demo's ledger is painted on."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from store.demo.weeks import PEOPLE, YOU, Story, StoryClock, begin, first_weeks, governed, recent
from store.integrity.signer import KeyFileSigner
from store.services.context import Actor, fresh_nonce
from store.workspace import LOG_KEY_FILE, create, open_workspace


def make(
    folder: Path,
    *,
    progress: Callable[[str], None],
    now: datetime | None = None,
    origin: str | None = None,
    seed: str | None = None,
) -> dict[str, object]:
    """Build the demo workspace in `folder` and return {"workspace", "key", "entries"}; `now` is where it ends.

    With `now`, `origin` and `seed` given, every key, nonce and so every entry is the same each time: for tests and
    pictures only, because anybody who knows the seed knows the keys.
    """
    now = now or datetime.now(UTC)
    start = (now - timedelta(days=23)).replace(hour=8, minute=0, second=0, microsecond=0)
    clock = StoryClock(start)
    progress(f"building a demo workspace in {folder}: invented people, projects and three weeks of history")
    folder.mkdir(parents=True, exist_ok=True)
    signers = {name: KeyFileSigner(_new_key(folder / "demo-keys" / name, seed)) for name in PEOPLE}
    if seed is not None:
        _new_key(folder / LOG_KEY_FILE, seed)
    nonce = _nonces(seed) if seed is not None else fresh_nonce
    workspace = create(folder, signer=signers["ada"], handle="ada", clock=clock, origin=origin, nonce=nonce)
    try:
        actors = {name: Actor(handle=name, signer=signer) for name, signer in signers.items()}
        story = Story(workspace=workspace, clock=clock, start=start, actors=actors)
        begin(story)
        first_weeks(story)
        recent(story, now)
        governed(story, now)
        facts = {"workspace": str(folder), "entries": workspace.ledger.head().size}
    finally:
        workspace.close()
    return {**facts, "key": str(folder / "demo-keys" / YOU)}


def described(folder: Path) -> dict[str, object]:
    """Return the facts of a demo workspace that exists already."""
    workspace = open_workspace(folder)
    try:
        return {
            "workspace": str(folder),
            "key": str(folder / "demo-keys" / YOU),
            "entries": workspace.ledger.head().size,
        }
    finally:
        workspace.close()


def _new_key(path: Path, seed: str | None) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if seed is None:
        key = Ed25519PrivateKey.generate()
    else:
        key = Ed25519PrivateKey.from_private_bytes(_drawn(seed, path.name))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path


def _nonces(seed: str) -> Callable[[], str]:
    numbers = count(1)

    def nonce() -> str:
        return _drawn(seed, f"nonce {next(numbers)}")[:16].hex()

    return nonce


def _drawn(seed: str, what: str) -> bytes:
    return sha256(f"{seed}\n{what}".encode()).digest()
