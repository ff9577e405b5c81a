"""A witness: remembers the newest head of other people's logs and cosigns only what provably extends it.

It needs no workspace. Its folder holds its key, its name, the logs it knows and the heads it saw: key and
memory are one thing, restored together or not at all (c2sp.org/tlog-witness, tlog-cosignature).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.clock import Clock, SystemClock, timestamp
from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure
from store.intake.guard import read_named
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import EMPTY_ROOT, verify_consistency
from store.integrity.note import (
    COSIGNATURE,
    ED25519,
    Cosigner,
    NoKnownSignature,
    Verifier,
    is_key_name,
    note_text,
    open_note,
    signature_line,
)
from store.integrity.signer import generate_log_key, load_log_key
from store.integrity.witness_request import AddCheckpoint, merge_lines, parse_request
from store.ledger.heads import HeadStore, stated_size
from store.services.witness.memory import HEADS_FOLDER, SEEN_FOLDER, Memory, Remembered, name_of, refuse_others

KEY_FILE, NAME_FILE, LOGS_FILE, LOCK_FILE = "witness.key", "name", "logs", "lock"
_MAX_FILE = 1024 * 1024
"""Bytes of the name or the list of logs: thousands of logs."""
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness says: the statuses of tlog-witness, whichever way they travel."""

    status: int
    """200 cosigned · 400 malformed · 403 no good signature · 404 unknown log · 409 other size · 422 bad proof."""
    body: bytes
    kept: bytes | None = None
    """With 409 and 422: the note that the witness keeps instead, evidence for whoever asked."""

    @property
    def content_type(self) -> str:
        """The media type of `body`."""
        return SIZE_TYPE if self.status == 409 else TEXT_TYPE


@dataclass(frozen=True, kw_only=True)
class Witness:
    """An opened witness."""

    state: Path
    cosigner: Cosigner
    logs: tuple[Verifier, ...]
    clock: Clock

    @property
    def vkey(self) -> str:
        """What logs put into `[witnesses]` to trust it."""
        return self.cosigner.verifier.vkey

    @property
    def memory(self) -> Memory:
        """What it remembers."""
        return Memory(state=self.state, cosigner=self.cosigner.verifier)


def create(state: Path, *, name: str, log_keys: Sequence[str] = (), clock: Clock | None = None) -> Witness:
    """Make a new witness in the folder `state`, with a key of its own.

    Raises:
        BadInput: there is one already, or the name will not do.
        StorageFailure: the folder cannot be written.
    """
    if (state / KEY_FILE).exists():
        raise BadInput(f"{state} is a witness already; its key and its memory are one and are not replaced")
    if not is_key_name(name):
        raise BadInput("a witness's name must not be empty or hold spaces, control characters or '+'")
    logs = [_log_key(line) for line in log_keys]
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.chmod(0o700)
        for folder in (HEADS_FOLDER, SEEN_FOLDER):
            (state / folder).mkdir(exist_ok=True, mode=0o700)
        HeadStore(state / NAME_FILE).write(f"{name}\n".encode())
        HeadStore(state / LOGS_FILE).write("".join(f"{log.vkey}\n" for log in logs).encode())
        generate_log_key(state / KEY_FILE)  # last: what holds a key is whole
    except OSError as error:
        raise StorageFailure(f"{state} cannot be made a witness: {error.strerror}") from error
    return open_witness(state, clock=clock)


def open_witness(state: Path, *, log_keys: Sequence[str] = (), clock: Clock | None = None) -> Witness:
    """Open the witness in `state`; `log_keys` are logs it serves besides those it was told of for good.

    Raises:
        BadInput: there is none, or its key, name or list of logs is malformed.
        IntegrityFailure: its memory is gone, or others can write it.
    """
    if not (state / KEY_FILE).exists():
        raise NotFound(f"{state} is no witness (quarterdeck witness init makes one)")
    name, known = _line(state / NAME_FILE).strip(), _line(state / LOGS_FILE).split()
    if not is_key_name(name):
        raise BadInput(f"{state / NAME_FILE}: this is no name of a witness; put back the one it was made with")
    cosigner = Cosigner(name, load_log_key(state / KEY_FILE))
    try:
        logs = tuple(dict.fromkeys(map(_log_key, known)))
    except BadInput as error:
        raise BadInput(f"{state / LOGS_FILE}: {error}") from None
    logs = tuple(dict.fromkeys((*logs, *map(_log_key, log_keys))))
    witness = Witness(state=state, cosigner=cosigner, logs=logs, clock=clock or SystemClock())
    witness.memory.check()
    return witness


def trust(witness: Witness, log_key: str) -> Verifier:
    """Let the witness serve the log with this verifier key from now on; its name is the log's origin.

    Raises:
        BadInput: it is no log's key.
    """
    log = _log_key(log_key)
    with _exclusively(witness.state):
        path = witness.state / LOGS_FILE
        lines = dict.fromkeys([*_line(path).split(), log.vkey])
        HeadStore(path).write("".join(f"{line}\n" for line in lines).encode())
    return log


def forget(witness: Witness, origin: str) -> Path:
    """Set the remembered head of a log aside, so that the log may start again; a decision of a person.

    After a restore from a backup a log can no longer extend what its witnesses saw. The old head stays beside
    the new one under another name: it is evidence.

    Raises:
        NotFound: nothing is remembered of this log.
    """
    with _exclusively(witness.state):
        return witness.memory.set_aside(origin, timestamp(witness.clock.now()).replace(":", ""))


