"""Findings that are open, as duties of whoever sees to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from store.domain.duties import Duty, state_of
from store.services.findings import handling
from store.services.health.look import Look


def open_findings(look: Look, pressing: Collection[str]) -> Iterator[Duty]:
    """Yield every open finding; `pressing` are the marks of duties that are overdue now.

    One that was raised for a duty which is done meanwhile stays, because closing is a person's act, and says so.
    """
    for one in handling.every(look.source).values():
        if one.closed_by is not None:
            continue
        able = handling.closers(look.context, look.source, one)
        gone = bool(one.duty) and one.duty not in pressing
        yield Duty(
            key=one.id,
            kind="finding",
            what=f"{one.title}{f' ({one.about})' if one.about else ''}{'; its cause is gone' if gone else ''}",
            severity=one.severity,
            state=state_of(one.due, look.at),
            since=one.at,
            due=one.due,
            who=tuple(dict.fromkeys([*([one.assignee] if one.assignee else ()), *able])),
            command=f"quarterdeck finding close {one.id} --done TEXT",
            mark=f"finding:{one.id}:{one.due}",
            cause_gone=gone,
            project=one.place["project"],
            environment=one.place["environment"],
        )
