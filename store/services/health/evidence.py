"""Whether the evidence is looked after: witnesses, verification, and notices that reach people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from store.clock import timestamp
from store.config import WitnessConfig
from store.domain.duties import Duty, State, due_after, state_of
from store.errors import QuarterdeckError
from store.integrity.note import open_note
from store.ledger import HeadStore
from store.outbox import FILE_NAME, Message
from store.services.audit import backing_up, verified
from store.services.context import Context
from store.services.health.look import Look
from store.services.notifying import notifying
from store.services.witness import cosigning

_WITNESS_DAYS: Final = 7
_VERIFY_DAYS: Final = 30
_BACKUP_DAYS: Final = 30
_TRIES: Final = 5
"""A message that failed so often is worth a look."""


def witnesses(look: Look) -> Iterator[Duty]:
    """Yield every witness that has not vouched for what was recorded since; nothing while it knows every entry."""
    size = look.context.ledger.head().size
    for one in look.context.config.witnesses.known:
        name, known, when = cosigned(look.context, one)
        if known >= size:
            continue
        base = when or look.began
        due = due_after(base, _WITNESS_DAYS)
        last = f"last at entry {known}" if known else "never yet"
        yield Duty(
            key=name,
            kind="witness",
            what=f"the witness {name} cosigned {last}; there are {size} entries",
            severity="high",
            state=state_of(due, look.at),
            since=base,
            due=due,
            who=(),
            anybody=True,
            command="quarterdeck cosign",
            mark=f"witness:{name}:{known}",
            source="health",
        )


def cosigned(context: Context, witness: WitnessConfig) -> tuple[str, int, str | None]:
    """Return a witness's name, up to which entry it vouches and since when; 0 where nothing usable is kept."""
    verifier = cosigning.verifier_of(witness)
    with suppress(QuarterdeckError):
        found = cosigning.vouched(context, verifier)
        if found is not None:
            (line,) = open_note(found.note, [verifier]).signatures
            when = timestamp(datetime.fromtimestamp(line.time or 0, tz=UTC))
            return verifier.name, found.checkpoint.size, when
    return verifier.name, 0, None


def verification(look: Look) -> Iterator[Duty]:
    """Yield the next verification: a month after the last one on this machine, or after the ledger's beginning."""
    last = verified.last(look.context)
    base = (written(verified.store_of(look.context)) if last is not None else None) or look.began
    due = due_after(base, _VERIFY_DAYS)
    upto = f"verified up to entry {last.size}" if last is not None else "never verified"
    yield Duty(
        key="verification",
        kind="verification",
        what=f"the ledger was {upto} on this machine",
        severity="warning",
        state=state_of(due, look.at),
        since=base,
        due=due,
        who=(),
        anybody=True,
        command="quarterdeck verify",
        mark="verification",
        reminds=False,
    )


def backup(look: Look) -> Iterator[Duty]:
    """Yield the next backup where `quarterdeck backup` ever made one; how else a disk is saved it cannot know."""
    made = written(backing_up.store_of(look.context))
    if made is None:
        return
    due = due_after(made, _BACKUP_DAYS)
    yield Duty(
        key="backup",
        kind="backup",
        what=f"the last backup was made {made[:16]}Z",
        severity="warning",
        state=state_of(due, look.at),
        since=made,
        due=due,
        who=(),
        anybody=True,
        command="quarterdeck backup FILE",
        mark="backup",
        reminds=False,
    )


def written(kept: HeadStore) -> str | None:
    """Return when a head was kept on this machine's disk, None when there is none."""
    try:
        return timestamp(datetime.fromtimestamp(kept.path.stat().st_mtime, tz=UTC))
    except OSError:
        return None


def notices(look: Look) -> Iterator[Duty]:
    """Yield every channel that does not take what people should be told."""
    if not look.context.config.notify.channels or not (look.context.root / FILE_NAME).exists():
        return
    with notifying.outbox(look.context) as box:
        stuck = box.stuck(tries=_TRIES)
    for channel in sorted({message.channel for message in stuck}):
        yield _channel(look, channel, [message for message in stuck if message.channel == channel])


def _channel(look: Look, channel: str, stuck: list[Message]) -> Duty:
    given_up = sum(message.state == "given up" for message in stuck)
    oldest = next(iter(look.source.entries(after=stuck[0].seq - 1, until=stuck[0].seq)), None)
    words = f"{len(stuck)} messages wait, {given_up} of them given up: {stuck[-1].trouble or 'no reason'}"
    return Duty(
        key=channel,
        kind="notices",
        what=f"channel {channel}: {words}",
        severity="high",
        state=State.OVERDUE if given_up else State.SOON,
        since=oldest.statement.time if oldest is not None else None,
        due=None,
        who=(),
        anybody=True,
        command="quarterdeck notify retry",
        mark=f"notices:{channel}:{stuck[0].seq}",
        source="health",
    )
