"""The log's side of witnessing: sends the newest head with its proof, keeps what the witnesses vouch for.

What each witness cosigned last is kept in a file of its own under `heads/`: a note with the log's signature and
the witness's, which `verify` holds the file against and which says from which size the next proof has to start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from store.clock import timestamp
from store.config import WitnessConfig, WitnessesConfig
from store.domain import events as ev
from store.errors import BadInput, IntegrityFailure, NotFound, PlatformFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import consistency_proof
from store.integrity.note import COSIGNATURE, Verifier, make_note, open_note
from store.integrity.witness_request import AddCheckpoint, merge_lines, parse_request, write_request
from store.ledger.heads import HeadStore
from store.reach.heard import heard
from store.services.context import Context, recorded
from store.services.witness.witness_reach import Reply, ask
from store.services.witness.witnessing import Answer

_TRIES = 4
"""A witness that knows another size is asked again from there; another process may be faster, more than once."""


class Outcome(StrEnum):
    """How asking one witness came out."""

    COSIGNED = "cosigned"
    PENDING = "pending"
    """The request lies where the witness finds it; ask again later."""
    NOT_ASKED = "not asked"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    CONTRADICTS = "contradicts"
    """It knows a head that this ledger is no continuation of: a restore, a loss or a fork."""
    LEFT_BEHIND = "left behind"
    """It knows a head that was given up when a restore was acknowledged; its operator has to let it go."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One witness, and what came of asking it."""

    witness: str
    outcome: Outcome
    size: int
    """Size of the newest head that this witness is known to have cosigned."""
    detail: str = ""
    forgot: str = ""
    """That it says it knows less than it once cosigned, in words: until then it could have cosigned a fork."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """What a witness is known to have cosigned, from its file under `heads/`."""

    checkpoint: Checkpoint
    note: bytes


def verifier_of(witness: WitnessConfig) -> Verifier:
    """Return the key of a witness in the configuration. Raises BadInput when it is no witness's key."""
    try:
        verifier = Verifier.from_vkey(witness.vkey)
    except BadInput as error:
        raise BadInput(f"[witnesses] in quarterdeck.toml: {error}") from None
    if verifier.type != COSIGNATURE:
        raise BadInput(
            f"[witnesses] in quarterdeck.toml: {verifier.name} has a log's key, not a witness's (cosignature/v1)"
        )
    return verifier


def verifiers(context: Context) -> tuple[Verifier, ...]:
    """Return the keys of all witnesses in the configuration."""
    return tuple(verifier_of(one) for one in context.config.witnesses.known)


def stores(context: Context) -> tuple[HeadStore, ...]:
    """Return where the heads that witnesses cosigned are kept; what `verify` compares with besides the others."""
    return stores_of(context.root, context.config.witnesses)


def stores_of(root: Path, witnesses: WitnessesConfig) -> tuple[HeadStore, ...]:
    """Return the same for a workspace that is not open."""
    return tuple(_store(root, verifier_of(one)) for one in witnesses.known)


def cosign(context: Context) -> tuple[Asked, ...]:
    """Ask every witness to cosign the newest checkpoint; one that cannot be reached does not stop the others.

    When a witness shows a head of this log's own that contradicts it, that note is kept where the ledger looks
    before it signs: nothing more is recorded until a person has looked (`restore acknowledge`).

    Raises:
        BadInput: no witness is configured, or a key is malformed.
        NotFound: there is no checkpoint yet.
        StorageFailure: a cosignature could not be kept.
    """
    if not context.config.witnesses.known:
        raise BadInput("no witness is configured: name one under [witnesses] in quarterdeck.toml")
    note = context.ledger.checkpoint()
    newest = context.ledger.keys.open(note)
    return tuple(_ask(context, one, newest, note) for one in context.config.witnesses.known)


def reached(context: Context, asked: Sequence[Asked]) -> bool:
    """Say whether as many witnesses as the quorum wants have cosigned the newest checkpoint."""
    return sum(one.outcome is Outcome.COSIGNED for one in asked) >= context.config.witnesses.quorum


def vouched(context: Context, witness: Verifier) -> Vouched | None:
    """Return the newest head that this witness is known to have cosigned, its signatures checked; None for none.

    Raises:
        IntegrityFailure: what is kept is malformed or signed wrongly.
    """
    note = _store(context.root, witness).read()
    if note is None:
        return None
    checkpoint = context.ledger.keys.open(note)
    open_note(note, [witness])
    return Vouched(checkpoint=checkpoint, note=note)


def cosigned_note(context: Context) -> bytes:
    """Return the newest checkpoint that the quorum has cosigned, in one note with all their cosignatures.

    Raises:
        NotFound: there is none.
    """
    merged: dict[int, bytes] = {}
    counts: dict[int, int] = {}
    for witness in verifiers(context):
        with contextlib.suppress(IntegrityFailure):
            found = vouched(context, witness)
            if found is not None:
                size = found.checkpoint.size
                lines = found.note.rpartition(b"\n\n")[2]
                merged[size] = merge_lines(merged.get(size, found.note), lines)
                counts[size] = counts.get(size, 0) + 1
    quorum = context.config.witnesses.quorum
    sizes = [size for size, count in counts.items() if count >= quorum]
    if not sizes:
        raise NotFound(f"no checkpoint has been cosigned by {quorum} of the witnesses: quarterdeck cosign")
    return merged[max(sizes)]


def set_aside(context: Context) -> None:
    """Keep what the witnesses vouched for under another name: a restore was acknowledged, it is the past."""
    stamp = timestamp(context.clock.now()).replace(":", "")
    for store in stores(context):
        if store.path.exists():
            store.path.rename(store.path.with_name(f"{store.path.name}.before-{stamp}"))


