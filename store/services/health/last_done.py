"""When the things that are owed again and again were last done: rehearsals, verification, backup, witnesses."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain.rehearsal import later
from store.services.audit import backing_up, verified
from store.services.context import Context
from store.services.delivery.environments import environments
from store.services.delivery.rehearsing import last_rehearsals
from store.services.health.evidence import cosigned, written


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """One thing, and when it was last done."""

    kind: str
    """rehearsal, verified, backup or witnessed."""
    key: str
    """What it is about: an environment with its project, a witness; else the kind."""
    what: str
    time: str | None
    """None: never."""
    seq: int | None = None
    """The entry that says so, where there is one."""
    good: bool = True
    """It came out as it should."""
    command: str = ""
    """What does it again."""


def last_done(context: Context) -> tuple[Done, ...]:
    """Return what was last done, also what never was."""
    return (*_rehearsals(context), _verification(context), _backup(context), *_witnesses(context))


def _rehearsals(context: Context) -> list[Done]:
    found = last_rehearsals(context)
    done = [
        Done(
            kind="rehearsal",
            key=f"{one.environment}/{one.project}",
            what=f"rollback rehearsed: {one.summary}",
            time=one.time,
            seq=one.seq,
            good=one.passed,
            command=f"quarterdeck rollback {one.environment} --project {one.project} --rehearse",
        )
        for one in found
    ]
    names = environments(context.ledger)
    rehearsed = {one.environment for one in found}
    never = [
        Done(
            kind="rehearsal",
            key=name,
            what="no rollback was ever rehearsed here",
            time=None,
            good=False,
            command=f"quarterdeck rollback {name} --project NAME --rehearse",
        )
        for name in names
        if name not in rehearsed and later(name, names, context.policy)
    ]
    return [*done, *never]


def _verification(context: Context) -> Done:
    last = verified.last(context)
    if last is None:
        return Done(kind="verified", key="verified", what="the whole ledger was never verified on this machine",
                    time=None, good=False, command="quarterdeck verify")  # fmt: skip
    return Done(
        kind="verified",
        key="verified",
        what=f"the ledger was verified up to entry {last.size} on this machine",
        time=written(verified.store_of(context)),
        command="quarterdeck verify",
    )


def _backup(context: Context) -> Done:
    made = written(backing_up.store_of(context))
    what = "quarterdeck backup made a copy" if made is not None else "quarterdeck backup never made a copy"
    return Done(kind="backup", key="backup", what=what, time=made, good=made is not None,
                command="quarterdeck backup FILE")  # fmt: skip


def _witnesses(context: Context) -> list[Done]:
    found = []
    for one in context.config.witnesses.known:
        name, size, when = cosigned(context, one)
        what = f"the witness cosigned up to entry {size}" if size else "the witness has cosigned nothing yet"
        found.append(Done(kind="witnessed", key=name, what=what, time=when, good=bool(size),
                          command="quarterdeck cosign"))  # fmt: skip
    return found
