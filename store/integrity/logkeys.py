"""The keys of one log over time: which of them signs a checkpoint is a question of its size, never of its time.

A log hands itself over to another key in an entry. The checkpoint over exactly that entry is signed by both keys,
so that trust in either reaches the other; larger ones are the new key's alone, smaller ones stay the old one's.

A log may have a second key of another kind (ML-DSA-44) beside it. From the entry that names it on, a checkpoint
counts only with both signatures, so that whoever breaks or steals one of the two keys gains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import Checkpoint, open_checkpoint
from store.integrity.note import ML_DSA_44, NoKnownSignature, Verifier, note_text, open_note


@dataclass(frozen=True, slots=True)
class LogKeys:
    """A log's first key, and what it was handed over to since: (number of the entry that says so, key)."""

    first: Verifier
    rotations: tuple[tuple[int, Verifier], ...] = ()
    seconds: tuple[tuple[int, Verifier | None], ...] = ()
    """(Number of the entry that says so, the second key from then on; None for none any more)."""

    @property
    def second(self) -> Verifier | None:
        """The second key that signs checkpoints now; None where the log has none."""
        return self.seconds[-1][1] if self.seconds else None

    @property
    def second_periods(self) -> tuple[tuple[int, Verifier, int | None], ...]:
        """Every second key with the sizes it signs for: (from, key, to; None for still)."""
        ends = [*(seq for seq, _ in self.seconds[1:]), *([None] if self.seconds else [])]
        return tuple((seq, key, end) for (seq, key), end in zip(self.seconds, ends, strict=True) if key is not None)

    @property
    def newest(self) -> Verifier:
        """The key that signs checkpoints now."""
        return self.rotations[-1][1] if self.rotations else self.first

    @property
    def all(self) -> tuple[Verifier, ...]:
        """Every key, the oldest first."""
        return (self.first, *(key for _, key in self.rotations))

    def had_second(self, key: Verifier) -> bool:
        """Say whether `key` ever was the log's second one."""
        return any(second == key for _, second in self.seconds)

    def rotated(self, seq: int, key: Verifier) -> LogKeys:
        """Return the keys after entry `seq` handed the log over to `key`.

        Raises:
            IntegrityFailure: the key is another log's, or was this log's before.
        """
        if key.name != self.first.name or key.type != self.first.type or key in self.all:
            raise IntegrityFailure(f"entry {seq} hands the log over to a key that cannot be its next one")
        return replace(self, rotations=(*self.rotations, (seq, key)))

    def seconded(self, seq: int, key: Verifier | None) -> LogKeys:
        """Return the keys after entry `seq` named `key` as the second one; None ends it.

        Raises:
            IntegrityFailure: the key is another log's, of another kind, or was this log's before; or there is none.
        """
        known = {second for _, second in self.seconds}
        if key is None:
            fits = self.second is not None
        else:
            fits = key.name == self.first.name and key.type == ML_DSA_44 and key not in known
        if not fits:
            raise IntegrityFailure(f"entry {seq} names a second key that cannot be the log's next one")
        return replace(self, seconds=(*self.seconds, (seq, key)))

    def at(self, size: int) -> tuple[Verifier, ...]:
        """Return the keys that have to sign a checkpoint over `size` entries: of each kind one, or two at a change."""
        return (*self._firsts_at(size), *self._seconds_at(size))

    def _seconds_at(self, size: int) -> tuple[Verifier, ...]:
        return tuple(
            key for since, key, until in self.second_periods if since <= size and (until is None or size <= until)
        )

    def _firsts_at(self, size: int) -> tuple[Verifier, ...]:
        if not self.rotations:
            return (self.first,)
        before = [key for seq, key in ((0, self.first), *self.rotations) if seq < size] or [self.first]
        return (before[-1], *(key for seq, key in self.rotations if seq == size))

    def for_note(self, note: bytes) -> Verifier:
        """Return a key that has to be among those that signed this checkpoint, by the size it states.

        Raises:
            IntegrityFailure: it is no checkpoint.
        """
        return self.at(_stated(note))[0] if self.rotations else self.first

    def open(self, note: bytes, *, others: Sequence[Verifier] = ()) -> Checkpoint:
        """Return the checkpoint of a note that every key which had to sign it has signed.

        A wrong signature of one of `others` (witnesses, say) spoils it as well; a missing one does not.

        Raises:
            NoKnownSignature: a key that had to sign it did not (an IntegrityFailure).
            IntegrityFailure: the note or the checkpoint is malformed, or a known signature is wrong.
        """
        if not self.rotations and not self.seconds and not others:
            return open_checkpoint(note, [self.first])
        size = _stated(note)
        wanted = self.at(size)
        signed = {(line.name, line.key_id) for line in open_note(note, [*wanted, *others]).signatures}
        for key in wanted:
            if (key.name, key.key_id) not in signed:
                name = f"{key.name}+{key.key_id.hex()}"
                raise NoKnownSignature(f"checkpoint: over {size} entries, but not signed by {name}, the key for that")
        return Checkpoint.parse(note_text(note))


def _stated(note: bytes) -> int:
    try:
        return Checkpoint.parse(note_text(note)).size
    except BadInput as error:
        raise IntegrityFailure(str(error)) from None