def _ask(context: Context, witness: WitnessConfig, newest: Checkpoint, note: bytes) -> Asked:
    verifier = verifier_of(witness)
    try:
        known = vouched(context, verifier)
        once = known.checkpoint.size if known is not None else 0
    except IntegrityFailure:
        once = 0  # what is kept is no good: `verify` says so; the witness itself knows best
    size = old = once if once <= newest.size else 0
    forgot = ""
    try:
        for _ in range(_TRIES):
            request = write_request(_request(context, old, newest.size, note))
            reply = ask(witness, request, origin=newest.origin, root=context.root)
            if reply is None:
                outcome = Outcome.PENDING if witness.folder is not None else Outcome.NOT_ASKED
                return Asked(witness=verifier.name, outcome=outcome, size=size)
            if reply.answer.status == 200:
                size = old = _keep(context, verifier, reply)
                if size == newest.size:
                    return Asked(witness=verifier.name, outcome=Outcome.COSIGNED, size=size, forgot=forgot)
                continue  # an earlier request was answered; now for the newest head
            theirs = _stated(reply.answer)
            if theirs is not None and theirs < once:
                forgot = _forgot(verifier, once, theirs)
            if theirs is None or theirs > newest.size:
                return replace(_refused(context, verifier, reply.answer, size, newest), forgot=forgot)
            old = theirs
    except PlatformFailure as error:
        return Asked(witness=verifier.name, outcome=Outcome.UNREACHABLE, size=size, detail=str(error), forgot=forgot)
    detail = f"it named another size {_TRIES} times running; is somebody else asking it for this log?"
    return Asked(witness=verifier.name, outcome=Outcome.REFUSED, size=size, detail=detail, forgot=forgot)


def _forgot(witness: Verifier, once: int, now: int) -> str:
    return (
        f"{witness.name} once cosigned {once} entries and says it knows {now} now: its memory was lost, put back or"
        " told to forget; ask its operator which, for meanwhile it could have cosigned another history"
    )


def _request(context: Context, old: int, size: int, note: bytes) -> AddCheckpoint:
    with context.ledger.tree() as nodes:
        return AddCheckpoint(old=old, proof=tuple(consistency_proof(old, size, nodes.get)), checkpoint=note)


def _keep(context: Context, witness: Verifier, reply: Reply) -> int:
    """Keep the witness's cosignature beside the log's signature; return the size it is over.

    Raises:
        PlatformFailure: what came is no cosignature of this witness over a head of this log.
    """
    try:
        note = merge_lines(parse_request(reply.request).checkpoint, reply.answer.body)
        checkpoint = context.ledger.keys.open(note)
        log = open_note(note, context.ledger.keys.all)
        theirs = open_note(note, [witness])
    except (BadInput, IntegrityFailure) as error:
        raise PlatformFailure(f"{witness.name} answered with no cosignature of its own ({error})") from error
    if not _is_here(context, checkpoint):
        raise PlatformFailure(f"{witness.name} answered about a head that is not this ledger's")
    _store(context.root, witness).write(make_note(log.text, [*log.signatures, *theirs.signatures]))
    return checkpoint.size


def _refused(context: Context, witness: Verifier, answer: Answer, size: int, newest: Checkpoint) -> Asked:
    """Say what a refusal means; a head of this log's own that contradicts it is kept as evidence."""
    said = heard(answer.body.decode("utf-8", "replace").strip())
    theirs = _contradicting(context, answer)
    if theirs is None:
        what = f"status {answer.status}: {said}" if answer.status != 409 else f"it says it knows {said} entries"
        return Asked(witness=witness.name, outcome=Outcome.REFUSED, size=size, detail=what)
    detail = f"it knows {theirs.size} entries that these {newest.size} are no continuation of"
    if _was_given_up(context, theirs.size):
        detail += "; a restore was acknowledged here since: its operator runs quarterdeck witness forget"
        return Asked(witness=witness.name, outcome=Outcome.LEFT_BEHIND, size=size, detail=detail)
    assert answer.kept is not None
    _store(context.root, witness).write(answer.kept)
    context.ledger.heads[0].write(answer.kept)
    return Asked(witness=witness.name, outcome=Outcome.CONTRADICTS, size=theirs.size, detail=detail)


def _contradicting(context: Context, answer: Answer) -> Checkpoint | None:
    """Return the head that a witness shows instead, if this log's key signed it and it is not in this ledger."""
    if answer.kept is None:
        return None
    try:
        theirs = context.ledger.keys.open(answer.kept)
    except IntegrityFailure:
        return None
    return None if _is_here(context, theirs) else theirs


def _is_here(context: Context, head: Checkpoint) -> bool:
    """Say whether the ledger once had exactly this head."""
    try:
        return head.origin == context.ledger.origin and context.ledger.root_at(head.size) == head.root
    except NotFound:
        return False


def _was_given_up(context: Context, size: int) -> bool:
    """Say whether a head of this size was in the future that an acknowledged restore gave up."""
    restores = recorded(context.ledger.entries(kinds=[ev.LedgerRestored.KIND]))
    return any(
        isinstance(one.event, ev.LedgerRestored)
        and one.event.size < size <= max((head.size for head in one.event.given_up), default=0)
        for one in restores
    )


def _stated(answer: Answer) -> int | None:
    text = answer.body.strip()
    return int(text) if answer.status == 409 and text.isdigit() and len(text) <= 19 else None


def _store(root: Path, witness: Verifier) -> HeadStore:
    return HeadStore(root / "heads" / f"witness-{witness.key_id.hex()}.note")
