"""Step lists worked through in an incident: which steps are done, by whom, and what may be ticked next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from store.domain import events as ev
from store.errors import BadInput, NotFound, Refusal

KINDS: Final = ("playbook.started", "playbook.ticked")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step, and who did it, if anybody did."""

    text: str
    by: str | None = None
    at: str | None = None
    seq: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A playbook being worked through, as of its last entry."""

    id: str
    incident: str
    name: str
    title: str
    by: str
    at: str
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many steps are ticked."""
        return sum(step.by is not None for step in self.steps)


def fold(recorded: Iterable[ev.Recorded]) -> dict[str, Run]:
    """Return every run by id, after these entries."""
    runs: dict[str, Run] = {}
    for record in recorded:
        match record.event:
            case ev.PlaybookStarted() as event:
                runs[event.playbook] = Run(
                    id=event.playbook,
                    incident=event.incident,
                    name=event.name,
                    title=event.title,
                    by=record.actor,
                    at=record.time,
                    steps=tuple(Step(text=text) for text in event.steps),
                )
            case ev.PlaybookTicked(playbook=name, step=number, note=note) if name in runs:
                steps = list(runs[name].steps)
                if 1 <= number <= len(steps):
                    done = replace(steps[number - 1], by=record.actor, at=record.time, seq=record.seq, note=note)
                    steps[number - 1] = done
                    runs[name] = replace(runs[name], steps=tuple(steps))
            case _:
                pass
    return runs


def tick(runs: dict[str, Run], playbook: str, step: int, *, note: str) -> ev.PlaybookTicked:
    """Return the event that ticks a step. Any order is allowed: what is skipped is noticed, not forbidden.

    Raises:
        NotFound: there is no such run.
        BadInput: it has no such step.
        Refusal: the step is ticked already.
    """
    run = runs.get(playbook)
    if run is None:
        raise NotFound(f"there is no playbook {playbook!a} under way")
    if not 1 <= step <= len(run.steps):
        raise BadInput(f"{playbook} has the steps 1 to {len(run.steps)}")
    done = run.steps[step - 1]
    if done.by is not None:
        raise Refusal([f"{done.by} ticked step {step} of {playbook} already (entry {done.seq})"])
    return ev.PlaybookTicked(playbook=playbook, incident=run.incident, step=step, note=note)
