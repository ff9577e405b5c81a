"""What a person was typing into a form, kept while they type: a crash or a lost line costs a moment, not a request.

It is theirs alone (0600, apart for each ledger and person), small, few, and never holds a secret in clear.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from store.domain.secrets import redact
from store.errors import QuarterdeckError
from store.intake.guard import read_guarded

MOST_KEPT: Final = 20
"""Drafts of one person in one ledger; the oldest goes."""
MOST_LETTERS: Final = 20_000
"""Of one field; what is longer is cut."""
_MOST_BYTES: Final = 1_500_000
_MOST_FIELDS: Final = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A form as it was last typed."""

    project: str
    environment: str
    base: str = ""
    """Digest of the request that is being edited, as it was then; empty for a new one."""
    at: str = ""
    """When it was last typed (RFC 3339)."""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What of a draft is on the disk now."""

    written: bool
    """False: the disk refused."""
    hidden: tuple[str, ...] = ()
    """Fields that hold a secret: it was not written."""
    cut: tuple[str, ...] = ()
    """Fields that are longer than what is kept."""

    @property
    def whole(self) -> bool:
        """Say whether everything can be found again."""
        return self.written and not self.hidden and not self.cut


class Drafts:
    """The drafts of one person in one ledger, a small file each, under the state folder."""

    def __init__(self, folder: Path, origin: str, handle: str) -> None:
        """Keep things under `folder`, for the ledger of this origin and this person."""
        self._folder = folder / "console"
        self._prefix = f"draft-{sha256(json.dumps([origin, handle]).encode()).hexdigest()[:32]}-"

    def keep(self, key: str, draft: Draft) -> Kept:
        """Keep a draft under `key` (`new`, or the id of the request that is edited), whole or not at all."""
        shown = {name: redact(text) for name, text in draft.fields.items()}
        safe = {name: text[:MOST_LETTERS] for name, text in list(shown.items())[:_MOST_FIELDS]}
        plain = asdict(draft) | {"fields": safe}
        return Kept(
            written=self._write(self._path(key), json.dumps(plain)),
            hidden=tuple(name for name, text in draft.fields.items() if shown[name] != text),
            cut=tuple(name for name, text in shown.items() if safe.get(name) != text),
        )

    def read(self, key: str) -> Draft | None:
        """Return what was kept under `key`; None when there is nothing, or nothing readable."""
        try:
            found = json.loads(read_guarded(self._path(key), limit=_MOST_BYTES))
            return _made(found)
        except (QuarterdeckError, OSError, TypeError, ValueError, KeyError, RecursionError):
            return None

    def drop(self, key: str) -> None:
        """Forget what was kept under `key`: it is in the ledger now, or not wanted."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._prefix}{sha256(key.encode()).hexdigest()[:16]}.json"

    def _write(self, path: Path, text: str) -> bool:
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            fresh.replace(path)
            self._thin_out(path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            return False
        return True

    def _thin_out(self, newest: Path) -> None:
        mine = [path for path in self._folder.glob(f"{self._prefix}*.json") if path != newest]
        mine.sort(key=lambda path: path.stat().st_mtime_ns)
        for path in mine[: max(len(mine) - MOST_KEPT + 1, 0)]:
            path.unlink(missing_ok=True)


def _made(found: Any) -> Draft:
    fields = found["fields"]
    words = {name: found[name] for name in ("project", "environment", "base", "at")}
    every = [*words.values(), *fields, *fields.values()]
    if len(fields) > _MOST_FIELDS or not all(isinstance(one, str) and len(one) <= MOST_LETTERS for one in every):
        msg = "no draft"
        raise ValueError(msg)
    return Draft(**words, fields=fields)
