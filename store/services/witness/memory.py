"""What a witness remembers of each log: the newest head it cosigned, in three places that have to agree.

`heads/` is what it goes by. `seen/` beside it and the user's state folder hold copies, written after it and before
the cosignature leaves: a head that was deleted, or put back from a backup, is older than what they say. Nothing
here ever starts anew by itself.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.note import Verifier, open_note
from store.ledger.heads import HeadStore, state_folder

HEADS_FOLDER: Final = "heads"
SEEN_FOLDER: Final = "seen"


def name_of(origin: str) -> str:
    """Return the name that a log's head has at a witness: the SHA-256 of its origin in hex."""
    return sha256(origin.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Remembered:
    """A head that this witness cosigned."""

    checkpoint: Checkpoint
    note: bytes


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The memory of the witness in the folder `state`, whose own cosignature every head in it has to carry."""

    state: Path
    cosigner: Verifier

    def head(self, origin: str) -> HeadStore:
        """Return where the newest head of a log is remembered."""
        return HeadStore(self.state / HEADS_FOLDER / name_of(origin))

    def copies(self, origin: str) -> tuple[HeadStore, ...]:
        """Return where it is remembered a second and a third time: beside the first, and outside of the folder."""
        outside = state_folder() / "witnesses" / sha256(self.cosigner.vkey.encode()).hexdigest()[:32]
        return (HeadStore(self.state / SEEN_FOLDER / name_of(origin)), HeadStore(outside / name_of(origin)))

    def check(self) -> None:
        """Refuse a folder that holds no memory, or that somebody else may write.

        Raises:
            IntegrityFailure: what it remembers is gone, or others can change it.
        """
        if not (self.state / HEADS_FOLDER).is_dir():
            raise IntegrityFailure(
                f"{self.state}: the witness's memory ({HEADS_FOLDER}/) is gone: it must be retired, not restarted"
            )
        refuse_others(self.state.resolve())
        refuse_others(self.state / HEADS_FOLDER)
        refuse_others(self.state / SEEN_FOLDER)

    def recall(self, origin: str) -> Remembered | None:
        """Return the newest head of a log that was cosigned here; None when there never was one.

        Raises:
            IntegrityFailure: a place is damaged, others can change it, or a copy knows more than the head.
            StorageFailure: a place cannot be read.
        """
        self.check()
        # the copies first: whoever cosigns meanwhile writes the head before them
        copies = [(store, self._read(store, origin)) for store in self.copies(origin)]
        head = self._read(self.head(origin), origin)
        for store, copy in copies:
            if copy is not None and (head is None or _knows_more(copy.checkpoint, head.checkpoint)):
                what = "is gone" if head is None else f"is of {head.checkpoint.size} entries"
                raise IntegrityFailure(
                    f"{self.head(origin).path}: the head of {origin} {what}, but this witness cosigned"
                    f" {copy.checkpoint.size} entries ({store.path}); put that file in its place or, where the log"
                    f" itself was restored: quarterdeck witness forget {origin}"
                )
        return head

    def keep(self, origin: str, note: bytes) -> None:
        """Remember `note` from now on, durably and everywhere.

        Raises:
            StorageFailure: a place could not be written; what others hold already is true all the same.
        """
        for store in (self.head(origin), *self.copies(origin)):
            store.write(note)

    def set_aside(self, origin: str, stamp: str) -> Path:
        """Keep what is remembered of a log under other names, the head last; return the name of one.

        Raises:
            NotFound: nothing is remembered of it.
            StorageFailure: a file cannot be renamed.
        """
        aside = []
        for store in (*self.copies(origin), self.head(origin)):
            if os.path.lexists(store.path):
                aside.append(store.path.with_name(f"{store.path.name}.before-{stamp}"))
                try:
                    store.path.rename(aside[-1])
                except OSError as error:
                    raise StorageFailure(f"{store.path} cannot be set aside ({error.strerror})") from error
        if not aside:
            raise NotFound(f"the witness remembers nothing of {origin}")
        return aside[-1]

    def _read(self, store: HeadStore, origin: str) -> Remembered | None:
        refuse_others(store.path)
        note = store.read()
        if note is None:
            return None
        try:
            checkpoint = Checkpoint.parse(open_note(note, [self.cosigner]).text)
        except (BadInput, IntegrityFailure) as error:
            others = (one.path for one in (self.head(origin), *self.copies(origin)) if one != store)
            raise IntegrityFailure(
                f"{store.path}: what the witness remembers of {origin} is damaged ({error}); put the newest of its"
                f" copies in its place ({', '.join(map(str, others))}) or, where the log itself was restored:"
                f" quarterdeck witness forget {origin}"
            ) from error
        if checkpoint.origin != origin:
            raise IntegrityFailure(f"{store.path}: the memory of {origin} holds a head of {checkpoint.origin}")
        return Remembered(checkpoint, note)


def refuse_others(path: Path) -> None:
    """Refuse what stands at `path` when it is no plain file or folder, or when others can write it.

    Raises:
        IntegrityFailure: a witness whose memory anybody can change vouches for nothing.
        StorageFailure: it cannot be looked at.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailure(f"{path}: the witness cannot be read ({error.strerror})") from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise IntegrityFailure(f"{path}: no plain file (a symbolic link or a pipe, say); put the file itself there")
    if found.st_uid not in {0, os.geteuid()}:
        raise IntegrityFailure(
            f"{path}: it belongs to somebody else (uid {found.st_uid}); run the witness as that user"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise IntegrityFailure(f"{path}: others can write it; look at what it holds, then: chmod go-w {path}")


def _knows_more(copy: Checkpoint, head: Checkpoint) -> bool:
    return copy.size > head.size or (copy.size == head.size and copy.root != head.root)
