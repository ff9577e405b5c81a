"""Acts that people signed, read back for a decision: what whoever can write the file could append is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from store.domain import events as ev
from store.domain import roles
from store.domain.roles import Principal
from store.domain.signatures import problem_of, valid_lines
from store.services.source import Source, recorded

Entitled = Callable[[ev.Recorded, Principal], bool]
"""Says whether somebody could do this when they did."""


def attested(
    source: Source, kinds: Sequence[str], entitled: Entitled, *, on: Mapping[str, str] | None = None
) -> Iterator[ev.Recorded]:
    """Yield what entries of these kinds record, oldest first, where their actor signed them and was entitled to.

    A signed statement counts once: a copy appended later brings nothing back.
    """
    seen: set[bytes] = set()
    people, folded = dict[str, Principal](), 0
    for entry in source.entries(kinds=kinds, on=on):
        mark = sha256(entry.statement.bytes()).digest()
        if mark in seen:
            continue
        seen.add(mark)
        for change in recorded(source.entries(kinds=roles.KINDS, after=folded, until=entry.seq - 1)):
            roles.step(people, change)
        folded = entry.seq - 1
        one = people.get(entry.statement.actor)
        if one is None or problem_of(entry, valid_lines(one, entry.seq)) is not None:
            continue
        record = next(recorded([entry]))
        if entitled(record, one):
            yield record


def holder_of(act: str, *, project: str = "*", environment: str = "*") -> Entitled:
    """Return the question whether somebody held a role for `act` in this scope at the entry's time."""

    def entitled(record: ev.Recorded, one: Principal) -> bool:
        people = roles.Principals(by_handle={one.handle: one})
        return roles.may(people, one.handle, act, project=project, environment=environment, at=record.time)

    return entitled
