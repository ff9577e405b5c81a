"""One signed head on its way to the places outside: made ready while the COMMIT waits for its disk, named after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from typing import Final

from store.errors import StorageFailure
from store.ledger.heads import HeadStore, create, locked, open_folder, open_kept, read_note, stated_size, write_durably


class Outgoing:
    """A note for some stores, in these durable steps; the stores of one folder share its syncs.

    1. `prepare`: in every folder a new file, under a name that nobody reads, gets the note and is synced.
    2. The caller commits; when that fails, `discard` removes what was prepared.
    3. `publish`: under a folder's lock that file becomes its stores'; then the folders are synced.

    No store ever holds a head that is not committed, and after the COMMIT only the last sync is waited for. A file
    that a crash left beside the stores is replaced by the next append, and removed by the next opening (`sweep`).
    """

    def __init__(self, stores: Sequence[HeadStore], note: bytes, helper: Executor | None = None) -> None:
        """With a `helper`, folders wait for their disks at the same time: on one disk such syncs become one."""
        self.note: Final = note
        self._parts: Final = [_Part(neighbours, note) for neighbours in _by_folder(stores)]
        self._helper: Final = helper
        self._under_way: Final[list[Future[None]]] = []

    def prepare(self) -> None:
        """Have the note written beside the stores, and return before it is; `publish` tells what went wrong."""
        for part in self._parts:
            self._start(part.prepare)

    def publish(self, *, force: bool = False) -> None:
        """Let every store hold the note, durably; what was not prepared is written now.

        Unless `force` is set, a store that already holds a larger head of the same log keeps it: somebody who
        committed later was faster here. Whether such a head belongs to this file is judged when it is read.

        Raises:
            StorageFailure: a store could not be written; the others may have been.
        """
        try:
            self._wait()
            for part in self._parts:
                part.give_names(force=force)
            for part in self._parts[1:]:
                self._start(part.sync)
            for part in self._parts[:1]:
                part.sync()
            self._wait()
            for part in self._parts:
                part.tell()
        finally:
            self._let_go()

    def discard(self) -> None:
        """Remove what was prepared: it was not committed."""
        try:
            self._wait()
            for part in self._parts:
                part.discard()
        finally:
            self._let_go()

    def _start(self, work: Callable[[], None]) -> None:
        if self._helper is None:
            work()
        else:
            self._under_way.append(self._helper.submit(work))

    def _wait(self) -> None:
        for work in self._under_way:
            work.result()
        self._under_way.clear()

    def _let_go(self) -> None:
        """Close what is open. That frees the blocks of replaced files, half as long as a sync: nobody waits for it."""
        if self._under_way:
            wait(self._under_way)
        try:
            self._start(self._close)
        except RuntimeError:  # the program is ending, and starts no work any more
            self._close()

    def _close(self) -> None:
        for part in self._parts:
            part.close()


def sweep(stores: Sequence[HeadStore]) -> None:
    """Remove what a crash left beside the stores: a head that was never committed, or is kept by now."""
    for neighbours in _by_folder(stores):
        left = [store.beside for store in neighbours if os.path.lexists(store.path.with_name(store.beside))]
        if not left:
            continue
        with suppress(OSError):  # the next append replaces it, or says why it cannot
            within = open_folder(neighbours[0].folder)
            try:
                with locked(within):
                    for name in left:
                        os.unlink(name, dir_fd=within)
            finally:
                os.close(within)


class _Part:
    """The stores of one folder, and the file beside them that is to become theirs; keeps what fails until asked."""

    def __init__(self, stores: Sequence[HeadStore], note: bytes) -> None:
        self._stores: Final = stores
        self._note: Final = note
        self._beside: Final = stores[0].beside
        self._within: int | None = None
        self._prepared: int | None = None
        """The file that was prepared: while it is open no other can be taken for it."""
        self._unprepared: OSError | None = None
        """Why none was prepared. Matters only where it is needed."""
        self._failure: OSError | None = None
        self._open: Final[list[int]] = []

    def prepare(self) -> None:
        try:
            within = self._folder()
            with locked(within):  # somebody who is giving names right now must find their own file there
                self._prepared = self._create(within)
            write_durably(self._prepared, self._note)
        except OSError as error:
            self._unprepared = error

    def give_names(self, *, force: bool) -> None:
        try:
            within = self._folder()
            with locked(within):
                due = [store for store in self._stores if self._is_due(store, within) or force]
                if due:
                    self._replace(due, within)
                else:
                    self._remove(within)
        except OSError as error:
            self._failure = error

    def sync(self) -> None:
        """Make the names durable; a larger head's too, for whose sync somebody else may still be waiting."""
        try:
            if self._failure is None:
                os.fsync(self._folder())
        except OSError as error:
            self._failure = error

    def tell(self) -> None:
        """Raise what went wrong."""
        if self._failure is not None:
            line = f"{self._stores[0].folder}: the head cannot be kept there ({self._failure.strerror})"
            raise StorageFailure(line) from self._failure

    def discard(self) -> None:
        if self._prepared is not None:
            with suppress(OSError):  # the next append replaces it
                within = self._folder()
                with locked(within):
                    self._remove(within)

    def close(self) -> None:
        while self._open:
            os.close(self._open.pop())
        self._within = self._prepared = None

    def _folder(self) -> int:
        if self._within is None:
            self._within = open_folder(self._stores[0].folder)
            self._open.append(self._within)
        return self._within

    def _create(self, within: int) -> int:
        file = create(self._beside, within)
        self._open.append(file)
        return file

    def _is_due(self, store: HeadStore, within: int) -> bool:
        try:
            kept = open_kept(store.path.name, within)
        except FileNotFoundError:
            return True
        self._open.append(kept)  # until all is done: the last one to let go of a replaced file frees its blocks
        note = read_note(kept)
        return note != self._note and not _is_behind(self._note, note)

    def _replace(self, due: Sequence[HeadStore], within: int) -> None:
        if self._unprepared is not None:
            self._remove(within)
            raise self._unprepared
        if not self._is_there(within):  # nothing was prepared, or another process needed the name meanwhile
            write_durably(self._create(within), self._note)
        first, *others = due
        for store in others:
            self._link(store.beside, within)
            os.replace(store.beside, store.path.name, src_dir_fd=within, dst_dir_fd=within)
        os.replace(self._beside, first.path.name, src_dir_fd=within, dst_dir_fd=within)

    def _link(self, other: str, within: int) -> None:
        """Give the durable file a second name, which costs no second sync; where links cannot be had, write another."""
        with suppress(FileNotFoundError):
            os.unlink(other, dir_fd=within)
        try:
            os.link(self._beside, other, src_dir_fd=within, dst_dir_fd=within)
        except OSError:
            file = create(other, within)
            self._open.append(file)
            write_durably(file, self._note)

    def _is_there(self, within: int) -> bool:
        if self._prepared is None:
            return False
        try:
            found = os.stat(self._beside, dir_fd=within, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._prepared))

    def _remove(self, within: int) -> None:
        if self._is_there(within):
            os.unlink(self._beside, dir_fd=within)


def _is_behind(note: bytes, kept: bytes) -> bool:
    ours, theirs = stated_size(note), stated_size(kept)
    return ours is not None and theirs is not None and ours[0] == theirs[0] and ours[1] < theirs[1]


def _by_folder(stores: Sequence[HeadStore]) -> list[list[HeadStore]]:
    folders: dict[str, list[HeadStore]] = {}
    for store in stores:
        folders.setdefault(store.folder, []).append(store)
    return list(folders.values())