def answer(witness: Witness, data: bytes) -> Answer:
    """Answer one `add-checkpoint` request; the new head is durable before the cosignature leaves.

    Raises:
        StorageFailure: the head could not be remembered: nothing was cosigned.
        IntegrityFailure: the witness's own memory is damaged: it must not go on.
    """
    try:
        request = parse_request(data)
        origin = note_text(request.checkpoint).partition("\n")[0]
    except (BadInput, IntegrityFailure) as error:
        return _refused(400, str(error))
    logs = [log for log in witness.logs if log.name == origin]
    if not logs:
        return _refused(404, "this log is not known here")
    try:
        opened = open_note(request.checkpoint, logs)
    except NoKnownSignature:
        return _refused(403, "the checkpoint is signed by no key of this log that is trusted here")
    except IntegrityFailure as error:
        return _refused(403, str(error))
    try:
        checkpoint = Checkpoint.parse(opened.text)
    except BadInput as error:
        wrong_root = opened.text.split("\n")[1:2] == ["0"]
        return _refused(422 if wrong_root else 400, str(error))
    if request.old > checkpoint.size:
        return _refused(400, "the old size is larger than the checkpoint's")
    with _exclusively(witness.state):
        return _compare_and_swap(witness, request, checkpoint)


def answer_note(witness: Witness, note: bytes) -> Answer:
    """Answer for a bare checkpoint: cosigned when it is the first of its log, or the one already remembered."""
    try:
        origin = note_text(note).partition("\n")[0]
    except IntegrityFailure as error:
        return _refused(400, str(error))
    kept = remembered(witness, origin)
    old = b"old %d\n\n" % (0 if kept is None else kept.checkpoint.size)
    found = answer(witness, old + note)
    stated = stated_size(note)
    if found.status in {400, 422} and kept is not None and stated is not None and stated[1] != kept.checkpoint.size:
        return Answer(409, b"%d\n" % kept.checkpoint.size, kept.note)  # a proof from there is what is missing
    return found


def remembered(witness: Witness, origin: str) -> Remembered | None:
    """Return the newest head of a log that was cosigned here; None when there never was one.

    Raises:
        IntegrityFailure: what is remembered is damaged, or older than what this witness is known to have cosigned.
        StorageFailure: it cannot be read.
    """
    with _exclusively(witness.state):
        return witness.memory.recall(origin)


def published(witness: Witness, name: str) -> bytes | None:
    """Return the note of the served log whose `name_of` this is; None when it is not served, or has no head yet.

    Raises:
        IntegrityFailure, StorageFailure: as `remembered`.
    """
    for origin in {log.name for log in witness.logs if name_of(log.name) == name}:
        known = remembered(witness, origin)
        return None if known is None else known.note
    return None


def _compare_and_swap(witness: Witness, request: AddCheckpoint, new: Checkpoint) -> Answer:
    """Cosign if `new` extends the remembered head; under the lock, so that nothing comes between."""
    known = witness.memory.recall(new.origin)
    size = known.checkpoint.size if known else 0
    kept = known.note if known else None
    if request.old != size:
        return Answer(409, b"%d\n" % size, kept)
    try:
        _check_extends(known.checkpoint if known else None, new, request.proof)
    except IntegrityFailure as error:
        return Answer(422, f"{error}\n".encode(), kept)
    signature = witness.cosigner.signature(new.text(), time=max(1, int(witness.clock.now().timestamp())))
    line = signature_line(signature).encode()
    witness.memory.keep(new.origin, merge_lines(_logs_only(witness, request.checkpoint), line))
    return Answer(200, line)


def _check_extends(known: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> None:
    size = known.size if known else 0
    if size == 0:
        # Every tree extends the empty one: there is nothing to prove, and nothing may pretend to.
        if proof:
            raise IntegrityFailure("consistency proof: must be empty from size 0")
        if new.size == 0 and new.root != EMPTY_ROOT:
            raise IntegrityFailure("size 0 with the root of something")
        return
    assert known is not None
    verify_consistency(size, new.size, proof, known.root, new.root)


def _logs_only(witness: Witness, note: bytes) -> bytes:
    """Return the note with the known signatures of its log alone: what others added is not ours to keep."""
    opened = open_note(note, [log for log in witness.logs if note.startswith(f"{log.name}\n".encode())])
    return f"{opened.text}\n{''.join(map(signature_line, opened.signatures))}".encode()


def _refused(status: int, line: str) -> Answer:
    return Answer(status, f"{line}\n".encode())


def _log_key(line: str) -> Verifier:
    log = Verifier.from_vkey(line)
    if log.type != ED25519:
        kind = "a witness's" if log.type == COSIGNATURE else "another kind of"
        raise BadInput(f"note key: {log.name} is {kind} key, not a log's")
    return log


def _line(path: Path) -> str:
    """Return the text of one of the witness's own small files."""
    refuse_others(path)
    try:
        return read_named(path, limit=_MAX_FILE, empty=True).decode("utf-8")
    except NotFound:
        raise BadInput(f"{path} is gone; put it back from a backup: the witness is not what it was") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is damaged: not UTF-8; put it back from a backup") from None


@contextmanager
def _exclusively(state: Path) -> Iterator[None]:
    """Hold the witness's lock: comparing with what is remembered and replacing it are one step."""
    try:  # a file of its own: writing into a folder locks the folder
        descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageFailure(f"{state}: the witness cannot be locked ({error.strerror})") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
