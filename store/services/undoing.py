"""Taking back what one did last, where an entry of its own can: the ledger keeps both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from store.domain import events as ev
from store.errors import Refusal
from store.integrity.entry import Entry
from store.services.context import Actor, Context, recorded
from store.services.delivery import environments
from store.services.drift import drifting

LOOKED_AT: Final = 2_000
"""Entries looked through for a person's last act: what is further back is nobody's last slip."""
_INSTEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "approval.granted": "an edit of the request makes every approval void; refuse it to stop it",
        "approval.refused": "the requester edits the request and hands it in again",
        "request.opened": "withdraw the request",
        "request.edited": "edit it again",
        "request.submitted": "withdraw the request, or edit it: it is a draft again",
        "request.withdrawn": "open a new request",
        "deployment.started": "roll back: R, or quarterdeck rollback",
        "rollback.started": "deploy the release that is wanted, by a request",
        "rehearsal.started": "nothing: it goes back and forth by itself",
        "drift.adopted": "withdraw the request that adopts it",
        "incident.opened": "close the incident with what was learned",
        "incident.closed": "open a new incident",
        "incident.noted": "add another note: nothing that was said is ever erased",
        "entry.annotated": "add another note: nothing that was said is ever erased",
        "anomaly.acknowledged": "annotate it: what was said stays",
        "role.granted": "revoke the role",
        "role.revoked": "grant the role",
        "release.quarantine-lifted": "roll back from it: that puts it into quarantine again",
    }
)
"""Acts that no entry takes back → what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Undo:
    """One act that can be taken back, and what would be recorded."""

    entry: int
    """The act's own entry."""
    kind: str
    words: str
    """What taking it back does."""
    environment: str
    """Where."""
    record: Callable[[Actor, str], Entry]
    """Takes it back: who, and why."""


def last_act(context: Context, handle: str) -> Undo:
    """Return how to take back what `handle` did last.

    Raises:
        Refusal: they did nothing lately, or no entry can take it back; says what to do instead.
    """
    for entry in context.ledger.entries(after=max(context.ledger.head().size - LOOKED_AT, 0), newest_first=True):
        if entry.statement.actor == handle:
            return _undo(context, entry)
    raise Refusal([f"{handle} did nothing lately that could be taken back"])


def _undo(context: Context, entry: Entry) -> Undo:
    (record,) = recorded([entry])

    def undo(words: str, environment: str, call: Callable[[Actor, str], Entry]) -> Undo:
        kind = entry.statement.kind
        return Undo(entry=entry.seq, kind=kind, words=words, environment=environment, record=call)

    match record.event:
        case ev.EnvironmentFrozen(environment=place):
            return undo(
                f"{place} takes deployments again",
                place,
                lambda actor, why: environments.thaw(context, actor, place, reason=why),
            )
        case ev.EnvironmentThawed(environment=place):
            return undo(
                f"{place} is frozen again",
                place,
                lambda actor, why: environments.freeze(context, actor, place, reason=why),
            )
        case ev.DriftAcknowledged(drift=drift, environment=place):
            return undo(
                f"{drift} waits for an answer again",
                place,
                lambda actor, why: drifting.reopen(context, actor, drift, reason=why),
            )
        case _:
            kind = entry.statement.kind
            instead = _INSTEAD.get(kind)
            raise Refusal(
                [f"what was done last (entry {entry.seq}, {kind}) cannot be taken back"],
                would_unblock=[instead] if instead is not None else [],
            )
